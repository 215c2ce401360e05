"""A citizen's session goes on by refresh tokens: each is good once, and one that comes again ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.launch.refresh import RefreshToken
from tests.live import Answer, Live
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, World


def refresh(live: Live, token: str) -> Answer:
    return live.api().post("/v1/sessions/refresh", {"refresh_token": token})


def refreshed(live: Live, token: str) -> str:
    return refresh(live, token).ok()["refresh_token"]


def opened(world: World, role: str = "none") -> Any:
    return world.live.session(CLINIC_PAGE, someone(), role)


def claims(session: Any) -> dict[str, Any]:
    return jwt.decode(session["access_token"], options={"verify_signature": False})


def later(world: World, **more: float) -> None:
    world.live.clock.now += timedelta(**more)


def test_a_session_goes_on(world: World) -> None:
    """The same session of the same citizen in the same page, with tokens of now."""
    session = opened(world)
    later(world, minutes=20)
    assert world.live.api(session["access_token"]).get("/v1/persons").code == "unauthenticated"
    answer = refresh(world.live, session["refresh_token"])
    found = answer.ok()
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert found | {"access_token": 0, "refresh_token": 0} == session | {"access_token": 0, "refresh_token": 0}
    assert found["refresh_token"] != session["refresh_token"]
    now = int(world.now.timestamp())
    before = claims(session)
    # All but that there was a launch just now.
    del before["auth_time"]
    assert claims(found) == before | {"iat": now, "exp": now + 900, "jti": claims(found)["jti"]}
    assert claims(found)["jti"] != claims(session)["jti"]
    assert world.live.api(found["access_token"]).get("/v1/persons").status == 200
    assert refresh(world.live, found["refresh_token"]).status == 200


def test_a_token_that_comes_again_ends_the_session(world: World) -> None:
    """Whoever has stolen it, and whoever it was stolen from: neither goes on."""
    first = opened(world)["refresh_token"]
    second = refreshed(world.live, first)
    third = refreshed(world.live, second)
    later(world, seconds=1)
    # Not the one taken last, however fresh.
    assert refresh(world.live, first).code == "session_ended"
    for token in (first, second, third):
        refused = refresh(world.live, token)
        assert (refused.status, refused.code) == (401, "session_ended")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    (told,) = world.live.sql("SELECT subject_id FROM audit_trail WHERE event = 'session_token_reused'")
    (kept,) = world.live.sql("SELECT id, ended_at FROM sessions")
    assert (told["subject_id"], kept["ended_at"]) == (kept["id"], world.now)


def test_for_half_a_minute_the_same_successor_is_told_again(world: World) -> None:
    """An answer that was lost on its way. Nothing of the token is kept that it could be told from."""
    first = opened(world)["refresh_token"]
    second = refreshed(world.live, first)
    later(world, seconds=29)
    assert refreshed(world.live, first) == second
    later(world, seconds=1)
    assert refresh(world.live, first).code == "session_ended"
    assert refresh(world.live, second).code == "session_ended"


def test_many_at_once_are_told_the_same(world: World) -> None:
    first = opened(world)["refresh_token"]
    with ThreadPoolExecutor(8) as threads:
        told = set(threads.map(lambda _: refreshed(world.live, first), range(16)))
    assert len(told) == 1
    assert refresh(world.live, told.pop()).status == 200


def test_a_session_lasts_half_a_day_unused_and_a_week_at_most(world: World) -> None:
    live = world.live
    idle = opened(world)["refresh_token"]
    later(world, hours=12)
    assert refresh(live, idle).code == "session_ended"
    session, hours = opened(world), 0
    token = session["refresh_token"]
    while hours < 7 * 24 - 12:
        later(world, hours=11)
        hours += 11
        answer = refresh(live, token).ok()
        token = answer["refresh_token"]
        assert answer["refresh_expires_in"] == min(12, 7 * 24 - hours) * 3600
    later(world, hours=7 * 24 - hours)
    assert refresh(live, token).code == "session_ended"


@pytest.mark.parametrize("role", ["admin", "editor"])
def test_a_role_is_not_refreshed(world: World, role: str) -> None:
    """Who has lost it in the platform has lost it here in five minutes."""
    session = opened(world, role)
    assert (session["refresh_token"], session["refresh_expires_in"], session["expires_in"]) == (None, None, 300)
    # No token that names the session is one, nor does it end it.
    sid = claims(session)["sid"]
    made = RefreshToken.new(42, UUID(sid)).text
    assert refresh(world.live, made).code == "session_ended"
    assert world.live.api(session["access_token"]).get("/v1/persons").status == 200


def test_what_is_no_refresh_token(world: World) -> None:
    session = opened(world)
    token = session["refresh_token"]
    head, both = token[:6], token[6:]
    others = opened(world)["refresh_token"]
    for wrong in (
        "", "zr", both, token[:-1], token + "A", f" {token}", token.replace("zr.42", "zr.54"), f"zr.4.{both}",
        token.replace("zr.", "ZR."), f"{head}{both[:-1]}=", f"{head}{'Ж' * 64}", f"zr.٤٢.{both}",
        session["access_token"][:200], f"{head}{'A' * 64}",
    ):  # fmt: skip
        refused = refresh(world.live, wrong)
        assert refused.code == "session_ended", wrong
        assert not wrong or wrong not in refused.content.decode()
    assert refresh(world.live, "x" * 201).code == "invalid"
    # A wrong secret under a session's own id has been made by somebody who knows it: that session is over.
    assert refresh(world.live, f"{head}{both[:22]}{others[28:]}").code == "session_ended"
    assert refresh(world.live, token).code == "session_ended"
    assert refresh(world.live, others).status == 200


def test_a_page_that_is_gone_is_not_gone_on_with(world: World) -> None:
    token = opened(world)["refresh_token"]
    world.live.sql("DELETE FROM pages WHERE institution_id = $1", CLINIC)
    assert refresh(world.live, token).code == "session_ended"


def test_nothing_that_a_token_could_be_made_of_is_kept(world: World) -> None:
    first = opened(world)["refresh_token"]
    second = refreshed(world.live, first)
    (row,) = world.live.sql("SELECT s::text AS kept, token_hash, previous_hash FROM sessions s")
    for token, kept in ((first, row["previous_hash"]), (second, row["token_hash"])):
        read = RefreshToken.read(token)
        assert read is not None
        assert read.hash == kept
        assert read.secret.hex() not in row["kept"]
        assert read.secret.hex() not in repr(read)
        assert token not in row["kept"]


@given(st.integers(0, 99), st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_token_is_read_as_it_was_written(region: int, session: Any, secret: bytes) -> None:
    token = RefreshToken(region, session, secret)
    assert RefreshToken.read(token.text) == token


@given(st.text(max_size=80))
def test_garbage_is_no_token(text: str) -> None:
    assert RefreshToken.read(text) is None
