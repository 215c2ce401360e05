"""The reception desk's side: a doctor's day, who has come, what is free today, how late a doctor runs, no-shows."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import ExternalId
from schemas.reception import (
    AppealDecision,
    AppealFilter,
    AppealList,
    AppealOutcome,
    CheckInBody,
    DayFilter,
    DaySheet,
    DelayBody,
    DeskTicket,
    StatusBody,
    TodaysPlaces,
)
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor
from service.doctors.tickets import QR_TYPE
from service.institutions.usecases import find_institution
from service.launch.tokens import TICKET_AUDIENCE, Tokens
from service.reception import store
from service.reception.rules import CHECK_IN_FROM, MOVES, MOVES_AFTERWARDS
from service.reception.shapes import (
    appeal_of,
    appeal_status,
    desk_ticket,
    named_practitioner,
    places_of_doctor,
    slot_of_day,
)
from service.scheduling.rules import local_day_bounds

# Who marks no-shows where nobody does: the service itself.
_NOBODY = UUID(int=0)
_MARKED_AT_ONCE = 100


async def get_day_sheet(
    conn: Connection, actor: Actor, institution_id: UUID, practitioner_id: ExternalId, query: DayFilter, clock: Clock
) -> DaySheet:
    """All times of a doctor's day with their tickets. Who has seen it is recorded: 152-ФЗ, health data.

    A doctor has their own days alone.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    practitioner = await _find_practitioner(conn, actor, institution_id, practitioner_id)
    zone, now = ZoneInfo(institution["zone"]), clock()
    day = query.day or now.astimezone(zone).date()
    rows = await store.day_sheet(conn, actor.region_id, practitioner["id"], local_day_bounds(day, zone))
    delay_minutes = await store.find_delay(conn, actor.region_id, practitioner["id"], day)
    return DaySheet(
        practitioner=named_practitioner(practitioner),
        day=day,
        delay_minutes=delay_minutes,
        slots=[slot_of_day(row, zone) for row in rows],
    )


async def list_todays_places(conn: Connection, actor: Actor, institution_id: UUID, clock: Clock) -> TodaysPlaces:
    """What is still free today and tomorrow, for each doctor and channel."""
    institution = await find_institution(conn, actor.region_id, institution_id)
    zone, now = ZoneInfo(institution["zone"]), clock()
    _, until = local_day_bounds(now.astimezone(zone).date() + timedelta(days=1), zone)
    rows = await store.todays_places(conn, actor.region_id, institution_id, now, until, institution["zone"])
    return TodaysPlaces(items=[places_of_doctor(row, zone) for row in rows])


async def put_delay(
    conn: Connection, actor: Actor, institution_id: UUID, practitioner_id: ExternalId, body: DelayBody, clock: Clock
) -> DelayBody:
    """Says how late a doctor runs on a day: those who wait see it in their forecast."""
    await find_institution(conn, actor.region_id, institution_id)
    practitioner = await _find_practitioner(conn, actor, institution_id, practitioner_id)
    await store.put_delay(conn, actor.region_id, practitioner["id"], body.day, body.minutes)
    await journal(
        conn,
        actor.region_id,
        actor.id,
        "delay_put",
        practitioner["id"],
        clock(),
        tell=True,
        day=body.day,
        minutes=body.minutes,
    )
    return body


async def check_in(
    conn: Connection, actor: Actor, institution_id: UUID, body: CheckInBody, tokens: Tokens, clock: Clock
) -> DeskTicket:
    """Marks that a patient has come, by their ticket's QR code or its number. Twice is no error.

    To a doctor other doctors' tickets are unknown.
    """
    await find_institution(conn, actor.region_id, institution_id)
    appointment_id = await _find_ticket(conn, actor, institution_id, body, tokens)
    await _check_own(conn, actor, institution_id, appointment_id)
    await store.set_appointment_status(
        conn, actor.region_id, institution_id, appointment_id, "arrived", (CHECK_IN_FROM, ()), actor.id, clock()
    )
    return await _desk_ticket(conn, actor, institution_id, appointment_id)


