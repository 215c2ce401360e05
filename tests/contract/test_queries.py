"""Every named query is one that the database takes, and the hot ones go by their indexes."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.core.queries import Queries
from service.core.sight import SERVICE, SightedConnection
from tests.contract.hot import ANYBODY, HOT, IN_THE_INDEX_ALONE, PAGES, SMALL, THE_SERVICES

_SERVICE = Path(__file__).parents[2] / "service"
CROWD = Path(__file__).with_name("crowd.sql").read_text(encoding="utf-8")


def all_queries() -> Iterator[tuple[str, str]]:
    files = sorted(_SERVICE.glob("*/queries.sql"))
    assert len(files) >= 5
    for file in files:
        for name, statement in Queries(file).by_name.items():
            yield f"{file.parent.name}.{name}", statement


def connected(dsn: str, work: Callable[[SightedConnection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(dsn, connection_class=SightedConnection)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_every_query_prepares_and_is_used(dsn: str) -> None:
    async def prepare(connection: asyncpg.Connection) -> list[str]:
        wrong: list[str] = []
        for name, statement in all_queries():
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                wrong.append(f"{name}: {error}")
        return wrong

    assert connected(dsn, prepare) == []
    # A query that no store names is left over.
    for name, _ in all_queries():
        domain, _, query = name.partition(".")
        source = Path(import_module(f"service.{domain}.store").__file__ or "").read_text(encoding="utf-8")
        assert f"SQL.{query}" in source, name


class Plans:
    """What the database did for each call, down to the statements inside its functions: told by auto_explain."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._told: list[dict[str, Any]] = []
        connection.add_log_listener(self._listen)

    def _listen(self, _connection: object, message: Any) -> None:
        _, _, plan = message.message.partition("plan:\n")
        if plan:
            self._told.append(json.loads(plan))

    async def of(self, call: Awaitable[Any]) -> list[dict[str, Any]]:
        """All nodes of all plans of the call; each bears its statement and what it stands under."""
        self._told.clear()
        await call
        # Messages come with what is read next.
        await self.connection.execute("SELECT 1")
        return [node for told in self._told for node in nodes(told["Plan"], Statement=told["Query Text"], Under="")]


def nodes(plan: dict[str, Any], **more: str) -> list[dict[str, Any]]:
    more_below = more | {"Under": plan["Node Type"]}
    return [{**plan, **more}, *(node for part in plan.get("Plans", []) for node in nodes(part, **more_below))]


async def plans_of(
    connection: SightedConnection, plan_cache_mode: str, names: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    await connection.execute("LOAD 'auto_explain'")
    for name, value in (
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_nested_statements", "on"),
        ("auto_explain.log_format", "json"),
        ("client_min_messages", "log"),
        ("plan_cache_mode", plan_cache_mode),
        ("jit", "off"),
    ):
        await connection.execute(f"SET {name} = '{value}'")
    # What the driver asks about a type that it meets for the first time is not ours.
    await connection.fetch("SELECT $1::uuid[], $2::text[]", [], [])
    plans, found = Plans(connection), dict[str, list[dict[str, Any]]]()
    for name in names:
        await connection.look_as(SERVICE if name in THE_SERVICES else ANYBODY)
        found[name] = await plans.of(HOT[name][0](connection))
    return found


@pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])
def test_hot_queries_go_by_their_indexes(dsn: str, plan_cache_mode: str) -> None:
    """Planned for its arguments or, as the server does after a few runs, for any."""

    async def watch(connection: SightedConnection) -> dict[str, list[dict[str, Any]]]:
        await connection.execute(CROWD)
        await connection.execute("VACUUM group_facets")
        return await plans_of(connection, plan_cache_mode, HOT)

    for name, found in connected(dsn, watch).items():
        assert found, f"{name}: auto_explain told nothing"
        whole = [
            (node["Relation Name"], node["Statement"])
            for node in found
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in SMALL
        ]
        assert set(whole) == set(), f"{name} reads a whole table"
        used = {node["Index Name"] for node in found if "Index Name" in node}
        assert HOT[name][1] <= used, f"{name} goes by {used}"
        if name in PAGES:
            ways = {node["Under"] for node in found if node.get("Index Name") == PAGES[name]}
            assert ways == {"Limit"}, f"{name} reads more than a page"
        if name in IN_THE_INDEX_ALONE:
            kinds = {node["Node Type"] for node in found if node.get("Index Name") == PAGES[name]}
            assert kinds == {"Index Only Scan"}, f"{name} reads slots that it does not show"


def test_a_booking_looks_for_whose_tickets_they_are_whenever_it_was_planned(dsn: str) -> None:
    """Its plans are made when there are no tickets, and all indexes of the region seem alike; and are kept."""

    async def watch(connection: SightedConnection) -> dict[str, list[dict[str, Any]]]:
        await connection.execute(CROWD)
        await connection.execute("TRUNCATE appointments, engagements CASCADE")
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("SET enable_seqscan = off")
        return await plans_of(connection, "force_generic_plan", ["book_appointments"])

    (found,) = connected(dsn, watch).values()
    # But for what retires tickets that are over: planned by force on nothing, it would still go by another index. In
    # earnest the server plans the first five times for the arguments, and by then there are rows.
    looked = [
        node
        for node in found
        if node.get("Relation Name") == "appointments" and "Index Cond" in node and node["Under"] != "ModifyTable"
    ]
    assert len(looked) >= 2
    assert [node["Statement"] for node in looked if " AND " not in node["Index Cond"]] == []
