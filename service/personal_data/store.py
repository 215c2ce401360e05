"""What is kept of people past its purpose."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Connection, Record, refusing
from service.core.ids import new_id
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {"exports_too_many": problems.EXPORTS_TOO_MANY}


async def forget_answers(conn: Connection, before: datetime) -> int:
    """Deletes a batch of answers kept under idempotency keys before then; gives how many."""
    return await conn.fetchval(SQL.forget_answers, before)


async def begin_export(conn: Connection, region_id: int, citizen_id: UUID, most: int, now: datetime) -> None:
    """Writes down that the data are taken out, which may be done `most` times within a day."""
    with refusing(VIOLATIONS):
        await conn.execute(SQL.begin_export, region_id, citizen_id, most, new_id(), now)


async def exported(
    conn: Connection, region_id: int, citizen_id: UUID, now: datetime
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """All that is kept of the citizen, at one moment, kind by kind: what it is, and a row of it. In a transaction."""
    async for row in conn.cursor(SQL.exported, region_id, citizen_id, now, prefetch=100):
        yield row["kind"], orjson.loads(row["part"])


async def lock_account(conn: Connection, region_id: int, citizen_id: UUID) -> list[Record]:
    """The citizen's accounts, the first one first; none where they are erased."""
    return await conn.fetch(SQL.lock_account, region_id, citizen_id)


async def erase_account(
    conn: Connection, region_id: int, accounts: list[UUID], hashes: list[str], actor_id: UUID, now: datetime
) -> None:
    """Erases the citizen of those accounts, which are locked; `hashes` stay."""
    await conn.execute(SQL.erase_account, region_id, accounts, hashes, actor_id, now)


async def forget_tickets(conn: Connection, before: datetime) -> int:
    """Of visits that ended before then: whose they were."""
    return await conn.fetchval(SQL.forget_tickets, before)


async def forget_applications(conn: Connection, before: datetime) -> int:
    """Of applications that ended before then: whose they were."""
    return await conn.fetchval(SQL.forget_applications, before)


async def forget_trials(conn: Connection, before: datetime) -> int:
    """Trial lessons that ended before then."""
    return await conn.fetchval(SQL.forget_trials, before)


async def forget_waiting(conn: Connection, before: datetime) -> int:
    """Waiting that ended before then."""
    return await conn.fetchval(SQL.forget_waiting, before)


async def forget_requests(conn: Connection, before: datetime) -> int:
    """What was drawn or matched before then."""
    return await conn.fetchval(SQL.forget_requests, before)


async def forget_messages(conn: Connection, before: datetime) -> int:
    """Messages that were sent before then."""
    return await conn.fetchval(SQL.forget_messages, before)


async def forget_told(conn: Connection, before: datetime) -> int:
    """What was to be told before then."""
    return await conn.fetchval(SQL.forget_told, before)


async def forget_let_go(conn: Connection, before: datetime) -> int:
    return await conn.fetchval(SQL.forget_let_go, before)


async def forget_codes(conn: Connection, before: datetime) -> int:
    """Codes that expired before then."""
    return await conn.fetchval(SQL.forget_codes, before)


async def unused_account(conn: Connection, before: datetime, now: datetime) -> tuple[int, UUID] | None:
    """A citizen who has not come since then and has nothing under way, locked: region and id."""
    row = await conn.fetchrow(SQL.unused_account, before, now)
    return (row["region_id"], row["citizen_id"]) if row else None
