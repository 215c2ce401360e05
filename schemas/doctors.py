"""Doctors: what a clinic publishes, free slots, tickets."""

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CLINIC,
    A_LOCATION,
    A_PRACTITIONER,
    A_SLOT,
    INTEGER,
    INTEGER_TEXT,
    Address,
    Day,
    ExternalId,
    Flag,
    Instant,
    Limit,
    Name,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    YearsOfAge,
    example,
)
from schemas.people import PartOfName, Snils

SpecialtyAccess = Literal["self", "referral", "closed"]
Room = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-zА-Яа-яЁё№ ./-]+$", examples=["214"])]
Purpose = Literal["routine", "repeat", "referral", "checkup", "vaccination", "home_visit", "diagnostics"]
Channel = Literal["internet", "desk", "call_centre", "doctor", "other_clinic"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
A_DOCTOR = {"last_name": "Белова", "first_name": "Анна", "patronymic": "Сергеевна"}
A_PLACE = {"name": "Корпус 1", "address": "г. Кемерово, ул. Весенняя, 5", "room": "214"}


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

    model_config = example(**A_DOCTOR, specialty_codes=["58"])

    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    specialty_codes: Annotated[list[SpecialtyCode], Field(min_length=1, max_length=10)]


class Practitioner(Schema):
    """A doctor of a clinic, as published."""

    model_config = example(
        id=A_PRACTITIONER, institution_id=A_CLINIC, external_id="d1", **A_DOCTOR, specialty_codes=["58"]
    )

    id: UUID
    institution_id: UUID
    external_id: str = Field(description="The institution's own id: its side of the API goes by it.")
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

    model_config = example(**A_PLACE)

    name: Name
    address: Address
    room: Room | None = None


class Location(LocationBody):
    """A place where patients are seen, as published."""

    model_config = example(
        id=A_LOCATION,
        institution_id=A_CLINIC,
        **A_PLACE,
        tickets=[{"number": "7K2M-9QXT", "starts_at": "2026-09-08T08:00:00+07:00"}],
    )

    id: UUID
    institution_id: UUID
    tickets: list["HitTicket"] = Field(description="Tickets to visits to come that go along, for it has changed.")


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
    purpose: Purpose = Field(default="routine", description="`home_visit`: the doctor comes, some time in the slot.")
    channels: Annotated[
        tuple[Channel, ...], Field(min_length=1, max_length=5, description="Who may book it; all where absent.")
    ] = CHANNELS
    access: SpecialtyAccess | None = Field(
        default=None, description="How this slot is booked, where otherwise than its specialty."
    )
    internet_at: Instant | None = Field(
        default=None,
        description="From then on citizens book it themselves: when it is released, or when what other channels have "
        "not sold passes to them. Absent: at once where `channels` has `internet`, else never.",
    )


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
    booked: Literal["keep", "rebook"] = Field(
        default="keep",
        description="What becomes of booked slots that are missing or changed. `keep`: they stay as they are. "
        "`rebook`: the change is made; their tickets become `orphaned`, each with an offer of another time. Where only "
        "the location changes, the tickets go along.",
    )


class HitTicket(Schema):
    """A ticket that a change hits."""

    number: str
    starts_at: Instant


class SlotConflict(Schema):
    """A booked slot that the publication would take away or change, and whose tickets it hits."""

    external_id: str
    reason: Literal["booked_missing", "booked_changed", "booked_moved", "capacity_below_booked"] = Field(
        description="`booked_moved`: another location, all else alike."
    )
    appointments: int = Field(description="Active tickets to the slot, and places that are held.")
    tickets: list[HitTicket]


class SlotsOutcome(Schema):
    """What the publication changed, by numbers of slots."""

    model_config = example(
        added=12,
        changed=1,
        closed=2,
        unchanged=340,
        conflicts=[
            {
                "external_id": "mis-0977",
                "reason": "booked_missing",
                "appointments": 1,
                "tickets": [{"number": "7K2M-9QXT", "starts_at": "2026-09-08T08:00:00+07:00"}],
            }
        ],
    )

    added: int
    changed: int
    closed: int
    unchanged: int
    conflicts: list[SlotConflict] = Field(description="By `booked` left as they were, or carried out.")


class SlotFilter(Paged):
    """Free times of one specialty of a clinic, of all its practitioners or of one."""

    institution_id: UUID = Field(description="The clinic.")
    specialty_code: SpecialtyCode
    practitioner_id: UUID | None = Field(default=None, description="Only free times of this practitioner.")
    day_from: Day | None = Field(default=None, description="First day, in the institution's zone; today where absent.")
    days: Annotated[int, Field(ge=1, le=62, description="How many days from the first."), INTEGER_TEXT] = 14
    purpose: Purpose | None = Field(default=None, description="Only slots of this purpose.")


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
        practitioner={"id": A_PRACTITIONER, **A_DOCTOR},
        location=A_PLACE,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
        free=1,
        age_from=0,
        age_to=17,
        sex=None,
        purpose="routine",
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
    purpose: Purpose


class SlotList(Schema):
    """A page of free times."""

    items: list[Slot]
    next_cursor: NextCursor


class TogetherFilter(Schema):
    """Free times that follow each other: for two children with one doctor, or for parent and child with two."""

    institution_id: UUID = Field(description="The clinic.")
    specialty_codes: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{1,4}(,[0-9]{1,4}){1,3}$",
            description="A specialty for each person, two to four, in any order of visits.",
            examples=["58,58"],
        ),
    ]
    day_from: Day | None = Field(default=None, description="First day, in the institution's zone; today where absent.")
    days: Annotated[int, Field(ge=1, le=31, description="How many days from the first."), INTEGER_TEXT] = 14
    wait_minutes: Annotated[
        int, Field(ge=0, le=120, description="The longest wait between two visits."), INTEGER_TEXT
    ] = 0
    one_practitioner: Flag = Field(default=False, description="All visits with one doctor.")
    limit: Limit = 50


class TogetherList(Schema):
    """Times that follow each other, the earliest first."""

    items: list[list[Slot]] = Field(description="Each has a slot for each of the specialties, in their order.")
