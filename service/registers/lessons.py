"""Lessons, and who was there."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import ExternalId
from schemas.problems import FieldError
from schemas.registers import (
    Attendance,
    AttendanceBody,
    ChildAttendance,
    ChildLesson,
    ChildLessonList,
    LessonChange,
    LessonChangeBody,
    LessonFilter,
    LessonId,
    LessonList,
    LessonSheet,
    Mark,
    MonthFilter,
    SheetRow,
    SheetTrial,
)
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor
from service.people.usecases import person_in_booking
from service.registers import rules, store
from service.registers.checks import check_period, find_lesson, find_register, held_lessons, month_of
from service.registers.rules import Held, LessonKey, Register
from service.registers.shapes import lesson_fields, lesson_of
from service.scheduling.rules import instant_of


async def list_lessons(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: LessonFilter
) -> LessonList:
    """The lessons planned for these days, as they are by now. Those that touch are two; cancelled ones are there."""
    register = await find_register(conn, actor, institution_id, group_id)
    check_period(query)
    held = await held_lessons(conn, register, query.day_from, query.day_to)
    return LessonList(items=[lesson_of(lesson, register) for lesson in held])


async def get_lesson_sheet(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, lesson_id: LessonId
) -> LessonSheet:
    """Who is in the group on the lesson's day, by name, with the marks. Who has seen it is recorded."""
    register = await find_register(conn, actor, institution_id, group_id)
    lesson = await find_lesson(conn, register, lesson_id)
    return await _sheet(conn, register, lesson)


async def put_attendance(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    group_id: ExternalId,
    lesson_id: LessonId,
    body: AttendanceBody,
    clock: Clock,
) -> LessonSheet:
    """Writes down who was in a lesson that has begun; children who are not named keep their marks.

    A teacher corrects it for 14 days, the director always. Who wrote a mark down, and when, is kept.
    """
    register = await find_register(conn, actor, institution_id, group_id)
    lesson = await find_lesson(conn, register, lesson_id)
    now = clock()
    refused = rules.marking_refusal(lesson, now, supervises=register.supervises)
    if refused is not None:
        raise DomainError(refused)
    rows = await store.members(conn, register.region_id, register.id, lesson.day, lesson.day)
    there = {row["application_id"] for row in rows}
    for number, given in enumerate(body.marks):
        if given.application_id not in there:
            pointer = f"/marks/{number}/application_id"
            error = FieldError(place="body", pointer=pointer, message="not in the group on that day")
            raise DomainError(problems.NOT_IN_GROUP, errors=[error])
    marks: dict[UUID, str] = {given.application_id: given.mark for given in body.marks}
    changed = await store.put_attendance(conn, register.region_id, register.id, lesson.key, marks, actor.id, now)
    if changed:
        await journal(
            conn, actor.region_id, actor.id, "attendance_put", register.id, now, lesson=lesson_id, applications=changed
        )
    return await _sheet(conn, register, lesson)


async def cancel_lesson(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    group_id: ExternalId,
    lesson_id: LessonId,
    body: LessonChangeBody,
    clock: Clock,
) -> LessonChange:
    """Cancels a lesson that has not begun, or moves it to another time; the parents are told.

    The children of a cancelled one are free then. Who has something else at the time that a lesson is moved to is named
    in `conflicts`: the lesson is moved all the same. The same twice changes and tells nothing.
    """
    register = await find_register(conn, actor, institution_id, group_id)
    lesson = await find_lesson(conn, register, lesson_id)
    now = clock()
    change = _change(register, lesson, body, actor, now)
    if now >= lesson.begins_at:
        raise DomainError(problems.LESSON_BEGUN)
    told = await store.change_lesson(conn, change, lesson.day)
    changed = await find_lesson(conn, register, lesson_id)
    conflicts = [UUID(one) for one in told["conflicts"]]
    return LessonChange(lesson=lesson_of(changed, register), told=told["told"], conflicts=conflicts)


