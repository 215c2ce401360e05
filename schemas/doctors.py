"""Doctors: what a clinic publishes, free slots, tickets."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CHILD,
    A_CLINIC,
    A_LOCATION,
    A_PRACTITIONER,
    A_SLOT,
    A_TICKET,
    INTEGER,
    INTEGER_TEXT,
    Address,
    Day,
    ExternalId,
    Instant,
    Name,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    YearsOfAge,
    example,
)
from schemas.institutions import InstitutionInBooking
from schemas.people import PartOfName, PersonInBooking, Snils

SpecialtyAccess = Literal["self", "referral", "closed"]
Room = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-zА-Яа-яЁё№ ./-]+$", examples=["214"])]
ReferralNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-я/-]{1,40}$")]
_NAME = {"last_name": "Белова", "first_name": "Анна", "patronymic": "Сергеевна"}
_LOCATION = {"name": "Корпус 1", "address": "г. Кемерово, ул. Весенняя, 5", "room": "214"}


class Specialty(Schema):
    """A specialty that a clinic offers."""

    model_config = example(code="58", name="врач-педиатр", access="self")

    code: SpecialtyCode
    name: str
    access: SpecialtyAccess = Field(
        description="`self`: anyone books; `referral`: with a referral; `closed`: not online."
    )


class SpecialtyFilter(Schema):
    institution_id: UUID = Field(description="The clinic.")


class SpecialtyList(Schema):
    """What a clinic offers."""

    items: list[Specialty]


class SpecialtyBody(Schema):
    """How a specialty is booked."""

    model_config = example(access="referral")

    access: SpecialtyAccess = Field(
        description="`self`: anyone books; `referral`: with a referral; `closed`: not online."
    )


class PractitionerBody(Schema):
    """A doctor of a clinic."""

    model_config = example(**_NAME, specialty_codes=["58"])

    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    specialty_codes: Annotated[list[SpecialtyCode], Field(min_length=1, max_length=10)]


class Practitioner(Schema):
    """A doctor of a clinic, as published."""

    model_config = example(id=A_PRACTITIONER, institution_id=A_CLINIC, **_NAME, specialty_codes=["58"])

    id: UUID
    institution_id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
    specialty_codes: list[SpecialtyCode]


class PractitionerFilter(Paged):
    institution_id: UUID = Field(description="The clinic.")
    specialty_code: SpecialtyCode | None = Field(default=None, description="Only practitioners of this specialty.")


class PractitionerList(Schema):
    """A page of a clinic's practitioners."""

    items: list[Practitioner]
    next_cursor: NextCursor


class LocationBody(Schema):
    """A place where patients are seen."""

    model_config = example(**_LOCATION)

    name: Name
    address: Address
    room: Room | None = None


class Location(LocationBody):
    """A place where patients are seen, as published."""

    model_config = example(id=A_LOCATION, institution_id=A_CLINIC, **_LOCATION)

    id: UUID
    institution_id: UUID


class AttachmentBody(Schema):
    """A patient attached to the clinic."""

    snils: Snils
    section: Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-яЁё№ -]{1,20}$", examples=["12"])] | None = None
    since: Day


class AttachmentsBody(Schema):
    """Patients attached to the clinic. Those who are not listed stay as they are."""

    model_config = example(items=[{"snils": "11223344595", "section": "12", "since": "2024-02-01"}])

    items: Annotated[list[AttachmentBody], Field(max_length=1000)]


class AttachmentsOutcome(Schema):
    """What became of a list of attachments."""

    model_config = example(attached=1)

    attached: int = Field(description="How many patients of this request are attached now.")


class SlotBody(Schema):
    """One bookable time."""

    external_id: ExternalId
    practitioner_id: ExternalId = Field(description="The institution's own id of the practitioner.")
    specialty_code: SpecialtyCode
    location_id: ExternalId = Field(description="The institution's own id of the location.")
    starts_at: Instant
    duration_minutes: Annotated[int, Field(ge=1, le=480), INTEGER]
    capacity: Annotated[int, Field(ge=1, le=100), INTEGER] = 1
    age_from: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    age_to: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    sex: Sex | None = Field(default=None, description="For patients of this sex alone.")


