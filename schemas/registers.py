"""What a teacher does with a group: lessons, attendance, lists, messages to parents."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.clubs import PlaceIndex
from schemas.common import (
    A_CHILD,
    A_GROUP,
    AN_APPLICATION,
    Day,
    ExternalId,
    Instant,
    LocalTime,
    NextCursor,
    Schema,
    example,
)
from schemas.people import PersonInBooking

# Three of them, with a space between, are as long as a name in a group's `teachers` can be.
_Part = Annotated[
    str,
    Field(
        min_length=1,
        max_length=79,
        pattern=r"^[A-Za-zА-Яа-яЁё]+(?:[-' .][A-Za-zА-Яа-яЁё]+)*$",
        description="Letters; parts joined by one hyphen, apostrophe, dot or space.",
    ),
]
TeacherCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-HJKMNP-TV-Z]{8}$",
        description="8 characters of Crockford's base32.",
        examples=["7K2M9QXT"],
    ),
]
LessonId = Annotated[
    str,
    Field(
        pattern=r"^(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])[0-5][0-9]$",
        description="The local day and time that the lesson was planned for, wherever it was moved.",
        examples=["2026-10-06T1630"],
    ),
]
Month = Annotated[
    str, Field(pattern=r"^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])$", description="YYYY-MM.", examples=["2026-10"])
]
Mark = Literal["present", "absent", "ill", "excused"]
LessonStatus = Literal["planned", "cancelled", "moved"]
_TEACHER = {"last_name": "Орлов", "first_name": "Пётр", "patronymic": "Ильич"}
_CHILD = {"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"}
_LESSON = {
    "lesson_id": "2026-10-06T1630",
    "status": "planned",
    "begins_at": "2026-10-06T16:30:00+07:00",
    "ends_at": "2026-10-06T18:10:00+07:00",
    "address": "г. Кемерово, пр. Советский, 40",
    "reason": None,
}


# Teachers ----------------------------------------------------------------------------------------------------------


class TeacherBody(Schema):
    """Somebody who teaches."""

    model_config = example(**_TEACHER)

    last_name: _Part
    first_name: _Part
    patronymic: _Part | None = None


class Teacher(Schema):
    """Somebody who teaches, with the groups that they have."""

    model_config = example(teacher_id="orlov", **_TEACHER, joined=True, invited_until=None, group_ids=["g1"])

    teacher_id: str = Field(description="The institution's own id of the teacher.")
    last_name: str
    first_name: str
    patronymic: str | None
    joined: bool = Field(description="An account has given the code.")
    invited_until: Instant | None = Field(description="While a code is out that nobody has given yet.")
    group_ids: list[str] = Field(description="The institution's own ids of the groups.")


class TeacherList(Schema):
    """A page of teachers."""

    items: list[Teacher]
    next_cursor: NextCursor


class TeacherInvitation(Schema):
    """A code for a teacher. It is shown this once, and opens nothing but the groups that the teacher has."""

    model_config = example(teacher_id="orlov", code="7K2M9QXT", expires_at="2026-09-14T08:00:00+07:00")

    teacher_id: str
    code: TeacherCode
    expires_at: Instant


class JoiningBody(Schema):
    """The code that the institution gave."""

    model_config = example(code="7K2M9QXT")

    code: TeacherCode


class GroupTeachersBody(Schema):
    """Who teaches a group, in the order in which they are named."""

    model_config = example(teacher_ids=["orlov"])

    teacher_ids: Annotated[list[ExternalId], Field(max_length=10)]


class GroupTeachers(Schema):
    """Who teaches a group."""

    model_config = example(group_id="g1", teacher_ids=["orlov"], names=["Орлов Пётр Ильич"])

    group_id: str
    teacher_ids: list[str]
    names: list[str] = Field(description="As they are published with the group.")


class MyGroup(Schema):
    """A group that the caller may see the register of."""

    model_config = example(
        group_id="g1",
        id=A_GROUP,
        name="Группа 1, вторник и четверг",
        programme_name="Шахматы для начинающих",
        starts_on="2026-10-01",
        ends_on="2027-05-31",
        capacity=15,
        taken=12,
        teachers=["Орлов Пётр Ильич"],
    )

    group_id: str = Field(description="The institution's own id of the group.")
    id: UUID
    name: str
    programme_name: str
    starts_on: Day
    ends_on: Day
    capacity: int
    taken: int = Field(description="How many places are taken.")
    teachers: list[str]


class MyGroupList(Schema):
    """A page of groups."""

    items: list[MyGroup]
    next_cursor: NextCursor


# Lessons and attendance --------------------------------------------------------------------------------------------


class LessonFilter(Schema):
    day_from: Day
    day_to: Day = Field(description="The last day; at most 92 days.", examples=["2026-10-31"])


class Lesson(Schema):
    """A lesson, as it is by now."""

    model_config = example(**_LESSON)

    lesson_id: LessonId
    status: LessonStatus
    begins_at: Instant
    ends_at: Instant
    address: str
    reason: str | None = Field(description="Of a lesson that is cancelled or moved.")


class LessonList(Schema):
    """Lessons by the days that they were planned for."""

    model_config = example(items=[_LESSON])

    items: list[Lesson]


class SheetRow(Schema):
    """A child in a lesson."""

    application_id: UUID
    person: PersonInBooking
    birth_date: Day
    mark: Mark | None
    marked_at: Instant | None


class SheetTrial(Schema):
    """A child who comes to try the lesson."""

    trial_id: UUID
    person: PersonInBooking
    birth_date: Day


class LessonSheet(Schema):
    """Who is to be in a lesson, and who was."""

    model_config = example(
        lesson=_LESSON,
        items=[
            {
                "application_id": AN_APPLICATION,
                "person": _CHILD,
                "birth_date": "2019-05-14",
                "mark": "present",
                "marked_at": "2026-10-06T16:35:00+07:00",
            }
        ],
        trials=[],
    )

    lesson: Lesson
    items: list[SheetRow]
    trials: list[SheetTrial] = Field(description="Who comes to try it, by name; they are not of the group.")


class ChildMark(Schema):
    """Whether a child was there."""

    application_id: UUID
    mark: Mark


class AttendanceBody(Schema):
    """Marks of some or all children of a lesson. Of several for one child the last counts."""

    model_config = example(marks=[{"application_id": AN_APPLICATION, "mark": "present"}])

    marks: Annotated[list[ChildMark], Field(min_length=1, max_length=1000)]


class NewTime(Schema):
    """Where a lesson is moved to; it takes as long as before."""

    day: Day
    starts: LocalTime
    place: PlaceIndex | None = Field(default=None, description="Where absent, the place stays.")


class LessonChangeBody(Schema):
    """Why a lesson is not as planned, and when it is instead."""

    model_config = example(reason="Педагог болеет", moved_to={"day": "2026-10-09", "starts": "16:30"})

    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    moved_to: NewTime | None = Field(default=None, description="Where absent, the lesson is cancelled.")


class LessonChange(Schema):
    """A lesson that is not as planned, and what came of it."""

    model_config = example(
        lesson=_LESSON | {"status": "cancelled", "reason": "Педагог болеет"}, told=12, conflicts=[AN_APPLICATION]
    )

    lesson: Lesson
    told: int = Field(description="To how many applications' parents it is told.")
    conflicts: list[UUID] = Field(
        description="Applications whose child has something else at the new time. That stays as it is."
    )


class MonthFilter(Schema):
    month: Month | None = Field(default=None, description="The present one where absent.")


class ChildAttendance(Schema):
    """One child's month in a group."""

    application_id: UUID
    person: PersonInBooking
    since: Day
    until: Day | None = Field(description="The last day in the group.")
    lessons: int = Field(description="That have begun while the child was in the group.")
    present: int
    absent: int
    ill: int
    excused: int
    unmarked: int


