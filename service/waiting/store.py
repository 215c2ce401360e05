"""The waiting list and offers."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_number
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "institution_not_found": problems.INSTITUTION_NOT_FOUND,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "specialty_not_offered": problems.SPECIALTY_NOT_OFFERED,
    "specialty_closed": problems.SPECIALTY_CLOSED,
    "time_passed": problems.TIME_PASSED,
    "time_taken": problems.TIME_TAKEN,
    "not_online": problems.NOT_ONLINE,
    "too_late_online": problems.TOO_LATE_ONLINE,
    "referral_needed": problems.REFERRAL_NEEDED,
    "referral_of_several": problems.REFERRAL_OF_SEVERAL,
    "referral_unknown": problems.REFERRAL_UNKNOWN,
    "appointments_referral_once": problems.REFERRAL_USED,
    "not_attached": problems.NOT_ATTACHED,
    "slot_for_another_age": problems.SLOT_FOR_ANOTHER_AGE,
    "slot_for_another_sex": problems.SLOT_FOR_ANOTHER_SEX,
    "too_many_tickets": problems.TOO_MANY_TICKETS,
    "too_many_bookings": problems.TOO_MANY_BOOKINGS,
    "paused_for_no_shows": problems.PAUSED_FOR_NO_SHOWS,
    "already_has_ticket": problems.ALREADY_HAS_TICKET,
    "appointments_one_a_specialty": problems.ALREADY_HAS_TICKET,
    "appointments_person_once_a_slot": problems.ALREADY_HAS_TICKET,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "waiting_persons_once": problems.ALREADY_WAITING,
    "entry_not_found": problems.ENTRY_NOT_FOUND,
    "offer_not_found": problems.OFFER_NOT_FOUND,
    "offer_lapsed": problems.OFFER_LAPSED,
    "offer_closed": problems.OFFER_CLOSED,
    "offer_without_time": problems.OFFER_WITHOUT_TIME,
    "appointments_number": Collision,
}
# The most that an entry may have; an offer that needs fewer leaves the rest unused.
_PERSONS = 4


# The waiting list --------------------------------------------------------------------------------------------------


async def join_waiting_list(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    entry: dict[str, Any],
    person_ids: list[UUID],
    now: datetime,
) -> str:
    """One round trip: the entry as it is shown, or what the key brought about before. JSON."""
    columns = orjson.dumps(entry).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.join_waiting_list,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            columns,
            person_ids,
            new_id(),
            new_id(),
            now,
        )


async def list_waiting_list(
    conn: Connection, region_id: int, citizen_id: UUID, before: UUID | None, now: datetime, limit: int
) -> list[Record]:
    """The latest first: id, and the entry as it is shown."""
    return await conn.fetch(SQL.list_waiting_list, region_id, citizen_id, before, now, limit)


async def find_waiting_entry(
    conn: Connection, region_id: int, citizen_id: UUID, entry_id: UUID, now: datetime
) -> str | None:
    """The entry as it is shown. JSON."""
    return await conn.fetchval(SQL.find_waiting_entry, region_id, citizen_id, entry_id, now)


async def leave_waiting_list(conn: Connection, region_id: int, citizen_id: UUID, entry_id: UUID, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.leave_waiting_list, region_id, citizen_id, entry_id, new_id(), now)


# Offers ------------------------------------------------------------------------------------------------------------


async def list_offers(conn: Connection, region_id: int, citizen_id: UUID, now: datetime) -> list[Record]:
    """The citizen's open offers that did not lapse, the oldest first."""
    return await conn.fetch(SQL.list_offers, region_id, citizen_id, now)


async def find_offer(conn: Connection, region_id: int, offer_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_offer, region_id, offer_id)


async def accept_offer(conn: Connection, region_id: int, citizen_id: UUID, offer_id: UUID, now: datetime) -> list[UUID]:
    """The ids of the tickets, the same again where the offer is accepted already."""
    ids, numbers = [new_id() for _ in range(_PERSONS)], [new_number() for _ in range(_PERSONS)]
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.accept_offer, region_id, citizen_id, offer_id, ids, numbers, now)


async def decline_offer(conn: Connection, region_id: int, citizen_id: UUID, offer_id: UUID, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.decline_offer, region_id, citizen_id, offer_id, now)


async def list_rebookings(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    specialty_code: str | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Record]:
    """Orphaned tickets with their open offers, the longest open first, behind the position `after`."""
    return await conn.fetch(SQL.list_rebookings, region_id, institution_id, specialty_code, *after, limit)


# With time ---------------------------------------------------------------------------------------------------------


async def lapse_an_offer(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.lapse_an_offer, now)


async def rebook_a_ticket(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.rebook_a_ticket, now)


async def offer_a_free_place(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.offer_a_free_place, now)


async def expire_entries(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.expire_entries, now)
