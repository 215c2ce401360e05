"""The institution's side: programmes, groups, and the decisions on applications."""

from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.clubs import (
    Application,
    ApplicationList,
    DecisionBody,
    Group,
    GroupBody,
    Programme,
    ProgrammeBody,
    ReceivedApplicationFilter,
)
from schemas.common import ExternalId
from service.clubs import rules, store
from service.clubs.shapes import application_of, group_of, kept_application
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_institution, lock_institution
from service.scheduling.rules import Interval

_MOVED_TO: dict[str, rules.Status] = {"approve": "approved", "enrol": "enrolled", "refuse": "refused"}


async def put_programme(
    conn: Connection, actor: Actor, institution_id: UUID, programme_id: ExternalId, body: ProgrammeBody, clock: Clock
) -> Programme:
    """Publishes a programme under the institution's own id."""
    await find_institution(conn, actor.region_id, institution_id)
    found = await store.put_programme(conn, actor.region_id, institution_id, programme_id, body)
    await journal(conn, actor.region_id, actor.id, "programme_put", found, clock())
    return Programme(id=found, institution_id=institution_id, **body.model_dump())


async def put_group(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, body: GroupBody, clock: Clock
) -> Group:
    """Publishes a group under the institution's own id. Publishing the same twice changes nothing.

    Once somebody holds a place, the lessons can't be moved and the capacity can't fall below the places taken.
    """
    institution = await lock_institution(conn, actor.region_id, institution_id)
    programme = await store.find_programme(conn, actor.region_id, institution_id, body.programme_id)
    if programme is None:
        raise DomainError(problems.PROGRAMME_UNKNOWN)
    _check(body)
    times = rules.group_times(
        [(lesson.weekday, lesson.starts.strftime("%H:%M"), lesson.academic_hours) for lesson in body.weekly_lessons],
        body.starts_on,
        body.ends_on,
        ZoneInfo(institution["zone"]),
    )
    if not times:
        raise DomainError(problems.DATES_CROSSED)
    kept = await store.lock_group(conn, actor.region_id, institution_id, group_id)
    if kept is not None:
        _check_places_held(kept, body, times)
    ages = rules.age_window_months(body.age_from, body.age_to)
    row = await store.put_group(conn, actor.region_id, institution_id, group_id, programme["id"], body, ages, times)
    await journal(conn, actor.region_id, actor.id, "group_put", row["id"], clock())
    return group_of(row)


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
    return ApplicationList(items=[application_of(kept_application(row)) for row in page], next_cursor=cursor)


async def decide_application(
    conn: Connection, actor: Actor, institution_id: UUID, application_id: UUID, body: DecisionBody, clock: Clock
) -> Application:
    """Approves, enrols by an order, or refuses with a reason; a refusal frees the place at once.

    Submitted -> approved -> enrolled; what is not enrolled yet can be refused. The same decision twice is no error.
    """
    await find_institution(conn, actor.region_id, institution_id)
    decision = body.decision
    moved_to = _MOVED_TO[decision.decision]
    await store.move_application(
        conn,
        actor.region_id,
        actor.id,
        application_id,
        rules.MOVES[moved_to],
        moved_to,
        clock(),
        institution_id=institution_id,
        decision=decision.model_dump_json(),
    )
    row = await store.find_received_application(conn, actor.region_id, institution_id, application_id)
    assert row is not None
    return application_of(kept_application(row))


def _check(body: GroupBody) -> None:
    if body.age_from > body.age_to:
        raise DomainError(problems.AGES_CROSSED)
    days = (body.ends_on - body.starts_on).days
    if not 0 <= days <= rules.LONGEST_PERIOD_DAYS or body.enrolment_opens_at >= body.enrolment_closes_at:
        raise DomainError(problems.DATES_CROSSED)


def _check_places_held(kept: Record, body: GroupBody, times: list[Interval]) -> None:
    if not kept["taken"]:
        return
    if body.capacity < kept["taken"]:
        raise DomainError(problems.GROUP_OVER_CAPACITY)
    if [(lesson.lower, lesson.upper) for lesson in kept["lessons"]] != times:
        raise DomainError(problems.GROUP_TIMES_HELD)
