"""Trial lessons: a child comes to one lesson of a group, to see what it is like."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.common import A_CHILD, A_CLUB, A_GROUP, Instant, NextCursor, Schema, example
from schemas.people import PersonInBooking
from schemas.registers import LessonId

A_TRIAL = "0199a1b2-0401-7000-8000-000000000401"
TrialStatus = Literal["booked", "cancelled", "called_off"]
_TRIAL = {
    "id": A_TRIAL,
    "status": "booked",
    "person": {"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
    "group_id": A_GROUP,
    "group_name": "Группа 1, вторник и четверг",
    "programme_name": "Шахматы для начинающих",
    "institution_id": A_CLUB,
    "institution_name": "Дом творчества",
    "lesson_id": "2026-10-06T1630",
    "begins_at": "2026-10-06T16:30:00+07:00",
    "ends_at": "2026-10-06T18:10:00+07:00",
    "address": "г. Кемерово, пр. Советский, 40",
    "created_at": "2026-09-20T10:00:00+07:00",
}


class TrialBody(Schema):
    """A child who comes to try a group, and to which lesson."""

    model_config = example(group_id=A_GROUP, person_id=A_CHILD, lesson_id="2026-10-06T1630")

    group_id: UUID
    person_id: UUID
    lesson_id: LessonId


class Trial(Schema):
    """A trial lesson."""

    model_config = example(**_TRIAL)

    id: UUID
    status: TrialStatus = Field(
        description="`called_off`: the lesson is cancelled or moved, and another one can be chosen."
    )
    person: PersonInBooking
    group_id: UUID
    group_name: str
    programme_name: str
    institution_id: UUID
    institution_name: str
    lesson_id: LessonId
    begins_at: Instant
    ends_at: Instant
    address: str
    created_at: Instant


class TrialList(Schema):
    """A page of trial lessons, those booked last first."""

    model_config = example(items=[_TRIAL], next_cursor=None)

    items: list[Trial]
    next_cursor: NextCursor
