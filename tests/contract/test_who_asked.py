"""A line says who asked and from where; what has to do with security has a line of its own."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from typer.testing import CliRunner

from service.__main__ import cli
from service.core import events
from service.core.ids import new_id
from service.core.limits import CLASSES
from service.launch.clients import create_by_hand
from tests.keyring.keys import ask, rotate
from tests.live import Api, Live
from tests.races.processes import wait_until
from tests.world import CLINIC, CLINIC_PAGE, CLUB, World

Lines = Callable[[], list[dict[str, Any]]]
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def live(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Behind a proxy that may be left out: who sends no X-Forwarded-For is the proxy."""
    limits = dict.fromkeys(CLASSES, "off") | {"writes": "1/h burst 20"}
    folder = tmp_path_factory.mktemp("keys")
    with Live(dsn, folder, log_level="info", trusted_proxies=["127.0.0.0/8"], limits=limits) as live:
        yield live


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    """What was written since it was asked the last time."""
    events.sum_up()

    def written() -> list[dict[str, Any]]:
        # Lines are written a moment after the answer.
        time.sleep(0.05)
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return written


def account(api: Api) -> str:
    return jwt.decode(api.token or "", options={"verify_signature": False})["sub"]


def last_of_security(lines: Lines) -> dict[str, Any]:
    *_, last = (line for line in lines() if line["logger"] == "zapis.security")
    return last


def at(api: Api, address: str) -> Api:
    api.session.headers["X-Forwarded-For"] = address
    return api


