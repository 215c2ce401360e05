"""The search for groups: by anybody, and by a citizen for a child of theirs. One question to the database a page."""

from typing import Any
from uuid import UUID

from schemas import problems
from schemas.group_search import Facets, GroupFilter, GroupList, GroupSearch, PersonGroupFilter, PersonGroupList, Sort
from service.clubs import store
from service.clubs.packing import facets_of, packed_wish
from service.clubs.shapes import found_group_of, group_for_person_of
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.operations import Actor, Language


async def list_groups(conn: Connection, actor: Actor, query: GroupFilter, cursors: Cursors, clock: Clock) -> GroupList:
    """Groups of the region that are what is asked for. The answer may be a second old."""
    wanted = _wanted(query) | {"born_on": query.born_on}
    scope = f"groups:{actor.region_id}"
    after = _position(cursors, scope, query)
    found = await store.find_groups(conn, actor.region_id, wanted, after, query.limit + 1, query.facets, clock())
    page, cursor = _page(found, query, cursors, scope)
    return GroupList(items=[found_group_of(item) for item in page], next_cursor=cursor, facets=_facets(found))


async def list_groups_for_person(
    conn: Connection,
    actor: Actor,
    person_id: UUID,
    query: PersonGroupFilter,
    cursors: Cursors,
    clock: Clock,
    language: Language,
) -> PersonGroupList:
    """The same for a child of the citizen: each group says whether one can apply for it at once, and if not, why.

    Of what keeps the child busy the citizen's own bookings are named alone.
    """
    wanted = _wanted(query) | {"fitting_only": query.fitting_only}
    scope = f"groups:{actor.region_id}:{person_id}"
    after = _position(cursors, scope, query)
    found = await store.find_groups(
        conn, actor.region_id, wanted, after, query.limit + 1, query.facets, clock(), (actor.id, person_id)
    )
    page, cursor = _page(found, query, cursors, scope)
    items = [group_for_person_of(item, language) for item in page]
    return PersonGroupList(items=items, next_cursor=cursor, facets=_facets(found))


def _wanted(query: GroupSearch) -> dict[str, Any]:
    """As a group_wish."""
    same = ("institution_id", "programme_id", "municipality", "kind", "school_year", "price_month_to")
    wanted: dict[str, Any] = {name: getattr(query, name) for name in (*same, "open_only", "opens_within_days")}
    mask, packed = packed_wish(query)
    wanted |= {"mask": mask, "packed": packed, "sort": _sort(query), "search": query.text}
    for name, time in (("begins_minute", query.time_from), ("ends_minute", query.time_to)):
        wanted[name] = None if time is None else time.hour * 60 + time.minute
    if query.near is not None:
        latitude, longitude = map(float, query.near.split(","))
        wanted |= {"latitude": latitude, "longitude": longitude, "within_km": query.within_km}
    return wanted


def _sort(query: GroupSearch) -> Sort:
    if (query.sort == "distance" and query.near is None) or (query.sort == "match" and query.text is None):
        raise DomainError(problems.SORT_NEEDS_MORE)
    if query.sort is not None:
        return query.sort
    if query.text is not None:
        return "match"
    return "start" if query.near is None else "distance"


def _position(cursors: Cursors, scope: str, query: GroupSearch) -> dict[str, str] | None:
    after = cursors.position(scope, query)
    return None if after is None else dict(zip(("rank", "starts_on", "id"), after, strict=True))


def _page(
    found: dict[str, Any], query: GroupSearch, cursors: Cursors, scope: str
) -> tuple[list[dict[str, Any]], str | None]:
    items: list[dict[str, Any]] = found["items"] or []
    if len(items) <= query.limit:
        return items, None
    last = items[query.limit - 1]
    position = (last["rank"], last["group"]["starts_on"], last["group"]["id"])
    return items[: query.limit], cursors.cursor(scope, query, position)


def _facets(found: dict[str, Any]) -> Facets | None:
    return facets_of(found["facets"]) if found["facets"] else None
