"""What was taken back is refused by every process within seconds: credentials of systems, sessions of an account."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor
from service.launch.credentials import COMMAND_LINE
from service.launch.ended import EndedSessions
from tests.launch.test_clients import CLIENTS, SCHEDULES, made, taken, zapis
from tests.launch.test_identities import code_of
from tests.launch.test_log_out import Device
from tests.live import Api, Live
from tests.provocation import someone
from tests.races.processes import Served, wait_until
from tests.world import CLINIC_PAGE, REGION, World


def test_every_process_comes_to_know_whose_credentials_were_taken_back(dsn: str, tmp_path: Path) -> None:
    """Each of two workers, by the API and by the command line; and those that were started after it."""
    with Served(dsn, tmp_path) as served:
        world = World(served)
        clients = [made(world) for _ in range(5)]
        tokens = [taken(world, client).ok()["access_token"] for client in clients]
        revoked, replaced, by_hand, replaced_by_hand, untouched = clients

        def statuses(token: str) -> set[int]:
            # Each call over a connection of its own: either worker may answer it.
            return {served.api(token).get(SCHEDULES).status for _ in range(8)}

        assert all(statuses(token) == {200} for token in tokens)
        world.operator.post(f"{CLIENTS}/{revoked['id']}/revoke").ok()
        new = world.operator.create(f"{CLIENTS}/{replaced['id']}/rotate", {"keep_hours": 0}).ok()
        zapis(served, "client", "revoke", by_hand["client_id"])
        zapis(served, "client", "rotate", replaced_by_hand["client_id"], "--keep-hours", "0")
        wait_until(lambda: all(statuses(token) == {401} for token in tokens[:4]))
        assert len([number for number in served.answered_by_workers("listSchedules") if number]) == 2
        assert statuses(tokens[4]) == statuses(taken(world, new).ok()["access_token"]) == {200}
        # And while tokens are taken, by whichever worker, none outlives it.
        got = [taken(world, untouched).ok()["access_token"] for _ in range(8)]
        zapis(served, "client", "revoke", untouched["client_id"])
        assert {taken(world, untouched).status for _ in range(8)} == {401}
        wait_until(lambda: all(served.api(token).get(SCHEDULES).status == 401 for token in got * 4))
    with Served(dsn, tmp_path) as served:
        assert {served.api(token).get(SCHEDULES).status for token in (*tokens, *got)} == {401}


def test_an_end_of_a_client_is_known_for_as_long_as_its_tokens_live(world: World) -> None:
    """By a process that was told of it by the database alone; nothing is kept past that."""
    client, clock = made(world), world.live.clock
    first, second = (
        Actor("system", UUID(client["id"]), REGION, None, generation=generation) for generation in range(2)
    )
    ended = EndedSessions(timedelta(minutes=15), 3600, clock, timedelta(hours=1))

    def may() -> list[bool]:
        async def learn() -> None:
            connection = await asyncpg.connect(world.live.dsn)
            try:
                await ended.learn(connection)
            finally:
                await connection.close()

        asyncio.run(learn())
        return [admitted(ended, actor) for actor in (first, second)]

    assert may() == [True, True]
    world.operator.create(f"{CLIENTS}/{client['id']}/rotate", {"keep_hours": 0}).ok()
    assert may() == [False, True]
    clock.now += timedelta(hours=1)
    assert may() == [False, True]
    # Whoever starts only now knows of it as well.
    ended = EndedSessions(timedelta(minutes=15), 3600, clock, timedelta(hours=1))
    assert may() == [False, True]
    clock.now += timedelta(minutes=3)
    assert may() == [True, True]
    # A citizen is never taken for a system.
    ended.add_client(first.id, 7)
    assert admitted(ended, Actor("citizen", first.id, REGION, None, session_id=new_id()))
    ended.add_client(first.id, 1)
    assert not admitted(ended, second)


def admitted(ended: EndedSessions, actor: Actor) -> bool:
    try:
        return ended.admit(actor) is actor
    except DomainError as error:
        return error.refusal.code != "unauthenticated"


# Sessions of an account, by whoever runs the service ----------------------------------------------------------------


def test_who_runs_the_service_ends_all_sessions_of_an_account(world: World) -> None:
    """Named by the user's id on the platform, or by that of any account that was joined."""
    live, user = world.live, someone()
    devices, other = [Device(world, user), Device(world, user, role="admin")], Device(world, someone())
    told = end(live, f"vk:{user}")
    assert "2 sessions have ended" in told
    assert all_ended(world) == {device.id for device in devices}
    assert "0 sessions" in end(live, f"vk:{user}")
    # With the next launch they are in again.
    mother = Device(world, user)
    joined = world.parent(someone())
    joined.post("/v1/identities/join", {"code": code_of(mother.api)}).ok()
    account = str(live.sql("SELECT id FROM citizens WHERE same_as IS NOT NULL")[0]["id"])
    assert "1 sessions have ended" in end(live, account)
    assert mother.id in all_ended(world)
    assert other.id not in all_ended(world)
    rows = live.sql("SELECT actor_id, subject_id, details::text FROM audit_trail WHERE event = 'sessions_ended'")
    assert {(row["actor_id"], str(row["subject_id"])) for row in rows} == {(COMMAND_LINE, mother.session["citizen_id"])}
    assert sorted(row["details"] for row in rows) == ['{"count": 0}', '{"count": 1}', '{"count": 2}']
    for wrong in ("vk:1", "vk", str(new_id()), "max:" + str(user)):
        assert end(live, wrong, code=2)


def end(live: Live, citizen: str, code: int = 0) -> str:
    return zapis(live, "sessions", "end", "--region", str(REGION), "--citizen", citizen, code=code)


def all_ended(world: World) -> set[str]:
    return {str(row["id"]) for row in world.live.sql("SELECT id FROM sessions WHERE ended_at IS NOT NULL")}


def test_every_process_comes_to_know_that_an_account_is_out(dsn: str, tmp_path: Path) -> None:
    with Served(dsn, tmp_path) as served:
        world, user = World(served), someone()
        session: Any = served.session(CLINIC_PAGE, user)
        token = session["access_token"]

        def answers() -> set[int]:
            return {Api(served.base, token).get("/v1/persons").status for _ in range(16)}

        assert answers() == {200}
        end(served, f"vk:{user}")
        wait_until(lambda: answers() == {401})
        assert len([number for number in served.answered_by_workers("listPersons") if number]) == 2
        assert world.parent(user).get("/v1/persons").status == 200
        refused = served.api().post("/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
        assert refused.code == "session_ended"
