"""Row-level security: with the filters of all queries taken out, nobody sees what is another's, or changes it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from uuid import UUID

import asyncpg
import jwt
import pytest

from service.app import OPERATIONS
from service.collaborators import make_database
from service.core.operations import Operation, Transaction
from service.core.sight import NOBODY, SERVICE, Sight, SightedConnection
from tests.contract.access import ANOTHER_REGION
from tests.contract.scene import Scene, set_scene
from tests.contract.stage import Stage, set_stage
from tests.contract.test_queries import all_queries
from tests.live import Api
from tests.world import CLINIC, CLUB, REGION, World

# Everybody may read them (the data keys are wrapped), and the service changes nothing by itself.
_UNWALLED = {
    "alembic_version", "consent_texts", "data_keys", "group_facets", "group_texts", "national_days", "specialties"
}  # fmt: skip
# `citizen_id = $2` and the like. What stands in its place is true, and has the parameter still.
_FILTER = re.compile(r"(?:\w+\.)?(?:citizen|institution|person|caller)_id = \$(\d+)\b")
_OF_REGION = re.compile(r"(?:\w+\.)?region_id = \$(\d+)\b")


def blinded(statement: str) -> str:
    statement = _FILTER.sub(r"($\1::uuid IS NOT DISTINCT FROM $\1)", statement)
    return _OF_REGION.sub(r"($\1::smallint IS NOT DISTINCT FROM $\1)", statement)


def reads() -> list[Operation]:
    """What shows something that is somebody's. Public answers show what everybody may see."""
    return [operation for operation in OPERATIONS if operation.method == "GET" and not operation.access.public]


