"""What parents find: programmes. And days off, for other domains."""

from datetime import date
from uuid import UUID

from schemas.clubs import Programme, ProgrammeFilter, ProgrammeList
from service.clubs import store
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor


async def list_programmes(conn: Connection, actor: Actor, query: ProgrammeFilter, cursors: Cursors) -> ProgrammeList:
    """Programmes of the region by name."""
    scope = f"programmes:{actor.region_id}"
    after = cursors.position(scope, query)
    rows = await store.list_programmes(
        conn, actor.region_id, query.institution_id, query.direction, after, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["name"], row["id"]))
    fields = tuple(Programme.model_fields)
    return ProgrammeList(items=[Programme(**{name: row[name] for name in fields}) for row in page], next_cursor=cursor)


async def find_days_off(conn: Connection, region_id: int, institution_id: UUID, first: date, last: date) -> set[date]:
    """The days from `first` to `last` on which the nation, or the institution itself, does not work."""
    return await store.days_off(conn, region_id, institution_id, first, last)
