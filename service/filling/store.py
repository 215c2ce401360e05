"""Groups that are filled at once with what was collected for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.core.database import Connection, Record
from service.core.queries import beside

SQL = beside(__file__)


async def next_to_fill(conn: Connection, now: datetime) -> Record | None:
    """A group that is filled by priority, collected for until now or earlier, locked."""
    return await conn.fetchrow(SQL.next_to_fill, now)


async def lock_group(conn: Connection, region_id: int, group_id: UUID, filling: str) -> bool:
    """Whether the group, which is locked from here on, is yet to be filled, and so."""
    row = await conn.fetchrow(SQL.lock_group, region_id, group_id, filling)
    return row is not None and row["filled_at"] is None


async def collected(conn: Connection, region_id: int, group_id: UUID) -> list[Record]:
    """Applications that were collected, by weight and then as they came; each with its id in a draw's record."""
    return await conn.fetch(SQL.collected, region_id, group_id)


async def fill_places(
    conn: Connection, region_id: int, group_id: UUID, ids: Sequence[UUID], first: int, now: datetime
) -> None:
    """`first`: the place in the whole order of the first of them, from 1."""
    await conn.execute(SQL.fill_places, region_id, group_id, ids, first, now)


async def set_filled(conn: Connection, region_id: int, group_id: UUID, now: datetime) -> None:
    await conn.execute(SQL.set_filled, region_id, group_id, now)