def test_a_line_says_who_asked_and_from_where(world: World, lines: Lines) -> None:
    live = world.live
    mother, father, system = world.parent(1), world.parent(2), live.client(42, CLINIC)
    lines()
    asked = [
        (mother, HOME, "citizen"), (father, HOME, "citizen"), (mother, ELSEWHERE, "citizen"),
        (system, ELSEWHERE, "system"), (live.api(), HOME, None),
    ]  # fmt: skip
    for api, address, _ in asked:
        at(api, address).get("/v1/persons")
    found = [line for line in lines() if line["event"] == "request"]
    assert [line["caller"] for line in found] == [kind for *_, kind in asked]
    assert [line["account"] for line in found] == [api.token and account(api) for api, *_ in asked]
    origins = [line["from"] for line in found]
    assert origins == [origins[0], origins[0], origins[2], origins[2], origins[0]]
    assert origins[0] != origins[2]
    assert HOME not in json.dumps(found)
    # In UTC.
    assert all(line["timestamp"].endswith("Z") for line in found)
    assert abs(datetime.fromisoformat(found[-1]["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)
    # Whoever has the keys finds an address again.
    keys = {"ZAPIS_DATA_DIR": str(live.settings.data_dir)}
    said = CliRunner().invoke(cli, ["audit", "from", HOME], env=keys)
    assert said.output.strip() == origins[0]
    other = CliRunner().invoke(cli, ["audit", "from", HOME, "--day", "2026-01-01"], env=keys)
    assert other.output.strip() not in origins


def test_what_has_to_do_with_security_is_told_with_who_it_was(world: World, lines: Lines) -> None:
    live = world.live
    session = live.session(CLINIC_PAGE, 5)
    opened = last_of_security(lines)
    assert (opened["event"], opened["account"]) == ("session_opened", session["citizen_id"])
    assert (opened["platform"], opened["role"], opened["level"]) == ("vk", "none", "info")
    mother = live.api(session["access_token"])
    system = live.client(42, CLINIC)
    assert last_of_security(lines)["event"] == "token_issued"
    code = {"code": "0000-0000"}
    who, client, theirs = account(mother), account(system), f"/v1/institutions/{CLUB}/groups/g/list"
    forged = {"platform": "vk", "parameters": live.launch(CLINIC_PAGE, 5) + "x"}
    for act, event, caller, of in (
        (lambda: live.api().post("/v1/sessions", forged), "login_refused", None, "launch_invalid"),
        (lambda: live.api("no token").get("/v1/persons"), "token_refused", None, "unauthenticated"),
        (lambda: mother.get(f"/v1/institutions/{CLINIC}/applications"), "access_refused", who, "forbidden"),
        (
            lambda: system.get(theirs),
            "nothing_there",
            client,
            "institution_not_found",
        ),
        (lambda: mother.get(f"/v1/appointments/{new_id()}"), "nothing_there", who, "appointment_not_found"),
        (lambda: mother.post("/v1/identities/join", code), "code_refused", who, "invitation_not_found"),
    ):
        refused = act()
        line = last_of_security(lines)
        told = line["event"], line["account"], line["code"], line["status"], line["request_id"]
        assert told == (event, caller, of, refused.status, refused.headers["X-Request-Id"])
    for _ in range(5):
        mother.post("/v1/identities/join", code)
    assert last_of_security(lines)["event"] == "codes_locked"
    live.sql("ALTER TABLE regions RENAME TO regions_away")
    live.api().get("/v1/regions")
    live.sql("ALTER TABLE regions_away RENAME TO regions")
    assert last_of_security(lines)["event"] == "unexpected_error"
    mother.call("DELETE", "/v1/sessions/current")
    assert last_of_security(lines)["event"] == "session_closed"


def test_whose_refresh_token_came_twice_is_told(world: World, lines: Lines) -> None:
    live = world.live
    session = live.session(CLINIC_PAGE, 5)

    def refresh(token: str) -> list[tuple[str, str | None]]:
        lines()
        live.api().post("/v1/sessions/refresh", {"refresh_token": token})
        return [(line["event"], line["account"]) for line in lines()]

    first, who = session["refresh_token"], session["citizen_id"]
    assert refresh(first) == [("request", who)]
    live.clock.now += timedelta(minutes=1)
    assert refresh(first) == [("request", who), ("refresh_token_reused", who), ("refresh_refused", who)]
    # It is over by then, and nothing more is ended.
    live.clock.now += timedelta(seconds=1)
    assert refresh(first) == [("request", who), ("refresh_refused", who)]
    assert refresh("zr.42." + "x" * 64) == [("request", None), ("refresh_refused", None)]


def test_who_is_over_a_limit_is_told_once_a_minute(world: World, lines: Lines) -> None:
    mother = at(world.parent(), HOME)
    for _ in range(40):
        mother.call("DELETE", f"/v1/persons/{new_id()}")
    found = lines()
    assert len([line for line in found if line["event"] == "request" and line["code"] == "person_not_found"]) == 20
    assert [line for line in found if line["code" if "code" in line else "event"] == "too_many_requests"] == []
    events.sum_up()
    (summed,) = (line for line in lines() if line["event"] == "over_limit")
    assert (summed["limit"], summed["requests"], summed["of_them"]) == ("writes", 20, 20)
    assert len(summed["from"]) == 12


def test_who_says_to_be_another_is_told_once_a_minute(dsn: str, tmp_path: Path, lines: Lines) -> None:
    with Live(dsn, tmp_path, log_level="info") as live:
        for _ in range(9):
            at(live.api(), HOME).get("/healthz")
        (line,) = (line for line in lines() if line["event"] == "forwarded_mistrusted")
        assert line["setting"] == "ZAPIS_TRUSTED_PROXIES"
        events.sum_up()
        assert [(line["event"], line["withheld"]) for line in lines()] == [("forwarded_mistrusted", 8)]


def test_a_service_that_hears_of_a_new_key_tells_it(dsn: str, tmp_path: Path, lines: Lines) -> None:
    with Live(dsn, tmp_path, log_level="info", key_poll_seconds=0.05) as live:
        live.api().get("/readyz")
        key_id = rotate(live, "sign")
        heard: list[dict[str, Any]] = []
        wait_until(lambda: heard.extend(lines()) or any(line["event"] == "keys_changed" for line in heard))
        (line,) = (line for line in heard if line["event"] == "keys_changed")
        assert (line["added"], line["gone"], line["logger"]) == ([key_id], [], "zapis.security")


def test_what_the_command_line_makes_is_in_the_audit_trail(live: Live) -> None:
    scopes = ["schedules:write"]
    named, _ = ask(live, lambda conn: create_by_hand(conn, 42, None, "МИС", scopes, live.clock))
    (row,) = live.sql("SELECT * FROM audit_trail WHERE event = 'client_created'")
    assert (row["region_id"], f"42.{row['subject_id']}", row["actor_id"]) == (42, named, UUID(int=0))
    assert json.loads(row["details"]) == {"scopes": scopes, "institution": None}
