import base64
import hashlib
import hmac
import random
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.launch import vk
from service.launch.proof import MAX_QUERY_CHARACTERS, BadSignature, StaleLaunch, check_freshness

SECRET = "wvl68m4dR1UpLrVRli"
UNSIGNED = (
    "vk_user_id=494075&vk_app_id=6736218&vk_is_app_user=1&vk_are_notifications_enabled=1"
    "&vk_language=ru&vk_access_token_settings=&vk_platform=android"
)
OUTDATED_SIGNATURE = "exTIBPYTrAKDTHLLm2AwJkmcVcvFCzQUNyoa6wAjvW6k"
PUBLISHED = {
    "empty value": (SECRET, f"{UNSIGNED}&sign=htQFduJpLxz7ribXRZpDFUH-XEUhC9rBPTJkjUFEkRA"),
    "comma": (
        "rkwdOT04kUh28RDEC9zr",
        (
            "vk_access_token_settings=friends%2Cgroups&vk_app_id=6825462&vk_are_notifications_enabled=0"
            "&vk_is_app_user=1&vk_language=ru&vk_platform=desktop_web&vk_user_id=19039187"
            "&sign=vBBPIysvzccFUn_e55JCGxZBnmxpXeh92XpiAY9gcv8"
        ),
    ),
    "community": (
        "YGZHWm3eO9T4oL6bApg2",
        (
            "vk_access_token_settings=notify&vk_app_id=7284402&vk_are_notifications_enabled=0&vk_group_id=60687596"
            "&vk_is_app_user=1&vk_is_favorite=0&vk_language=ru&vk_platform=desktop_web&vk_ref=other"
            "&vk_user_id=19039187&vk_viewer_group_role=admin&sign=znK4Byk4l2ywtzmSuAvaDUXTAK2yeHh7uPcPb_8V0dM"
        ),
    ),
}
IDS = {"vk_user_id": "7", "vk_app_id": "8"}


def independent_signature(message: str, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest, b"-_").decode().strip("=")


def reason_of(query: str, secret: str = SECRET) -> str:
    with pytest.raises(BadSignature) as caught:
        vk.verify(query, secret)
    return caught.value.reason


