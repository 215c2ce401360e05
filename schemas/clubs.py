"""Clubs: programmes, groups, how an institution enrols."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CITIZEN,
    A_CLUB,
    A_GROUP,
    A_HOLD,
    A_PROGRAMME,
    INTEGER,
    Address,
    Day,
    ExternalId,
    Instant,
    LocalTime,
    Name,
    NextCursor,
    Paged,
    Schema,
    Text,
    example,
)

# The six directions (направленность) and three levels of additional education in Russia.
Direction = Literal["technical", "science", "arts", "sports", "tourism", "social"]
Level = Literal["introductory", "basic", "advanced"]
Form = Literal["in_person", "mixed", "distance"]
# Общеразвивающая, предпрофессиональная, спортивной подготовки.
ProgrammeKind = Literal["general", "preprofessional", "sports"]
# Health limitations (ОВЗ) that a programme is adapted to.
Limitation = Literal["hearing", "vision", "speech", "musculoskeletal", "development", "autism", "intellectual"]
FinancingSource = Literal["budget", "certificate", "own"]
DocumentKind = Literal[
    "application", "parent_identity", "child_identity", "authority", "medical_certificate", "snils", "other"
]
# By order of applying; by benefits and then by order; by lot; by ranked wishes across groups.
Filling = Literal["first_come", "priority", "draw", "matching"]
Years = Annotated[float, Field(ge=0, le=99, multiple_of=0.5, description="Full years of age; halves allowed.")]
Teacher = Annotated[str, Field(min_length=1, max_length=240, pattern=r"^[A-Za-zА-Яа-яЁё][A-Za-zА-Яа-яЁё .'-]*$")]
Latitude = Annotated[float, Field(ge=-90, le=90, description="Degrees north (WGS 84).", examples=[55.3543])]
Longitude = Annotated[float, Field(ge=-180, le=180, description="Degrees east (WGS 84).", examples=[86.0883])]
Roubles = Annotated[int, Field(ge=0, le=1_000_000), INTEGER]
AcademicHours = Annotated[int, Field(ge=1, le=8, description="Of 45 minutes each."), INTEGER]
PlaceIndex = Annotated[int, Field(ge=0, le=4, description="Which of the group's `places`, from 0."), INTEGER]
SchoolYear = Annotated[
    int, Field(ge=2020, le=2100, description="2026 is the school year from September 2026.", examples=[2026]), INTEGER
]
_PROGRAMME = {
    "name": "Шахматы для начинающих",
    "direction": "science",
    "level": "introductory",
    "description": "От первых ходов до первого разряда.",
    "form": "in_person",
    "kind": "general",
    "limitations": ["speech"],
    "hours": 144,
}
PLACES = [{"address": "г. Кемерово, пр. Советский, 40", "latitude": 55.3543, "longitude": 86.0883}]
LESSONS = [
    {"weekday": 2, "starts": "16:30", "academic_hours": 2, "place": 0},
    {"weekday": 4, "starts": "16:30", "academic_hours": 2, "place": 0},
]
FINANCING = [{"source": "budget", "price_total_roubles": 0, "price_month_roubles": 0, "hours": None}]
_GROUP = {
    "name": "Группа 1, вторник и четверг",
    "school_year": 2026,
    "age_from": 7,
    "age_to": 10,
    "capacity": 15,
    "min_size": 8,
    "starts_on": "2026-10-01",
    "ends_on": "2027-05-31",
    "hours_a_year": 144,
    "enrolment_opens_at": "2026-09-01T08:00:00+07:00",
    "enrolment_closes_at": "2026-09-30T18:00:00+07:00",
    "weekly_lessons": LESSONS,
    "break_minutes": 10,
    "places": PLACES,
    "teachers": ["Орлов Пётр Ильич"],
    "financing": FINANCING,
    "documents": ["child_identity"],
}


class ProgrammeBody(Schema):
    """What a club teaches."""

    model_config = example(**_PROGRAMME)

    name: Name
    direction: Direction
    level: Level
    description: Text = ""
    form: Form = "in_person"
    kind: ProgrammeKind = "general"
    limitations: Annotated[
        list[Limitation], Field(max_length=7, description="Health limitations (ОВЗ) that it is adapted to.")
    ] = Field(default_factory=list)
    hours: Annotated[int, Field(ge=1, le=10_000), INTEGER] | None = Field(
        default=None, description="Academic hours of the whole programme."
    )


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


class LessonPlace(Schema):
    """Where lessons are."""

    address: Address
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class WeeklyLesson(Schema):
    """A lesson of every week, in the institution's local time."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday (ISO 8601)."), INTEGER]
    starts: LocalTime
    academic_hours: AcademicHours
    place: PlaceIndex = 0


class DatedLesson(Schema):
    """A lesson of one day, in the institution's local time."""

    day: Day
    starts: LocalTime
    academic_hours: AcademicHours
    place: PlaceIndex = 0


class Pause(Schema):
    """Days without the lessons of every week: school vacations, say."""

    day_from: Day
    day_to: Day = Field(description="The last day.")


class Financing(Schema):
    """Who pays, and how much."""

    source: FinancingSource
    price_total_roubles: Roubles = Field(default=0, description="For the whole period.")
    price_month_roubles: Roubles = 0
    hours: Annotated[int, Field(ge=1, le=2000), INTEGER] | None = Field(
        default=None, description="What is taken of a certificate that is kept in hours."
    )


