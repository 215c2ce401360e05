"""The institution's side: what a clinic, or its system, publishes. Publishing the same twice changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.appointments import BookingRules, ReferralsBody, ReferralsOutcome
from schemas.common import ExternalId, SpecialtyCode, Trial
from schemas.doctors import (
    AttachmentsBody,
    AttachmentsOutcome,
    HitTicket,
    Location,
    LocationBody,
    Practitioner,
    PractitionerBody,
    SlotBody,
    SlotConflict,
    SlotsBody,
    SlotsOutcome,
    Specialty,
    SpecialtyBody,
)
from schemas.problems import FieldError, Refusal
from service.core.clock import Clock
from service.core.database import Connection, savepoint
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor, Language
from service.core.sealing import Sealer
from service.doctors import store
from service.doctors.rules import Plan, SlotTerms, plan_publication
from service.institutions.usecases import find_institution, lock_institution
from service.people.rules import snils_is_valid
from service.people.usecases import identity_of_snils

_ERRORS_LISTED = 20


async def put_specialty(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    specialty_code: SpecialtyCode,
    body: SpecialtyBody,
    language: Language,
    clock: Clock,
) -> Specialty:
    """Says how a specialty of the national dictionary is booked here: by anyone, by referral, or not online."""
    await find_institution(conn, actor.region_id, institution_id)
    names = await store.put_specialty(conn, actor.region_id, institution_id, specialty_code, body.access)
    if names is None:
        raise DomainError(problems.SPECIALTY_UNKNOWN)
    await journal(
        conn,
        actor.region_id,
        actor.id,
        "specialty_put",
        institution_id,
        clock(),
        code=specialty_code,
        access=body.access,
    )
    return Specialty(code=specialty_code, name=names[f"name_{language}"], access=body.access)


async def put_practitioner(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    practitioner_id: ExternalId,
    body: PractitionerBody,
    clock: Clock,
) -> Practitioner:
    """Publishes a practitioner under the institution's own id.

    A specialty that the clinic did not offer yet is offered from now on, as the catalogue says it is booked.
    """
    await lock_institution(conn, actor.region_id, institution_id)
    codes = sorted(set(body.specialty_codes))
    if await store.count_specialties(conn, codes) != len(codes):
        raise DomainError(problems.SPECIALTY_UNKNOWN)
    name = (body.last_name, body.first_name, body.patronymic)
    found = await store.put_practitioner(conn, actor.region_id, institution_id, practitioner_id, name, codes)
    await journal(conn, actor.region_id, actor.id, "practitioner_put", found, clock())
    return Practitioner(
        id=found,
        institution_id=institution_id,
        external_id=practitioner_id,
        last_name=body.last_name,
        first_name=body.first_name,
        patronymic=body.patronymic,
        specialty_codes=codes,
    )


async def put_location(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    location_id: ExternalId,
    body: LocationBody,
    query: Trial,
    clock: Clock,
) -> Location:
    """Publishes a place where patients are seen, under the institution's own id.

    Where it changes, the tickets to visits there that are to come go along, and their citizens are told.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    zone, now = ZoneInfo(institution["zone"]), clock()
    async with savepoint(conn, keep=not query.dry_run):
        found = await store.put_location(
            conn, actor.region_id, institution_id, location_id, body.name, body.address, body.room
        )
        moved = await store.renew_terms_at(conn, actor.region_id, found, actor.id, now)
        await journal(conn, actor.region_id, actor.id, "location_put", found, now, tickets=len(moved))
    tickets = [HitTicket(number=row["number"], starts_at=row["starts_at"].astimezone(zone)) for row in moved]
    return Location(id=found, institution_id=institution_id, **body.model_dump(), tickets=tickets)


