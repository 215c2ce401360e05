"""The institution's side: schedules, its calendar, days on which a doctor is away.

Every change can be tried first: with `dry_run` it answers what it would do. Nothing of it loses a ticket silently.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import Day, ExternalId, Trial
from schemas.schedules import (
    Block,
    BlockBody,
    BlockList,
    CalendarDayBody,
    Effects,
    ScheduleBody,
    ScheduleFilter,
    ScheduleList,
    UnblockBody,
)
from schemas.schedules import Schedule as PublishedSchedule
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor
from service.core.sealing import Sealer
from service.institutions.usecases import find_institution, lock_institution
from service.schedules import store
from service.schedules.changes import Plan, taken_away
from service.schedules.checks import check_schedule, told_at
from service.schedules.making import Change, Days, carry_out, change_of, days_to_make, effects_of, plan_of
from service.schedules.rules import NEVER, Schedule
from service.schedules.shapes import Template, locations_in, published, schedule_of, template_of
from service.scheduling.calendar import Calendar
from service.scheduling.rules import Interval, local_day_bounds, subtract

_LONGEST_BLOCK = timedelta(days=366)
_MOST_SLOTS = 15_000


async def put_schedule(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    schedule_id: ExternalId,
    query: Trial,
    body: ScheduleBody,
    sealer: Sealer,
    clock: Clock,
) -> Effects:
    """Publishes a schedule under the institution's own id, and makes its slots as far ahead as they open.

    Tickets to times that are no longer worked are orphaned: they stay their citizens', with an offer of another time. A
    booked time stays as long as it was. A slot in another room takes its tickets along. The same twice changes nothing.
    """
    check_schedule(body)
    institution = await lock_institution(conn, actor.region_id, institution_id)
    earlier = await store.lock_schedules(conn, actor.region_id, institution_id, external_id=schedule_id)
    now, row = clock(), earlier[0] if earlier else None
    rules = await _rules(conn, actor.region_id, institution_id, schedule_id, body)
    template = Template(
        row["id"] if row else new_id(),
        actor.region_id,
        institution_id,
        ZoneInfo(institution["zone"]),
        row["made_until"] if row else None,
        rules,
    )
    days = days_to_make(template.zone, now, rules.release, template.made_until)
    reopens = row is not None and not _opens_alike(published(row), body)
    plan = await plan_of(conn, template, days, now, sealer, dry_run=query.dry_run, release_changed=reopens)
    if len(plan.added) + len(plan.changes) + plan.unchanged > _MOST_SLOTS:
        raise DomainError(problems.TOO_MANY_SLOTS)
    change = change_of(template, plan)
    effects = await effects_of(conn, actor.region_id, [change], dry_run=query.dry_run)
    if not query.dry_run:
        await store.put_schedule(
            conn, actor.region_id, template.id, institution_id, schedule_id, rules.practitioner_id, body, days.last
        )
        await carry_out(conn, change, actor.id, now)
        await _record(conn, actor, "schedule_put", template.id, effects, now)
    return effects


async def delete_schedule(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    schedule_id: ExternalId,
    query: Trial,
    sealer: Sealer,
    clock: Clock,
) -> Effects:
    """Ends a schedule now: its slots from now on go, and their tickets are orphaned. `valid_to` ends it on a day."""
    await lock_institution(conn, actor.region_id, institution_id)
    found = await store.lock_schedules(conn, actor.region_id, institution_id, external_id=schedule_id)
    if not found:
        raise DomainError(problems.SCHEDULE_NOT_FOUND)
    now = clock()
    template = template_of(found[0], await store.locations(conn, actor.region_id, institution_id))
    days = days_to_make(template.zone, now, template.schedule.release, template.made_until)
    plan = await plan_of(conn, template, days, now, sealer, dry_run=query.dry_run, ended=True)
    change = change_of(template, plan)
    effects = await effects_of(conn, actor.region_id, [change], dry_run=query.dry_run)
    if not query.dry_run:
        await carry_out(conn, change, actor.id, now)
        await store.delete_schedule(conn, actor.region_id, template.id)
        await _record(conn, actor, "schedule_deleted", template.id, effects, now)
    return effects


async def get_schedule(
    conn: Connection, actor: Actor, institution_id: UUID, schedule_id: ExternalId
) -> PublishedSchedule:
    """A schedule as it was published."""
    await find_institution(conn, actor.region_id, institution_id)
    row = await store.find_schedule(conn, actor.region_id, institution_id, schedule_id)
    if row is None:
        raise DomainError(problems.SCHEDULE_NOT_FOUND)
    return published(row)


async def list_schedules(
    conn: Connection, actor: Actor, institution_id: UUID, query: ScheduleFilter, cursors: Cursors
) -> ScheduleList:
    """Schedules of an institution by their own ids."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"schedules:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    rows = await store.list_schedules(
        conn, actor.region_id, institution_id, query.practitioner_id, after[0] if after else None, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["external_id"],))
    return ScheduleList(items=[published(row) for row in page], next_cursor=cursor)


