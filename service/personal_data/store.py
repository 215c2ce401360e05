"""What is kept of people past its purpose."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Connection, refusing
from service.core.ids import new_id
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    # A token that outlived its account.
    "citizen_gone": problems.UNAUTHENTICATED,
    "exports_too_many": problems.EXPORTS_TOO_MANY,
}


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
