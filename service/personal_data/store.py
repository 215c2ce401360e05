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
