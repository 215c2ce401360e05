"""Whoever logs out is out: at once where they did so, within seconds in every other process."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.collaborators import make_database
from service.config import Settings
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor
from service.launch.ended import EndedSessions
from tests.conftest import fresh_database
from tests.launch.test_identities import code_of, on_max
from tests.launch.test_platforms import APPS
from tests.launch.test_refresh import refresh
from tests.live import Api, Clock, Live, session_id
from tests.provocation import someone
from tests.races.processes import Served, wait_until
from tests.world import CLINIC, CLINIC_PAGE, CLUB_PAGE, REGION, World


@pytest.fixture
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **APPS) as live:
        world = World(live)
        world.put("/v1/pages/max/clinic", {"institution_id": str(CLINIC), "mini_apps": ["doctor"]})
        yield world


class Device:
    """Where a citizen has opened the mini-app."""

    def __init__(self, world: World, user: int, page: int = CLINIC_PAGE, role: str = "none") -> None:
        self.live = world.live
        self.session: Any = world.live.session(page, user, role)
        self.api: Api = world.live.api(self.session["access_token"])
        self.id = session_id(self.api)

    def delete(self, path: str) -> int:
        return self.api.call("DELETE", f"/v1/sessions{path}").status

    def end(self, session: str) -> int:
        return self.api.post(f"/v1/sessions/{session}/end").status

    @property
    def is_in(self) -> bool:
        """By either token."""
        opened = self.api.get("/v1/persons").status == 200
        if self.session["refresh_token"]:
            assert (refresh(self.live, self.session["refresh_token"]).status == 200) == opened
        return opened


def test_who_logs_out_is_out_at_once_and_elsewhere_is_not(world: World) -> None:
    user = someone()
    phone, tablet, other = Device(world, user), Device(world, user), Device(world, someone())
    assert phone.is_in
    assert phone.delete("/current") == 204
    assert (phone.is_in, tablet.is_in, other.is_in) == (False, True, True)
    # A new launch opens a new session.
    assert Device(world, user).is_in


def test_who_logs_out_everywhere_is_out_everywhere(world: World) -> None:
    """Where they administer a page, too."""
    user = someone()
    devices = [Device(world, user), Device(world, user, CLUB_PAGE), Device(world, user, role="admin")]
    other = Device(world, someone())
    assert devices[1].delete("") == 204
    assert [device.is_in for device in (*devices, other)] == [False, False, False, True]


def test_a_citizen_sees_their_sessions_and_ends_one(world: World) -> None:
    user, begin = someone(), world.now
    old = Device(world, user)
    world.live.clock.now += timedelta(minutes=5)
    lost, phone, other = Device(world, user), Device(world, user), Device(world, someone())
    world.live.clock.now += timedelta(minutes=5)
    refresh(world.live, old.session["refresh_token"]).ok()
    items = phone.api.get("/v1/sessions").ok()["items"]
    assert [item["id"] for item in items] == [old.id, phone.id, lost.id]
    assert [item["current"] for item in items] == [False, True, False]
    assert {item["platform"] for item in items} == {"vk"}
    first = items[0]
    assert datetime.fromisoformat(first["since"]) == begin
    assert datetime.fromisoformat(first["last_used_at"]) == begin + timedelta(minutes=10)
    for _ in range(2):
        assert phone.end(lost.id) == 204
    assert (lost.is_in, phone.is_in) == (False, True)
    assert {item["id"] for item in phone.api.get("/v1/sessions").ok()["items"]} == {old.id, phone.id}
    # Somebody else's is none.
    assert phone.end(other.id) == 404
    assert other.is_in
    world.live.clock.now += timedelta(hours=12)
    late = Device(world, user)
    assert [item["id"] for item in late.api.get("/v1/sessions").ok()["items"]] == [late.id]


def test_of_fifty_sessions_the_one_unused_for_longest_gives_way(world: World) -> None:
    user, other = someone(), Device(world, someone())
    devices: list[Device] = []
    for _ in range(51):
        devices.append(Device(world, user))
        world.live.clock.now += timedelta(seconds=1)
    items = devices[-1].api.get("/v1/sessions").ok()["items"]
    assert [item["id"] for item in items] == [device.id for device in devices[:0:-1]]
    assert refresh(world.live, devices[0].session["refresh_token"]).code == "session_ended"
    assert other.is_in


def test_who_joins_another_or_leaves_proves_it_anew(world: World) -> None:
    """Sessions of before the joining do not come to see another's family, nor those of before the leaving."""
    user = someone()
    mother, here = Device(world, user), on_max(world, user)
    here.post("/v1/identities/join", {"code": code_of(mother.api)}).ok()
    ended = {str(row["id"]) for row in world.live.sql("SELECT id FROM sessions WHERE ended_at IS NOT NULL")}
    assert ended == {session_id(here)}
    again = on_max(world, user)
    assert len(mother.api.get("/v1/sessions").ok()["items"]) == 2
    mother.api.post("/v1/identities/max/leave").ok()
    (left,) = mother.api.get("/v1/sessions").ok()["items"]
    assert (left["id"], left["current"]) == (mother.id, True)
    ended |= {session_id(again)}
    found = world.live.sql("SELECT id FROM sessions WHERE ended_at IS NOT NULL")
    assert {str(row["id"]) for row in found} == ended


