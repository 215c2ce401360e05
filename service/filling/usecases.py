"""How a group is filled in an order that is settled before: for the jobs that settle it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.core.database import Connection
from service.core.journal import journal
from service.filling import store

# So many applications by one statement: a large group is over none's time limit.
_AT_ONCE = 100


async def fill_group(
    conn: Connection, region_id: int, institution_id: UUID, group_id: UUID, drawn: Sequence[UUID] | None, now: datetime
) -> int:
    """Fills a group once, in the transaction of the caller, and tells everybody; gives how many applications it had.

    The order is that of `drawn`, ids in a draw's record; what is not among them comes behind. Without it: by priority,
    then as they came. The first ones have places; who can't have one any more gives way to the next, and waits.
    """
    filling = "priority" if drawn is None else "draw"
    if not await store.lock_group(conn, region_id, group_id, filling):
        return 0
    rows = await store.collected(conn, region_id, group_id)
    if drawn is not None:
        place = {request_id: number for number, request_id in enumerate(drawn)}
        rows = sorted(rows, key=lambda row: place.get(row["draw_request_id"], len(place)))
    ids = [row["id"] for row in rows]
    for first in range(0, len(ids), _AT_ONCE):
        await store.fill_places(conn, region_id, group_id, ids[first : first + _AT_ONCE], first + 1, now)
    await store.set_filled(conn, region_id, group_id, now)
    await journal(conn, region_id, institution_id, "group_filled", group_id, now, tell=True, applications=len(ids))
    return len(ids)