async def put_calendar_day(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    day: Day,
    query: Trial,
    body: CalendarDayBody,
    sealer: Sealer,
    clock: Clock,
) -> Effects:
    """Says how the institution works on a day, whatever the national calendar says; its schedules follow at once."""
    await lock_institution(conn, actor.region_id, institution_id)
    found = await _templates(conn, actor.region_id, institution_id)
    now = clock()
    plans = await _plans(conn, found, (day, day), now, sealer, dry_run=query.dry_run, own={day: body.works_as})
    effects = await effects_of(conn, actor.region_id, plans, dry_run=query.dry_run)
    if not query.dry_run:
        await store.put_calendar_day(conn, actor.region_id, institution_id, day, body.works_as)
        await _carry_out_all(conn, plans, actor.id, now)
        await _record(conn, actor, "calendar_day_put", institution_id, effects, now)
    return effects


async def delete_calendar_day(
    conn: Connection, actor: Actor, institution_id: UUID, day: Day, query: Trial, sealer: Sealer, clock: Clock
) -> Effects:
    """The national calendar holds for the day again. No error where it did already."""
    await lock_institution(conn, actor.region_id, institution_id)
    found = await _templates(conn, actor.region_id, institution_id)
    now = clock()
    plans = await _plans(conn, found, (day, day), now, sealer, dry_run=query.dry_run, own={})
    effects = await effects_of(conn, actor.region_id, plans, dry_run=query.dry_run)
    if not query.dry_run:
        await store.delete_calendar_day(conn, actor.region_id, institution_id, day)
        await _carry_out_all(conn, plans, actor.id, now)
        await _record(conn, actor, "calendar_day_deleted", institution_id, effects, now)
    return effects


async def block_practitioner(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    practitioner_id: ExternalId,
    query: Trial,
    body: BlockBody,
    clock: Clock,
) -> Effects:
    """The practitioner is away: slots of the time go, whoever published them, and their tickets are orphaned.

    Nothing is made in that time until unblockPractitioner. The same twice changes nothing.
    """
    times = _times(body)
    institution = await lock_institution(conn, actor.region_id, institution_id)
    practitioner = await _practitioner(conn, actor.region_id, institution_id, practitioner_id)
    now, zone = clock(), ZoneInfo(institution["zone"])
    kept = await store.slots_of_practitioner(conn, actor.region_id, practitioner, now, times)
    if not query.dry_run:
        await store.lock_slots(conn, actor.region_id, [found.id for found in kept])
        kept = await store.slots_of_practitioner(conn, actor.region_id, practitioner, now, times)
    plan = Plan([], [taken_away(found) for found in kept if found.is_open], 0)
    plans = [Change(actor.region_id, institution_id, None, zone, plan)]
    effects = await effects_of(conn, actor.region_id, plans, dry_run=query.dry_run)
    if not query.dry_run:
        await store.add_block(conn, actor.region_id, practitioner, times, body.reason)
        await _carry_out_all(conn, plans, actor.id, now)
        await _record(conn, actor, "practitioner_blocked", practitioner, effects, now)
    return effects


