"""The institution's side: programmes and groups."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.clubs import Group, GroupBody, LessonPlan, Programme, ProgrammeBody
from schemas.common import ExternalId
from service.clubs import rules, store
from service.clubs.shapes import group_of
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor
from service.institutions.usecases import find_institution, lock_institution
from service.scheduling.rules import Interval


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
    """Publishes a group of one school year under the institution's own id. Publishing the same twice changes nothing.

    Once somebody holds a place, the lessons can't be moved and the capacity can't fall below the places taken. Places
    that are added go to those who wait.
    """
    institution = await lock_institution(conn, actor.region_id, institution_id)
    programme = await store.find_programme(conn, actor.region_id, institution_id, body.programme_id)
    if programme is None:
        raise DomainError(problems.PROGRAMME_UNKNOWN)
    _check(body)
    continues = await _continued(conn, actor.region_id, institution_id, body)
    times = await _times(conn, institution, body)
    kept = await store.lock_group(conn, actor.region_id, institution_id, group_id)
    if kept is not None:
        _check_kept(kept, body, times)
    row = await store.put_group(
        conn, actor.region_id, institution_id, group_id, programme["id"], continues, None, body, times
    )
    now = clock()
    if kept is not None and _intervals(kept) != times:
        await _call_off_lost_trials(conn, actor, institution, row["id"], body, now)
    await store.offer_group_places(conn, actor.region_id, row["id"], now)
    await journal(conn, actor.region_id, actor.id, "group_put", row["id"], now)
    row = await store.find_group(conn, actor.region_id, institution_id, group_id)
    assert row is not None
    return group_of(row)


async def _call_off_lost_trials(
    conn: Connection, actor: Actor, institution: Record, group_id: UUID, body: GroupBody, now: datetime
) -> None:
    """Nobody comes to try a lesson that is not there any more: whoever would is told."""
    zone = ZoneInfo(institution["zone"])
    first = max(body.starts_on, now.astimezone(zone).date())
    off = await store.days_off(conn, actor.region_id, institution["id"], first, body.ends_on)
    lessons = rules.lessons_of(_plan(body), first, body.ends_on, zone, off)
    await store.call_off_lost_trials(conn, actor.region_id, group_id, lessons, actor.id, now)


async def _continued(conn: Connection, region_id: int, institution_id: UUID, body: GroupBody) -> UUID | None:
    if body.continues is None:
        return None
    before = await store.find_group(conn, region_id, institution_id, body.continues)
    if before is None:
        raise DomainError(problems.GROUP_CONTINUED_UNKNOWN)
    return before["id"]


async def _times(conn: Connection, institution: Record, body: GroupBody) -> list[Interval]:
    off = await store.days_off(conn, institution["region_id"], institution["id"], body.starts_on, body.ends_on)
    times = rules.group_times(_plan(body), body.starts_on, body.ends_on, ZoneInfo(institution["zone"]), off)
    if not times:
        raise DomainError(problems.DATES_CROSSED)
    return times


def _plan(body: GroupBody) -> LessonPlan:
    return LessonPlan(**{name: getattr(body, name) for name in LessonPlan.model_fields})


def _intervals(kept: Record) -> list[Interval]:
    return [(lesson.lower, lesson.upper) for lesson in kept["lessons"]]


def _check(body: GroupBody) -> None:
    if body.age_from > body.age_to or (body.age_rule == "date") != (body.age_on is not None):
        raise DomainError(problems.AGES_CROSSED)
    days = (body.ends_on - body.starts_on).days
    crossed = (
        not 0 <= days <= rules.LONGEST_PERIOD_DAYS
        or body.enrolment_opens_at >= body.enrolment_closes_at
        or any(pause.day_from > pause.day_to for pause in body.pauses)
        or any(not body.starts_on <= lesson.day <= body.ends_on for lesson in body.lesson_dates)
    )
    if crossed:
        raise DomainError(problems.DATES_CROSSED)
    collects = body.filling in ("priority", "draw")
    if collects != (body.collect_until is not None) or (
        body.collect_until is not None and not body.enrolment_opens_at < body.collect_until <= body.enrolment_closes_at
    ):
        raise DomainError(problems.FILLING_CROSSED)
    if (body.filling == "matching") != (body.campaign_id is not None):
        raise DomainError(problems.FILLING_CROSSED)
    if body.min_size > body.capacity:
        raise DomainError(problems.SIZES_CROSSED)
    lessons = (*body.weekly_lessons, *body.lesson_dates)
    if any(lesson.place >= len(body.places) for lesson in lessons):
        raise DomainError(problems.LESSON_PLACE_UNKNOWN)
    if len({item.source for item in body.financing}) < len(body.financing):
        raise DomainError(problems.FINANCING_TWICE)


def _check_kept(kept: Record, body: GroupBody, times: list[Interval]) -> None:
    if body.capacity < kept["taken"]:
        raise DomainError(problems.GROUP_OVER_CAPACITY)
    if kept["taken"] and _intervals(kept) != times:
        raise DomainError(problems.GROUP_TIMES_HELD)
    if kept["serial"] and kept["filling"] != body.filling:
        raise DomainError(problems.GROUP_FILLING_HELD)