@pytest.mark.parametrize(("secret", "query"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_launches_verify(secret: str, query: str) -> None:
    parameters = dict(parse_qsl(query))
    launch = vk.verify(query, secret)
    assert (launch.user_id, launch.app_id) == (int(parameters["vk_user_id"]), int(parameters["vk_app_id"]))
    assert launch.signed_at is None
    assert vk.verify(f"?{query}", secret) == launch
    assert reason_of(query, secret + "x") == "mismatch"


def test_what_a_launch_from_a_community_says() -> None:
    secret, query = PUBLISHED["community"]
    assert vk.verify(query, secret) == vk.VkLaunch(
        user_id=19039187,
        app_id=7284402,
        signed_at=None,
        group_id=60687596,
        role="admin",
        platform="desktop_web",
        language="ru",
    )


def test_a_launch_from_elsewhere_has_no_role() -> None:
    secret, query = PUBLISHED["comma"]
    launch = vk.verify(query, secret)
    assert (launch.group_id, launch.role) == (None, "none")


@pytest.mark.parametrize("signature", [OUTDATED_SIGNATURE, OUTDATED_SIGNATURE[:43]])
def test_the_outdated_sample_fails(signature: str) -> None:
    assert reason_of(f"{UNSIGNED}&sign={signature}") in {"sign", "mismatch"}


@pytest.mark.parametrize("quoter", [quote, quote_plus], ids=["%20", "+"])
@pytest.mark.parametrize("in_query", ["%20", "+"])
def test_a_space_is_signed_either_way_whatever_the_query_writes(quoter: type[str], in_query: str) -> None:
    message = f"vk_app_id=8&vk_ref={quoter('a b')}&vk_user_id=7"
    query = f"vk_user_id=7&vk_app_id=8&vk_ref=a{in_query}b&sign={independent_signature(message)}"
    assert vk.verify(query, SECRET).user_id == 7


def test_unencoded_json_verifies() -> None:
    experiment = '{"a":[1,2],"b":"c/d"}'
    signed = vk.sign({**IDS, "vk_experiment": experiment}, SECRET)
    unencoded = signed.replace(quote(experiment, safe=""), experiment)
    assert unencoded != signed
    assert vk.verify(unencoded, SECRET) == vk.verify(signed, SECRET)


def test_unsigned_parameters_change_nothing() -> None:
    query = vk.sign(IDS, SECRET)
    expected = vk.verify(query, SECRET)
    for other in ("self=1", "a=1&a=2", "=", "&&", "vk=1", "Sign=1", "VK_USER_ID=9"):
        assert vk.verify(f"{other}&{query}&{other}", SECRET) == expected


def test_bytes_that_are_no_text_do_not_stand_for_a_character() -> None:
    query = vk.sign({**IDS, "vk_ref": "\ufffd"}, SECRET)
    assert vk.verify(query, SECRET).user_id == 7
    assert reason_of(query.replace("%EF%BF%BD", "%FF")) == "malformed"


def test_parameters_cannot_be_regrouped() -> None:
    query = vk.sign({**IDS, "vk_a": "1", "vk_b": "2"}, SECRET)
    assert "vk_a=1&" in query
    assert "vk_b=2" in query
    regrouped = query.replace("vk_a=1&", "").replace("vk_b=2", "vk_a%3D1%26vk_b=2")
    assert reason_of(regrouped) == "mismatch"
    assert reason_of(query.replace("vk_a=1&", "").replace("vk_b=2", "vk_a=1%26vk_b%3D2")) == "mismatch"


@pytest.mark.parametrize("again", ["vk_user_id=7", "vk_user_id=9", "vk%5Fuser_id=9", "sign=x", "sign", "%73ign="])
def test_a_parameter_that_comes_twice_is_refused(again: str) -> None:
    query = vk.sign(IDS, SECRET)
    assert reason_of(f"{query}&{again}") == "duplicate"
    assert reason_of(f"{again}&{query}") == "duplicate"


@pytest.mark.parametrize(
    "signature", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "+", "А" * 43, "A" * 43 + "%0A"]
)
def test_a_signature_has_one_form(signature: str) -> None:
    assert reason_of(f"{UNSIGNED}&sign={signature}") in {"sign", "malformed"}
    assert reason_of(UNSIGNED) == "sign"


def test_no_secret_verifies_nothing() -> None:
    assert reason_of(vk.sign(IDS, ""), "") == "no_secret"


def test_length_is_bounded() -> None:
    query = vk.sign(IDS, SECRET)
    longest = f"{query}&x={'x' * (MAX_QUERY_CHARACTERS - len(query) - 3)}"
    assert len(longest) == MAX_QUERY_CHARACTERS
    assert vk.verify(longest, SECRET).user_id == 7
    assert reason_of(longest + "x") == "too_long"


@pytest.mark.parametrize(
    "odd",
    ["", "?", "??", "&", "=", "self", "self=self", "sign", "vk_", "привет", "vk_a=%", "vk_a=%2", "vk_a=%zz", "vk_a=%+1",
     "vk_a=%ff", "vk_a=%ED%A0%80", "vk_a=\ud800", "\udfff=1", "\x00", "vk_a=%00", "vk_a\x00=1", "1" * 4096, "٣=٣"],
)  # fmt: skip
def test_odd_input_is_a_clean_refusal(odd: str) -> None:
    genuine = vk.sign(IDS, SECRET)
    reason_of(odd)
    assert vk.claimed_app_id(odd) is None
    if odd.startswith("vk_") or not odd.isascii() or "\x00" in odd:
        assert reason_of(f"{genuine}&{odd}") in {"malformed", "mismatch"}


@pytest.mark.parametrize("key", ["vk_user_id", "vk_app_id"])
@pytest.mark.parametrize(
    "number", ["", "0", "-1", "+1", " 1", "1 ", "1_0", "1.0", "0x1", "01", "٣", "²", str(2**63), "9" * 800, "1\n"]
)
def test_an_id_is_a_positive_number_in_plain_digits(key: str, number: str) -> None:
    assert reason_of(vk.sign({**IDS, key: number}, SECRET)) in {"missing_id", "not_an_id"}
    without = {name: value for name, value in IDS.items() if name != key}
    assert reason_of(vk.sign(without, SECRET)) == "missing_id"


def test_the_largest_id() -> None:
    assert vk.verify(vk.sign({**IDS, "vk_user_id": str(2**63 - 1)}, SECRET), SECRET).user_id == 2**63 - 1
    # Past the limit on the length of a query no signature is looked at; past int()'s own limit nothing else is raised.
    assert reason_of(vk.sign({**IDS, "vk_user_id": "9" * 5000}, SECRET)) == "too_long"
    assert vk.claimed_app_id(f"vk_app_id={'9' * 4000}") is None


@pytest.mark.parametrize(("text", "group_id"), [("", None), ("0", None), ("60687596", 60687596)])
def test_group_id(text: str, group_id: int | None) -> None:
    assert vk.verify(vk.sign({**IDS, "vk_group_id": text}, SECRET), SECRET).group_id == group_id
    assert reason_of(vk.sign({**IDS, "vk_group_id": f"-{text}"}, SECRET)) == "not_an_id"


@pytest.mark.parametrize(
    ("text", "signed_at"),
    [
        ("", None),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000123", datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)),
        ("9" * 14, datetime(5138, 11, 16, 9, 46, 39, 999000, tzinfo=UTC)),
    ],
)
def test_signed_at_in_seconds_or_milliseconds(text: str, signed_at: datetime | None) -> None:
    assert vk.verify(vk.sign({**IDS, "vk_ts": text}, SECRET), SECRET).signed_at == signed_at


@pytest.mark.parametrize("text", ["-1", "1.5", "9" * 15, "٣", "now", "1e9"])
def test_an_odd_time_is_refused(text: str) -> None:
    assert reason_of(vk.sign({**IDS, "vk_ts": text}, SECRET)) == "not_a_time"


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    for query in (f"{UNSIGNED}&sign={'Z' * 43}", "vk_a=%ffZZZ", vk.sign({**IDS, "vk_ts": "ZZZ"}, SECRET)):
        with pytest.raises(BadSignature) as caught:
            vk.verify(query, SECRET)
        assert "Z" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("query", "app_id"),
    [
        (PUBLISHED["comma"][1], 6825462),
        ("?vk_app_id=5", 5),
        ("vk_app_id=0", None),
        ("vk_app_id=x", None),
        ("vk_app_id=5&vk_app_id=5", None),
        ("app_id=5", None),
    ],
)
def test_claimed_app_id(query: str, app_id: int | None) -> None:
    assert vk.claimed_app_id(query) == app_id


