"""Clubs: programmes, groups, applications."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CHILD,
    A_CLUB,
    A_GROUP,
    A_PROGRAMME,
    AN_APPLICATION,
    INTEGER,
    Address,
    Day,
    ExternalId,
    Flag,
    Instant,
    LocalTime,
    Municipality,
    Name,
    NextCursor,
    Paged,
    Schema,
    Text,
    example,
)
from schemas.institutions import InstitutionInBooking
from schemas.people import PersonInBooking

# The six directions (направленность) and three levels of additional education in Russia.
Direction = Literal["technical", "science", "arts", "sports", "tourism", "social"]
Level = Literal["introductory", "basic", "advanced"]
Years = Annotated[
    float, Field(ge=0, le=99, multiple_of=0.5, description="Full years at the group's start; halves allowed.")
]
Teacher = Annotated[str, Field(min_length=1, max_length=240, pattern=r"^[A-Za-zА-Яа-яЁё][A-Za-zА-Яа-яЁё .'-]*$")]
_PROGRAMME = {
    "name": "Шахматы для начинающих",
    "direction": "science",
    "level": "introductory",
    "description": "От первых ходов до первого разряда.",
}
_LESSONS = [
    {"weekday": 2, "starts": "16:30", "academic_hours": 2},
    {"weekday": 4, "starts": "16:30", "academic_hours": 2},
]
_GROUP = {
    "name": "Группа 1, вторник и четверг",
    "age_from": 7,
    "age_to": 10,
    "capacity": 15,
    "starts_on": "2026-10-01",
    "ends_on": "2027-05-31",
    "enrolment_opens_at": "2026-09-01T08:00:00+07:00",
    "enrolment_closes_at": "2026-09-30T18:00:00+07:00",
    "weekly_lessons": _LESSONS,
    "address": "г. Кемерово, пр. Советский, 40",
    "teachers": ["Орлов Пётр Ильич"],
    "price_month_roubles": 0,
}


class ProgrammeBody(Schema):
    """What a club teaches."""

    model_config = example(**_PROGRAMME)

    name: Name
    direction: Direction
    level: Level
    description: Text = ""


class Programme(ProgrammeBody):
    """What a club teaches, as published."""

    model_config = example(id=A_PROGRAMME, institution_id=A_CLUB, **_PROGRAMME)

    id: UUID
    institution_id: UUID


class ProgrammeFilter(Paged):
    institution_id: UUID | None = Field(default=None, description="Only programmes of this institution.")
    direction: Direction | None = Field(default=None, description="Only programmes of this direction.")


class ProgrammeList(Schema):
    """A page of programmes."""

    items: list[Programme]
    next_cursor: NextCursor


class WeeklyLesson(Schema):
    """A lesson of every week, in the institution's local time."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday (ISO 8601)."), INTEGER]
    starts: LocalTime
    academic_hours: Annotated[int, Field(ge=1, le=8, description="Of 45 minutes each."), INTEGER]


class GroupBody(Schema):
    """A class of a programme."""

    model_config = example(programme_id="chess", **_GROUP)

    programme_id: ExternalId = Field(description="The institution's own id of the programme.")
    name: Name
    age_from: Years
    age_to: Years = Field(description="Inclusive: with 10, a child is taken until the 11th birthday.")
    capacity: Annotated[int, Field(ge=1, le=1000, description="Places."), INTEGER]
    starts_on: Day
    ends_on: Day
    enrolment_opens_at: Instant
    enrolment_closes_at: Instant
    weekly_lessons: Annotated[list[WeeklyLesson], Field(min_length=1, max_length=14)]
    address: Address
    teachers: Annotated[list[Teacher], Field(max_length=10)] = Field(default_factory=list)
    price_month_roubles: Annotated[int, Field(ge=0, le=1_000_000), INTEGER] = 0


class Group(Schema):
    """A class of a programme, as published."""

    model_config = example(
        id=A_GROUP,
        institution_id=A_CLUB,
        programme_id=A_PROGRAMME,
        programme_name=_PROGRAMME["name"],
        direction="science",
        level="introductory",
        free=3,
        **_GROUP,
    )

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
    institution_id: UUID | None = Field(default=None, description="Only groups of this institution.")
    programme_id: UUID | None = Field(default=None, description="Only groups of this programme.")
    municipality: Municipality | None = Field(default=None, description="Only groups in this town or district.")
    direction: Direction | None = Field(default=None, description="Only groups of this direction.")
    born_on: Day | None = Field(default=None, description="Only groups that a child born on this day fits.")
    free_only: Flag = Field(default=False, description="Only groups with free places.")
    open_only: Flag = Field(default=False, description="Only groups whose enrolment is open now.")


class GroupList(Schema):
    """A page of groups."""

    items: list[Group]
    next_cursor: NextCursor


class ApplicationBody(Schema):
    """Which group, and for whom."""

    model_config = example(group_id=A_GROUP, person_id=A_CHILD)

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
    """The documents may be brought."""

    decision: Literal["approve"]
    comment: Text | None = None


class Enrolment(Schema):
    """By an order of the institution (приказ о зачислении)."""

    decision: Literal["enrol"]
    order_number: OrderNumber
    order_date: Day
    comment: Text | None = None


class RefusalOfApplication(Schema):
    """The place is free again."""

    decision: Literal["refuse"]
    reason: RefusalReason
    comment: Text | None = None


Decision = Annotated[Approval | Enrolment | RefusalOfApplication, Field(discriminator="decision")]


class DecisionBody(Schema):
    """What the institution decided."""

    model_config = example(decision={"decision": "enrol", "order_number": "112-К", "order_date": "2026-09-20"})

    decision: Decision


class ProgrammeInBooking(Schema):
    """Which programme the group is of."""

    id: UUID
    name: str


class Application(Schema):
    """A request for a place in a group: the terms are those it was made under."""

    model_config = example(
        id=AN_APPLICATION,
        number="4FJ0-2W7C",
        status="submitted",
        group_id=A_GROUP,
        group_name=_GROUP["name"],
        programme={"id": A_PROGRAMME, "name": _PROGRAMME["name"]},
        institution={
            "id": A_CLUB,
            "name": "Дом творчества",
            "address": "г. Кемерово, пр. Советский, 40",
            "phone": "+73842000001",
        },
        person={"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
        starts_on="2026-10-01",
        ends_on="2027-05-31",
        weekly_lessons=_LESSONS,
        address="г. Кемерово, пр. Советский, 40",
        teachers=["Орлов Пётр Ильич"],
        price_month_roubles=0,
        decision=None,
        created_at="2026-09-07T08:05:00+07:00",
        updated_at="2026-09-07T08:05:00+07:00",
    )

    id: UUID
    number: str = Field(description="To read out; unique at the institution.")
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
    status: ApplicationStatus | None = Field(default=None, description="Only applications of this status.")


class ReceivedApplicationFilter(ApplicationFilter):
    group_id: UUID | None = Field(default=None, description="Only applications to this group.")


class ApplicationList(Schema):
    """A page of applications."""

    items: list[Application]
    next_cursor: NextCursor