def test_a_launch_that_a_joining_overtakes_does_not_go_on(world: World) -> None:
    user = someone()
    parameters = world.live.launch(CLINIC_PAGE, user)
    session = world.live.api().post("/v1/sessions", {"platform": "vk", "parameters": parameters}).ok()
    other = world.parent(someone())
    world.live.api(session["access_token"]).post("/v1/identities/join", {"code": code_of(other)}).ok()
    # As if it had been written a moment later.
    world.live.sql("UPDATE sessions SET ended_at = NULL")
    assert refresh(world.live, session["refresh_token"]).code == "session_ended"


def test_what_is_long_over_is_forgotten(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"keep_sessions_hours": 24}
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **settings) as live:
        world = World(live)
        for _ in range(3):
            Device(world, someone())
        ended = Device(world, someone())
        assert ended.delete("/current") == 204
        live.clock.now += timedelta(hours=25)
        # Of the launches alone: none is believed for longer than an hour.
        live.clock.now += timedelta(minutes=2)
        assert live.work() == 4
        live.clock.now += timedelta(hours=12)
        kept = Device(world, someone())
        assert live.work() == 4
        assert [str(row["id"]) for row in live.sql("SELECT id FROM sessions")] == [kept.id]
        assert live.work() == 0
        assert kept.is_in


def test_every_process_comes_to_know_who_has_logged_out(dsn: str, tmp_path: Any) -> None:
    """Each of two workers, whichever of them was told; and one that was started after it."""
    with Served(dsn, tmp_path) as served:
        world = World(served)
        devices = [Device(world, someone()) for _ in range(8)]
        assert all(device.api.get("/v1/persons").status == 200 for device in devices)
        for device in devices:
            assert device.delete("/current") == 204
        # Each call over a connection of its own: either worker may answer it.
        calls = [device.session["access_token"] for device in devices] * 4
        wait_until(lambda: all(served.api(token).get("/v1/persons").status == 401 for token in calls))
        assert len([number for number in served.answered_by_workers("listPersons") if number]) == 2
    with Served(dsn, tmp_path) as served:
        assert {served.api(token).get("/v1/persons").status for token in calls} == {401}


def test_an_end_is_known_for_as_long_as_its_tokens_live(world: World) -> None:
    """By a process that was told of it by the database alone; nothing is kept past that."""
    ended = EndedSessions(timedelta(minutes=15), 3600, world.live.clock)
    device, other = Device(world, someone()), Device(world, someone())
    callers = [Actor("citizen", new_id(), REGION, None, session_id=UUID(one.id)) for one in (device, other)]

    async def learn() -> list[bool]:
        connection = await asyncpg.connect(world.live.dsn)
        try:
            await ended.learn(connection)
        finally:
            await connection.close()
        return [is_in(ended, caller) for caller in callers]

    assert world.live.run(learn()) == [True, True]
    assert device.delete("/current") == 204
    assert world.live.run(learn()) == [False, True]
    world.live.clock.now += timedelta(minutes=15)
    assert world.live.run(learn()) == [False, True]
    # What is dated before it was asked last, by a clock that is behind or a statement that took long, is seen as well.
    world.live.sql(
        "UPDATE sessions SET ended_at = $2::timestamptz - interval '1 minute' WHERE id = $1", other.id, world.now
    )
    assert world.live.run(learn()) == [False, False]
    world.live.clock.now += timedelta(minutes=17)
    world.live.run(learn())
    assert ended._ended == {}


def test_while_the_database_is_away_what_is_known_stays_known(tmp_path: Any) -> None:
    """The worker starts all the same, and goes on."""
    ended = EndedSessions(timedelta(minutes=15), 0.01, Clock())
    caller = Actor("citizen", new_id(), REGION, None, session_id=new_id())
    nowhere = f"postgresql://zapis@/zapis?host={tmp_path}"

    async def follow() -> None:
        async with make_database(Settings(), nowhere).opened() as database, ended.followed(database):
            assert is_in(ended, caller)
            ended.add([caller.session_id or new_id()])
            await asyncio.sleep(0.1)
            assert not is_in(ended, caller)

    asyncio.run(follow())


def is_in(ended: EndedSessions, caller: Actor) -> bool:
    try:
        return ended.admit(caller) is caller
    except DomainError as error:
        return error.refusal.code != "unauthenticated"
