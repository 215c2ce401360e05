"""From a schedule to its slots in the database: what a change would do, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.schedules import Effects, HitAppointment
from service.core.database import Connection
from service.core.sealing import Sealer
from service.schedules import store
from service.schedules.changes import KeptSlot, Plan, plan_change
from service.schedules.rules import Release, outside, planned_slots
from service.schedules.shapes import Template
from service.scheduling.calendar import Calendar, calendar_of
from service.scheduling.rules import Interval, local_day_bounds, merge

_LONGEST_SLOT = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Change:
    """A plan, and the schedule of an institution that it is for; None: of no schedule, and nothing is added."""

    region_id: int
    institution_id: UUID
    schedule_id: UUID | None
    zone: ZoneInfo
    plan: Plan


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both included."""

    first: date
    last: date


def days_to_make(zone: ZoneInfo, now: datetime, release: Release, made_until: date | None) -> Days:
    """From today on as far as the horizon reaches tomorrow: whenever a day's places open, they are there. What was made
    farther ahead stays in view.
    """
    today = now.astimezone(zone).date()
    until = today + timedelta(days=release.horizon_days + 1)
    return Days(today, max(until, made_until or until))


def release_key(sealer: Sealer) -> bytes:
    """By which the moments of jittered releases are drawn."""
    return sealer.hash("schedules", "release")


async def plan_of(
    conn: Connection,
    template: Template,
    days: Days,
    now: datetime,
    sealer: Sealer,
    *,
    dry_run: bool = False,
    ended: bool = False,
    release_changed: bool = False,
    own: Calendar | None = None,
    away: Sequence[Interval] | None = None,
) -> Plan:
    """What has to change on these days; all slots go where the schedule has `ended`.

    Unless it is only tried, slots that are there are locked where one of them changes: nobody books them meanwhile.
    `own` are the institution's days, `away` the times at which the practitioner is: as if they were stored.
    """
    zone, region_id, doctor = template.zone, template.region_id, template.schedule.practitioner_id
    window = local_day_bounds(days.first, zone)[0], local_day_bounds(days.last, zone)[1]
    if own is None:
        own = await store.calendar_days(conn, region_id, template.institution_id, days.first, days.last)
    if away is None:
        away = [had for had, _ in await store.blocks_of_practitioner(conn, region_id, doctor, window)]
    calendar = calendar_of(days.first, days.last, own)
    planned = planned_slots(template.schedule, zone, days.first, days.last, calendar, release_key(sealer))
    wanted = [] if ended else outside(planned, away)
    names = [slot.external_id for slot in wanted]

    async def kept() -> list[KeptSlot]:
        return await store.slots_of_schedule(conn, region_id, template.institution_id, template.id, window, names)

    found = await kept()
    plan = plan_change(found, wanted, now, release_changed=release_changed)
    # Most often there are only new slots to make, and nobody has to wait.
    if dry_run or not plan.changes:
        return plan
    await store.lock_slots(conn, region_id, [slot.id for slot in found])
    return plan_change(await kept(), wanted, now, release_changed=release_changed)


def change_of(template: Template, plan: Plan) -> Change:
    return Change(template.region_id, template.institution_id, template.id, template.zone, plan)


async def carry_out(conn: Connection, change: Change, actor_id: UUID, now: datetime) -> None:
    """Writes a plan. Tickets that lose their slot are orphaned when the other times they may have are there."""
    region_id, institution_id, changes = change.region_id, change.institution_id, change.plan.changes
    emptied = [found.kept for found in changes if found.empties]
    shrunk = {found.kept.id: found.wanted.capacity for found in changes if found.wanted and found.shrinks}
    at_once = [found.wanted for found in changes if found.wanted and not (found.empties or found.shrinks)]
    later = [found.wanted for found in changes if found.wanted and (found.empties or found.shrinks)]
    moved = [found.kept.id for found in changes if found.room_changes and not found.empties and found.kept.tickets]
    await store.shut_slots(conn, region_id, [*(kept.id for kept in emptied), *shrunk])
    opened = await store.put_slots(conn, region_id, institution_id, change.schedule_id, change.plan.added + at_once)
    await store.close_slots(conn, region_id, [kept.id for kept in emptied if kept.taken], actor_id, now)
    await store.shrink_slots(conn, region_id, shrunk, actor_id, now)
    opened += await store.put_slots(conn, region_id, institution_id, change.schedule_id, later)
    await store.renew_terms(conn, region_id, moved, actor_id, now)
    await store.offer_slots(conn, region_id, institution_id, opened, now)


async def effects_of(conn: Connection, region_id: int, planned: Sequence[Change], *, dry_run: bool) -> Effects:
    """What changes do, told before they are carried out. `planned` are of one institution."""
    zone = planned[0].zone if planned else None
    plans = [one.plan for one in planned]
    changes = [change for plan in plans for change in plan.changes]
    hit = {change.kept.id: change for change in changes if change.reason is not None}
    tickets = await store.tickets_of_slots(conn, region_id, list(hit)) if hit else []
    behind = {slot_id: change.kept.tickets for slot_id, change in hit.items()}
    appointments: list[HitAppointment] = []
    for ticket in tickets:
        change = hit[ticket["slot_id"]]
        orphaned = behind[ticket["slot_id"]] <= change.orphans
        behind[ticket["slot_id"]] -= 1
        if not orphaned and not change.room_changes:
            continue
        appointments.append(
            HitAppointment(
                appointment_id=ticket["id"],
                number=ticket["number"],
                starts_at=ticket["starts_at"].astimezone(zone),
                reason=change.reason if orphaned and change.reason else "room_changed",
                effect="orphaned" if orphaned else "moved",
            )
        )
    again = sum(change.wanted is not None and not change.kept.is_open for change in changes)
    changed = [change for change in changes if change.wanted is not None and change.kept.is_open]
    return Effects(
        dry_run=dry_run,
        added=sum(len(plan.added) for plan in plans) + again,
        removed=sum(change.wanted is None for change in changes),
        changed=len(changed),
        moved=sum(change.room_changes for change in changed),
        unchanged=sum(plan.unchanged for plan in plans),
        overlapping=await _overlapping(conn, planned),
        appointments=appointments,
    )


async def _overlapping(conn: Connection, planned: Sequence[Change]) -> int:
    """How many of the added slots fall upon one of another origin: most likely the same hours were published twice."""
    count = 0
    for one in planned:
        if not one.plan.added:
            continue
        first, last = one.plan.added[0].starts_at, max(slot.ends_at for slot in one.plan.added)
        doctor = one.plan.added[0].practitioner_id
        there = await store.slots_of_practitioner(conn, one.region_id, doctor, first - _LONGEST_SLOT, (first, last))
        own = {change.kept.id for change in one.plan.changes}
        busy = merge(had.slot.time for had in there if had.is_open and had.id not in own)
        count += len(one.plan.added) - len(outside(one.plan.added, busy))
    return count
