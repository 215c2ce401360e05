"""The waiting list, and offers: of places to those who wait, of another time to those whose time was taken away."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.appointments import NamedSpecialty, ReferralNumber, Ticket
from schemas.common import (
    A_CHILD,
    A_CLINIC,
    A_PRACTITIONER,
    A_SLOT,
    A_TICKET,
    A_WAITING_ENTRY,
    AN_OFFER,
    Day,
    Instant,
    LocalTime,
    Named,
    NextCursor,
    Paged,
    Schema,
    SpecialtyCode,
    example,
)
from schemas.doctors import A_DOCTOR, A_PLACE, NamedPractitioner, Place
from schemas.people import PersonInBooking

EntryStatus = Literal["waiting", "offered", "served", "declined", "left", "expired"]
OfferKind = Literal["waiting", "rebooking"]
OfferStatus = Literal["open", "accepted", "declined", "lapsed", "withdrawn"]
_CLINIC = {"id": A_CLINIC, "name": "Детская поликлиника № 1"}
_SPECIALTY = {"code": "58", "name": "врач-педиатр"}
_WINDOW = {"day_from": "2026-09-08", "day_to": "2026-09-21", "time_from": "08:00", "time_to": "12:00"}
_OFFERED = {
    "slot_id": A_SLOT,
    "person_id": A_CHILD,
    "practitioner": {"id": A_PRACTITIONER, **A_DOCTOR},
    "location": A_PLACE,
    "starts_at": "2026-09-08T08:00:00+07:00",
    "ends_at": "2026-09-08T08:15:00+07:00",
}
_REBOOKED = {
    "appointment_id": A_TICKET,
    "number": "7K2M-9QXT",
    "person": {"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
    "specialty": _SPECIALTY,
    "practitioner": {"id": A_PRACTITIONER, **A_DOCTOR},
    "starts_at": "2026-09-07T15:00:00+07:00",
}


class WaitingBody(Schema):
    """What to wait for, and for whom."""

    model_config = example(institution_id=A_CLINIC, specialty_code="58", person_ids=[A_CHILD], **_WINDOW)

    institution_id: UUID = Field(description="The clinic.")
    specialty_code: SpecialtyCode
    practitioner_id: UUID | None = Field(default=None, description="Only this practitioner; anyone where absent.")
    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=4)] = Field(
        description="Several persons are offered places next to each other, at one practitioner, all or none."
    )
    day_from: Day
    day_to: Day = Field(description="The last day, in the institution's zone; 90 days after the first at most.")
    time_from: LocalTime = Field(description="A visit begins at this time of day or later.")
    time_to: LocalTime = Field(description="A visit begins at this time of day or earlier.")
    referral_number: ReferralNumber | None = Field(
        default=None, description="Where the specialty's access is `referral`; then for one person."
    )


class WaitingEntry(Schema):
    """A place in a queue: of everyone who waits for one specialty of one clinic."""

    model_config = example(
        id=A_WAITING_ENTRY,
        status="waiting",
        institution=_CLINIC,
        specialty=_SPECIALTY,
        practitioner_id=None,
        person_ids=[A_CHILD],
        **_WINDOW,
        referral_number=None,
        place=5,
        before=4,
        expected_days=3,
        lapses=0,
        offer_id=None,
        created_at="2026-09-07T08:00:00+07:00",
        ended_at=None,
    )

    id: UUID
    status: EntryStatus = Field(
        description="`offered`: a place is kept for an answer. `served`: it was accepted. `declined`, `left`: by the "
        "citizen. `expired`: the last day is over, or three offers in a row were left without an answer."
    )
    institution: Named
    specialty: NamedSpecialty
    practitioner_id: UUID | None
    person_ids: list[UUID]
    day_from: Day
    day_to: Day
    time_from: LocalTime
    time_to: LocalTime
    referral_number: str | None
    place: int | None = Field(description="The place in the queue, from 1; null where it does not wait.")
    before: int | None = Field(
        description="How many entries of the queue come before. A place goes to the first of them whom it suits, so "
        "who comes later may be offered one earlier."
    )
    expected_days: int | None = Field(
        description="An estimate, no promise: after how many days it is this entry's turn if the queue goes on moving "
        "as in the last 14 days. All who left it count, also those who gave up. Null where nobody left it."
    )
    lapses: int = Field(
        description="How many offers were left without an answer. Each sends to the end of the queue, the third ends "
        "the waiting."
    )
    offer_id: UUID | None = Field(description="The open offer.")
    created_at: Instant
    ended_at: Instant | None


class WaitingFilter(Paged):
    pass


class WaitingList(Schema):
    """A page of the citizen's entries."""

    items: list[WaitingEntry]
    next_cursor: NextCursor


class OfferedPlace(Schema):
    """A time that is kept, and for whom."""

    slot_id: UUID
    person_id: UUID
    practitioner: NamedPractitioner
    location: Place
    starts_at: Instant
    ends_at: Instant


class Offer(Schema):
    """Places that are kept for one citizen alone until `expires_at`."""

    model_config = example(
        id=AN_OFFER,
        kind="waiting",
        status="open",
        institution=_CLINIC,
        specialty=_SPECIALTY,
        entry_id=A_WAITING_ENTRY,
        appointment_id=None,
        places=[_OFFERED],
        expires_at="2026-09-07T09:00:00+07:00",
        created_at="2026-09-07T08:00:00+07:00",
    )

    id: UUID
    kind: OfferKind = Field(
        description="`waiting`: to who waits. `rebooking`: another time for a ticket whose time the clinic took away."
    )
    status: OfferStatus = Field(description="`withdrawn`: the clinic took the time away, or it is needed no more.")
    institution: Named
    specialty: NamedSpecialty
    entry_id: UUID | None = Field(description="The entry of the waiting list.")
    appointment_id: UUID | None = Field(description="The ticket whose time was taken away.")
    places: list[OfferedPlace] = Field(
        description="A place for each person. Empty where no other time was found for a ticket yet: the search goes on."
    )
    expires_at: Instant | None = Field(description="Until then the places are kept.")
    created_at: Instant


class OfferList(Schema):
    """The citizen's open offers, the oldest first."""

    items: list[Offer]


class AcceptedOffer(Schema):
    """The tickets that came of an offer."""

    items: list[Ticket]


class Rebooking(Schema):
    """A ticket whose time the clinic took away, and that has no other yet."""

    model_config = example(**_REBOOKED, since="2026-09-07T08:00:00+07:00", lapses=0, held=_OFFERED, expires_at=None)

    appointment_id: UUID
    number: str
    person: PersonInBooking
    specialty: NamedSpecialty
    practitioner: NamedPractitioner = Field(description="Who was to see the patient.")
    starts_at: Instant = Field(description="The time that was taken away.")
    since: Instant = Field(description="Since when the present offer is open.")
    lapses: int = Field(description="Held times that the citizen let lapse; after three none is held any more.")
    held: OfferedPlace | None = Field(description="The other time that is held for the citizen's answer.")
    expires_at: Instant | None = Field(description="Until then it is held.")


class RebookingFilter(Paged):
    specialty_code: SpecialtyCode | None = Field(default=None, description="Only tickets to this specialty.")


class RebookingList(Schema):
    """A page of tickets that are not served yet, the longest open first."""

    items: list[Rebooking]
    next_cursor: NextCursor
