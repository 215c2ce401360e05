"""Odnoklassniki's own launches: the user alone is signed."""

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


@given(st.text(max_size=200))
def test_no_text_verifies_or_crashes(text: str) -> None:
    reason_of(text)
    ok.claimed_app(text)
