"""Booking by staff: at the desk, by telephone, by the doctor for the next visit, for another clinic."""

from datetime import datetime
from uuid import UUID

import orjson

from schemas import problems
from schemas.appointments import Ticket
from schemas.reception import CancellationBody, PatientBookingBody, ReschedulingBody
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor, IdempotencyKey, Language
from service.core.sealing import Sealer
from service.doctors.tickets import home_address_row, kept_ticket, ticket_of
from service.institutions.usecases import find_institution
from service.launch.tokens import Tokens
from service.people.usecases import papers_of
from service.reception import store
from service.reception.rules import OVERRIDABLE

_OVERRIDABLE = sorted(OVERRIDABLE)


async def book_for_patient(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    body: PatientBookingBody,
    key: IdempotencyKey,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Books a slot for a patient by their papers, or once more for the patient of an earlier ticket.

    The patient needs no account. The slot says through which channels it may be taken; with a reason in `override` that
    and limits of age and sex, the referral, the attachment and one ticket a specialty are gone over, and the reason is
    kept. Never more tickets than places, and never a patient in two places at once.
    """
    await find_institution(conn, actor.region_id, institution_id)
    now, ticket_id = clock(), new_id()
    address = body.home_address
    kept = await store.book_for_patient(
        conn,
        actor.region_id,
        institution_id,
        actor.id,
        key,
        body.slot_id,
        await _patient(conn, actor, institution_id, body, sealer, now),
        body.referral_number,
        (ticket_id, sealer.seal(address, home_address_row(actor.region_id, str(ticket_id))) if address else None),
        (body.source, body.override, _OVERRIDABLE),
        now,
    )
    return ticket_of(orjson.loads(kept) | {"region_id": actor.region_id}, language, tokens, sealer)


async def cancel_for_patient(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    appointment_id: UUID,
    body: CancellationBody,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Cancels a ticket for its patient, until the visit is over, whatever `cancel_until` says. Twice is no error."""
    await find_institution(conn, actor.region_id, institution_id)
    await store.cancel_for_patient(
        conn, actor.region_id, institution_id, appointment_id, body.reason, actor.id, clock()
    )
    return await _ticket(conn, actor, institution_id, appointment_id, language, tokens, sealer)


async def reschedule_for_patient(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    appointment_id: UUID,
    body: ReschedulingBody,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
) -> Ticket:
    """Moves a ticket to another time of its specialty here, in one step: where that can't be had, it is as it was."""
    await find_institution(conn, actor.region_id, institution_id)
    terms = (body.source, body.reason, body.override, _OVERRIDABLE)
    await store.reschedule_for_patient(
        conn, actor.region_id, institution_id, appointment_id, body.slot_id, terms, actor.id, clock()
    )
    return await _ticket(conn, actor, institution_id, appointment_id, language, tokens, sealer)


async def _patient(
    conn: Connection, actor: Actor, institution_id: UUID, body: PatientBookingBody, sealer: Sealer, now: datetime
) -> tuple[UUID | None, UUID | None, str | None]:
    """Of a repeat visit the person and the citizen who booked before; else the patient's papers, as JSON."""
    if body.patient is not None:
        papers = papers_of(sealer, actor.region_id, body.patient.model_dump(), now)
        return None, None, orjson.dumps(papers).decode()
    row = await store.find_ticket_by_number(conn, actor.region_id, institution_id, body.ticket_number or "")
    if row is None:
        raise DomainError(problems.APPOINTMENT_NOT_FOUND)
    return row["person_id"], row["citizen_id"], None


async def _ticket(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    appointment_id: UUID,
    language: Language,
    tokens: Tokens,
    sealer: Sealer,
) -> Ticket:
    row = await store.find_ticket(conn, actor.region_id, institution_id, appointment_id)
    assert row is not None
    return ticket_of(kept_ticket(row), language, tokens, sealer)
