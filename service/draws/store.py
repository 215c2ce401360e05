"""Draws and the requests to them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from schemas import problems
from schemas.draws import DrawClosing, DrawRecord, RecordedRequest, RecordedResult, RecordedSlot
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_number
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "draw_not_found": problems.DRAW_NOT_FOUND,
    "draw_request_not_found": problems.DRAW_REQUEST_NOT_FOUND,
    "draw_not_open": problems.DRAW_NOT_OPEN,
    "draw_closed": problems.DRAW_CLOSED,
    "wish_not_in_draw": problems.WISH_NOT_IN_DRAW,
    "draw_requests_person_once": problems.ALREADY_REQUESTED,
    "time_passed": problems.TIME_PASSED,
    "time_taken": problems.TIME_TAKEN,
    "too_late_online": problems.TOO_LATE_ONLINE,
    "specialty_closed": problems.SPECIALTY_CLOSED,
    "referral_needed": problems.REFERRAL_NEEDED,
    "referral_unknown": problems.REFERRAL_UNKNOWN,
    "slot_for_another_age": problems.SLOT_FOR_ANOTHER_AGE,
    "slot_for_another_sex": problems.SLOT_FOR_ANOTHER_SEX,
    "not_attached": problems.NOT_ATTACHED,
    "too_many_tickets": problems.TOO_MANY_TICKETS,
    "too_many_bookings": problems.TOO_MANY_BOOKINGS,
    "paused_for_no_shows": problems.PAUSED_FOR_NO_SHOWS,
    "appointments_one_a_specialty": problems.ALREADY_HAS_TICKET,
    "appointments_number": Collision,
}
# So many results are booked by one statement: a large draw is over none's time limit.
_RESULTS_AT_ONCE = 200


# Made, closed and drawn by the jobs --------------------------------------------------------------------------------


async def days_to_draw(conn: Connection, now: datetime, limit: int) -> list[Record]:
    """Institutions' days with slots that no draw has yet."""
    return await conn.fetch(SQL.days_to_draw, now, limit)


async def make_draw(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    specialty_code: str,
    day: date,
    window: tuple[datetime, datetime],
    draw_id: UUID,
    seed: tuple[str, str],
    now: datetime,
) -> int:
    """How many slots came to the day's draw. `seed`: as it is sealed, and its hash."""
    return await conn.fetchval(
        SQL.make_draw, region_id, institution_id, specialty_code, day, *window, draw_id, *seed, new_id(), now
    )


async def groups_to_draw(conn: Connection, limit: int) -> list[Record]:
    """Groups that are filled by draw and have none yet."""
    return await conn.fetch(SQL.groups_to_draw, limit)


async def make_group_draw(
    conn: Connection, region_id: int, group_id: UUID, draw_id: UUID, seed: tuple[str, str], now: datetime
) -> int:
    """1 where the draw is made, 0 where another worker was quicker. `seed`: as it is sealed, and its hash."""
    return await conn.fetchval(SQL.make_group_draw, region_id, group_id, draw_id, *seed, new_id(), now)


async def follow_groups(conn: Connection) -> int:
    """How many draws had another window than their groups."""
    return len(await conn.fetch(SQL.follow_groups))


async def give_up_draws(conn: Connection) -> int:
    """How many draws were of groups that are filled otherwise by now."""
    return len(await conn.fetch(SQL.give_up_draws))


async def hold_back(conn: Connection) -> int:
    """How many slots of draws would have opened too early."""
    return len(await conn.fetch(SQL.hold_back))


async def next_to_close(conn: Connection, now: datetime) -> Record | None:
    """A draw whose window is over, locked."""
    return await conn.fetchrow(SQL.next_to_close, now)


async def lock_group(conn: Connection, region_id: int, group_id: UUID) -> None:
    await conn.execute(SQL.lock_group, region_id, group_id)


async def places_of_group(conn: Connection, region_id: int, group_id: UUID) -> list[RecordedSlot]:
    """The group alone: in its draw's record it is the one slot."""
    rows = await conn.fetch(SQL.places_of_group, region_id, group_id)
    return [RecordedSlot(id=row["id"], places=row["places"]) for row in rows]


async def requests_of_group(conn: Connection, region_id: int, group_id: UUID) -> list[RecordedRequest]:
    """The applications that were collected."""
    rows = await conn.fetch(SQL.requests_of_group, region_id, group_id)
    return [RecordedRequest(id=row["id"], wishes=row["wishes"]) for row in rows]


