"""The institution's side: received applications, and the decisions on them."""

from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.applications import (
    Application,
    ApplicationList,
    ReceivedApplicationFilter,
)
from schemas.decisions import DecisionBody
from service.applications import store
from service.applications.shapes import application_of, decision_json
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_institution


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
    """Moves an application, or writes down what is known of it: see the decisions one by one.

    `take`, `invite` (to a test; again, to change its date), `record_test`, `approve`, `enrol` by an order, `refuse`
    with a reason, `expel` a child that is enrolled, `check_benefits`. A place that comes free is offered to the next at
    once. Of a child that was enrolled without review, the order is written later by `enrol`. The same decision twice
    is no error and changes nothing.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    decision = decision_json(body.decision, ZoneInfo(institution["zone"]))
    await store.decide_application(conn, actor.region_id, institution_id, application_id, decision, actor.id, clock())
    shown = await store.find_received_application(conn, actor.region_id, institution_id, application_id)
    assert shown is not None, "it was decided on just now"
    return application_of(shown)
