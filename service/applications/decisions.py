"""The institution's side: received applications, and the decisions on them."""

from typing import Any
from uuid import UUID

from schemas.applications import (
    Application,
    ApplicationList,
    ApplicationStatus,
    DecisionBody,
    Enrolment,
    ReceivedApplicationFilter,
)
from service.applications import store
from service.applications.shapes import application_of
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_institution

_MOVED_TO: dict[str, ApplicationStatus] = {"approve": "approved", "enrol": "enrolled", "refuse": "refused"}


async def list_received_applications(
    conn: Connection, actor: Actor, institution_id: UUID, query: ReceivedApplicationFilter, cursors: Cursors
) -> ApplicationList:
    """Applications that the institution received, in the order they were made."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"received:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    rows = await store.list_received_applications(
        conn,
        actor.region_id,
        institution_id,
        query.status,
        query.group_id,
        UUID(after[0]) if after else None,
        query.limit + 1,
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return ApplicationList(items=[application_of(row["shown"]) for row in page], next_cursor=cursor)


async def decide_application(
    conn: Connection, actor: Actor, institution_id: UUID, application_id: UUID, body: DecisionBody, clock: Clock
) -> Application:
    """Approves, enrols by an order, or refuses with a reason; a refusal gives the place to the next at once.

    The same decision twice is no error.
    """
    await find_institution(conn, actor.region_id, institution_id)
    decision = body.decision
    changes: dict[str, Any] = {"decision": decision.model_dump(mode="json")}
    if isinstance(decision, Enrolment):
        changes |= {"order_number": decision.order_number, "order_date": decision.order_date}
    moved_to = _MOVED_TO[decision.decision]
    await store.decide_application(
        conn, actor.region_id, institution_id, application_id, moved_to, changes, actor.id, clock()
    )
    shown = await store.find_received_application(conn, actor.region_id, institution_id, application_id)
    assert shown is not None, "it was decided on just now"
    return application_of(shown)
