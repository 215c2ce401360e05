"""The parent's side: apply for a child, follow the application, answer an offered place, withdraw."""

from uuid import UUID

from schemas import problems
from schemas.applications import Application, ApplicationBody, ApplicationFilter, ApplicationList
from schemas.problems import FreeGroup
from service.applications import store
from service.applications.shapes import application_of
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id, new_number
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey


async def apply_to_group(
    conn: Connection, actor: Actor, body: ApplicationBody, key: IdempotencyKey, clock: Clock
) -> Application:
    """Applies for a place in a group.

    A place is kept until the institution decides or the parent withdraws. Where the group is full, the application
    waits if `wait` says so; else `alternatives` names up to three open groups of the institution that the child fits
    and has the time for. A child can't be in two places at once: lessons are compared with all the child's bookings in
    the region, also with those another parent made.
    """
    now = clock()
    item = body.model_dump(mode="json") | {"id": new_id(), "number": new_number()}
    try:
        shown = await store.apply_to_groups(conn, actor.region_id, actor.id, "applyToGroup", key, [item], None, now)
    except DomainError as error:
        if error.refusal is problems.GROUP_FULL:
            rows = await store.nearest_free_groups(conn, actor.region_id, actor.id, body.person_id, body.group_id, now)
            error.alternatives = [
                FreeGroup(group_id=row["id"], programme=row["programme_name"], group=row["name"], free=row["free"])
                for row in rows
            ]
        raise
    return application_of(shown)


async def list_applications(
    conn: Connection, actor: Actor, query: ApplicationFilter, cursors: Cursors
) -> ApplicationList:
    """Applications for the citizen's children, the latest first."""
    scope = f"applications:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_applications(conn, actor.region_id, actor.id, query.status, before, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return ApplicationList(items=[application_of(row["shown"]) for row in page], next_cursor=cursor)


async def get_application(conn: Connection, actor: Actor, application_id: UUID) -> Application:
    """One application for a child of the citizen."""
    shown = await store.find_application(conn, actor.region_id, actor.id, application_id)
    if shown is None:
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    return application_of(shown)


async def withdraw_application(conn: Connection, actor: Actor, application_id: UUID, clock: Clock) -> Application:
    """Withdraws an application, or takes an enrolled child out; the place goes to the next. Twice is no error."""
    await store.withdraw_application(conn, actor.region_id, actor.id, application_id, clock())
    return await get_application(conn, actor, application_id)


async def accept_place(conn: Connection, actor: Actor, application_id: UUID, clock: Clock) -> Application:
    """Takes the offered place, with those of siblings who applied together. Twice is no error."""
    await store.accept_group_place(conn, actor.region_id, actor.id, application_id, clock())
    return await get_application(conn, actor, application_id)


async def decline_place(conn: Connection, actor: Actor, application_id: UUID, clock: Clock) -> Application:
    """Gives the offered place back, with those of siblings who applied together, and waits no more."""
    await store.decline_group_place(conn, actor.region_id, actor.id, application_id, clock())
    return await get_application(conn, actor, application_id)