class LessonPlan(Schema):
    """When the lessons are."""

    weekly_lessons: Annotated[list[WeeklyLesson], Field(max_length=14)] = Field(default_factory=list)
    lesson_dates: Annotated[
        list[DatedLesson],
        Field(max_length=300, description="Lessons of single days."),
    ] = Field(default_factory=list)
    break_minutes: Annotated[
        int, Field(ge=0, le=60, description="Between the academic hours of one lesson."), INTEGER
    ] = 0
    skip_holidays: bool = Field(
        default=True, description="No weekly lessons on the nation's days off, nor on the institution's own."
    )
    pauses: Annotated[list[Pause], Field(max_length=20)] = Field(default_factory=list)


class GroupTerms(LessonPlan):
    """What is published of a group, but for its programme."""

    name: Name
    school_year: SchoolYear | None = Field(default=None, description="Where absent, the one that it begins in.")
    age_from: Years
    age_to: Years = Field(description="Inclusive: with 10, a child is taken until the 11th birthday.")
    age_rule: Literal["start", "applying", "date"] = Field(
        default="start", description="Age counts on the group's first day, on the day of applying, or on `age_on`."
    )
    age_on: Day | None = Field(default=None, description="With `date` alone.")
    age_by_year: bool = Field(default=False, description="By calendar years: who turns 7 that year counts as 7.")
    capacity: Annotated[int, Field(ge=1, le=1000, description="Places."), INTEGER]
    min_size: Annotated[int, Field(ge=1, le=1000, description="With fewer the group may not take place."), INTEGER] = 1
    starts_on: Day
    ends_on: Day
    hours_a_year: Annotated[int, Field(ge=1, le=2000, description="Academic hours."), INTEGER] | None = None
    enrolment_opens_at: Instant = Field(description="At this very minute.")
    enrolment_closes_at: Instant
    places: Annotated[list[LessonPlace], Field(min_length=1, max_length=5)]
    teachers: Annotated[list[Teacher], Field(max_length=10)] = Field(default_factory=list)
    financing: Annotated[list[Financing], Field(min_length=1, max_length=3)] = Field(
        default_factory=lambda: [Financing(source="budget")], description="One of each source."
    )
    documents: Annotated[list[DocumentKind], Field(max_length=7, description="What is to be brought.")] = Field(
        default_factory=list
    )
    trial_places: Annotated[
        int, Field(ge=0, le=100, description="How many may come to one lesson to try it; 0: no trial lessons."), INTEGER
    ] = 0
    entrance_test: bool = Field(default=False, description="The decision may take longer then.")
    instant: bool = Field(default=False, description="Who applies and has a place is enrolled at once, without review.")
    waiting_list: bool = Field(default=True, description="Who finds no place may wait for one.")
    filling: Filling = Field(
        default="first_come",
        description="`priority`, `draw`: applications are collected until `collect_until`, and then places are given. "
        "`matching`: by ranked wishes, in a campaign.",
    )
    collect_until: Instant | None = Field(default=None, description="With `priority` and `draw` alone.")


class GroupBody(GroupTerms):
    """A class of a programme, in one school year."""

    model_config = example(programme_id="chess", **_GROUP)

    programme_id: ExternalId = Field(description="The institution's own id of the programme.")
    continues: ExternalId | None = Field(
        default=None,
        description="The institution's own id of the group of the year before, whose children go before others.",
    )
    campaign_id: ExternalId | None = Field(
        default=None, description="With `matching` alone: the region's own id of the campaign."
    )


A_PUBLISHED_GROUP = {
    "id": A_GROUP,
    "institution_id": A_CLUB,
    "programme_id": A_PROGRAMME,
    "programme_name": _PROGRAMME["name"],
    "direction": "science",
    "level": "introductory",
    "free": 3,
    "waiting": 0,
    "continues_id": None,
    "campaign_id": None,
    "locked": False,
    "filled_at": None,
    **_GROUP,
}


class Group(GroupTerms):
    """A class of a programme, as published."""

    model_config = example(**A_PUBLISHED_GROUP)

    id: UUID
    institution_id: UUID
    programme_id: UUID
    programme_name: str
    direction: Direction
    level: Level
    free: int = Field(ge=0, description="Free places.")
    waiting: int = Field(ge=0, description="How many wait for a place.")
    continues_id: UUID | None
    campaign_id: UUID | None
    locked: bool = Field(description="It takes no applications for the time being.")
    filled_at: Instant | None = Field(description="When its places were given to those who had been collected.")


class GroupReason(Schema):
    """Why."""

    model_config = example(reason="Педагог на больничном")

    reason: Annotated[Text, Field(min_length=1)]


class GroupLock(Schema):
    """A time in which nobody could apply, and whose word that was."""

    model_config = example(
        id=A_HOLD,
        reason="Педагог на больничном",
        locked_at="2026-09-07T08:05:00+07:00",
        locked_by=A_CITIZEN,
        unlock_reason=None,
        unlocked_at=None,
        unlocked_by=None,
    )

    id: UUID
    reason: str
    locked_at: Instant
    locked_by: UUID = Field(description="An administrator of the page, or a system.")
    unlock_reason: str | None
    unlocked_at: Instant | None = Field(description="Null while it lasts.")
    unlocked_by: UUID | None


class GroupLockFilter(Paged):
    """All locks of a group."""


class GroupLockList(Schema):
    """A page of a group's locks."""

    items: list[GroupLock]
    next_cursor: NextCursor


class ProgrammeInBooking(Schema):
    """Which programme the group is of."""

    id: UUID
    name: str
