"""Tickets, the holds before them, and the rules that an institution books by."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CHILD,
    A_CLINIC,
    A_HOLD,
    A_PRACTITIONER,
    A_SLOT,
    A_TICKET,
    ANOTHER_CHILD,
    ANOTHER_SLOT,
    INTEGER,
    Address,
    Day,
    Instant,
    NextCursor,
    Paged,
    Schema,
    SpecialtyCode,
    example,
)
from schemas.doctors import A_DOCTOR, A_PLACE, NamedPractitioner, Place, Purpose
from schemas.institutions import InstitutionInBooking
from schemas.people import PersonInBooking, Snils

TicketStatus = Literal["booked", "orphaned", "arrived", "fulfilled", "noshow", "cancelled"]
ReferralNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-я/-]{1,40}$", examples=["Н-1042"])]
_CHILD_IN_TICKET = {"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"}


class HoldBody(Schema):
    """Which time to keep."""

    model_config = example(slot_id=A_SLOT)

    slot_id: UUID


class Hold(Schema):
    """A place that is kept while a form is filled."""

    model_config = example(id=A_HOLD, slot_id=A_SLOT, expires_at="2026-09-07T08:10:00+07:00")

    id: UUID
    slot_id: UUID
    expires_at: Instant


class AppointmentBody(Schema):
    """Which time, and for whom."""

    model_config = example(slot_id=A_SLOT, person_id=A_CHILD)

    slot_id: UUID
    person_id: UUID
    referral_number: ReferralNumber | None = Field(
        default=None, description="Where the specialty's access is `referral`."
    )
    home_address: Address | None = Field(default=None, description="Where to come: of a slot for home visits.")


class FamilyBody(Schema):
    """Times for several persons, or for one with several doctors: all of them or none."""

    model_config = example(
        items=[{"slot_id": A_SLOT, "person_id": A_CHILD}, {"slot_id": ANOTHER_SLOT, "person_id": ANOTHER_CHILD}]
    )

    items: Annotated[list[AppointmentBody], Field(min_length=2, max_length=4)]


class RescheduleBody(Schema):
    """The new time."""

    model_config = example(slot_id=ANOTHER_SLOT)

    slot_id: UUID


class NamedSpecialty(Schema):
    code: SpecialtyCode
    name: str


class Ticket(Schema):
    """A doctor's ticket (талон): the terms are those it was booked under."""

    model_config = example(
        id=A_TICKET,
        number="7K2M-9QXT",
        status="booked",
        slot_id=A_SLOT,
        person={"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
        institution={
            "id": A_CLINIC,
            "name": "Детская поликлиника № 1",
            "address": "г. Кемерово, ул. Весенняя, 5",
            "phone": "+73842000000",
        },
        practitioner={"id": A_PRACTITIONER, **A_DOCTOR},
        specialty={"code": "58", "name": "врач-педиатр"},
        location=A_PLACE,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
        cancel_until="2026-09-08T07:00:00+07:00",
        bring=["Паспорт, а для ребёнка — свидетельство о рождении", "Полис ОМС", "СНИЛС"],
        referral_number=None,
        purpose="routine",
        home_address=None,
        sequence=0,
        qr_token="eyJhbGciOiJFZERTQSIsInR5cCI6InRpY2tldCtqd3QifQ.eyJpc3MiOiJ6YXBpcyJ9.c2lnbmF0dXJl",  # nosec B106 # noqa: S106 - an example
        created_at="2026-09-07T08:00:00+07:00",
        cancelled_at=None,
    )

    id: UUID
    number: str = Field(description="To read out at the desk; unique at the institution.")
    status: TicketStatus = Field(
        description="`orphaned`: the clinic took the time away; the ticket is yours, another time is in listOffers."
    )
    slot_id: UUID
    person: PersonInBooking
    institution: InstitutionInBooking
    practitioner: NamedPractitioner
    specialty: NamedSpecialty
    location: Place
    starts_at: Instant
    ends_at: Instant
    cancel_until: Instant = Field(description="Until then the ticket can be cancelled.")
    bring: list[str] = Field(description="What to bring.")
    referral_number: str | None
    purpose: Purpose
    home_address: str | None
    sequence: int = Field(description="How often the ticket was changed; calendars go by it.")
    qr_token: str = Field(description="What the QR code holds: a JWT that a desk verifies offline by the key set.")
    created_at: Instant
    cancelled_at: Instant | None


class TicketFilter(Paged):
    person_id: UUID | None = Field(default=None, description="Only tickets of this person.")


class TicketList(Schema):
    """A page of tickets."""

    items: list[Ticket]
    next_cursor: NextCursor


class Family(Schema):
    """The tickets, in the order in which they were asked for."""

    items: list[Ticket]


_DEFAULTS = {
    "require_attachment": False,
    "cancel_until_minutes": 0,
    "hold_minutes": 10,
    "offer_minutes": 60,
    "rebooking_hours": 48,
    "rest_minutes": 0,
    "most_tickets": None,
    "most_bookings": None,
    "bookings_days": 30,
    "check_referrals": False,
    "noshow_after_minutes": None,
    "noshow_limit": None,
    "noshow_days": 90,
    "noshow_pause_days": 30,
}


class BookingRules(Schema):
    """How an institution books. What is left out is as by default."""

    model_config = example(**_DEFAULTS)

    require_attachment: bool = Field(default=False, description="Only attached patients book online.")
    cancel_until_minutes: Annotated[int, Field(ge=0, le=20160), INTEGER] = Field(
        default=0, description="How long before the visit a ticket can still be cancelled or moved."
    )
    hold_minutes: Annotated[int, Field(ge=1, le=60), INTEGER] = Field(
        default=10, description="How long a place is kept while a form is filled."
    )
    offer_minutes: Annotated[int, Field(ge=5, le=2880), INTEGER] = Field(
        default=60, description="How long a place is offered to one of the waiting list before it goes to the next."
    )
    rebooking_hours: Annotated[int, Field(ge=1, le=336), INTEGER] = Field(
        default=48, description="How long another time is kept for a ticket whose own was taken away."
    )
    rest_minutes: Annotated[int, Field(ge=0, le=120), INTEGER] = Field(
        default=0,
        description="A place that nobody waits for comes back at a random moment of so many minutes after it was given "
        "back, so that places can't be traded; 0: at once.",
    )
    most_tickets: Annotated[int, Field(ge=1, le=100), INTEGER] | None = Field(
        default=None, description="Active tickets that a patient may have here at a time."
    )
    most_bookings: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=None, description="Online bookings of a patient in `bookings_days` days, cancelled ones too."
    )
    bookings_days: Annotated[int, Field(ge=1, le=366), INTEGER] = 30
    check_referrals: bool = Field(
        default=False, description="A referral must be one that putReferrals brought: else its number is just noted."
    )
    noshow_after_minutes: Annotated[int, Field(ge=5, le=1440), INTEGER] | None = Field(
        default=None, description="So long after its start a visit nobody came to is marked as missed; null: never."
    )
    noshow_limit: Annotated[int, Field(ge=1, le=100), INTEGER] | None = Field(
        default=None,
        description="After so many missed visits in `noshow_days` days online booking pauses; null: never.",
    )
    noshow_days: Annotated[int, Field(ge=1, le=366), INTEGER] = 90
    noshow_pause_days: Annotated[int, Field(ge=1, le=366), INTEGER] = Field(
        default=30, description="How long it pauses after the last missed visit."
    )


class ReferralBody(Schema):
    """A referral (направление), which is good for one visit."""

    number: ReferralNumber
    specialty_code: SpecialtyCode
    valid_from: Day
    valid_to: Day
    snils: Snils | None = Field(default=None, description="Whom it is for, where the registry says so.")


class ReferralsBody(Schema):
    """Referrals that the institution accepts. Those who are not listed stay as they are."""

    model_config = example(
        items=[{"number": "Н-1042", "specialty_code": "34", "valid_from": "2026-09-01", "valid_to": "2026-10-01"}]
    )

    items: Annotated[list[ReferralBody], Field(max_length=1000)]


class ReferralsOutcome(Schema):
    """What became of a list of referrals."""

    model_config = example(known=1)

    known: int = Field(description="How many referrals of this request are known now.")
