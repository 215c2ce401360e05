"""Odnoklassniki's own launches: the user alone is signed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.launch import ok
from service.launch.proof import BadSignature

USER, SESSION, SECRET = "5600000000001", "-s-SESSIONKEY", "APPSECRET"
# Published by the platform.
SIGNATURE = "1b82ea86a1adfc534be88471d5e760a3"
LAUNCH = f"logged_user_id={USER}&session_key={SESSION}&auth_sig={SIGNATURE}&application_key=CKEY&authorized=1"


def reason_of(query: str, secret: str = SECRET) -> str:
    with pytest.raises(BadSignature) as caught:
        ok.verify(query, secret)
    return caught.value.reason


def test_the_published_launch_verifies() -> None:
    assert ok.verify("?" + LAUNCH, SECRET) == ok.OkLaunch(int(USER), SESSION)
    assert ok.claimed_app(LAUNCH) == "CKEY"
    assert reason_of(LAUNCH, "other") == "mismatch"
    assert reason_of(LAUNCH, "") == "no_secret"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (LAUNCH.replace(USER, "5600000000002"), "mismatch"),
        (LAUNCH.replace(SESSION, "-s-OTHER"), "mismatch"),
        (LAUNCH + "&logged_user_id=1", "duplicate"),
        (LAUNCH.replace("auth_sig=", "auth_sig=0"), "missing_id"),
        (LAUNCH.replace(SIGNATURE, SIGNATURE.upper()), "missing_id"),
        (LAUNCH.replace(f"session_key={SESSION}", "session_key="), "missing_id"),
        (LAUNCH + "&x=1" * 100, "malformed"),
        (LAUNCH + "&x=%FF", "malformed"),
        (LAUNCH + "Ж", "malformed"),
        ("x" * 4097, "too_long"),
        ("", "missing_id"),
    ],
)
def test_what_proves_nothing(query: str, reason: str) -> None:
    assert reason_of(query) == reason


def test_what_moves_between_the_user_and_the_session_is_another_launch() -> None:
    """md5(user + session + secret) has no borders: digits of the session read as the user's would be a forgery."""
    moved = LAUNCH.replace(f"{USER}&session_key={SESSION}", f"{USER[:-1]}&session_key={USER[-1]}{SESSION}")
    assert moved != LAUNCH
    assert reason_of(moved) == "session"


def changed(query: str, dice: random.Random) -> str:
    """With one to three small changes: to a character, or to a whole parameter."""
    characters = "&=%+?#;0123456789abcdefABCDEF-_.{}\"' хЖ٣\n\x00\ud800"
    for _ in range(dice.randint(1, 3)):
        at, pairs = dice.randrange(len(query)), query.split("&")
        pair = dice.randrange(len(pairs))
        query = dice.choice(
            [
                query[:at] + dice.choice(characters) + query[at + 1 :],
                query[:at] + dice.choice(characters) + query[at:],
                query[:at] + query[at + 1 :],
                query[:at] + query[at : at + 2][::-1] + query[at + 2 :],
                query[:at] + query[at].swapcase() + query[at + 1 :],
                query[:at] + f"%{ord(query[at]) % 128:02x}" + query[at + 1 :],
                "&".join(pairs[:pair] + pairs[pair + 1 :]) or "&",
                "&".join([*pairs, pairs[pair]]),
                "&".join(dice.sample(pairs, len(pairs))),
            ]
        )
    return query


@pytest.mark.parametrize("launches", [5_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_changed_launches_verify_only_when_they_mean_the_same(launches: int) -> None:
    """The user and the session, which are what is signed, are as they were; all else may be as it likes."""
    dice, verified = random.Random(20240301), 0
    for _ in range(launches):
        query = changed(LAUNCH, dice)
        ok.claimed_app(query)
        try:
            launch = ok.verify(query, SECRET)
        except BadSignature:
            continue
        assert launch == ok.OkLaunch(int(USER), SESSION)
        verified += 1
    assert 0.01 < verified / launches < 0.6, "the changes must be neither all harmless nor all fatal"


@given(st.text(max_size=200))
def test_no_text_verifies_or_crashes(text: str) -> None:
    reason_of(text)
    ok.claimed_app(text)
