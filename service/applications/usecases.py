"""The parent's side: apply for a child, follow the application, answer an offered place, withdraw."""

from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from schemas import problems
from schemas.applications import (
    Application,
    ApplicationBody,
    ApplicationFilter,
    ApplicationList,
    DraftPatch,
    FamilyApplicationBody,
    FamilyApplications,
)
from schemas.problems import FreeGroup
from service.applications import store
from service.applications.shapes import application_from, application_of
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
    item = _new(body)
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


async def apply_together(
    conn: Connection, actor: Actor, body: FamilyApplicationBody, key: IdempotencyKey, clock: Clock
) -> FamilyApplications:
    """Applies for several places at once, for siblings say: there are places for all of them, or for none.

    With `wait` they wait together: places are offered to all at once, and taking, declining or forgetting one is so of
    all. Each is decided on by itself, and may be withdrawn by itself; whoever of them still waits then waits on
    together. A refusal points at the item that it is about. Only for groups that are filled in the order of coming.
    """
    items = [_new(item) | {"wait": body.wait} for item in body.items]
    shown = await store.apply_to_groups(conn, actor.region_id, actor.id, "applyTogether", key, items, new_id(), clock())
    return FamilyApplications(items=[application_from(one) for one in orjson.loads(shown)["items"]])


async def draft_application(
    conn: Connection, actor: Actor, body: ApplicationBody, key: IdempotencyKey, clock: Clock
) -> Application:
    """Prepares an application, before enrolment opens say. It has no place and no order until it is submitted.

    Only the child's guardians see it. It ends when enrolment closes.
    """
    return application_of(await store.draft_application(conn, actor.region_id, actor.id, key, _new(body), clock()))


async def update_draft(
    conn: Connection, actor: Actor, application_id: UUID, body: DraftPatch, clock: Clock
) -> Application:
    """Changes a draft; what is submitted stays as it was submitted."""
    given = body.model_dump(mode="json", include=body.model_fields_set)
    changes = {name: value for name, value in given.items() if value is not None or name not in ("wait", "benefits")}
    await store.update_draft(conn, actor.region_id, actor.id, application_id, changes, clock())
    return await get_application(conn, actor, application_id)


async def submit_application(conn: Connection, actor: Actor, application_id: UUID, clock: Clock) -> Application:
    """Submits a draft. Every rule of applying counts at this moment, and so does the order. Twice is no error."""
    await store.submit_application(conn, actor.region_id, actor.id, application_id, clock())
    return await get_application(conn, actor, application_id)


def _new(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(mode="json") | {"id": new_id(), "number": new_number()}


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