async def set_appointment_status(
    conn: Connection, actor: Actor, institution_id: UUID, appointment_id: UUID, body: StatusBody, clock: Clock
) -> DeskTicket:
    """Says what became of a visit, or takes a mistake back, which goes on the day of the visit alone.

    A no-show gives its place back if its time has not begun; taking that back needs the place to be free still. The
    same status twice is no error. To a doctor other doctors' tickets are unknown.
    """
    await find_institution(conn, actor.region_id, institution_id)
    await _check_own(conn, actor, institution_id, appointment_id)
    sources = (MOVES[body.status], MOVES_AFTERWARDS[body.status])
    await store.set_appointment_status(
        conn, actor.region_id, institution_id, appointment_id, body.status, sources, actor.id, clock()
    )
    return await _desk_ticket(conn, actor, institution_id, appointment_id)


async def mark_no_shows(conn: Connection, clock: Clock) -> int:
    """Marks as no-shows tickets that nobody came with, where the institution has set after how many minutes."""
    return await store.mark_no_shows(conn, _MARKED_AT_ONCE, _NOBODY, clock())


async def list_appeals(
    conn: Connection, actor: Actor, institution_id: UUID, query: AppealFilter, cursors: Cursors
) -> AppealList:
    """What patients say about their no-shows, the latest visits first. Who has seen it is recorded."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"appeals:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_appeals(conn, actor.region_id, institution_id, query.status, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["starts_at"].isoformat(), row["id"]))
    return AppealList(items=[appeal_of(row) for row in page], next_cursor=cursor)


async def decide_appeal(
    conn: Connection, actor: Actor, institution_id: UUID, appointment_id: UUID, body: AppealDecision, clock: Clock
) -> AppealOutcome:
    """Excuses a no-show, so that it does not count to the limit, or does not. It can be decided anew."""
    await find_institution(conn, actor.region_id, institution_id)
    await store.decide_appeal(conn, actor.region_id, institution_id, appointment_id, body.excused, actor.id, clock())
    row = await store.find_appeal(conn, actor.region_id, appointment_id)
    return AppealOutcome(appointment_id=appointment_id, text=row["appeal"], status=appeal_status(row))


async def _find_practitioner(conn: Connection, actor: Actor, institution_id: UUID, own_id: str) -> Record:
    row = await store.find_practitioner(conn, actor.region_id, institution_id, own_id)
    if row is None or not _is_own(actor, row["id"]):
        raise DomainError(problems.PRACTITIONER_NOT_FOUND)
    return row


def _is_own(actor: Actor, practitioner_id: UUID | None) -> bool:
    """Whether a doctor's day or ticket is the caller's to see: a doctor has their own, others have all."""
    return actor.role != "doctor" or (practitioner_id is not None and practitioner_id == actor.practitioner_id)


async def _check_own(conn: Connection, actor: Actor, institution_id: UUID, appointment_id: UUID) -> None:
    """Raises DomainError `appointment_not_found` where the ticket is another doctor's than who asks."""
    if actor.role == "doctor":
        row = await store.find_ticket(conn, actor.region_id, institution_id, appointment_id)
        if row is None or not _is_own(actor, row["practitioner_id"]):
            raise DomainError(problems.APPOINTMENT_NOT_FOUND)


async def _find_ticket(conn: Connection, actor: Actor, institution_id: UUID, body: CheckInBody, tokens: Tokens) -> UUID:
    if body.number is not None:
        row = await store.find_ticket_by_number(conn, actor.region_id, institution_id, body.number)
        if row is None:
            raise DomainError(problems.APPOINTMENT_NOT_FOUND)
        return row["id"]
    claims = tokens.claims(body.ticket or "", QR_TYPE, TICKET_AUDIENCE)
    if claims is None:
        raise DomainError(problems.TICKET_INVALID)
    if claims["institution"] != str(institution_id):
        raise DomainError(problems.TICKET_OF_ANOTHER_INSTITUTION)
    return UUID(claims["sub"])


async def _desk_ticket(conn: Connection, actor: Actor, institution_id: UUID, appointment_id: UUID) -> DeskTicket:
    row = await store.find_ticket(conn, actor.region_id, institution_id, appointment_id)
    assert row is not None
    if not _is_own(actor, row["practitioner_id"]):
        # It was moved to another doctor just before.
        raise DomainError(problems.APPOINTMENT_NOT_FOUND)
    return desk_ticket(row)
