"""The citizen's side: find a doctor and a free time, book it, keep the ticket, cancel."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas import problems
from schemas.appointments import (
    AppointmentBody,
    Family,
    FamilyBody,
    Hold,
    HoldBody,
    RescheduleBody,
    Ticket,
    TicketFilter,
    TicketList,
)
from schemas.doctors import (
    NamedPractitioner,
    Place,
    Practitioner,
    PractitionerFilter,
    PractitionerList,
    Slot,
    SlotFilter,
    SlotList,
    Specialty,
    SpecialtyFilter,
    SpecialtyList,
    TogetherFilter,
    TogetherList,
)
from schemas.problems import FreeSlot
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey, Language, Rendered
from service.core.sealing import Sealer
from service.doctors import store
from service.doctors.rules import times_together
from service.doctors.tickets import calendar_of, home_address_row, kept_ticket, qr_of, ticket_of
from service.institutions.usecases import find_institution
from service.launch.tokens import Tokens
from service.scheduling.rules import days_bounds

# Free times of a specialty among which those that follow each other are looked for.
_MOST_SEARCHED = 500
_NIL = UUID(int=0)
_GREATEST = UUID(int=2**128 - 1)


async def list_specialties(conn: Connection, actor: Actor, query: SpecialtyFilter, language: Language) -> SpecialtyList:
    """What a clinic offers, and how it is booked."""
    await find_institution(conn, actor.region_id, query.institution_id)
    rows = await store.list_specialties(conn, actor.region_id, query.institution_id)
    return SpecialtyList(
        items=[Specialty(code=row["code"], name=row[f"name_{language}"], access=row["access"]) for row in rows]
    )


async def list_practitioners(
    conn: Connection, actor: Actor, query: PractitionerFilter, cursors: Cursors
) -> PractitionerList:
    """Practitioners of a clinic by name, of all specialties or of one."""
    await find_institution(conn, actor.region_id, query.institution_id)
    scope = f"practitioners:{actor.region_id}"
    after = cursors.position(scope, query)
    rows = await store.list_practitioners(
        conn, actor.region_id, query.institution_id, query.specialty_code, after, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["last_name"], row["first_name"], row["id"]))
    fields = tuple(Practitioner.model_fields)
    return PractitionerList(
        items=[Practitioner(**{name: row[name] for name in fields}) for row in page], next_cursor=cursor
    )


async def list_slots(conn: Connection, actor: Actor, query: SlotFilter, cursors: Cursors, clock: Clock) -> SlotList:
    """Free times of a specialty, by time, from now on.

    The answer may be a second old; what was taken meanwhile is refused at the booking, with the nearest free times.
    """
    institution = await find_institution(conn, actor.region_id, query.institution_id)
    zone = ZoneInfo(institution["zone"])
    now = clock()
    first = query.day_from or now.astimezone(zone).date()
    begin, end = days_bounds(first, query.days, zone)
    scope = f"slots:{actor.region_id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (begin, _NIL)
    rows = await store.list_slots(
        conn,
        actor.region_id,
        query.institution_id,
        query.specialty_code,
        query.practitioner_id,
        query.purpose,
        max(position, (now, _GREATEST)),
        end,
        now,
        query.limit + 1,
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["starts_at"].isoformat(), row["id"]))
    return SlotList(items=_slots(page, zone), next_cursor=cursor)


async def list_slots_together(conn: Connection, actor: Actor, query: TogetherFilter, clock: Clock) -> TogetherList:
    """Free times that follow each other, for those who come together: book them by bookFamily."""
    institution = await find_institution(conn, actor.region_id, query.institution_id)
    zone = ZoneInfo(institution["zone"])
    now = clock()
    first = query.day_from or now.astimezone(zone).date()
    begin, end = days_bounds(first, query.days, zone)
    after = max((begin, _NIL), (now, _GREATEST))
    codes = query.specialty_codes.split(",")
    free: dict[str, list[Slot]] = {}
    for code in dict.fromkeys(codes):
        rows = await store.list_slots(
            conn, actor.region_id, query.institution_id, code, None, None, after, end, now, _MOST_SEARCHED
        )
        free[code] = _slots(rows, zone)
    found = times_together(
        [free[code] for code in codes],
        wait=timedelta(minutes=query.wait_minutes),
        one_practitioner=query.one_practitioner,
        limit=query.limit,
    )
    return TogetherList(items=found)


def slot_in(body: HoldBody | AppointmentBody | RescheduleBody) -> list[UUID]:
    """The time that is asked for."""
    return [body.slot_id]


def slots_in(body: FamilyBody) -> list[UUID]:
    """The times that are."""
    return [item.slot_id for item in body.items]


async def hold_slot(conn: Connection, actor: Actor, body: HoldBody, key: IdempotencyKey, clock: Clock) -> Hold:
    """Keeps a place for some minutes while a form is filled: bookAppointment then takes it.

    A citizen keeps one place at an institution at a time: another one takes its turn. A place that was kept too long
    can still be booked, as long as nobody else has come. Who takes times and lets them go again and again waits for the
    next, longer each time (`possible_at`); meanwhile they can still book.
    """
    kept = orjson.loads(await store.hold_slot(conn, actor.region_id, actor.id, key, body.slot_id, clock()))
    expires_at = datetime.fromisoformat(kept["expires_at"]).astimezone(ZoneInfo(kept["zone"]))
    return Hold(id=UUID(kept["id"]), slot_id=UUID(kept["slot_id"]), expires_at=expires_at)


async def release_hold(conn: Connection, actor: Actor, hold_id: UUID, clock: Clock) -> None:
    """Lets a place go that was kept. One that is not kept any more is no error."""
    await store.release_hold(conn, actor.region_id, actor.id, hold_id, clock())


async def expire_holds(conn: Connection, clock: Clock) -> int:
    """Frees places that were kept too long; gives how many."""
    return await store.expire_holds(conn, clock())


async def book_appointment(
    conn: Connection,
    actor: Actor,
    body: AppointmentBody,
    key: IdempotencyKey,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Books a slot for the citizen or a relative, and gives the ticket.

    All or nothing, and at most once for each key. Where the time is taken, `alternatives` names up to three nearest
    free ones of the same specialty at the clinic, of the same doctor first.
    """
    now = clock()
    try:
        (kept,) = await _book(conn, actor, "bookAppointment", key, [body], sealer, now)
    except DomainError as error:
        # There is one item, and it has no index.
        error.errors = ()
        error.alternatives = await _alternatives(conn, actor, error, body.slot_id, now)
        raise
    return ticket_of(kept, language, tokens, sealer)


