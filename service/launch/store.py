"""Pages as a launch finds them, citizens, clients."""

from datetime import datetime
from uuid import UUID

from service.core.database import Connection, Record
from service.core.queries import beside

SQL = beside(__file__)


async def find_page(conn: Connection, platform: str, page: str, user: str) -> Record | None:
    """The page with its institution, and the citizen if this user has been here before."""
    return await conn.fetchrow(SQL.find_page, platform, page, user)


async def ensure_citizen(
    conn: Connection, region_id: int, citizen_id: UUID, platform: str, user: str, now: datetime
) -> UUID:
    """The citizen of that user: the one just made, or the one that another launch made a moment before."""
    await conn.execute(SQL.add_citizen, region_id, citizen_id, platform, user, now)
    return await conn.fetchval(SQL.find_citizen, region_id, platform, user)


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