def _change(register: Register, lesson: Held, body: LessonChangeBody, actor: Actor, now: datetime) -> dict[str, Any]:
    """The row of lesson_changes."""
    length = lesson.ends_at - lesson.begins_at
    planned_at = instant_of(*lesson.key, register.zone)
    place, moved_to = None, None
    if body.moved_to is not None:
        begins_at = instant_of(body.moved_to.day, body.moved_to.starts, register.zone)
        if begins_at <= now:
            raise DomainError(problems.LESSON_BEGUN)
        place = lesson.place if body.moved_to.place is None else body.moved_to.place
        if body.moved_to.place is not None and place >= len(register.places):
            raise DomainError(problems.LESSON_PLACE_UNKNOWN)
        moved_to = _range(begins_at, length)
    return {
        "region_id": register.region_id,
        "group_id": register.id,
        "day": lesson.key[0],
        "starts": lesson.key[1],
        "planned": _range(planned_at, length),
        "moved_to": moved_to,
        "place": place,
        "reason": body.reason,
        "changed_by": actor.id,
        "changed_at": now,
    }


def _range(begins_at: datetime, length: timedelta) -> str:
    return f"[{begins_at.isoformat()},{(begins_at + length).isoformat()})"


async def get_attendance(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: MonthFilter, clock: Clock
) -> Attendance:
    """How often each child was there in a month: of the lessons that have begun while the child was in the group.

    A child who left and came back is there twice. Who has seen it is recorded.
    """
    register = await find_register(conn, actor, institution_id, group_id)
    now = clock()
    month = month_of(query.month, now, register)
    first, last = rules.month_days(month)
    held = await held_lessons(conn, register, first, last)
    marks: dict[UUID, dict[LessonKey, Mark]] = {}
    for row in await store.attendance(conn, register.region_id, register.id, first, last):
        marks.setdefault(row["application_id"], {})[row["day"], row["starts"]] = row["mark"]
    items = [
        ChildAttendance(
            application_id=row["application_id"],
            person=person_in_booking(dict(row)),
            since=row["since"],
            until=row["until"],
            **rules.counted(held, (row["since"], row["until"]), marks.get(row["application_id"], {}), now),
        )
        for row in await store.members(conn, register.region_id, register.id, first, last)
    ]
    return Attendance(group_id=group_id, month=month, items=items)


async def list_child_lessons(
    conn: Connection, actor: Actor, application_id: UUID, query: LessonFilter
) -> ChildLessonList:
    """The lessons of one's child with the marks, for the days on which the child is in the group."""
    if not await store.is_childs(conn, actor.region_id, actor.id, application_id):
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    check_period(query)
    found = await store.attendance_of_child(conn, actor.region_id, application_id, query.day_from, query.day_to)
    marks = {(row["group_id"], row["day"], row["starts"]): row["mark"] for row in found}
    items: list[ChildLesson] = []
    for spell in await store.spells_of_child(conn, actor.region_id, application_id, query.day_from, query.day_to):
        register = Register(dict(spell), ZoneInfo(spell["zone"]), supervises=False)
        items += [
            ChildLesson(
                **lesson_fields(lesson, register),
                group_name=spell["name"],
                mark=marks.get((register.id, *lesson.key)),
            )
            for lesson in await held_lessons(conn, register, query.day_from, query.day_to)
            if rules.is_in((spell["since"], spell["until"]), lesson.day)
        ]
    return ChildLessonList(items=items)


async def _sheet(conn: Connection, register: Register, lesson: Held) -> LessonSheet:
    marks = await _marks(conn, register, lesson.key[0], lesson.key)
    rows = await store.members(conn, register.region_id, register.id, lesson.day, lesson.day)
    items: list[SheetRow] = []
    for row in rows:
        mark, marked_at = marks.get(row["application_id"], (None, None))
        items.append(
            SheetRow(
                application_id=row["application_id"],
                person=person_in_booking(dict(row)),
                birth_date=row["birth_date"],
                mark=mark,
                marked_at=marked_at.astimezone(register.zone) if marked_at else None,
            )
        )
    trials = [
        SheetTrial(trial_id=row["trial_id"], person=person_in_booking(dict(row)), birth_date=row["birth_date"])
        for row in await store.trials_of_lesson(conn, register.region_id, register.id, lesson.key)
    ]
    return LessonSheet(lesson=lesson_of(lesson, register), items=items, trials=trials)


async def _marks(conn: Connection, register: Register, day: date, key: LessonKey) -> dict[UUID, tuple[Mark, datetime]]:
    rows = await store.attendance(conn, register.region_id, register.id, day, day)
    return {
        row["application_id"]: (row["mark"], row["marked_at"]) for row in rows if (row["day"], row["starts"]) == key
    }
