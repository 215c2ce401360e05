"""MAX and Telegram: `initData`, by the bot's token and by Telegram's own signature."""

import json
import random
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from service.launch import init_data, telegram
from service.launch import max as max_platform
from service.launch.init_data import InitData
from service.launch.proof import BadSignature

# Published by the platforms.
MAX_TOKEN = "2Uk3Z_8zAlwhprgOcK3r1B1fDk8uhi2MDv47EvXkcu8"
MAX_LAUNCH = (
    "auth_date=1733485316394&query_id=158b120b-7aa3-4a0f-a198-52ace06d0658&user=%7B%22language_code%22%3A%22ru%22%2C"
    "%22first_name%22%3A%22%D0%92%D0%B0%D1%81%D1%8F%22%2C%22last_name%22%3A%22%22%2C%22photo_url%22%3Anull%2C"
    "%22username%22%3Anull%2C%22id%22%3A400%7D&hash=f982406d90b118d8e90e26b33c5cec0cadd3fc30354f2955c75ff8e3d14d130d"
)
TELEGRAM_TOKEN = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"
TELEGRAM_LAUNCH = (
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C"
    "%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C"
    "%22is_premium%22%3Atrue%7D&auth_date=1662771648"
    "&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
)
PAIRS = {"auth_date": "1757206800", "query_id": "q", "user": '{"id":7}'}


def launch(pairs: dict[str, str], token: str = "token", **more: str) -> str:
    signed = {**pairs, "hash": init_data.sign(pairs, token), **more}
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in signed.items())


def reason_of(query: str, token: str = "token") -> str:
    with pytest.raises(BadSignature) as caught:
        init_data.verify(query, token)
    return caught.value.reason


def test_published_launches_verify() -> None:
    assert max_platform.verify(MAX_LAUNCH, MAX_TOKEN) == InitData(
        400, datetime(2024, 12, 6, 11, 41, 56, 394000, tzinfo=UTC), None
    )
    assert telegram.verify("?" + TELEGRAM_LAUNCH, TELEGRAM_TOKEN) == InitData(
        279058397, datetime(2022, 9, 10, 1, 0, 48, tzinfo=UTC), None
    )
    for verify, query, token in (
        (max_platform.verify, MAX_LAUNCH, MAX_TOKEN),
        (telegram.verify, TELEGRAM_LAUNCH, TELEGRAM_TOKEN),
    ):
        for wrong in (token + "x", MAX_TOKEN + TELEGRAM_TOKEN, ""):
            with pytest.raises(BadSignature):
                verify(query, wrong)


def test_what_the_link_says_before_its_first_hyphen_is_the_page() -> None:
    for start, page in (("100001", "100001"), ("club_7-group-5", "club_7"), ("-5", None), ("", None)):
        assert init_data.verify(launch({**PAIRS, "start_param": start}), "token").page == page
    assert reason_of(launch({**PAIRS, "start_param": "a b"})) == "start_param"


def test_a_plus_is_a_plus() -> None:
    pairs = {**PAIRS, "query_id": "a+b c"}
    query = launch(pairs)
    assert init_data.verify(query.replace("%2B", "+"), "token").user_id == 7
    assert reason_of(query.replace("%20", "+")) == "mismatch"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (launch(PAIRS) + "&user=%7B%22id%22%3A8%7D", "duplicate"),
        (launch(PAIRS) + "&hash=" + "0" * 64, "duplicate"),
        (launch(PAIRS).replace("hash=", "hush="), "hash"),
        (launch(PAIRS, "other"), "mismatch"),
        (launch(PAIRS).replace("id%22%3A7", "id%22%3A8"), "mismatch"),
        (launch(PAIRS) + "&x=1", "mismatch"),
        (launch(PAIRS) + "&%FF=1", "malformed"),
        (launch(PAIRS) + "&a%0Aquery_id%3Dq=1", "malformed"),
        (launch(PAIRS) + "&a%3Db=1", "duplicate"),
        (launch(PAIRS) + "&x=%", "malformed"),
        ("Ж=1", "malformed"),
        ("x" * 4097, "too_long"),
        ("", "hash"),
        (launch({"auth_date": "1757206800"}), "missing_id"),
        (launch({**PAIRS, "user": "[" * 1200}), "missing_id"),
        (launch({**PAIRS, "user": '{"id":true}'}), "missing_id"),
        (launch({**PAIRS, "user": '{"id":"7"}'}), "missing_id"),
        (launch({**PAIRS, "user": '{"id":-7}'}), "missing_id"),
        (launch({**PAIRS, "user": '{"id":99999999999999999999}'}), "missing_id"),
        (launch({**PAIRS, "auth_date": ""}), "not_a_time"),
        (launch({**PAIRS, "auth_date": "١"}), "not_a_time"),
    ],
)
def test_what_proves_nothing(query: str, reason: str) -> None:
    assert reason_of(query) == reason


