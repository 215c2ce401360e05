"""The table of data keys, and the rows that are sealed by them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.core.database import Connection, Record
from service.core.queries import beside
from service.core.ring import Purpose

SQL = beside(__file__)


async def list_data_keys(conn: Connection) -> list[Record]:
    """All of them, the revoked ones too, in the order in which they are used."""
    return await conn.fetch(SQL.list_data_keys)


async def make_first_data_key(
    conn: Connection, key_id: str, purpose: Purpose, wrapped_by: str, wrapped: bytes, now: datetime
) -> None:
    """The first key of its purpose, unless there is one: of several processes that make it at once, one does."""
    await conn.execute(SQL.make_first_data_key, key_id, purpose, wrapped_by, wrapped, now)


async def make_next_data_key(
    conn: Connection,
    key_id: str,
    purpose: Purpose,
    wrapped: tuple[str, bytes],
    now: datetime,
    current_from: datetime,
) -> bool:
    """`wrapped`: by which key, and the key. False where another one waits for its time already."""
    return await conn.fetchval(SQL.make_next_data_key, key_id, purpose, *wrapped, now, current_from)


async def count_sealed(conn: Connection) -> list[Record]:
    """How many rows of each column each key has sealed."""
    return await conn.fetch(SQL.count_sealed)


async def lock_sealed(conn: Connection, key_ids: Sequence[str], but: Sequence[UUID], most: int) -> list[Record]:
    """A batch of rows of one column and one region that these keys have sealed. They stay locked."""
    return await conn.fetch(SQL.lock_sealed, key_ids, but, most)


async def reseal(
    conn: Connection, column: tuple[str, str], region_id: int, resealed: Sequence[tuple[UUID, str, str]]
) -> int:
    """Of each row its id, what it held and what it holds now. Who holds something else by now is left alone."""
    ids, before, after = zip(*resealed, strict=True)
    return await conn.fetchval(SQL.reseal, *column, region_id, ids, before, after)


async def revoke_sealing_key(conn: Connection, key_id: str, now: datetime) -> bool:
    """False where there is something that it has sealed."""
    return await conn.fetchval(SQL.revoke_sealing_key, key_id, now)


async def revoke_signing_key(conn: Connection, key_id: str, now: datetime) -> None:
    """Also of one that was in the settings alone."""
    await conn.execute(SQL.revoke_signing_key, key_id, now)


async def rewrap_data_key(conn: Connection, key_id: str, wrapped: tuple[str, bytes], before: bytes) -> None:
    """Wraps the key anew, unless somebody did it, or revoked it, meanwhile."""
    await conn.execute(SQL.rewrap_data_key, key_id, *wrapped, before)
