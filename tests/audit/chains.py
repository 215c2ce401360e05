"""Logs that are written, chained and changed behind the service, here by a superuser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg

from service.audit import usecases
from service.audit.rules import COLUMNS, Chain, Link, Log, chain_key
from service.core.ids import new_id
from service.core.journal import JOURNAL
from tests.live import Live

REGION = 42
ENTRIES = 6
# Nobody but a superuser can.
AS_SUPERUSER = "SET LOCAL session_replication_role = replica; "
LOGS: tuple[Log, ...] = tuple(COLUMNS)
NOT_CHAINED = "position {} is not what was chained there"
DETAILS = '{"b": [1, 2.50, null], "a": "Ж\\u0001", "into": "x"}'


def write(live: Live, log: Log, count: int = ENTRIES, region: int = REGION) -> None:
    """So many entries, one a second from now on."""
    for number in range(count):
        at = live.clock.now + timedelta(seconds=number, microseconds=number)
        if log == "audit_trail":
            live.sql(JOURNAL, region, new_id(), at, new_id(), "person_updated", new_id(), DETAILS, False)
        else:
            access = "SELECT record_access($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', '{}', $11)"
            institution, persons = (new_id() if number % 2 else None), [new_id() for _ in range(number)]
            live.sql(
                access, region, new_id(), at, "getDaySheet", "/v1/x", "system", new_id(), "system", institution,
                persons, "r" * 32,
            )  # fmt: skip


def chain_of(live: Live, log: Log, region: int = REGION) -> Chain:
    return Chain(chain_key(live.settings.keys().hashing), region, log)


async def connected(live: Live, work: Callable[[asyncpg.Connection], Any]) -> Any:
    connection = await asyncpg.connect(live.dsn)
    try:
        async with connection.transaction():
            return await work(connection)
    finally:
        await connection.close()


def broken(live: Live, log: Log, written_down: Link | None = None, start: int | None = None) -> str | None:
    async def verify(connection: asyncpg.Connection) -> str | None:
        now = live.clock.now
        return (await usecases.verify(connection, chain_of(live, log), now, written_down, start)).broken

    return live.run(connected(live, verify))


def tamper(live: Live, log: Log, statements: str) -> None:
    live.run(connected(live, lambda connection: connection.execute(AS_SUPERUSER + of(log, statements))))


def of(log: Log, statement: str) -> str:
    return statement.replace("LOG", log)


def head(live: Live, log: Log) -> Link:
    (row,) = live.sql("SELECT position, mac FROM audit_heads WHERE region_id = $1 AND log = $2", REGION, log)
    return Link(*row)


def positions(live: Live, log: Log) -> list[int | None]:
    return [row["position"] for row in live.sql(of(log, "SELECT position FROM LOG ORDER BY at, id"))]
