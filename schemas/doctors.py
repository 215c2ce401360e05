"""Doctors: what a clinic publishes, free slots, tickets."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    Address,
    Day,
    ExternalId,
    Instant,
    Integer,
    Name,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    YearsOfAge,
)
from schemas.institutions import InstitutionInBooking
from schemas.people import PartOfName, PersonInBooking, Snils

SpecialtyAccess = Literal["self", "referral", "closed"]
Room = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-zА-Яа-яЁё№ ./-]+$", examples=["214"])]


class Specialty(Schema):
    """A specialty that a clinic offers."""

    code: SpecialtyCode
    name: str = Field(examples=["врач-педиатр"])
    access: SpecialtyAccess = Field(
        description="`self`: anyone books; `referral`: with a referral; `closed`: not online."
    )


class SpecialtyFilter(Schema):
    institution_id: UUID


class SpecialtyList(Schema):
    items: list[Specialty]


class SpecialtyBody(Schema):
    access: SpecialtyAccess


class PractitionerBody(Schema):
    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    specialty_codes: Annotated[list[SpecialtyCode], Field(min_length=1, max_length=10)]


class Practitioner(Schema):
    id: UUID
    institution_id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
    specialty_codes: list[SpecialtyCode]


class PractitionerFilter(Paged):
    institution_id: UUID
    specialty_code: SpecialtyCode | None = None


class PractitionerList(Schema):
    items: list[Practitioner]
    next_cursor: str | None


class LocationBody(Schema):
    name: Name = Field(examples=["Корпус 2"])
    address: Address
    room: Room | None = None


class Location(LocationBody):
    id: UUID
    institution_id: UUID


class AttachmentBody(Schema):
    """A patient attached to the clinic."""

    snils: Snils
    section: Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-яЁё№ -]{1,20}$", examples=["12"])] | None = None
    since: Day


class AttachmentsBody(Schema):
    items: Annotated[list[AttachmentBody], Field(max_length=1000)]


class AttachmentsOutcome(Schema):
    attached: int = Field(description="How many patients of this request are attached now.")


class SlotBody(Schema):
    """One bookable time."""

    external_id: ExternalId
    practitioner_id: ExternalId = Field(description="The institution's own id of the practitioner.")
    specialty_code: SpecialtyCode
    location_id: ExternalId = Field(description="The institution's own id of the location.")
    starts_at: Instant
    duration_minutes: Annotated[int, Field(ge=1, le=480)]
    capacity: Annotated[int, Field(ge=1, le=100)] = 1
    age_from: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    age_to: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    sex: Sex | None = Field(default=None, description="For patients of this sex alone.")


class SlotsBody(Schema):
    """All slots that start in a window. Slots of the window that are not listed are closed."""

    window_from: Instant
    window_days: Annotated[Integer, Field(ge=1, le=62)]
    slots: Annotated[list[SlotBody], Field(max_length=2000)]


class SlotConflict(Schema):
    """A booked slot that was left as it is, since changing it would lose somebody's ticket."""

    external_id: str
    reason: Literal["booked_missing", "booked_changed", "capacity_below_booked"]
    appointments: int = Field(description="Active tickets to the slot.")


class SlotsOutcome(Schema):
    added: int
    changed: int
    closed: int
    unchanged: int
    conflicts: list[SlotConflict]


class SlotFilter(Paged):
    """Free times of one specialty of a clinic, of all its practitioners or of one."""

    institution_id: UUID
    specialty_code: SpecialtyCode
    practitioner_id: UUID | None = None
    day_from: Day | None = Field(default=None, description="First day, in the institution's zone; today where absent.")
    days: Annotated[Integer, Field(ge=1, le=62)] = Field(default=14, description="How many days from the first.")


class NamedPractitioner(Schema):
    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None


class Place(Schema):
    """Where to come."""

    name: str
    address: str
    room: str | None


class Slot(Schema):
    """A free time."""

    id: UUID
    specialty_code: SpecialtyCode
    practitioner: NamedPractitioner
    location: Place
    starts_at: Instant
    ends_at: Instant
    free: int = Field(ge=1, description="Free places.")
    age_from: int | None
    age_to: int | None
    sex: Sex | None


class SlotList(Schema):
    items: list[Slot]
    next_cursor: str | None


class AppointmentBody(Schema):
    slot_id: UUID
    person_id: UUID
    referral_number: Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-я/-]{1,40}$")] | None = Field(
        default=None, description="Where the specialty's access is `referral`."
    )


class NamedSpecialty(Schema):
    code: SpecialtyCode
    name: str


class Ticket(Schema):
    """A doctor's ticket (талон): the terms are those it was booked under."""

    id: UUID
    number: str = Field(examples=["7K2M-9QXT"])
    status: Literal["booked", "cancelled"]
    slot_id: UUID
    person: PersonInBooking
    institution: InstitutionInBooking
    practitioner: NamedPractitioner
    specialty: NamedSpecialty
    location: Place
    starts_at: Instant
    ends_at: Instant
    cancel_until: Instant
    bring: list[str] = Field(description="What to bring.")
    referral_number: str | None
    qr_token: str = Field(description="What the QR code holds: a JWT that a desk verifies offline by the key set.")
    created_at: Instant
    cancelled_at: Instant | None


class TicketFilter(Paged):
    person_id: UUID | None = None


class TicketList(Schema):
    items: list[Ticket]
    next_cursor: str | None