async def unblock_practitioner(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    practitioner_id: ExternalId,
    query: Trial,
    body: UnblockBody,
    sealer: Sealer,
    clock: Clock,
) -> Effects:
    """The practitioner is there again: the slots of their schedules come back. A system publishes its own anew."""
    times = _times(body)
    institution = await lock_institution(conn, actor.region_id, institution_id)
    practitioner = await _practitioner(conn, actor.region_id, institution_id, practitioner_id)
    found = await _templates(conn, actor.region_id, institution_id, practitioner)
    now, zone = clock(), ZoneInfo(institution["zone"])
    days = times[0].astimezone(zone).date(), times[1].astimezone(zone).date()
    around = local_day_bounds(days[0], zone)[0], local_day_bounds(days[1], zone)[1]
    blocks = await store.blocks_of_practitioner(conn, actor.region_id, practitioner, around)
    left = [(piece, reason) for block, reason in blocks for piece in subtract([block], [times])]
    away = [piece for piece, _ in left]
    plans = await _plans(conn, found, days, now, sealer, dry_run=query.dry_run, away=away)
    effects = await effects_of(conn, actor.region_id, plans, dry_run=query.dry_run)
    if not query.dry_run:
        for block, _ in blocks:
            await store.delete_block(conn, actor.region_id, practitioner, block)
        for piece, reason in left:
            await store.add_block(conn, actor.region_id, practitioner, piece, reason)
        await _carry_out_all(conn, plans, actor.id, now)
        await _record(conn, actor, "practitioner_unblocked", practitioner, effects, now)
    return effects


async def list_blocks(
    conn: Connection, actor: Actor, institution_id: UUID, practitioner_id: ExternalId, clock: Clock
) -> BlockList:
    """When the practitioner is away, from now on."""
    institution = await find_institution(conn, actor.region_id, institution_id)
    practitioner = await _practitioner(conn, actor.region_id, institution_id, practitioner_id)
    now, zone = clock(), ZoneInfo(institution["zone"])
    blocks = await store.blocks_of_practitioner(conn, actor.region_id, practitioner, (now, NEVER))
    return BlockList(
        items=[
            Block(begins_at=begins.astimezone(zone), ends_at=ends.astimezone(zone), reason=reason)
            for (begins, ends), reason in blocks
        ]
    )


async def _templates(
    conn: Connection, region_id: int, institution_id: UUID, practitioner_id: UUID | None = None
) -> list[Template]:
    rows = await store.lock_schedules(conn, region_id, institution_id, practitioner_id=practitioner_id)
    locations = await store.locations(conn, region_id, institution_id)
    return [template_of(row, locations) for row in rows]


async def _plans(
    conn: Connection,
    templates: Sequence[Template],
    between: tuple[date, date],
    now: datetime,
    sealer: Sealer,
    *,
    dry_run: bool,
    own: Calendar | None = None,
    away: Sequence[Interval] | None = None,
) -> list[Change]:
    """What changes on those of the days that are not gone, and that slots were made for already."""
    changes: list[Change] = []
    for template in templates:
        today = now.astimezone(template.zone).date()
        days = Days(max(between[0], today), min(between[1], template.made_until or today))
        if days.first <= days.last:
            plan = await plan_of(conn, template, days, now, sealer, dry_run=dry_run, own=own, away=away)
            changes.append(change_of(template, plan))
    return changes


async def _carry_out_all(conn: Connection, changes: Sequence[Change], actor_id: UUID, now: datetime) -> None:
    for change in changes:
        await carry_out(conn, change, actor_id, now)


async def _practitioner(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> UUID:
    found = await store.find_practitioner(conn, region_id, institution_id, external_id)
    if found is None:
        raise DomainError(problems.PRACTITIONER_NOT_FOUND)
    return found


def _times(body: BlockBody | UnblockBody) -> Interval:
    if not timedelta() < body.ends_at - body.begins_at <= _LONGEST_BLOCK:
        raise DomainError(problems.DATES_CROSSED)
    return body.begins_at, body.ends_at


async def _rules(
    conn: Connection, region_id: int, institution_id: UUID, schedule_id: str, body: ScheduleBody
) -> Schedule:
    practitioner = await store.find_practitioner(
        conn, region_id, institution_id, body.practitioner_id, body.specialty_code
    )
    if practitioner is None:
        raise told_at(problems.REFERENCE_UNKNOWN, "/practitioner_id", "not published yet, or not of the specialty")
    locations = await store.locations(conn, region_id, institution_id)
    for pointer, location in locations_in(body):
        if location not in locations:
            raise told_at(problems.REFERENCE_UNKNOWN, pointer, "not published yet")
    return schedule_of(schedule_id, practitioner, body, locations)


async def _record(conn: Connection, actor: Actor, event: str, subject: UUID, effects: Effects, now: datetime) -> None:
    counts = effects.model_dump(include={"added", "removed", "changed", "moved"})
    await journal(conn, actor.region_id, actor.id, event, subject, now, **counts)


def _opens_alike(before: ScheduleBody, after: ScheduleBody) -> bool:
    return (before.release, before.passes_hours, before.access) == (after.release, after.passes_hours, after.access)