async def put_attachments(
    conn: Connection, actor: Actor, institution_id: UUID, body: AttachmentsBody, sealer: Sealer, clock: Clock
) -> AttachmentsOutcome:
    """Says which patients are attached to the clinic (прикрепление). Of the СНИЛС only a keyed hash is kept."""
    await find_institution(conn, actor.region_id, institution_id)
    wrong = [index for index, item in enumerate(body.items) if not snils_is_valid(item.snils)]
    if wrong:
        raise _listed(
            problems.SNILS_INVALID, [(f"/items/{index}/snils", "check digits do not match") for index in wrong]
        )
    # The last of equal ones counts, and one statement may not touch a row twice.
    latest = {identity_of_snils(sealer, item.snils): item for item in body.items}
    await store.put_attachments(
        conn,
        actor.region_id,
        institution_id,
        list(latest),
        [item.section for item in latest.values()],
        [item.since for item in latest.values()],
    )
    await journal(conn, actor.region_id, actor.id, "attachments_put", institution_id, clock(), count=len(latest))
    return AttachmentsOutcome(attached=len(latest))


async def put_slots(
    conn: Connection, actor: Actor, institution_id: UUID, body: SlotsBody, query: Trial, clock: Clock
) -> SlotsOutcome:
    """Publishes all slots that start in a window, by the institution's own ids.

    What is new is added, what differs is changed, and slots of the window that are not listed are closed. A slot that
    somebody holds a ticket to is never lost: where it is missing, or differs in anything but more room, it stays as it
    is, and the answer lists it in `conflicts`; with `booked: rebook` the change is made and its tickets get an offer
    of another time. `dry_run` only says what would come of it. Publishing the same twice changes nothing.
    """
    institution = await lock_institution(conn, actor.region_id, institution_id)
    window = (body.window_from, body.window_from + timedelta(days=body.window_days))
    wrong = [
        (f"/slots/{index}/starts_at", "outside the window")
        for index, slot in enumerate(body.slots)
        if not window[0] <= slot.starts_at < window[1]
    ]
    if wrong:
        raise _listed(problems.SLOT_OUTSIDE_WINDOW, wrong)
    wanted = await _wanted(conn, actor.region_id, institution_id, body.slots)
    kept = await store.lock_slots(conn, actor.region_id, institution_id, window, list(wanted))
    plan = plan_publication(kept, wanted)
    outcome = SlotsOutcome(
        added=len(plan.added),
        changed=len(plan.changed),
        closed=len(plan.closed),
        unchanged=len(plan.unchanged),
        conflicts=await list_conflicts(conn, actor.region_id, plan, ZoneInfo(institution["zone"])),
    )
    if query.dry_run:
        return outcome
    now = clock()
    await carry_out(conn, actor.region_id, institution_id, plan, now)
    if body.booked == "rebook":
        await rebook(conn, actor.region_id, institution_id, plan, actor.id, now)
    await journal(
        conn,
        actor.region_id,
        actor.id,
        "slots_put",
        institution_id,
        now,
        added=outcome.added,
        changed=outcome.changed,
        closed=outcome.closed,
    )
    return outcome


async def list_conflicts(conn: Connection, region_id: int, plan: Plan, zone: ZoneInfo) -> list[SlotConflict]:
    """The booked slots that a plan would take away or change, each with the tickets it hits."""
    tickets: dict[UUID, list[HitTicket]] = {found.slot_id: [] for found in plan.conflicts}
    for row in await store.tickets_of_slots(conn, region_id, list(tickets)):
        hit = HitTicket(number=row["number"], starts_at=row["starts_at"].astimezone(zone))
        tickets[row["slot_id"]].append(hit)
    return [
        SlotConflict(
            external_id=found.external_id,
            reason=found.reason,
            appointments=found.taken,
            tickets=tickets[found.slot_id],
        )
        for found in plan.conflicts
    ]


async def carry_out(conn: Connection, region_id: int, institution_id: UUID, plan: Plan, now: datetime) -> None:
    """What a plan changes where nobody has a ticket."""
    await store.put_slots(conn, region_id, institution_id, plan.added + plan.changed, now)
    await store.close_slots(conn, region_id, plan.closed)


async def rebook(
    conn: Connection, region_id: int, institution_id: UUID, plan: Plan, actor_id: UUID, now: datetime
) -> None:
    """What a plan changes under tickets: nobody is cancelled.

    Who loses their time keeps the ticket, `orphaned`, with an offer of another time; where only the location changes,
    the tickets go along.
    """
    for found in plan.conflicts:
        if found.wanted is None or found.reason == "booked_changed":
            await store.close_booked_slot(conn, region_id, found.slot_id, actor_id, now)
        elif found.reason == "capacity_below_booked":
            await store.shrink_slot(conn, region_id, found.slot_id, found.wanted.capacity, actor_id, now)
    stay = [found.wanted for found in plan.conflicts if found.wanted]
    await store.put_slots(conn, region_id, institution_id, stay, now)
    for found in plan.conflicts:
        if found.reason in ("booked_moved", "capacity_below_booked"):
            await store.renew_terms(conn, region_id, found.slot_id, actor_id, now)


