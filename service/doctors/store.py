"""Practitioners, locations, slots and appointments."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import orjson

from schemas import problems
from schemas.appointments import BookingRules, ReferralBody
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_id_at, new_number
from service.core.operations import IdempotencyKey
from service.core.queries import beside
from service.doctors.rules import KeptSlot, SlotTerms

SQL = beside(__file__)
_READ = tuple(name for name in SlotTerms.__slots__ if name not in ("channels", "internet_at"))
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "slot_not_found": problems.SLOT_NOT_FOUND,
    "time_passed": problems.TIME_PASSED,
    "time_taken": problems.TIME_TAKEN,
    "not_online": problems.NOT_ONLINE,
    "not_released": problems.NOT_RELEASED,
    "too_late_online": problems.TOO_LATE_ONLINE,
    "slots_not_oversold": problems.TIME_TAKEN,
    "specialty_closed": problems.SPECIALTY_CLOSED,
    "referral_needed": problems.REFERRAL_NEEDED,
    "referral_unknown": problems.REFERRAL_UNKNOWN,
    "appointments_referral_once": problems.REFERRAL_USED,
    "home_address_needed": problems.HOME_ADDRESS_NEEDED,
    "too_many_tickets": problems.TOO_MANY_TICKETS,
    "too_many_bookings": problems.TOO_MANY_BOOKINGS,
    "paused_for_no_shows": problems.PAUSED_FOR_NO_SHOWS,
    "too_many_today": problems.TOO_MANY_TODAY,
    "hold_paused": problems.HOLD_PAUSED,
    "slot_for_another_age": problems.SLOT_FOR_ANOTHER_AGE,
    "slot_for_another_sex": problems.SLOT_FOR_ANOTHER_SEX,
    "not_attached": problems.NOT_ATTACHED,
    "appointments_one_a_specialty": problems.ALREADY_HAS_TICKET,
    "appointments_person_once_a_slot": problems.ALREADY_HAS_TICKET,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "appointments_number": Collision,
    "appointment_not_found": problems.APPOINTMENT_NOT_FOUND,
    "cancellation_closed": problems.CANCELLATION_CLOSED,
    "appointment_over": problems.APPOINTMENT_OVER,
    "slot_elsewhere": problems.SLOT_ELSEWHERE,
    # Two holds of one citizen at once: the second is to be repeated.
    "holds_one_a_citizen": Collision,
    "referrals_specialty_code_fkey": problems.SPECIALTY_UNKNOWN,
    "slots_specialty_of_practitioner": problems.SPECIALTY_IN_USE,
    "schedules_specialty_of_practitioner": problems.SPECIALTY_IN_USE,
}


# Publishing --------------------------------------------------------------------------------------------------------


async def count_specialties(conn: Connection, codes: Sequence[str]) -> int:
    return await conn.fetchval(SQL.count_specialties, codes)


async def put_specialty(
    conn: Connection, region_id: int, institution_id: UUID, code: str, access: str
) -> Record | None:
    """The specialty's names; None where the catalogue has no such code."""
    return await conn.fetchrow(SQL.put_specialty, region_id, institution_id, code, access)


async def put_practitioner(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    external_id: str,
    name: tuple[str, str, str | None],
    specialty_codes: Sequence[str],
) -> UUID:
    """Offers the specialties at the institution where it did not yet, under the catalogue's access."""
    await conn.execute(SQL.offer_specialties, region_id, institution_id, specialty_codes)
    practitioner_id: UUID = await conn.fetchval(
        SQL.put_practitioner, region_id, new_id(), institution_id, external_id, *name
    )
    with refusing(VIOLATIONS):
        await conn.execute(SQL.drop_practitioner_specialties, region_id, practitioner_id, specialty_codes)
    await conn.execute(SQL.add_practitioner_specialties, region_id, practitioner_id, institution_id, specialty_codes)
    return practitioner_id


async def put_location(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, name: str, address: str, room: str | None
) -> UUID:
    return await conn.fetchval(SQL.put_location, region_id, new_id(), institution_id, external_id, name, address, room)


