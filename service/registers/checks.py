"""The one door to a group's register, and the lessons behind it."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas import problems
from schemas.clubs import LessonPlan
from schemas.registers import LessonFilter
from service.clubs.rules import lessons_of
from service.clubs.usecases import find_days_off
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.operations import Actor
from service.core.roles import role_may
from service.registers import rules, store
from service.registers.rules import Held, LessonKey, Register


async def find_register(conn: Connection, actor: Actor, institution_id: UUID, group_id: str) -> Register:
    """The group by its own id. Page administrators and systems have all groups, a teacher those that they teach by now.

    Raises DomainError `group_not_found`, as well where the caller may not know of it, or `institution_not_found`.
    """
    row = await store.find_register(conn, actor.region_id, institution_id, group_id, actor.id)
    if row is None:
        raise DomainError(problems.INSTITUTION_NOT_FOUND)
    supervises = sees_all(actor)
    if row["id"] is None or not (supervises or row["teaches"]):
        raise DomainError(problems.GROUP_NOT_FOUND)
    return Register(dict(row), ZoneInfo(row["zone"]), supervises)


def sees_all(actor: Actor) -> bool:
    """Whether the caller has the groups of the whole institution."""
    return actor.kind == "system" or role_may(actor.role, "applications:read")


async def held_lessons(conn: Connection, register: Register, first: date, last: date) -> list[Held]:
    """The group's lessons that were planned for the days from `first` to `last`, as they are by now."""
    group = register.group
    first, last = max(first, group["starts_on"]), min(last, group["ends_on"])
    if first > last:
        return []
    off = await find_days_off(conn, register.region_id, group["institution_id"], first, last)
    changes = await store.lesson_changes(conn, register.region_id, register.id, first, last)
    plan = LessonPlan.model_validate(orjson.loads(group["lesson_plan"]), strict=False)
    found: list[Held] = []
    for lesson in lessons_of(plan, first, last, register.zone, off):
        key = lesson.day, lesson.starts
        times = lesson.begins_at, lesson.ends_at
        found.append(_held(key, times, lesson.place, changes.get(key), register.zone))
    return found


def _held(key: LessonKey, times: tuple[datetime, datetime], place: int, change: Record | None, zone: ZoneInfo) -> Held:
    if change is None:
        return Held(key, *times, place, "planned", None, key[0])
    if change["moved_to"] is None:
        return Held(key, *times, place, "cancelled", change["reason"], key[0])
    begins_at, ends_at = change["moved_to"].lower, change["moved_to"].upper
    day = begins_at.astimezone(zone).date()
    return Held(key, begins_at, ends_at, change["place"], "moved", change["reason"], day)


async def find_lesson(conn: Connection, register: Register, lesson_id: str) -> Held:
    """Raises DomainError `lesson_not_found`."""
    lesson = await look_for_lesson(conn, register, lesson_id)
    if lesson is None:
        raise DomainError(problems.LESSON_NOT_FOUND)
    return lesson


async def look_for_lesson(conn: Connection, register: Register, lesson_id: str) -> Held | None:
    """The lesson with that id as it is by now."""
    key = rules.lesson_key(lesson_id)
    held = await held_lessons(conn, register, key[0], key[0]) if key else []
    return next((lesson for lesson in held if lesson.key == key), None)


def check_period(query: LessonFilter) -> None:
    """Raises DomainError `dates_crossed`."""
    if not 0 <= (query.day_to - query.day_from).days < rules.LONGEST_PERIOD_DAYS:
        raise DomainError(problems.DATES_CROSSED)


def month_of(month: str | None, now: datetime, register: Register) -> str:
    """The month that was asked for, or the present one where the institution is."""
    return month or f"{now.astimezone(register.zone):%Y-%m}"
