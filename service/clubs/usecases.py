"""The parent's side: find a group, apply for a child, follow the application, withdraw."""

from datetime import date
from uuid import UUID

import orjson

from schemas import problems
from schemas.clubs import (
    Application,
    ApplicationBody,
    ApplicationFilter,
    ApplicationList,
    GroupFilter,
    GroupList,
    Programme,
    ProgrammeFilter,
    ProgrammeList,
)
from schemas.problems import FreeGroup
from service.clubs import rules, store
from service.clubs.shapes import application_of, group_of, kept_application
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey


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


async def list_groups(conn: Connection, actor: Actor, query: GroupFilter, cursors: Cursors, clock: Clock) -> GroupList:
    """Groups of the region by their first day. The answer may be a second old."""
    scope = f"groups:{actor.region_id}"
    after = cursors.position(scope, query)
    position = (date.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_groups(conn, actor.region_id, query, clock(), position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["starts_on"], row["id"]))
    return GroupList(items=[group_of(row) for row in page], next_cursor=cursor)


async def apply_to_group(
    conn: Connection, actor: Actor, body: ApplicationBody, key: IdempotencyKey, clock: Clock
) -> Application:
    """Applies for a place in a group, and holds the place until the institution decides or the parent withdraws.

    The age counts on the group's first day. A child can't be in two places at once: lessons are compared with all the
    child's bookings in the region, also with those another parent made. Where the group is full, `alternatives` names
    up to three open groups of the institution that the child fits and has the time for.
    """
    now = clock()
    try:
        kept = await store.apply_to_group(conn, actor.region_id, actor.id, key, body.group_id, body.person_id, now)
    except DomainError as error:
        if error.refusal is problems.GROUP_FULL:
            rows = await store.nearest_free_groups(conn, actor.region_id, actor.id, body.person_id, body.group_id, now)
            error.alternatives = [
                FreeGroup(group_id=row["id"], programme=row["programme_name"], group=row["name"], free=row["free"])
                for row in rows
            ]
        raise
    return application_of(orjson.loads(kept))


async def list_applications(
    conn: Connection, actor: Actor, query: ApplicationFilter, cursors: Cursors
) -> ApplicationList:
    """Applications for the citizen's children, the latest first."""
    scope = f"applications:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_applications(conn, actor.region_id, actor.id, query.status, before, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return ApplicationList(items=[application_of(kept_application(row)) for row in page], next_cursor=cursor)


async def get_application(conn: Connection, actor: Actor, application_id: UUID) -> Application:
    """One application for a child of the citizen."""
    row = await store.find_application(conn, actor.region_id, actor.id, application_id)
    if row is None:
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    return application_of(kept_application(row))


async def withdraw_application(conn: Connection, actor: Actor, application_id: UUID, clock: Clock) -> Application:
    """Withdraws an application, an enrolled child's too; the place is free again at once. Twice is no error."""
    await store.move_application(
        conn,
        actor.region_id,
        actor.id,
        application_id,
        rules.MOVES["withdrawn"],
        "withdrawn",
        clock(),
        citizen_id=actor.id,
    )
    return await get_application(conn, actor, application_id)