def test_pairs_can_not_be_regrouped() -> None:
    """A newline in a value would read as the border of another pair."""
    query = launch({**PAIRS, "query_id": "q\nz=1"})
    assert reason_of(query) == "malformed"


def signed_by_telegram(pairs: dict[str, str], bot: str, key: Ed25519PrivateKey, **more: str) -> str:
    message = f"{bot}:WebAppData\n" + "\n".join(f"{name}={value}" for name, value in sorted(pairs.items()))
    signature = urlsafe_b64encode(key.sign(message.encode())).rstrip(b"=").decode()
    return launch({**pairs, "signature": signature}, "token of the bot", **more)


def test_telegrams_own_signature_needs_no_token() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    query = signed_by_telegram(PAIRS, "42", key)
    assert telegram.verify_signature(query, "42", [public]).user_id == 7
    # The hash covers the signature: by the token it verifies as well.
    assert telegram.verify(query, "token of the bot").user_id == 7

    def refused(query: str, bot: str = "42", keys: Any = (public,)) -> None:
        with pytest.raises(BadSignature):
            telegram.verify_signature(query, bot, keys)

    refused(query, bot="43")
    refused(query, keys=())
    refused(query, keys=(telegram.PRODUCTION_KEY,))
    refused(signed_by_telegram(PAIRS, "42", other))
    refused(query.replace("id%22%3A7", "id%22%3A8"))
    refused(query.replace("signature=", "signature=A"))
    refused(launch(PAIRS))
    refused(launch({**PAIRS, "signature": "!" * 86}))
    signed = init_data.parameters(query)["signature"]
    for other in (signed.translate(str.maketrans("-_", "+/")) + "=", f"{signed}==", f"!{signed}", signed[:-1]):
        refused(launch({**PAIRS, "signature": other}))


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_no_text_verifies_or_crashes(text: str) -> None:
    reason_of(text)


def mutated(query: str, dice: random.Random) -> str:
    """With one to four characters changed, added or taken away."""
    characters = "&=%+?#0123456789abcdefABCDEF{}\"':,-_ хash\n\x00"
    changed = list(query)
    for _ in range(dice.randint(1, 4)):
        where = dice.randrange(len(changed))
        match dice.randrange(3):
            case 0:
                changed[where] = dice.choice(characters)
            case 1:
                changed.insert(where, dice.choice(characters))
            case _:
                del changed[where]
    return "".join(changed)


@pytest.mark.parametrize("mutations", [10_000, pytest.param(400_000, marks=pytest.mark.soak)])
def test_mutated_launches_never_verify(mutations: int) -> None:
    dice = random.Random(42)
    for number in range(mutations):
        query, token = ((MAX_LAUNCH, MAX_TOKEN), (TELEGRAM_LAUNCH, TELEGRAM_TOKEN))[number % 2]
        other = mutated(query, dice)
        try:
            init_data.verify(other, token)
        except BadSignature:
            continue
        # Only another way to write the same: a digit of an escape in the other case, or a question mark in front.
        assert init_data.parameters(other) == init_data.parameters(query)


@pytest.mark.parametrize("mutations", [2_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_mutated_launches_never_verify_by_telegrams_own_signature(mutations: int) -> None:
    """What it does not cover is the bot's hash, and how the last bits of the signature are written."""
    dice, key = random.Random(43), Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    query = signed_by_telegram(PAIRS, "42", key)
    expected = telegram.verify_signature(query, "42", [public])
    for _ in range(mutations):
        other = mutated(query, dice)
        try:
            launch = telegram.verify_signature(other, "42", [public])
        except BadSignature:
            continue
        assert launch == expected
        found, signed = init_data.parameters(other), init_data.parameters(query)
        assert {name: value for name, value in found.items() if name not in ("hash", "signature")} == PAIRS
        assert found["signature"][:-1] == signed["signature"][:-1]


def test_user_ids_are_read_out_of_json() -> None:
    user = json.dumps({"id": 2**63 - 1, "first_name": "Вася"})
    assert init_data.verify(launch({**PAIRS, "user": user}), "token").user_id == 2**63 - 1
