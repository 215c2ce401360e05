"""Applications for places in groups."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.clubs import (
    FINANCING,
    LESSONS,
    PLACES,
    DocumentKind,
    Financing,
    FinancingSource,
    LessonPlace,
    LessonPlan,
    ProgrammeInBooking,
)
from schemas.common import (
    A_CHILD,
    A_CLUB,
    A_GROUP,
    A_PROGRAMME,
    AN_APPLICATION,
    ANOTHER_CHILD,
    Day,
    Instant,
    NextCursor,
    Paged,
    Schema,
    example,
)
from schemas.decisions import Decision, EnrolmentOrder, EntranceTest
from schemas.enrolment import BenefitCode
from schemas.institutions import InstitutionInBooking
from schemas.people import PersonInBooking

ApplicationStatus = Literal[
    "draft",
    "submitted",
    "under_review",
    "invited",
    "approved",
    "enrolled",
    "waiting",
    "offered",
    "refused",
    "withdrawn",
    "expired",
    "left",
]


class ApplicationBody(Schema):
    """Which group, and for whom."""

    model_config = example(group_id=A_GROUP, person_id=A_CHILD, wait=True)

    group_id: UUID
    person_id: UUID
    wait: bool = Field(default=False, description="Where the group is full: wait for a place, and be offered one.")
    financing: FinancingSource | None = Field(default=None, description="The group's first where absent.")
    certificate_id: UUID | None = Field(default=None, description="With `certificate` alone.")
    benefits: Annotated[
        list[BenefitCode], Field(max_length=10, description="What the institution gives priority for.")
    ] = Field(default_factory=list)


class FamilyItem(Schema):
    """One child's part of what siblings apply for together."""

    group_id: UUID
    person_id: UUID
    financing: FinancingSource | None = Field(default=None, description="The group's first where absent.")
    certificate_id: UUID | None = Field(default=None, description="With `certificate` alone.")
    benefits: Annotated[list[BenefitCode], Field(max_length=10)] = Field(default_factory=list)


class FamilyApplicationBody(Schema):
    """Places for several at once: all of them, or none."""

    model_config = example(
        items=[{"group_id": A_GROUP, "person_id": A_CHILD}, {"group_id": A_GROUP, "person_id": ANOTHER_CHILD}],
        wait=True,
    )

    items: Annotated[list[FamilyItem], Field(min_length=2, max_length=4)]
    wait: bool = Field(default=False, description="Where there are not places for all: wait for all, together.")


class DraftPatch(Schema):
    """What to change of a draft. An absent field stays as it is."""

    model_config = example(wait=True)

    wait: bool | None = None
    financing: FinancingSource | None = Field(default=None, description="Null: the group's first.")
    certificate_id: UUID | None = Field(default=None, description="Null removes it.")
    benefits: Annotated[list[BenefitCode], Field(max_length=10)] | None = None


class Collision(Schema):
    """Something else that the child has at the time of a lesson, or too close to it to get there."""

    kind: Literal["lesson", "ticket", "busy"] = Field(
        description="`busy`: somebody else has booked it; no more is told. To the institution it is always that."
    )
    name: str | None = Field(description="Of the programme, or of the specialty.", examples=["Шахматы для начинающих"])
    at: Instant = Field(description="When the first lesson begins that it is about.")
    gap_minutes: int | None = Field(description="So many are between the two; null where they overlap.")


_TERMS = {
    "group_id": A_GROUP,
    "group_name": "Группа 1, вторник и четверг",
    "programme": {"id": A_PROGRAMME, "name": "Шахматы для начинающих"},
    "institution": {
        "id": A_CLUB,
        "name": "Дом творчества",
        "address": "г. Кемерово, пр. Советский, 40",
        "phone": "+73842000001",
    },
    "person": {"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
    "starts_on": "2026-10-01",
    "ends_on": "2027-05-31",
    "lesson_plan": {"weekly_lessons": LESSONS, "break_minutes": 10},
    "places": PLACES,
    "teachers": ["Орлов Пётр Ильич"],
    "financing": FINANCING[0],
    "documents": ["child_identity"],
}


class Application(Schema):
    """A request for a place in a group: the terms are those it was made under."""

    model_config = example(
        id=AN_APPLICATION,
        number="4FJ0-2W7C",
        status="submitted",
        placed=True,
        **_TERMS,
        documents_missing=["child_identity"],
        certificate_id=None,
        benefits=[],
        benefits_confirmed=None,
        family_id=None,
        wait=True,
        warnings=[],
        place_in_queue=None,
        lapses=0,
        offer_expires_at=None,
        draw_request_id=None,
        draw_id=None,
        decide_by="2026-09-17T00:00:00+07:00",
        originals_by=None,
        test=None,
        decision=None,
        order=None,
        left_on=None,
        submitted_at="2026-09-07T08:05:00+07:00",
        created_at="2026-09-07T08:05:00+07:00",
        updated_at="2026-09-07T08:05:00+07:00",
    )

    id: UUID
    number: str = Field(description="To read out; unique at the institution.")
    status: ApplicationStatus = Field(
        description="`draft`: not sent yet. `waiting`: for a place. `offered`: a place is kept for an answer until "
        "`offer_expires_at`. `approved`: the place is kept until `originals_by`. `expired`: a deadline went by. "
        "`left`: after having been enrolled."
    )
    placed: bool = Field(
        description="It has a place. A submitted one has none while applications to its group are only collected."
    )
    group_id: UUID
    group_name: str
    programme: ProgrammeInBooking
    institution: InstitutionInBooking
    person: PersonInBooking
    starts_on: Day
    ends_on: Day
    lesson_plan: LessonPlan
    places: list[LessonPlace]
    teachers: list[str]
    financing: Financing = Field(description="The one that was chosen.")
    documents: list[DocumentKind] = Field(description="What is to be brought.")
    documents_missing: list[DocumentKind] = Field(description="Those of them that nobody has uploaded.")
    certificate_id: UUID | None
    benefits: list[str]
    benefits_confirmed: list[str] | None = Field(description="Those that are proved; null until they are checked.")
    family_id: UUID | None = Field(description="The same for siblings who applied together.")
    wait: bool = Field(description="Where there is no place, it waits for one.")
    warnings: list[Collision] = Field(
        description="What the child has at the time of the lessons, where the institution does not refuse that."
    )
    place_in_queue: int | None = Field(description="From 1; null where it does not wait.")
    lapses: int = Field(description="How many offers were left without an answer. The third ends the waiting.")
    offer_expires_at: Instant | None
    draw_request_id: UUID | None = Field(description="The id that stands for it in the record of the group's draw.")
    draw_id: UUID | None = Field(description="The draw that fills the group; its record appears when it is drawn.")
    decide_by: Instant | None = Field(description="Until then the institution decides (7 working days by default).")
    originals_by: Instant | None = Field(description="Until then the place is kept, and originals are brought.")
    test: EntranceTest | None
    decision: Decision | None = Field(
        description="The institution's last decision that moved it: neither a test's result nor a check of benefits."
    )
    order: EnrolmentOrder | None
    left_on: Day | None
    submitted_at: Instant | None
    created_at: Instant
    updated_at: Instant


class FamilyApplications(Schema):
    """Applications of siblings, in the order they were asked for."""

    items: list[Application]


class ApplicationFilter(Paged):
    status: ApplicationStatus | None = Field(default=None, description="Only applications of this status.")


class ApplicationList(Schema):
    """A page of applications."""

    items: list[Application]
    next_cursor: NextCursor