class Attendance(Schema):
    """A month of a group, child by child."""

    model_config = example(
        group_id="g1",
        month="2026-10",
        items=[
            {
                "application_id": AN_APPLICATION,
                "person": _CHILD,
                "since": "2026-10-01",
                "until": None,
                "lessons": 8,
                "present": 6,
                "absent": 0,
                "ill": 1,
                "excused": 0,
                "unmarked": 1,
            }
        ],
    )

    group_id: str
    month: str
    items: list[ChildAttendance]


class ChildLesson(Lesson):
    """A lesson of one's child."""

    model_config = example(group_name="Группа 1, вторник и четверг", **_LESSON, mark="present")

    group_name: str
    mark: Mark | None


class ChildLessonList(Schema):
    """The lessons of one's child, while they are in a group."""

    items: list[ChildLesson]


# Lists -------------------------------------------------------------------------------------------------------------


class ListRow(Schema):
    """A child in a group's list."""

    number: int
    application_id: UUID
    person: PersonInBooking
    birth_date: Day
    order_number: str | None
    order_date: Day | None
    since: Day
    until: Day | None
    marks: list[Mark | None] = Field(description="One for each of `lessons`.")


class GroupRegister(Schema):
    """Who was in a group in a month, by name, with the attendance."""

    model_config = example(
        group_id="g1",
        group_name="Группа 1, вторник и четверг",
        programme_name="Шахматы для начинающих",
        institution_name="Дом творчества",
        teachers=["Орлов Пётр Ильич"],
        month="2026-10",
        lessons=["2026-10-06T1630"],
        items=[
            {
                "number": 1,
                "application_id": AN_APPLICATION,
                "person": _CHILD,
                "birth_date": "2019-05-14",
                "order_number": "112-К",
                "order_date": "2026-09-20",
                "since": "2026-10-01",
                "until": None,
                "marks": ["present"],
            }
        ],
    )

    group_id: str
    group_name: str
    programme_name: str
    institution_name: str
    teachers: list[str]
    month: str
    lessons: list[str] = Field(description="Lessons of the month that were not cancelled.")
    items: list[ListRow]
