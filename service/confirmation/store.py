"""Attempts of citizens to confirm who they are."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Connection, Record, refusing
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "confirmation_over": problems.CONFIRMATION_OVER,
}


async def create_confirmation(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    confirmation_id: UUID,
    expires_at: datetime,
    result: dict[str, Any],
    now: datetime,
) -> str:
    """JSON: `result`, or what the key has brought about before."""
    kept = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.create_confirmation, region_id, citizen_id, key.key, key.request_hash, confirmation_id, expires_at,
            kept, now,
        )  # fmt: skip


async def find_confirmation(conn: Connection, region_id: int, citizen_id: UUID, confirmation_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_confirmation, region_id, citizen_id, confirmation_id)


async def take_confirmation(
    conn: Connection, region_id: int, confirmation_id: UUID, now: datetime
) -> list[dict[str, str]] | None:
    """The accounts of the citizen who began it; None where somebody was quicker, or it is too late."""
    found = await conn.fetchval(SQL.take_confirmation, region_id, confirmation_id, now)
    return None if found is None else orjson.loads(found)


async def keep_claims(
    conn: Connection,
    region_id: int,
    confirmation_id: UUID,
    claims_sealed: str,
    code_hash: bytes,
    expires_at: datetime,
    now: datetime,
) -> bool:
    return await conn.fetchval(SQL.keep_claims, region_id, confirmation_id, claims_sealed, code_hash, expires_at, now)


async def fail_confirmation(conn: Connection, region_id: int, confirmation_id: UUID, failure: str) -> None:
    await conn.execute(SQL.fail_confirmation, region_id, confirmation_id, failure)


async def try_confirmation_code(
    conn: Connection, region_id: int, citizen_id: UUID, confirmation_id: UUID, code_hash: bytes, now: datetime
) -> bool | None:
    """Whether it is the code; None where there is no such attempt of the citizen."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.try_confirmation_code, region_id, citizen_id, confirmation_id, code_hash, now)


async def lock_confirmation(
    conn: Connection, region_id: int, citizen_id: UUID, confirmation_id: UUID, code_hash: bytes
) -> Record | None:
    """The attempt that has this code, and is good for it still."""
    return await conn.fetchrow(SQL.lock_confirmation, region_id, citizen_id, confirmation_id, code_hash)


async def complete_confirmation(conn: Connection, region_id: int, citizen_id: UUID, confirmation_id: UUID) -> None:
    await conn.execute(SQL.complete_confirmation, region_id, citizen_id, confirmation_id)


async def forget_confirmations(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.forget_confirmations, now)
