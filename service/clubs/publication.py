"""The institution's side: programmes and groups."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.clubs import Group, GroupBody, LessonPlan, Programme, ProgrammeBody
from schemas.common import ExternalId
from schemas.problems import HeldBy, Refusal
from service.campaigns.usecases import join_campaign
from service.clubs import rules, store
from service.clubs.shapes import group_of
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor
from service.institutions.usecases import lock_institution
from service.scheduling.rules import Interval


async def put_programme(
    conn: Connection, actor: Actor, institution_id: UUID, programme_id: ExternalId, body: ProgrammeBody, clock: Clock
) -> Programme:
    """Publishes a programme under the institution's own id. Its groups are found by it at once."""
    await lock_institution(conn, actor.region_id, institution_id)
    found = await store.put_programme(conn, actor.region_id, institution_id, programme_id, body)
    if body.kind == "sports" and await store.has_groups_not_of_sports(conn, actor.region_id, found):
        raise DomainError(problems.SPORTS_ON_BUDGET_ONLY)
    await journal(conn, actor.region_id, actor.id, "programme_put", found, clock())
    return Programme(id=found, institution_id=institution_id, **body.model_dump())


async def put_group(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, body: GroupBody, clock: Clock
) -> Group:
    """Publishes a group of one school year under the institution's own id. Publishing the same twice changes nothing.

    The capacity can't fall below the places taken. Lessons may be moved while children are in: they go along, and their
    parents are told, unless one of them is booked elsewhere at the new times. Where either is refused, `held_by` says
    who it is. Places that are added go to those who wait.
    """
    institution = await lock_institution(conn, actor.region_id, institution_id)
    programme = await store.find_programme(conn, actor.region_id, institution_id, body.programme_id)
    if programme is None:
        raise DomainError(problems.PROGRAMME_UNKNOWN)
    _check(body)
    if programme["kind"] == "sports" and not rules.may_be_of_sports(body):
        raise DomainError(problems.SPORTS_ON_BUDGET_ONLY)
    continues = await _continued(conn, actor.region_id, institution_id, body)
    times = await _times(conn, institution, body)
    kept = await store.lock_group(conn, actor.region_id, institution_id, group_id)
    moved = kept is not None and [(lesson.lower, lesson.upper) for lesson in kept["lessons"]] != times
    if kept is not None:
        await _check_kept(conn, kept, body, times if moved else None)
    now = clock()
    joined = kept["campaign_id"] if kept else None
    campaign = await join_campaign(conn, actor.region_id, body.campaign_id, joined, now)
    row = await store.put_group(
        conn, actor.region_id, institution_id, group_id, programme["id"], continues, campaign, body, times
    )
    if kept is not None:
        await store.follow_group(conn, actor.region_id, row["id"], moved, actor.id, now)
    if moved:
        await _call_off_lost_trials(conn, actor, institution, row["id"], body, now)
    await store.offer_group_places(conn, actor.region_id, row["id"], now)
    await journal(conn, actor.region_id, actor.id, "group_put", row["id"], now)
    published = await store.find_group(conn, actor.region_id, institution_id, group_id)
    assert published is not None
    return group_of(published["shown"])


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


async def _check_kept(conn: Connection, kept: Record, body: GroupBody, new_times: list[Interval] | None) -> None:
    """What the children who are in it, or have applied, do not allow. `new_times`: None where no lesson is moved."""
    if kept["serial"] and kept["filling"] != body.filling:
        raise DomainError(problems.GROUP_FILLING_HELD)
    if body.capacity < kept["taken"]:
        raise _held(problems.GROUP_OVER_CAPACITY, await store.list_placed(conn, kept["region_id"], kept["id"]))
    if new_times is not None:
        busy = await store.list_busy(conn, kept["region_id"], kept["id"], new_times)
        if busy:
            raise _held(problems.GROUP_TIMES_HELD, busy)


def _held(refusal: Refusal, rows: list[Record]) -> DomainError:
    held_by = [HeldBy(**{name: row[name] for name in HeldBy.model_fields}) for row in rows]
    return DomainError(refusal, extra={"held_by": held_by})
