"""Clubs: programmes, groups, applications."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Address, Day, ExternalId, Flag, Instant, LocalTime, Municipality, Name, Paged, Schema, Text
from schemas.institutions import InstitutionInBooking
from schemas.people import PersonInBooking

# The six directions (направленность) and three levels of additional education in Russia.
Direction = Literal["technical", "science", "arts", "sports", "tourism", "social"]
Level = Literal["introductory", "basic", "advanced"]
Years = Annotated[
    float, Field(ge=0, le=99, multiple_of=0.5, description="Full years at the group's start; halves allowed.")
]
Teacher = Annotated[str, Field(min_length=1, max_length=240, pattern=r"^[A-Za-zА-Яа-яЁё][A-Za-zА-Яа-яЁё .'-]*$")]


class ProgrammeBody(Schema):
    name: Name = Field(examples=["Шахматы для начинающих"])
    direction: Direction
    level: Level
    description: Text = ""


class Programme(ProgrammeBody):
    id: UUID
    institution_id: UUID


class ProgrammeFilter(Paged):
    institution_id: UUID | None = None
    direction: Direction | None = None


class ProgrammeList(Schema):
    items: list[Programme]
    next_cursor: str | None


class WeeklyLesson(Schema):
    """A lesson of every week, in the institution's local time."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday (ISO 8601).")]
    starts: LocalTime
    academic_hours: Annotated[int, Field(ge=1, le=8, description="Of 45 minutes each.")]


class GroupBody(Schema):
    """A class of a programme."""

    programme_id: ExternalId = Field(description="The institution's own id of the programme.")
    name: Name = Field(examples=["Группа 1, вторник и четверг"])
    age_from: Years
    age_to: Years = Field(description="Inclusive: with 10, a child is taken until the 11th birthday.")
    capacity: Annotated[int, Field(ge=1, le=1000, description="Places.")]
    starts_on: Day
    ends_on: Day
    enrolment_opens_at: Instant
    enrolment_closes_at: Instant
    weekly_lessons: Annotated[list[WeeklyLesson], Field(min_length=1, max_length=14)]
    address: Address
    teachers: Annotated[list[Teacher], Field(max_length=10)] = Field(default_factory=list)
    price_month_roubles: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class Group(Schema):
    id: UUID
    institution_id: UUID
    programme_id: UUID
    programme_name: str
    direction: Direction
    level: Level
    name: str
    age_from: float
    age_to: float
    capacity: int
    free: int = Field(ge=0, description="Free places.")
    starts_on: Day
    ends_on: Day
    enrolment_opens_at: Instant
    enrolment_closes_at: Instant
    weekly_lessons: list[WeeklyLesson]
    address: str
    teachers: list[str]
    price_month_roubles: int


class GroupFilter(Paged):
    institution_id: UUID | None = None
    programme_id: UUID | None = None
    municipality: Municipality | None = None
    direction: Direction | None = None
    born_on: Day | None = Field(default=None, description="Only groups that a child born on this day fits.")
    free_only: Flag = False
    open_only: Flag = Field(default=False, description="Only groups whose enrolment is open now.")


class GroupList(Schema):
    items: list[Group]
    next_cursor: str | None


class ApplicationBody(Schema):
    group_id: UUID
    person_id: UUID


ApplicationStatus = Literal["submitted", "approved", "enrolled", "refused", "withdrawn"]
RefusalReason = Literal[
    "age",
    "contraindication",
    "no_places",
    "test_failed",
    "did_not_come",
    "data_differ",
    "certificate",
    "duplicate",
    "other",
]
OrderNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-яЁё/№-]{1,40}$", examples=["112-К"])]


class Approval(Schema):
    decision: Literal["approve"]
    comment: Text | None = None


class Enrolment(Schema):
    """By an order of the institution (приказ о зачислении)."""

    decision: Literal["enrol"]
    order_number: OrderNumber
    order_date: Day
    comment: Text | None = None


class RefusalOfApplication(Schema):
    decision: Literal["refuse"]
    reason: RefusalReason
    comment: Text | None = None


Decision = Annotated[Approval | Enrolment | RefusalOfApplication, Field(discriminator="decision")]


class DecisionBody(Schema):
    decision: Decision


class ProgrammeInBooking(Schema):
    id: UUID
    name: str


class Application(Schema):
    """A request for a place in a group: the terms are those it was made under."""

    id: UUID
    number: str
    status: ApplicationStatus
    group_id: UUID
    group_name: str
    programme: ProgrammeInBooking
    institution: InstitutionInBooking
    person: PersonInBooking
    starts_on: Day
    ends_on: Day
    weekly_lessons: list[WeeklyLesson]
    address: str
    teachers: list[str]
    price_month_roubles: int
    decision: Decision | None = Field(description="The institution's last decision.")
    created_at: Instant
    updated_at: Instant


class ApplicationFilter(Paged):
    status: ApplicationStatus | None = None


class ReceivedApplicationFilter(ApplicationFilter):
    group_id: UUID | None = None


class ApplicationList(Schema):
    items: list[Application]
    next_cursor: str | None
