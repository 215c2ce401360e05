"""A doctor's day, tickets in the hands of staff, the live queue, no-shows."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from schemas import problems
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_number
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "appointment_not_found": problems.APPOINTMENT_NOT_FOUND,
    "appointment_illegal_move": problems.APPOINTMENT_ILLEGAL_MOVE,
    "appointment_over": problems.APPOINTMENT_OVER,
    "ticket_cancelled": problems.TICKET_CANCELLED,
    "ticket_without_time": problems.TICKET_WITHOUT_TIME,
    "ticket_of_another_day": problems.TICKET_OF_ANOTHER_DAY,
    "patient_of_ticket_gone": problems.PATIENT_OF_TICKET_GONE,
    "slot_not_found": problems.SLOT_NOT_FOUND,
    "slot_elsewhere": problems.SLOT_ELSEWHERE,
    "time_passed": problems.TIME_PASSED,
    "time_taken": problems.TIME_TAKEN,
    "slots_not_oversold": problems.TIME_TAKEN,
    "another_channel": problems.ANOTHER_CHANNEL,
    "referral_needed": problems.REFERRAL_NEEDED,
    "referral_unknown": problems.REFERRAL_UNKNOWN,
    "appointments_referral_once": problems.REFERRAL_USED,
    "slot_for_another_age": problems.SLOT_FOR_ANOTHER_AGE,
    "slot_for_another_sex": problems.SLOT_FOR_ANOTHER_SEX,
    "not_attached": problems.NOT_ATTACHED,
    "home_address_needed": problems.HOME_ADDRESS_NEEDED,
    "appointments_one_a_specialty": problems.ALREADY_HAS_TICKET,
    "appointments_person_once_a_slot": problems.ALREADY_HAS_TICKET,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "appointments_number": Collision,
    "not_a_no_show": problems.NOT_A_NO_SHOW,
    "appeal_decided": problems.APPEAL_DECIDED,
    "appeal_not_found": problems.APPEAL_NOT_FOUND,
}


# A doctor's day ----------------------------------------------------------------------------------------------------


async def find_practitioner(conn: Connection, region_id: int, institution_id: UUID, own_id: str) -> Record | None:
    """By the institution's own id."""
    return await conn.fetchrow(SQL.find_practitioner, region_id, institution_id, own_id)


async def day_sheet(
    conn: Connection, region_id: int, practitioner_id: UUID, bounds: tuple[datetime, datetime]
) -> list[Record]:
    """Slots in order; `tickets` is JSON, who came first before who came later."""
    return await conn.fetch(SQL.day_sheet, region_id, practitioner_id, *bounds)


async def find_delay(conn: Connection, region_id: int, practitioner_id: UUID, day: date) -> int:
    return await conn.fetchval(SQL.find_delay, region_id, practitioner_id, day) or 0


async def put_delay(conn: Connection, region_id: int, practitioner_id: UUID, day: date, minutes: int) -> None:
    await conn.execute(SQL.put_delay, region_id, practitioner_id, day, minutes)


async def todays_places(
    conn: Connection, region_id: int, institution_id: UUID, now: datetime, until: datetime, zone: str
) -> list[Record]:
    return await conn.fetch(SQL.todays_places, region_id, institution_id, now, until, zone)


# Tickets -----------------------------------------------------------------------------------------------------------


async def find_ticket_by_number(conn: Connection, region_id: int, institution_id: UUID, number: str) -> Record | None:
    return await conn.fetchrow(SQL.find_ticket_by_number, region_id, institution_id, number)


async def find_ticket(conn: Connection, region_id: int, institution_id: UUID, appointment_id: UUID) -> Record | None:
    """A ticket of the institution with its patient."""
    return await conn.fetchrow(SQL.find_ticket, region_id, institution_id, appointment_id)


async def set_appointment_status(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    appointment_id: UUID,
    to: str,
    sources: tuple[Sequence[str], Sequence[str]],
    actor_id: UUID,
    now: datetime,
) -> None:
    """`sources`: from which statuses on the ticket's day, and from which after it."""
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.set_appointment_status,
            region_id,
            institution_id,
            appointment_id,
            to,
            *sources,
            actor_id,
            new_id(),
            now,
        )


async def mark_no_shows(conn: Connection, limit: int, actor_id: UUID, now: datetime) -> int:
    return await conn.fetchval(SQL.mark_no_shows, [new_id() for _ in range(limit)], actor_id, now)


async def book_for_patient(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    actor_id: UUID,
    key: IdempotencyKey,
    slot_id: UUID,
    patient: tuple[UUID | None, UUID | None, str | None],
    referral_number: str | None,
    home_address: tuple[UUID, str | None],
    terms: tuple[str, str | None, Sequence[str]],
    now: datetime,
) -> str:
    """The ticket as JSON, or what the key brought about before.

    `patient`: of a repeat visit the person and the citizen who booked before, else the papers as JSON; `home_address`:
    the ticket's id and the sealed address; `terms`: source, why rules are gone over, and which may be.
    """
    appointment_id, address = home_address
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.book_for_patient,
            region_id,
            institution_id,
            actor_id,
            key.key,
            key.request_hash,
            slot_id,
            *patient,
            referral_number,
            address,
            *terms,
            appointment_id,
            new_number(),
            [new_id(), new_id()],
            now,
        )


async def cancel_for_patient(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    appointment_id: UUID,
    reason: str,
    actor_id: UUID,
    now: datetime,
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.cancel_for_patient, region_id, institution_id, appointment_id, reason, actor_id, new_id(), now
        )


async def reschedule_for_patient(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    appointment_id: UUID,
    slot_id: UUID,
    terms: tuple[str, str, bool, Sequence[str]],
    actor_id: UUID,
    now: datetime,
) -> None:
    """`terms`: source, reason, whether rules are gone over for it, and which may be."""
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.reschedule_for_patient,
            region_id,
            institution_id,
            appointment_id,
            slot_id,
            *terms,
            actor_id,
            [new_id(), new_id()],
            now,
        )


# The live queue ----------------------------------------------------------------------------------------------------


async def find_place_in_queue(
    conn: Connection, region_id: int, citizen_id: UUID, appointment_id: UUID
) -> Record | None:
    return await conn.fetchrow(SQL.find_place_in_queue, region_id, citizen_id, appointment_id)


async def list_queue(
    conn: Connection, region_id: int, practitioner_id: UUID, bounds: tuple[datetime, datetime]
) -> list[Record]:
    """Tickets of a doctor's day that are not seen yet, in no order."""
    return await conn.fetch(SQL.list_queue, region_id, practitioner_id, *bounds)


# No-shows ----------------------------------------------------------------------------------------------------------


async def appeal_no_show(
    conn: Connection, region_id: int, citizen_id: UUID, appointment_id: UUID, text: str, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.appeal_no_show, region_id, citizen_id, appointment_id, text, new_id(), now)


async def find_appeal(conn: Connection, region_id: int, appointment_id: UUID) -> Record:
    row = await conn.fetchrow(SQL.find_appeal, region_id, appointment_id)
    assert row is not None
    return row


async def list_appeals(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    status: str | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Record]:
    """Latest visits first, behind the position `after`."""
    return await conn.fetch(SQL.list_appeals, region_id, institution_id, status, *after, limit)


async def decide_appeal(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    appointment_id: UUID,
    excused: bool,
    actor_id: UUID,
    now: datetime,
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.decide_appeal, region_id, institution_id, appointment_id, excused, actor_id, new_id(), now
        )