async def book_family(
    conn: Connection,
    actor: Actor,
    body: FamilyBody,
    key: IdempotencyKey,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Family:
    """Books several slots at once, all of them or none: two children side by side, parent and child with two doctors.

    A refusal points at the item that it is about where it can.
    """
    kept = await _book(conn, actor, "bookFamily", key, body.items, sealer, clock())
    return Family(items=[ticket_of(ticket, language, tokens, sealer) for ticket in kept])


async def _book(
    conn: Connection,
    actor: Actor,
    operation: str,
    key: IdempotencyKey,
    wanted: Sequence[AppointmentBody],
    sealer: Sealer,
    now: datetime,
) -> list[dict[str, Any]]:
    items = [_item(sealer, actor.region_id, body) for body in wanted]
    return orjson.loads(await store.book_appointments(conn, actor.region_id, actor.id, operation, key, items, now))


def _item(sealer: Sealer, region_id: int, body: AppointmentBody) -> dict[str, object]:
    ticket_id = new_id()
    address = body.home_address
    return {
        "id": ticket_id,
        "slot_id": body.slot_id,
        "person_id": body.person_id,
        "referral": body.referral_number,
        "home_address": sealer.seal(address, home_address_row(region_id, str(ticket_id))) if address else None,
    }


async def _alternatives(
    conn: Connection, actor: Actor, error: DomainError, slot_id: UUID, now: datetime
) -> list[FreeSlot] | None:
    if error.refusal is not problems.TIME_TAKEN:
        return None
    rows = await store.nearest_free_slots(conn, actor.region_id, slot_id, now)
    return [FreeSlot(slot_id=row["id"], starts_at=row["starts_at"].astimezone(ZoneInfo(row["zone"]))) for row in rows]


async def reschedule_appointment(
    conn: Connection,
    actor: Actor,
    appointment_id: UUID,
    body: RescheduleBody,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Moves a ticket to another time of the same specialty at the same clinic, in one step.

    It stays the same ticket, with its number. Where the new time can't be had, it is as it was; where that is taken,
    `alternatives` names others. A move to the time that the ticket has already changes nothing.
    """
    now = clock()
    try:
        await store.reschedule_appointment(conn, actor.region_id, actor.id, appointment_id, body.slot_id, now)
    except DomainError as error:
        error.alternatives = await _alternatives(conn, actor, error, body.slot_id, now)
        raise
    return await get_appointment(conn, actor, appointment_id, language, tokens, sealer)


async def list_appointments(
    conn: Connection,
    actor: Actor,
    query: TicketFilter,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    cursors: Cursors,
) -> TicketList:
    """Tickets of the citizen's persons, the latest first; cancelled ones too."""
    scope = f"appointments:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_appointments(conn, actor.region_id, actor.id, query.person_id, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["starts_at"].isoformat(), row["id"]))
    return TicketList(items=[ticket_of(kept_ticket(row), language, tokens, sealer) for row in page], next_cursor=cursor)


async def get_appointment(
    conn: Connection, actor: Actor, appointment_id: UUID, language: Language, tokens: Tokens, sealer: Sealer
) -> Ticket:
    """One ticket of the citizen's persons."""
    row = await store.find_appointment(conn, actor.region_id, actor.id, appointment_id)
    if row is None:
        raise DomainError(problems.APPOINTMENT_NOT_FOUND)
    return ticket_of(kept_ticket(row), language, tokens, sealer)


async def get_ticket_calendar(
    conn: Connection, actor: Actor, appointment_id: UUID, language: Language, tokens: Tokens, sealer: Sealer
) -> Rendered:
    """The ticket as an iCalendar event. It names neither the specialty nor the patient: calendars are shared."""
    ticket = await get_appointment(conn, actor, appointment_id, language, tokens, sealer)
    headers = {"Content-Disposition": 'attachment; filename="ticket.ics"'}
    return Rendered("text/calendar", calendar_of(ticket, language), headers)


async def get_ticket_qr(
    conn: Connection, actor: Actor, appointment_id: UUID, language: Language, tokens: Tokens, sealer: Sealer
) -> Rendered:
    """The ticket's QR code as a PNG: a signed token with the ticket's id, number, institution and time, and no name."""
    ticket = await get_appointment(conn, actor, appointment_id, language, tokens, sealer)
    return Rendered("image/png", qr_of(ticket))


async def cancel_appointment(
    conn: Connection,
    actor: Actor,
    appointment_id: UUID,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Cancels a ticket, until `cancel_until`; the time is free again at once. Cancelling twice is no error."""
    await store.cancel_appointment(conn, actor.region_id, actor.id, appointment_id, clock())
    return await get_appointment(conn, actor, appointment_id, language, tokens, sealer)


def _slots(rows: Sequence[Record], zone: ZoneInfo) -> list[Slot]:
    """Free times; what they have in common, doctors and rooms, is made once for a page."""
    practitioners: dict[UUID, NamedPractitioner] = {}
    places: dict[tuple[str, str, str | None], Place] = {}
    return [
        Slot(
            id=row["id"],
            specialty_code=row["specialty_code"],
            practitioner=practitioners.get(row["practitioner_id"])
            or practitioners.setdefault(row["practitioner_id"], _practitioner(row)),
            location=places.get(place := (row["name"], row["address"], row["room"]))
            or places.setdefault(place, Place(name=place[0], address=place[1], room=place[2])),
            starts_at=row["starts_at"].astimezone(zone),
            ends_at=row["ends_at"].astimezone(zone),
            free=row["free"],
            age_from=row["age_from"],
            age_to=row["age_to"],
            sex=row["sex"],
            purpose=row["purpose"],
        )
        for row in rows
    ]


def _practitioner(row: Record) -> NamedPractitioner:
    return NamedPractitioner(
        id=row["practitioner_id"],
        last_name=row["last_name"],
        first_name=row["first_name"],
        patronymic=row["patronymic"],
    )
