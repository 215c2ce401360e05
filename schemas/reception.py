"""The reception desk: a doctor's day, who has come, booking by staff, the live queue, no-shows."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from schemas.appointments import ReferralNumber
from schemas.common import (
    A_CHILD,
    A_PRACTITIONER,
    A_SLOT,
    A_TICKET,
    INTEGER,
    Address,
    Day,
    Instant,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    Text,
    example,
)
from schemas.doctors import A_DOCTOR, A_PLACE, Channel, NamedPractitioner, Place, Purpose
from schemas.people import PartOfName, Policy, Snils

DeskSource = Literal["desk", "call_centre", "doctor", "other_clinic"]
DayStatus = Literal["booked", "orphaned", "arrived", "fulfilled", "noshow"]
TicketNumber = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$",
        description="As it stands on the ticket.",
        examples=["7K2M-9QXT"],
    ),
]
Reason = Annotated[
    str,
    Field(
        min_length=3,
        max_length=500,
        pattern=r"^[^\x00-\x20\x7f-\xa0\ufeff](?:[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\ufeff])?$",
        description="Kept with the ticket and in the audit trail.",
        examples=["По просьбе заведующего отделением"],
    ),
]
_DOCTOR = {"id": A_PRACTITIONER, **A_DOCTOR}
_PATIENT = {
    "last_name": "Соколова",
    "first_name": "Вера",
    "patronymic": "Ильинична",
    "birth_date": "2019-05-14",
    "sex": "female",
}
_DAY_TICKET = {
    "id": A_TICKET,
    "number": "7K2M-9QXT",
    "status": "arrived",
    "source": "internet",
    "purpose": "routine",
    "person": {"id": A_CHILD, **_PATIENT},
    "referral_number": None,
    "override_reason": None,
    "arrived_at": "2026-09-08T07:52:00+07:00",
}
_BY_CHANNEL = {"internet": 1, "desk": 3, "call_centre": 3, "doctor": 3, "other_clinic": 2}


def _one_of(whole: dict[str, Any], *names: str) -> ConfigDict:
    """An example, and that exactly one of the fields is given: for the OpenAPI document."""
    ways: list[Any] = [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]
    return ConfigDict(json_schema_extra={"examples": [whole], "oneOf": ways})


def _check_one_of(model: Schema, *names: str) -> None:
    """Raises ValueError where not exactly one of the fields is given."""
    if sum(getattr(model, name) is not None for name in names) != 1:
        raise ValueError(f"exactly one of {', '.join(names)} is expected")


# A doctor's day ----------------------------------------------------------------------------------------------------


class DayFilter(Schema):
    day: Day | None = Field(default=None, description="In the institution's zone; today where absent.")


class PatientOfDay(Schema):
    """Whom a ticket is for, as staff see it."""

    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
    birth_date: Day
    sex: Sex


class TicketOfDay(Schema):
    """A ticket, as it stands on the day sheet."""

    model_config = example(**_DAY_TICKET)

    id: UUID
    number: str
    status: DayStatus
    source: Channel
    purpose: Purpose
    person: PatientOfDay
    referral_number: str | None
    override_reason: str | None
    arrived_at: Instant | None


class DeskTicket(TicketOfDay):
    """A ticket, and where to send its patient."""

    model_config = example(
        **_DAY_TICKET,
        practitioner=_DOCTOR,
        location=A_PLACE,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
    )

    practitioner: NamedPractitioner
    location: Place
    starts_at: Instant
    ends_at: Instant


class SlotOfDay(Schema):
    """A time of a doctor's day, closed ones too."""

    id: UUID
    status: Literal["open", "closed"]
    specialty_code: SpecialtyCode
    purpose: Purpose
    channels: list[Channel]
    room: str | None
    starts_at: Instant
    ends_at: Instant
    capacity: int
    free: int = Field(description="Places that can be booked; none where it is closed.")
    held: int = Field(description="Places kept for somebody who fills in the form, or has an offer of it.")
    tickets: list[TicketOfDay]


class DaySheet(Schema):
    """A doctor's day."""

    model_config = example(
        practitioner=_DOCTOR,
        day="2026-09-08",
        delay_minutes=0,
        slots=[
            {
                "id": A_SLOT,
                "status": "open",
                "specialty_code": "58",
                "purpose": "routine",
                "channels": ["internet", "desk"],
                "room": "214",
                "starts_at": "2026-09-08T08:00:00+07:00",
                "ends_at": "2026-09-08T08:15:00+07:00",
                "capacity": 1,
                "free": 0,
                "held": 0,
                "tickets": [_DAY_TICKET],
            }
        ],
    )

    practitioner: NamedPractitioner
    day: Day
    delay_minutes: int
    slots: list[SlotOfDay]


class PlacesOfDoctor(Schema):
    """What is free at one doctor on one day."""

    model_config = example(
        practitioner=_DOCTOR,
        specialty_code="58",
        day="2026-09-08",
        free=3,
        by_channel=_BY_CHANNEL,
        first_slot_id=A_SLOT,
        first_starts_at="2026-09-08T08:00:00+07:00",
    )

    practitioner: NamedPractitioner
    specialty_code: SpecialtyCode
    day: Day
    free: int = Field(description="All free places that have not begun.")
    by_channel: dict[Channel, int] = Field(
        description="How many of them each channel may take; `internet`: those that citizens can take now."
    )
    first_slot_id: UUID
    first_starts_at: Instant