async def put_attachments(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    identities: Sequence[bytes],
    sections: Sequence[str | None],
    since: Sequence[date],
) -> None:
    await conn.execute(SQL.put_attachments, region_id, institution_id, identities, sections, since)


async def known_practitioners(
    conn: Connection, region_id: int, institution_id: UUID, external_ids: Sequence[str]
) -> dict[tuple[str, str], UUID]:
    """(the institution's own id, specialty) -> practitioner."""
    rows = await conn.fetch(SQL.known_practitioners, region_id, institution_id, external_ids)
    return {(row["external_id"], row["specialty_code"]): row["id"] for row in rows}


async def known_locations(
    conn: Connection, region_id: int, institution_id: UUID, external_ids: Sequence[str]
) -> dict[str, UUID]:
    rows = await conn.fetch(SQL.known_locations, region_id, institution_id, external_ids)
    return {row["external_id"]: row["id"] for row in rows}


async def lock_slots(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    window: tuple[datetime, datetime],
    external_ids: Sequence[str],
) -> list[KeptSlot]:
    """All slots that start in the window or have one of the ids, locked: bookings of them wait for the publication."""
    rows = await conn.fetch(SQL.lock_slots, region_id, institution_id, *window, external_ids)
    return [
        KeptSlot(
            row["id"],
            SlotTerms(**{name: row[name] for name in _READ}, channels=tuple(row["channels"])),
            row["taken"],
            row["status"] == "open",
        )
        for row in rows
    ]


async def put_slots(
    conn: Connection, region_id: int, institution_id: UUID, slots: Sequence[SlotTerms], now: datetime
) -> None:
    """Adds or changes slots. Whoever waits for such a place has their turn before anybody else sees it."""
    columns = {name: [getattr(slot, name) for slot in slots] for name in SlotTerms.__slots__}
    # An array of arrays is no list of lists to PostgreSQL.
    columns["channels"] = [",".join(slot.channels) for slot in slots]
    ids = [new_id_at(institution_id) for _ in slots]
    rows = await conn.fetch(SQL.put_slots, region_id, institution_id, ids, *columns.values())
    await conn.execute(SQL.offer_slots, region_id, institution_id, [row["id"] for row in rows], now)


async def close_slots(conn: Connection, region_id: int, slot_ids: Sequence[UUID]) -> None:
    await conn.execute(SQL.close_slots, region_id, slot_ids)


async def tickets_of_slots(conn: Connection, region_id: int, slot_ids: Sequence[UUID]) -> list[Record]:
    """Active tickets of the slots: slot_id, number, starts_at."""
    return await conn.fetch(SQL.tickets_of_slots, region_id, slot_ids)


async def close_booked_slot(conn: Connection, region_id: int, slot_id: UUID, actor_id: UUID, now: datetime) -> None:
    """Its tickets become orphaned, each with an offer of another time."""
    await conn.execute(SQL.close_booked_slot, region_id, slot_id, actor_id, now)


async def shrink_slot(
    conn: Connection, region_id: int, slot_id: UUID, capacity: int, actor_id: UUID, now: datetime
) -> None:
    """Leaves so many tickets; those that were booked last become orphaned."""
    await conn.execute(SQL.shrink_slot, region_id, slot_id, capacity, actor_id, now)


async def renew_terms_at(
    conn: Connection, region_id: int, location_id: UUID, actor_id: UUID, now: datetime
) -> list[Record]:
    """Tickets to visits to come take over what the location is now, where that has changed: number, starts_at."""
    return await conn.fetch(SQL.renew_terms_at, region_id, location_id, actor_id, now)


async def renew_terms(conn: Connection, region_id: int, slot_id: UUID, actor_id: UUID, now: datetime) -> None:
    """The slot's tickets take over where it is now."""
    await conn.execute(SQL.renew_terms, region_id, slot_id, actor_id, now)


