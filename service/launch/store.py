"""Pages as a launch finds them, citizens, clients."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Collision, Connection, Record, refusing
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "too_many_attempts": problems.TOO_MANY_ATTEMPTS,
    "identity_joined": problems.IDENTITY_JOINED,
    "confirmed_as_another": problems.CONFIRMED_AS_ANOTHER,
    "identity_first": problems.IDENTITY_FIRST,
    "identity_codes_code": Collision,
}


async def find_page(conn: Connection, platform: str, page: str, user: str) -> Record | None:
    """The page with its institution, and the citizen if this user has been here before."""
    return await conn.fetchrow(SQL.find_page, platform, page, user)


async def ensure_citizen(
    conn: Connection, region_id: int, citizen_id: UUID, platform: str, user: str, now: datetime
) -> UUID:
    """The citizen of that user: the one just made, or the one that another launch made a moment before."""
    await conn.execute(SQL.add_citizen, region_id, citizen_id, platform, user, now)
    return await conn.fetchval(SQL.find_citizen, region_id, platform, user)


async def create_identity_code(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    code_hash: bytes,
    expires_at: datetime,
    result: dict[str, Any],
    now: datetime,
) -> str:
    """What is kept under the key: `result`, or that of before. JSON."""
    encoded = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.create_identity_code,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            code_hash,
            expires_at,
            encoded,
            now,
        )


async def join_identity(
    conn: Connection, region_id: int, citizen_id: UUID, code_hash: bytes, now: datetime
) -> UUID | None:
    """The citizen whom the account is from now on; None where the code leads nowhere."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.join_identity, region_id, citizen_id, code_hash, now)


async def leave_identity(conn: Connection, region_id: int, citizen_id: UUID, platform: str, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.leave_identity, region_id, citizen_id, platform, now)


async def list_identities(conn: Connection, region_id: int, citizen_id: UUID) -> list[Record]:
    """The first one first."""
    return await conn.fetch(SQL.list_identities, region_id, citizen_id)


async def hand_over_the_rest(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.hand_over_the_rest, now)


async def find_client(conn: Connection, region_id: int, client_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_client, region_id, client_id)


async def add_client(
    conn: Connection,
    region_id: int,
    client_id: UUID,
    institution_id: UUID | None,
    name: str,
    secret_hash: bytes | None,
    public_keys: list[str],
    scopes: list[str],
    now: datetime,
) -> None:
    await conn.execute(
        SQL.add_client, region_id, client_id, institution_id, name, secret_hash, public_keys, scopes, now
    )


async def use_assertion(
    conn: Connection, region_id: int, client_id: UUID, jti_hash: bytes, expires_at: datetime
) -> bool:
    """False where it was used before."""
    return bool(await conn.fetchval(SQL.use_assertion, region_id, client_id, jti_hash, expires_at))


async def forget_assertions(conn: Connection, now: datetime) -> int:
    """Of those that have expired; gives how many."""
    return len(await conn.fetch(SQL.forget_assertions, now))
