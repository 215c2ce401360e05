"""Schedules, their slots, the institution's calendar, and times at which a practitioner is away."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from schemas import problems
from schemas.schedules import ScheduleBody
from service.core.database import Connection, Record, refusing
from service.core.ids import new_id_at
from service.core.queries import beside
from service.schedules.changes import KeptSlot
from service.schedules.rules import PlannedSlot
from service.scheduling.rules import Interval

SQL = beside(__file__)
VIOLATIONS = {
    "schedules_specialty_of_practitioner": problems.REFERENCE_UNKNOWN,
    "slots_specialty_of_practitioner": problems.REFERENCE_UNKNOWN,
}
_FIELDS = PlannedSlot.__slots__


# Schedules ---------------------------------------------------------------------------------------------------------


async def find_practitioner(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, specialty_code: str | None = None
) -> UUID | None:
    """By the institution's own id; None where there is none, or they are not of the specialty."""
    return await conn.fetchval(SQL.find_practitioner, region_id, institution_id, external_id, specialty_code)


async def locations(conn: Connection, region_id: int, institution_id: UUID) -> dict[str, UUID]:
    rows = await conn.fetch(SQL.locations, region_id, institution_id)
    return {row["external_id"]: row["id"] for row in rows}


async def find_schedule(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> Record | None:
    return await conn.fetchrow(SQL.find_schedule, region_id, institution_id, external_id)


async def list_schedules(
    conn: Connection, region_id: int, institution_id: UUID, practitioner_id: str | None, after: str | None, limit: int
) -> list[Record]:
    return await conn.fetch(SQL.list_schedules, region_id, institution_id, practitioner_id, after, limit)


async def lock_schedules(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    *,
    external_id: str | None = None,
    practitioner_id: UUID | None = None,
) -> list[Record]:
    """One by its own id, those of a practitioner, or all of the institution, locked: their slots are not made now."""
    return await conn.fetch(SQL.lock_schedules, region_id, institution_id, external_id, practitioner_id)


async def lock_due_schedules(conn: Connection, now: datetime, limit: int) -> list[Record]:
    return await conn.fetch(SQL.lock_due_schedules, now, limit)


async def schedules_to_announce(
    conn: Connection, region_id: int, institution_id: UUID, specialty_code: str | None, today: date
) -> list[Record]:
    return await conn.fetch(SQL.schedules_to_announce, region_id, institution_id, specialty_code, today)


async def put_schedule(
    conn: Connection,
    region_id: int,
    schedule_id: UUID,
    institution_id: UUID,
    external_id: str,
    practitioner_id: UUID,
    body: ScheduleBody,
    made_until: date,
) -> None:
    release = body.release
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.put_schedule,
            region_id,
            schedule_id,
            institution_id,
            external_id,
            practitioner_id,
            body.specialty_code,
            body.valid_from,
            body.valid_to,
            body.model_dump_json(),
            release.policy,
            release.horizon_days,
            release.release_time,
            release.window_minutes,
            body.min_lead_minutes,
            made_until,
        )


async def set_made_until(conn: Connection, region_id: int, schedule_id: UUID, made_until: date) -> None:
    await conn.execute(SQL.set_made_until, region_id, schedule_id, made_until)


async def delete_schedule(conn: Connection, region_id: int, schedule_id: UUID) -> None:
    await conn.execute(SQL.delete_schedule, region_id, schedule_id)


# Slots -------------------------------------------------------------------------------------------------------------


async def slots_of_schedule(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    schedule_id: UUID,
    window: Interval,
    external_ids: Sequence[str],
) -> list[KeptSlot]:
    """Slots of the schedule that start in the window, and all that have one of the ids."""
    rows = await conn.fetch(SQL.slots_of_schedule, region_id, institution_id, schedule_id, *window, external_ids)
    return [_kept(row) for row in rows]


async def slots_of_practitioner(
    conn: Connection, region_id: int, practitioner_id: UUID, now: datetime, times: Interval
) -> list[KeptSlot]:
    """Slots of the practitioner that share a moment with the times, and have not begun."""
    rows = await conn.fetch(SQL.slots_of_practitioner, region_id, practitioner_id, now, *times)
    return [_kept(row) for row in rows]


async def lock_slots(conn: Connection, region_id: int, slot_ids: Sequence[UUID]) -> None:
    """Bookings of the slots wait. Read them behind it, not with it: tickets are counted as of a statement's begin."""
    await conn.execute(SQL.lock_slots, region_id, slot_ids)


