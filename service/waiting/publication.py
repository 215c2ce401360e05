"""The institution's side: whom it owes another time."""

from datetime import datetime
from uuid import UUID

from schemas.waiting import RebookingFilter, RebookingList
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor, Language
from service.institutions.usecases import find_institution
from service.waiting import store
from service.waiting.shapes import rebooking_of


async def list_rebookings(
    conn: Connection, actor: Actor, institution_id: UUID, query: RebookingFilter, language: Language, cursors: Cursors
) -> RebookingList:
    """Tickets whose time the institution took away and that have no other yet, the longest open first."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"rebookings:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_rebookings(
        conn, actor.region_id, institution_id, query.specialty_code, position, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["created_at"].isoformat(), row["id"]))
    return RebookingList(items=[rebooking_of(row, language) for row in page], next_cursor=cursor)
