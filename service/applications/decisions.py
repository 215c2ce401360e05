"""The institution's side: received applications, and the decisions on them."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.applications import Application
from schemas.decisions import DecisionBody
from schemas.received_applications import (
    ApplicationSummary,
    ApplicationSummaryFilter,
    GroupSummary,
    ReceivedApplication,
    ReceivedApplicationFilter,
    ReceivedApplicationList,
)
from service.applications import store
from service.applications.shapes import application_of, decision_json
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_institution

_UNDECIDED = ("submitted", "under_review", "invited")


async def list_received_applications(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    query: ReceivedApplicationFilter,
    cursors: Cursors,
    clock: Clock,
) -> ReceivedApplicationList:
    """Applications that the institution received, in the order they were made or by their deadline."""
    await find_institution(conn, actor.region_id, institution_id)
    scope, now = f"received:{actor.region_id}:{institution_id}", clock()
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]) if after[0] else None, UUID(after[1])) if after else (None, None)
    within = timedelta(days=0 if query.overdue else query.due_within_days or 0)
    due_by = now + within if query.overdue or query.due_within_days is not None else None
    rows = await store.list_received_applications(
        conn, actor.region_id, institution_id, query, due_by, position, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["decide_by"] or "", row["id"]))
    return ReceivedApplicationList(items=[_received(row["shown"], now) for row in page], next_cursor=cursor)


def _received(shown: str, now: datetime) -> ReceivedApplication:
    application = application_of(shown)
    decide_by = application.decide_by if application.status in _UNDECIDED else None
    return ReceivedApplication(**dict(application), overdue=decide_by is not None and decide_by <= now)


async def get_application_summary(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    query: ApplicationSummaryFilter,
    cursors: Cursors,
    clock: Clock,
) -> ApplicationSummary:
    """How the institution's groups stand: places, who waits, what is to be decided on and what is overdue."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"summary:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    position = (after[0], UUID(after[1])) if after else (None, None)
    rows = await store.summarise_groups(
        conn, actor.region_id, institution_id, clock(), query.school_year, position, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["group_name"], row["group_id"]))
    return ApplicationSummary(items=[GroupSummary(**dict(row)) for row in page], next_cursor=cursor)


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