class SlotsBody(Schema):
    """All slots that start in a window. Slots of the window that are not listed are closed."""

    model_config = example(
        window_from="2026-09-07T00:00:00+07:00",
        window_days=14,
        slots=[
            {
                "external_id": "mis-1042",
                "practitioner_id": "d1",
                "specialty_code": "58",
                "location_id": "l1",
                "starts_at": "2026-09-08T08:00:00+07:00",
                "duration_minutes": 15,
                "capacity": 1,
                "age_from": 0,
                "age_to": 17,
            }
        ],
    )

    window_from: Instant
    window_days: Annotated[int, Field(ge=1, le=62, description="How many days of 24 hours."), INTEGER]
    slots: Annotated[list[SlotBody], Field(max_length=2000)]


class SlotConflict(Schema):
    """A booked slot that was left as it is, since changing it would lose somebody's ticket."""

    external_id: str
    reason: Literal["booked_missing", "booked_changed", "capacity_below_booked"]
    appointments: int = Field(description="Active tickets to the slot.")


class SlotsOutcome(Schema):
    """What the publication changed, by numbers of slots."""

    model_config = example(
        added=12,
        changed=1,
        closed=2,
        unchanged=340,
        conflicts=[{"external_id": "mis-0977", "reason": "booked_missing", "appointments": 1}],
    )

    added: int
    changed: int
    closed: int
    unchanged: int
    conflicts: list[SlotConflict]


class SlotFilter(Paged):
    """Free times of one specialty of a clinic, of all its practitioners or of one."""

    institution_id: UUID = Field(description="The clinic.")
    specialty_code: SpecialtyCode
    practitioner_id: UUID | None = Field(default=None, description="Only free times of this practitioner.")
    day_from: Day | None = Field(default=None, description="First day, in the institution's zone; today where absent.")
    days: Annotated[int, Field(ge=1, le=62, description="How many days from the first."), INTEGER_TEXT] = 14


class NamedPractitioner(Schema):
    """Who sees the patient."""

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

    model_config = example(
        id=A_SLOT,
        specialty_code="58",
        practitioner={"id": A_PRACTITIONER, **_NAME},
        location=_LOCATION,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
        free=1,
        age_from=0,
        age_to=17,
        sex=None,
    )

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
    """A page of free times."""

    items: list[Slot]
    next_cursor: NextCursor


class AppointmentBody(Schema):
    """Which time, and for whom."""

    model_config = example(slot_id=A_SLOT, person_id=A_CHILD)

    slot_id: UUID
    person_id: UUID
    referral_number: ReferralNumber | None = Field(
        default=None, description="Where the specialty's access is `referral`."
    )


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
        practitioner={"id": A_PRACTITIONER, **_NAME},
        specialty={"code": "58", "name": "врач-педиатр"},
        location=_LOCATION,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
        cancel_until="2026-09-08T07:00:00+07:00",
        bring=["Паспорт, а для ребёнка — свидетельство о рождении", "Полис ОМС", "СНИЛС"],
        referral_number=None,
        qr_token="eyJhbGciOiJFZERTQSIsInR5cCI6InRpY2tldCtqd3QifQ.eyJpc3MiOiJ6YXBpcyJ9.c2lnbmF0dXJl",  # noqa: S106 - an example
        created_at="2026-09-07T08:00:00+07:00",
        cancelled_at=None,
    )

    id: UUID
    number: str = Field(description="To read out at the desk; unique at the institution.")
    status: Literal["booked", "cancelled"]
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
    qr_token: str = Field(description="What the QR code holds: a JWT that a desk verifies offline by the key set.")
    created_at: Instant
    cancelled_at: Instant | None


class TicketFilter(Paged):
    person_id: UUID | None = Field(default=None, description="Only tickets of this person.")


class TicketList(Schema):
    """A page of tickets."""

    items: list[Ticket]
    next_cursor: NextCursor
