"""Pure rules of registers: how lessons are named, who is in the group on a day, until when attendance is corrected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas import problems
from schemas.problems import Refusal
from schemas.registers import Mark

CODE_DAYS = 7
TEACHER_CORRECTS_DAYS = 14
MOST_MESSAGES_A_DAY = 10
LONGEST_PERIOD_DAYS = 92
TRIAL_DAYS_AHEAD = 30
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MARKS: tuple[Mark, ...] = ("present", "absent", "ill", "excused")

# The day and the time that a lesson was planned for.
LessonKey = tuple[date, time]
Spell = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson as it is by now: cancelled, or perhaps moved."""

    key: LessonKey
    begins_at: datetime
    ends_at: datetime
    place: int
    status: str
    reason: str | None
    day: date


@dataclass(frozen=True, slots=True)
class Register:
    """A group that the caller may see the register of. `supervises`: not as its teacher."""

    group: Mapping[str, Any]
    zone: ZoneInfo
    supervises: bool

    @property
    def id(self) -> UUID:
        return self.group["id"]

    @property
    def region_id(self) -> int:
        return self.group["region_id"]

    @property
    def places(self) -> list[dict[str, Any]]:
        """Where lessons are."""
        return orjson.loads(self.group["places"])


def lesson_id(key: LessonKey) -> str:
    return f"{key[0]}T{key[1]:%H%M}"


def lesson_key(text: str) -> LessonKey | None:
    """The day and time in a lesson's id; None where there is no such day."""
    try:
        return date.fromisoformat(text[:10]), time.fromisoformat(text[11:])
    except ValueError:
        return None


def code_of(random: bytes) -> str:
    """8 characters of Crockford's base32 out of the first 40 bits."""
    bits = int.from_bytes(random[:5], "big")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))


def is_in(spell: Spell, day: date) -> bool:
    """Whether a child who was in the group from a day to a day, both included, is in it."""
    since, until = spell
    return since <= day and (until is None or day <= until)


def marking_refusal(lesson: Held, now: datetime, *, supervises: bool) -> Refusal | None:
    """Why attendance can't be written down now. A teacher corrects it for 14 days, the director always."""
    if lesson.status == "cancelled":
        return problems.LESSON_CANCELLED
    if now < lesson.begins_at:
        return problems.LESSON_NOT_BEGUN
    if not supervises and now >= lesson.begins_at + timedelta(days=TEACHER_CORRECTS_DAYS):
        return problems.ATTENDANCE_CLOSED
    return None


def trial_refusal(lesson: Held | None, now: datetime) -> Refusal | None:
    """Why nobody can book a trial of the lesson now."""
    if lesson is None:
        return problems.LESSON_NOT_FOUND
    if lesson.status == "cancelled":
        return problems.LESSON_CANCELLED
    if now >= lesson.begins_at:
        return problems.LESSON_BEGUN
    if lesson.begins_at > now + timedelta(days=TRIAL_DAYS_AHEAD):
        return problems.TRIAL_TOO_EARLY
    return None


def month_days(month: str) -> tuple[date, date]:
    """The first and the last day of a month."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def counted(lessons: Iterable[Held], spell: Spell, marks: Mapping[LessonKey, Mark], now: datetime) -> dict[str, int]:
    """How many lessons have begun while the child was in the group, and how the child was there."""
    begun = [
        lesson.key
        for lesson in lessons
        if lesson.status != "cancelled" and lesson.begins_at <= now and is_in(spell, lesson.day)
    ]
    found = {mark: sum(marks.get(key) == mark for key in begun) for mark in MARKS}
    return {"lessons": len(begun), **found, "unmarked": len(begun) - sum(found.values())}