class TodaysPlaces(Schema):
    """Free places of today and tomorrow."""

    items: list[PlacesOfDoctor]


class DelayBody(Schema):
    """How late a doctor runs; 0: in time again."""

    model_config = example(day="2026-09-08", minutes=20)

    day: Day
    minutes: Annotated[int, Field(ge=0, le=480), INTEGER]


# Who has come ------------------------------------------------------------------------------------------------------


class CheckInBody(Schema):
    """A ticket, by its QR code or by its number."""

    model_config = _one_of({"number": "7K2M-9QXT"}, "ticket", "number")

    ticket: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{20,2000}$")] | None = Field(
        default=None, description="What the QR code holds."
    )
    number: TicketNumber | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        _check_one_of(self, "ticket", "number")
        return self


class StatusBody(Schema):
    """What became of a visit."""

    model_config = example(status="fulfilled")

    status: Literal["booked", "arrived", "fulfilled", "noshow"] = Field(
        description="`fulfilled`: was seen; `noshow`: did not come; the other two mend a mistake, that day."
    )


# Booking by staff --------------------------------------------------------------------------------------------------


class PatientBody(Schema):
    """A patient, by what their papers say. They need no account."""

    model_config = example(**_PATIENT, snils="11223344595", policy="7700001234567895")

    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    birth_date: Day
    sex: Sex
    snils: Snils | None = None
    policy: Policy | None = None


class PatientBookingBody(Schema):
    """Which time, and for whom: a patient by their papers, or again the patient of an earlier ticket."""

    model_config = _one_of({"slot_id": A_SLOT, "source": "desk", "patient": _PATIENT}, "patient", "ticket_number")

    slot_id: UUID
    source: DeskSource = Field(description="By whom it is booked: the slot says which of them may.")
    patient: PatientBody | None = None
    ticket_number: TicketNumber | None = Field(default=None, description="Of an earlier ticket: a repeat visit.")
    referral_number: ReferralNumber | None = None
    home_address: Address | None = Field(default=None, description="Where to come, for a home visit.")
    override: Reason | None = Field(
        default=None,
        description="Why the rules are gone over. It lifts limits of age, sex and channel, the referral, the "
        "attachment, and one ticket a specialty; never the number of places, a time that has passed, or a patient who "
        "is elsewhere at that time.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        _check_one_of(self, "patient", "ticket_number")
        return self


class CancellationBody(Schema):
    """Why staff cancel a ticket."""

    model_config = example(reason="По звонку пациента")

    reason: Reason


class ReschedulingBody(Schema):
    """Another time for a ticket, and why."""

    model_config = example(slot_id=A_SLOT, source="desk", reason="По звонку пациента")

    slot_id: UUID
    source: DeskSource
    reason: Reason
    override: bool = Field(
        default=False, description="The reason is also why the rules are gone over, as in a booking."
    )


# The live queue ----------------------------------------------------------------------------------------------------


class QueuePosition(Schema):
    """Where a patient stands in the doctor's queue, on the day of the visit."""

    model_config = example(state="waiting", before=2, delay_minutes=20, expected_at="2026-09-08T08:35:00+07:00")

    state: Literal["later", "waiting", "over"] = Field(
        description="`later`: the queue of that day has not begun; `over`: the visit is, or its day."
    )
    before: int | None = Field(description="How many who are booked or have come will be seen before.")
    delay_minutes: int = Field(description="How late the doctor runs.")
    expected_at: Instant | None = Field(
        description="When the turn may come: a forecast, and never before the booked time."
    )


# No-shows ----------------------------------------------------------------------------------------------------------


class AppealBody(Schema):
    """Why the patient was not to blame for not coming."""

    model_config = example(text="Приходили вовремя, но приём отменили")

    text: Annotated[Text, Field(min_length=3, max_length=1000)]


class AppealOutcome(Schema):
    """A no-show, and what is thought of it."""

    model_config = example(appointment_id=A_TICKET, text="Приходили вовремя, но приём отменили", status="open")

    appointment_id: UUID
    text: str
    status: Literal["open", "excused", "refused"]


class Appeal(Schema):
    """An appeal against a no-show, as staff see it."""

    model_config = example(
        appointment_id=A_TICKET,
        number="7K2M-9QXT",
        person={"id": A_CHILD, **_PATIENT},
        practitioner=_DOCTOR,
        starts_at="2026-09-08T08:00:00+07:00",
        text="Приходили вовремя, но приём отменили",
        status="open",
    )

    appointment_id: UUID
    number: str
    person: PatientOfDay
    practitioner: NamedPractitioner
    starts_at: Instant
    text: str
    status: Literal["open", "excused", "refused"]


class AppealFilter(Paged):
    status: Literal["open", "excused", "refused"] | None = None


class AppealList(Schema):
    """A page of appeals, the latest visits first."""

    items: list[Appeal]
    next_cursor: NextCursor


class AppealDecision(Schema):
    """Whether the no-show counts."""

    model_config = example(excused=True)

    excused: bool = Field(description="An excused no-show does not count to the limit.")