def _kept(row: Record) -> KeptSlot:
    fields: dict[str, Any] = {name: row[name] for name in _FIELDS}
    fields["channels"] = tuple(row["channels"])
    return KeptSlot(row["id"], PlannedSlot(**fields), row["taken"], row["tickets"], row["status"] == "open")


async def put_slots(
    conn: Connection, region_id: int, institution_id: UUID, schedule_id: UUID | None, slots: Sequence[PlannedSlot]
) -> list[UUID]:
    """Adds slots, or changes those that have their ids; opens them."""
    if not slots:
        return []
    columns = {name: [getattr(slot, name) for slot in slots] for name in _FIELDS}
    # PostgreSQL's arrays have no rows of different lengths.
    columns["channels"] = [",".join(slot.channels) for slot in slots]
    ids = [new_id_at(institution_id) for _ in slots]
    with refusing(VIOLATIONS):
        rows = await conn.fetch(SQL.put_slots, region_id, institution_id, schedule_id, ids, *columns.values())
    return [row["id"] for row in rows]


async def shut_slots(conn: Connection, region_id: int, slot_ids: Sequence[UUID]) -> None:
    """Nobody finds them any more."""
    await conn.execute(SQL.shut_slots, region_id, slot_ids)


async def close_slots(
    conn: Connection, region_id: int, slot_ids: Sequence[UUID], actor_id: UUID, now: datetime
) -> None:
    """Takes the slots away: their tickets are orphaned."""
    await conn.execute(SQL.close_slots, region_id, slot_ids, actor_id, now)


async def shrink_slots(
    conn: Connection, region_id: int, capacities: Mapping[UUID, int], actor_id: UUID, now: datetime
) -> None:
    """Leaves each slot room for so many places: the last tickets beyond are orphaned."""
    await conn.execute(SQL.shrink_slots, region_id, list(capacities), list(capacities.values()), actor_id, now)


async def renew_terms(
    conn: Connection, region_id: int, slot_ids: Sequence[UUID], actor_id: UUID, now: datetime
) -> None:
    """The slots' tickets go along to another room."""
    await conn.execute(SQL.renew_terms, region_id, slot_ids, actor_id, now)


async def offer_slots(
    conn: Connection, region_id: int, institution_id: UUID, slot_ids: Sequence[UUID], now: datetime
) -> None:
    """Whoever waits has their turn first."""
    await conn.execute(SQL.offer_slots, region_id, institution_id, slot_ids, now)


async def tickets_of_slots(conn: Connection, region_id: int, slot_ids: Sequence[UUID]) -> list[Record]:
    """Tickets by time, of one slot in the order they were booked in."""
    return await conn.fetch(SQL.tickets_of_slots, region_id, slot_ids)


# The calendar, and times away --------------------------------------------------------------------------------------


async def calendar_days(
    conn: Connection, region_id: int, institution_id: UUID, first: date, last: date
) -> dict[date, int | None]:
    """The institution's own days."""
    rows = await conn.fetch(SQL.calendar_days, region_id, institution_id, first, last)
    return {row["day"]: row["works_as"] for row in rows}


async def put_calendar_day(
    conn: Connection, region_id: int, institution_id: UUID, day: date, works_as: int | None
) -> None:
    await conn.execute(SQL.put_calendar_day, region_id, institution_id, day, works_as)


async def delete_calendar_day(conn: Connection, region_id: int, institution_id: UUID, day: date) -> None:
    await conn.execute(SQL.delete_calendar_day, region_id, institution_id, day)


async def blocks_of_practitioner(
    conn: Connection, region_id: int, practitioner_id: UUID, times: Interval
) -> list[tuple[Interval, str]]:
    """Times away that share a moment with the times, and why."""
    rows = await conn.fetch(SQL.blocks_of_practitioner, region_id, practitioner_id, *times)
    return [((row["begins_at"], row["ends_at"]), row["reason"]) for row in rows]


async def add_block(conn: Connection, region_id: int, practitioner_id: UUID, times: Interval, reason: str) -> None:
    await conn.execute(SQL.add_block, region_id, practitioner_id, *times, reason)


async def delete_block(conn: Connection, region_id: int, practitioner_id: UUID, times: Interval) -> None:
    await conn.execute(SQL.delete_block, region_id, practitioner_id, *times)