async def places_of_draw(conn: Connection, region_id: int, draw_id: UUID) -> list[RecordedSlot]:
    rows = await conn.fetch(SQL.places_of_draw, region_id, draw_id)
    return [RecordedSlot(id=row["id"], places=row["places"]) for row in rows]


async def requests_of_draw(conn: Connection, region_id: int, draw_id: UUID) -> list[RecordedRequest]:
    rows = await conn.fetch(SQL.requests_of_draw, region_id, draw_id)
    return [RecordedRequest(id=row["id"], wishes=row["wishes"]) for row in rows]


async def close_draw(conn: Connection, region_id: int, closing: DrawClosing, now: datetime) -> None:
    await conn.execute(
        SQL.close_draw,
        region_id,
        closing.draw_id,
        now,
        len(closing.requests),
        closing.requests_digest,
        closing.model_dump_json(),
    )


async def next_to_draw(conn: Connection, closed_by: datetime) -> Record | None:
    """A draw that was closed by then and is not drawn, locked."""
    return await conn.fetchrow(SQL.next_to_draw, closed_by)


async def find_closing(conn: Connection, region_id: int, draw_id: UUID) -> DrawClosing:
    """What takes part in a draw that is closed."""
    return DrawClosing.model_validate_json(await conn.fetchval(SQL.find_closing, region_id, draw_id))


async def open_slots(conn: Connection, region_id: int, draw_id: UUID, now: datetime) -> None:
    await conn.execute(SQL.open_slots, region_id, draw_id, now)


async def award(conn: Connection, region_id: int, results: Sequence[RecordedResult], now: datetime) -> None:
    """Books what was drawn, in the order of the draw, and tells each request what became of it."""
    for first in range(0, len(results), _RESULTS_AT_ONCE):
        some = results[first : first + _RESULTS_AT_ONCE]
        columns = [
            [result.request_id for result in some],
            [result.slot_id for result in some],
            [new_id() for _ in some],
            [new_number() for _ in some],
            [new_id() for _ in some],
            [new_id() for _ in some],
        ]
        with refusing(VIOLATIONS):
            await conn.fetch(SQL.award, region_id, now, *columns)


async def keep_record(conn: Connection, region_id: int, record: DrawRecord, now: datetime) -> None:
    await conn.execute(SQL.keep_record, region_id, record.draw_id, now, record.model_dump_json())


# What citizens see, and ask for ------------------------------------------------------------------------------------


async def list_draws(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    specialty_code: str | None,
    closing_after: datetime,
    after: tuple[date | None, UUID | None],
    limit: int,
    group_id: UUID | None = None,
) -> list[Record]:
    """By day, behind the position `after`."""
    return await conn.fetch(
        SQL.list_draws, region_id, institution_id, specialty_code, closing_after, *after, limit, group_id
    )


async def find_draw(conn: Connection, region_id: int, draw_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_draw, region_id, draw_id)


async def times_of_draw(conn: Connection, region_id: int, draw_id: UUID) -> list[Record]:
    return await conn.fetch(SQL.times_of_draw, region_id, draw_id)


async def find_record(conn: Connection, region_id: int, draw_id: UUID) -> Record | None:
    """The record in JSON, null until it is drawn; None where there is no such draw."""
    return await conn.fetchrow(SQL.find_record, region_id, draw_id)


async def request_draw(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    draw_id: UUID,
    person_id: UUID,
    wishes: Sequence[UUID],
    referral_number: str | None,
    request_id: UUID,
    now: datetime,
) -> str:
    """The request as it is kept, or what the key brought about before. JSON."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.request_draw,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            draw_id,
            person_id,
            wishes,
            referral_number,
            request_id,
            new_id(),
            now,
        )


async def withdraw_draw_request(
    conn: Connection, region_id: int, citizen_id: UUID, request_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.withdraw_draw_request, region_id, citizen_id, request_id, new_id(), now)


async def list_requests(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    draw_id: UUID | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Record]:
    """The latest first, behind the position `after`."""
    return await conn.fetch(SQL.list_requests, region_id, citizen_id, draw_id, *after, limit)


async def find_request(conn: Connection, region_id: int, citizen_id: UUID, request_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_request, region_id, request_id, citizen_id)