def take_filters_out(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of all queries that read; gives how many there were."""
    changed = 0
    for name, statement in all_queries():
        domain, _, query = name.partition(".")
        without = blinded(statement)
        if without != statement and statement.lstrip().startswith(("SELECT", "--", "WITH")):
            monkeypatch.setitem(import_module(f"service.{domain}.store").SQL.by_name, query, without)
            changed += 1
    return changed


def told_of_others(stage: Stage) -> list[str]:
    """What strangers, the other institution and another region are told of the parent's, by all that can be read."""
    told: list[str] = []
    strangers = {"stranger": str(CLINIC), "their_admin": str(CLUB), "their_system": str(CLUB), "elsewhere": str(CLINIC)}
    for operation in reads():
        for caller, institution in strangers.items():
            ask = stage.ask(operation)
            for place in (ask.path, ask.query):
                place.update({name: institution for name in place if name == "institution_id"})
            # Not what they have asked with.
            asked = {*ask.path.values(), *ask.query.values()}
            answer = ask.put_to(operation, stage.callers[caller][0])
            if answer.status == 200:
                told += [
                    f"{operation.id} {caller}"
                    for secret in stage.scene.private
                    if secret not in asked and secret.encode() in answer.content
                ]
    return told


def test_with_the_filters_of_all_queries_taken_out_nobody_is_told_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = set_stage(world)
    assert take_filters_out(monkeypatch) > 60
    assert told_of_others(stage) == []
    # And it is the wall that held: without it they would have been told.
    look_as = SightedConnection.look_as

    async def look_as_service(connection: SightedConnection, _sight: Sight) -> None:
        await look_as(connection, SERVICE)

    monkeypatch.setattr(SightedConnection, "look_as", look_as_service)
    leaks = {name.split()[0] for name in told_of_others(stage)}
    assert {"listPersons", "listAppointments", "listApplications", "listReceivedApplications", "getDaySheet"} <= leaks


def test_what_needs_no_more_is_seen_with_nobodys_eyes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So an answer that is kept for others too can hold nothing of whoever asked for it first."""
    stage = set_stage(world)
    shared = [operation for operation in reads() if operation.shared]
    by_functions = [operation for operation in OPERATIONS if operation.sees_public]
    looked: list[Sight] = []
    look_as = SightedConnection.look_as

    async def noting(connection: SightedConnection, sight: Sight) -> None:
        looked.append(sight)
        await look_as(connection, sight)

    def ask(operations: list[Operation], caller: str, seconds_apart: float = 0.0) -> None:
        for operation in operations:
            answer = stage.ask(operation).put_to(operation, stage.callers[caller][0])
            assert answer.status == 204 or answer.ok(), (operation.id, caller)
            time.sleep(seconds_apart)

    monkeypatch.setattr(SightedConnection, "look_as", noting)
    for caller in ("parent", "admin", "system"):
        # Nobody is told what was kept for the one before.
        ask(shared, caller, 1.1 / len(shared))
    assert len(looked) >= 3 * len(shared) > 24
    ask(by_functions, "parent")
    assert {operation.id for operation in by_functions} >= {"holdSlot", "bookAppointment"}
    assert set(looked) <= {Sight("own", REGION), SERVICE}


# The tables by themselves -------------------------------------------------------------------------------------------


def seen_as(world: World, sight: Sight, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What `work` gives over a connection of the service's role, with those eyes; nothing it does stays."""

    async def run() -> Any:
        connection = await asyncpg.connect(world.live.dsn, connection_class=SightedConnection)
        try:
            await connection.look_as(sight)
            transaction = connection.transaction()
            await transaction.start()
            found = await work(connection)
            await transaction.rollback()
            return found
        finally:
            await connection.close()

    return asyncio.run(run())


def tables(world: World) -> list[tuple[str, bool]]:
    """Every table, and whether all may read it."""
    rows: Any = world.live.sql(
        "SELECT c.relname, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = 'r') AS open, "
        "c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS walled "
        "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
    )
    unwalled = {name for name, _, walled in rows if not walled}
    assert unwalled == _UNWALLED, "a new table needs a policy: service/migrations/versions/, after the example of 0006"
    ((may_write,),) = world.live.sql(
        "SELECT count(*) FROM unnest($1::text[]) t, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) deed "
        "WHERE has_table_privilege('zapis_service', t, deed)",
        unwalled,
    )
    assert may_write == 0
    return [(name, everybody) for name, everybody, walled in rows if walled]


def contents(names: list[str]) -> Callable[[Any], Awaitable[dict[str, str]]]:
    async def read(connection: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            rows = await connection.fetch(f"SELECT t::text FROM {name} t")  # noqa: S608 - of the catalogue
            found[name] = "\n".join(row[0] for row in rows)
        return found

    return read


def identity_of(api: Api) -> UUID:
    return UUID(jwt.decode(api.token or "", options={"verify_signature": False})["sub"])


def test_each_sees_rows_of_their_own_alone(world: World) -> None:
    scene: Scene = set_scene(world)
    personal = [name for name, everybody in tables(world) if not everybody]
    assert len(personal) > 20
    everything = seen_as(world, SERVICE, contents(personal))
    hidden = [secret for secret in scene.private if any(secret in text for text in everything.values())]
    assert len(hidden) > 20
    strangers = (
        NOBODY,
        Sight("own", REGION),
        Sight("own", REGION, citizen_id=identity_of(scene.stranger)),
        Sight("own", REGION, institution_id=CLUB),
        Sight("region", ANOTHER_REGION),
        Sight("own", ANOTHER_REGION, citizen_id=identity_of(scene.parent)),
        Sight("own", ANOTHER_REGION, institution_id=CLINIC),
        Sight("entering"),
    )
    for sight in strangers:
        told = seen_as(world, sight, contents(personal))
        assert [(name, secret) for name, text in told.items() for secret in hidden if secret in text] == [], sight
    # And whose it is sees it.
    family = seen_as(world, Sight("own", REGION, citizen_id=identity_of(scene.parent)), contents(personal))
    for name in ("persons", "appointments", "applications", "documents", "waiting_entries", "trials", "draw_requests"):
        assert any(secret in family[name] for secret in hidden), name
    clinic = seen_as(world, Sight("own", REGION, institution_id=CLINIC), contents(personal))
    for name in ("persons", "appointments", "applications", "documents", "waiting_entries", "trials"):
        assert any(secret in clinic[name] for secret in hidden), name
    region = seen_as(world, Sight("region", REGION), contents(personal))
    assert all(secret in "\n".join(region.values()) for secret in hidden)


def test_nobody_changes_what_is_anothers(world: World) -> None:
    scene = set_scene(world)
    walled = [name for name, _ in tables(world) if name not in ("audit_trail", "regions")]
    everything: dict[str, int] = seen_as(world, SERVICE, counts(walled))

    async def change(connection: Any) -> dict[str, tuple[int, int]]:
        return {name: await changed(connection, name) for name in walled}

    own: dict[str, tuple[int, int]] = seen_as(world, SERVICE, change)
    assert sum(updated for updated, _ in own.values()) > 100
    stranger = seen_as(world, Sight("own", REGION, citizen_id=identity_of(scene.stranger)), change)
    for name in ("slots", "groups", "practitioners", "institutions", "schedules", "campaigns"):
        assert everything[name] > 0, name
        assert stranger[name] == (0, 0), name
    for sight in (
        NOBODY,
        Sight("entering"),
        Sight("region", ANOTHER_REGION),
        Sight("own", ANOTHER_REGION, None, CLINIC),
    ):
        for name, done in seen_as(world, sight, change).items():
            if sight.reach != "entering":
                assert done == (0, 0), (sight, name)
    club = seen_as(world, Sight("own", REGION, institution_id=CLUB), change)
    of_the_club = counts_of(world, "slots", "institution_id", CLUB)
    assert club["slots"][0] == of_the_club < everything["slots"]


async def changed(connection: Any, table: str) -> tuple[int, int]:
    """How many rows it may update, and how many delete."""
    updated = await tried(connection, f"UPDATE {table} SET region_id = region_id")  # noqa: S608 - of the catalogue
    return updated, await tried(connection, f"DELETE FROM {table}")  # noqa: S608


async def tried(connection: Any, statement: str) -> int:
    """How many rows it changed; none where it may not, or what hangs on them forbids it."""
    inner = connection.transaction()
    await inner.start()
    try:
        return int((await connection.execute(statement)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return 0
    except asyncpg.PostgresError:
        # It was let through to the row, and something else forbids it.
        return -1
    finally:
        await inner.rollback()


def counts(names: list[str]) -> Callable[[Any], Awaitable[dict[str, int]]]:
    async def read(connection: Any) -> dict[str, int]:
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}  # noqa: S608

    return read


def counts_of(world: World, table: str, column: str, value: UUID) -> int:
    return len(world.live.sql(f"SELECT FROM {table} WHERE {column} = $1", value))


def test_the_audit_trail_is_only_added_to_and_by_the_functions_alone(world: World) -> None:
    set_scene(world)
    for statement in (
        "UPDATE audit_trail SET event = event",
        "DELETE FROM audit_trail",
        "INSERT INTO audit_trail SELECT * FROM audit_trail",
        "TRUNCATE audit_trail",
    ):

        async def change(connection: Any, statement: str = statement) -> None:
            await connection.execute(statement)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            seen_as(world, SERVICE, change)


def test_the_service_works_as_a_role_that_owns_nothing(world: World) -> None:
    ((owned,),) = world.live.sql("SELECT count(*) FROM pg_class WHERE relowner = 'zapis_service'::regrole")
    assert owned == 0

    async def asked(connection: Any) -> Any:
        return await connection.fetchrow(
            "SELECT current_user AS role, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS mighty "
            "FROM pg_roles WHERE rolname = current_user"
        )

    found = seen_as(world, NOBODY, asked)
    assert (found["role"], found["mighty"]) == ("zapis_service", False)
    ((unsafe,),) = world.live.sql(
        "SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef "
        "AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')"
    )
    assert unsafe == 0
    # No other role of the cluster may call what runs with the owner's rights.
    ((callable_by_others,),) = world.live.sql(
        "SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef "
        "AND has_function_privilege('pg_monitor', p.oid, 'EXECUTE')"
    )
    assert callable_by_others == 0


def test_a_connection_goes_from_one_to_the_next_with_other_eyes(world: World) -> None:
    """Over one connection of a pool: the eyes are set anew, and where that fails nobody's rows are read."""
    scene = set_scene(world)

    async def run() -> list[int]:
        settings = world.live.settings.model_copy(update={"pool_size": 1})
        async with make_database(settings, world.live.dsn).opened() as database:

            async def count(connection: Any) -> int:
                return await connection.fetchval("SELECT count(*) FROM persons")

            parent = Sight("own", REGION, citizen_id=identity_of(scene.parent))
            return [await database.run(Transaction.READ, count, sight) for sight in (parent, NOBODY, SERVICE, parent)]

    parents, nobodys, everybodys, again = asyncio.run(run())
    assert nobodys == 0 < parents == again < everybodys