async def put_booking_rules(conn: Connection, region_id: int, institution_id: UUID, rules: BookingRules) -> None:
    await conn.execute(SQL.put_booking_rules, region_id, institution_id, *rules.model_dump().values())


async def put_referrals(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    referrals: Sequence[ReferralBody],
    identities: Sequence[bytes | None],
) -> None:
    """`identities`: whom each is for, where that is known."""
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.put_referrals,
            region_id,
            institution_id,
            [referral.number for referral in referrals],
            [referral.specialty_code for referral in referrals],
            [referral.valid_from for referral in referrals],
            [referral.valid_to for referral in referrals],
            identities,
        )


# Reading -----------------------------------------------------------------------------------------------------------


async def list_specialties(conn: Connection, region_id: int, institution_id: UUID) -> list[Record]:
    return await conn.fetch(SQL.list_specialties, region_id, institution_id)


async def list_practitioners(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    specialty_code: str | None,
    after: list[str] | None,
    limit: int,
) -> list[Record]:
    position = after or (None, None, None)
    return await conn.fetch(SQL.list_practitioners, region_id, institution_id, specialty_code, *position, limit)


async def list_slots(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    specialty_code: str,
    practitioner_id: UUID | None,
    purpose: str | None,
    after: tuple[datetime, UUID],
    until: datetime,
    now: datetime,
    limit: int,
) -> list[Record]:
    """Slots that citizens may take now, behind the position `after`, by time."""
    return await conn.fetch(
        SQL.list_slots, region_id, institution_id, specialty_code, practitioner_id, *after, until, now, purpose, limit
    )


async def nearest_free_slots(conn: Connection, region_id: int, slot_id: UUID, now: datetime) -> list[Record]:
    """Up to three free ones in place of a slot: of the same practitioner first, then the nearest in time."""
    return await conn.fetch(SQL.nearest_free_slots, region_id, slot_id, now)


# Tickets -----------------------------------------------------------------------------------------------------------


async def hold_slot(
    conn: Connection, region_id: int, citizen_id: UUID, key: IdempotencyKey, slot_id: UUID, now: datetime
) -> str:
    """Keeps a place for minutes, in place of the one that the citizen kept at the institution before. JSON."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.hold_slot, region_id, citizen_id, key.key, key.request_hash, slot_id, new_id(), now
        )


async def release_hold(conn: Connection, region_id: int, citizen_id: UUID, hold_id: UUID, now: datetime) -> None:
    await conn.execute(SQL.release_hold, region_id, citizen_id, hold_id, now)


async def expire_holds(conn: Connection, now: datetime) -> int:
    """Frees the places of a batch of form holds whose time is over, in all regions; gives how many."""
    return await conn.fetchval(SQL.expire_holds, now)


async def book_appointments(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    operation: str,
    key: IdempotencyKey,
    items: Sequence[Mapping[str, object]],
    now: datetime,
) -> str:
    """One round trip: takes the places and writes the tickets, or gives what the key brought about before. JSON.

    An item has slot_id, person_id, referral, home_address (sealed) and the id of the ticket to be.
    """
    numbered = [{**item, "number": new_number(), "event_id": new_id()} for item in items]
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.book_appointments,
            region_id,
            citizen_id,
            operation,
            key.key,
            key.request_hash,
            orjson.dumps(numbered).decode(),
            now,
        )


async def reschedule_appointment(
    conn: Connection, region_id: int, citizen_id: UUID, appointment_id: UUID, slot_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.reschedule_appointment, region_id, citizen_id, appointment_id, slot_id, new_id(), now)


async def cancel_appointment(
    conn: Connection, region_id: int, citizen_id: UUID, appointment_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.cancel_appointment, region_id, citizen_id, appointment_id, new_id(), now)


async def list_appointments(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    person_id: UUID | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Record]:
    """Latest first, behind the position `after`."""
    return await conn.fetch(SQL.list_appointments, region_id, citizen_id, person_id, *after, limit)


async def find_appointment(conn: Connection, region_id: int, citizen_id: UUID, appointment_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_appointment, region_id, citizen_id, appointment_id)