async def put_booking_rules(
    conn: Connection, actor: Actor, institution_id: UUID, body: BookingRules, clock: Clock
) -> BookingRules:
    """Says how the institution books. Tickets that were booked before keep their terms."""
    await find_institution(conn, actor.region_id, institution_id)
    await store.put_booking_rules(conn, actor.region_id, institution_id, body)
    await journal(
        conn,
        actor.region_id,
        actor.id,
        "booking_rules_put",
        institution_id,
        clock(),
        fields=sorted(body.model_fields_set),
    )
    return body


async def put_referrals(
    conn: Connection, actor: Actor, institution_id: UUID, body: ReferralsBody, sealer: Sealer, clock: Clock
) -> ReferralsOutcome:
    """Says which referrals are good here, for institutions that check them. Of a СНИЛС only a keyed hash is kept."""
    await find_institution(conn, actor.region_id, institution_id)
    for index, item in enumerate(body.items):
        if item.snils is not None and not snils_is_valid(item.snils):
            raise _listed(problems.SNILS_INVALID, [(f"/items/{index}/snils", "check digits do not match")])
        if item.valid_to < item.valid_from:
            raise _listed(problems.DATES_CROSSED, [(f"/items/{index}/valid_to", "before valid_from")])
    # The last of equal numbers counts, and one statement may not touch a row twice.
    latest = {item.number: item for item in body.items}
    await store.put_referrals(
        conn,
        actor.region_id,
        institution_id,
        list(latest.values()),
        [identity_of_snils(sealer, item.snils) if item.snils else None for item in latest.values()],
    )
    await journal(conn, actor.region_id, actor.id, "referrals_put", institution_id, clock(), count=len(latest))
    return ReferralsOutcome(known=len(latest))


async def _wanted(
    conn: Connection, region_id: int, institution_id: UUID, slots: Sequence[SlotBody]
) -> dict[str, SlotTerms]:
    practitioners = await store.known_practitioners(
        conn, region_id, institution_id, sorted({slot.practitioner_id for slot in slots})
    )
    locations = await store.known_locations(
        conn, region_id, institution_id, sorted({slot.location_id for slot in slots})
    )
    wanted: dict[str, SlotTerms] = {}
    for index, slot in enumerate(slots):
        practitioner = practitioners.get((slot.practitioner_id, slot.specialty_code))
        location = locations.get(slot.location_id)
        if practitioner is None or location is None:
            field = "practitioner_id" if practitioner is None else "location_id"
            raise _listed(problems.REFERENCE_UNKNOWN, [(f"/slots/{index}/{field}", "not published yet")])
        if slot.age_from is not None and slot.age_to is not None and slot.age_from > slot.age_to:
            raise _listed(problems.AGES_CROSSED, [(f"/slots/{index}/age_from", "greater than age_to")])
        if slot.external_id in wanted:
            raise _listed(problems.SLOT_TWICE, [(f"/slots/{index}/external_id", "comes twice")])
        wanted[slot.external_id] = SlotTerms(
            external_id=slot.external_id,
            practitioner_id=practitioner,
            specialty_code=slot.specialty_code,
            location_id=location,
            starts_at=slot.starts_at,
            ends_at=slot.starts_at + timedelta(minutes=slot.duration_minutes),
            capacity=slot.capacity,
            age_from=slot.age_from,
            age_to=slot.age_to,
            sex=slot.sex,
            purpose=slot.purpose,
            channels=slot.channels,
            access=slot.access,
            internet_at=slot.internet_at,
        )
    return wanted


def _listed(refusal: Refusal, found: Sequence[tuple[str, str]]) -> DomainError:
    errors = [FieldError(place="body", pointer=pointer, message=message) for pointer, message in found[:_ERRORS_LISTED]]
    return DomainError(refusal, errors=errors)