def test_sign_takes_no_signature() -> None:
    with pytest.raises(ValueError, match="already signed"):
        vk.sign({**IDS, "sign": "x"}, SECRET)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@given(TEXT, TEXT, TEXT, st.dictionaries(TEXT.map(lambda key: f"vk_x{key}"), TEXT, max_size=3), TEXT.filter(bool))
@settings(max_examples=300, deadline=None)
def test_what_was_signed_verifies(role: str, platform: str, language: str, more: dict[str, str], secret: str) -> None:
    named = {"vk_viewer_group_role": role, "vk_platform": platform, "vk_language": language}
    query = vk.sign({**IDS, **named, **more, "unsigned": role}, secret)
    launch = vk.verify(query, secret)
    assert (launch.role, launch.platform, launch.language) == (role or "none", platform, language)
    message = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted({**IDS, **named, **more}.items()))
    assert query.endswith(f"&sign={independent_signature(message, secret)}")


@given(st.text(max_size=200) | st.text("vk_sign=&%+?0123456789abcdefABCDEF", max_size=200))
@example("self=1&vk_user_id=1")
@settings(max_examples=1000, deadline=None)
def test_nothing_but_bad_signature_is_raised(query: str) -> None:
    reason_of(query)
    vk.claimed_app_id(query)


ODD_TEXTS = ("%", "%zz", "%00", "\x00", "&", "=", "+", "%20", "%5F", "?", "А", "٣", "\ud800", "self=1&", "&vk_ts=1")


def mangled(query: str, dice: random.Random) -> str:
    """The query with one to three small changes: to a character, to a piece, or to a whole parameter."""
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(query))
        pairs = query.split("&")
        pair = dice.randrange(len(pairs))
        query = dice.choice(
            [
                query[:at] + chr(dice.randrange(33, 127)) + query[at + 1 :],
                query[:at] + query[at + 1 :],
                query[:at] + chr(dice.randrange(33, 127)) + query[at:],
                query[:at] + dice.choice(ODD_TEXTS) + query[at:],
                query[:at] + query[at : at + 2][::-1] + query[at + 2 :],
                query[:at] + query[at] + query[at:],
                query[:at] + query[at].swapcase() + query[at + 1 :],
                query[:at] + f"%{ord(query[at]) % 128:02x}" + query[at + 1 :],
                "&".join(pairs[:pair] + pairs[pair + 1 :]) or "&",
                "&".join([*pairs, pairs[pair]]),
                "&".join(dice.sample(pairs, len(pairs))),
            ]
        )
    return query


def meaning(query: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    return sorted((key, value) for key, value in pairs if key == "sign" or key.startswith("vk_"))


@pytest.mark.parametrize("launches", [5_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_mangled_launches_verify_only_when_they_mean_the_same(launches: int) -> None:
    dice = random.Random(20240229)
    original = vk.sign(
        {**IDS, "vk_ts": "1700000000", "vk_ref": "a b", "vk_experiment": '{"a":1}', "vk_group_id": "5", "other": "x y"},
        SECRET,
    )
    expected = vk.verify(original, SECRET)
    verified = 0
    for _ in range(launches):
        query = mangled(original, dice)
        try:
            launch = vk.verify(query, SECRET)
        except BadSignature:
            continue
        assert meaning(query) == meaning(original)
        assert launch == expected
        verified += 1
    assert 0.01 < verified / launches < 0.5, "the changes must be neither all harmless nor all fatal"


NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


def launched_at(signed_at: datetime | None) -> vk.VkLaunch:
    return vk.VkLaunch(7, 8, signed_at, None, "none", "", "")


@pytest.mark.parametrize(
    ("age_seconds", "reason"),
    [(0, None), (3600, None), (3600.001, "too_old"), (1e9, "too_old"), (-30, None), (-30.001, "too_early")],
)
def test_age_is_bounded_both_ways(age_seconds: float, reason: str | None) -> None:
    launch = launched_at(NOW - timedelta(seconds=age_seconds))
    if reason is None:
        check_freshness(launch.signed_at, NOW, 3600, 30)
        return
    with pytest.raises(StaleLaunch) as caught:
        check_freshness(launch.signed_at, NOW, 3600, 30)
    assert caught.value.reason == reason


def test_a_launch_without_a_time_is_stale() -> None:
    with pytest.raises(StaleLaunch) as caught:
        check_freshness(None, NOW, 10**9, 10**9)
    assert caught.value.reason == "no_time"
