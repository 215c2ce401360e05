"""Pure rules of clubs: ages in months, the school year, the lessons of a group."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas import clubs
from schemas.clubs import GroupTerms, LessonPlan
from service.scheduling.rules import Interval, instant_of, merge

ACADEMIC_HOUR_MINUTES = 45
LONGEST_PERIOD_DAYS = 3 * 366
# Groups that begin from June on are of the school year that is to come.
_FIRST_MONTH = 6


def age_window_months(age_from: float, age_to: float) -> tuple[int, int]:
    """From which full month of age (inclusive) until which (exclusive) a child fits.

    «7-10 лет» takes a child until the 11th birthday; a half, «до 6,5», until the month after it is reached.
    """
    until = (age_to + 1) * 12 if age_to == int(age_to) else age_to * 12 + 1
    return round(age_from * 12), round(until)


def school_year(starts_on: date) -> int:
    """The school year that a group is of where it does not say: 2026 is that from September 2026."""
    return starts_on.year if starts_on.month >= _FIRST_MONTH else starts_on.year - 1


def may_be_of_sports(terms: GroupTerms) -> bool:
    """Sports training is paid by the budget alone, and children are admitted by a test."""
    return terms.entrance_test and [item.source for item in terms.financing] == ["budget"]


def lesson_minutes(academic_hours: int, break_minutes: int) -> int:
    """How long a lesson takes, with the breaks between its academic hours."""
    return academic_hours * ACADEMIC_HOUR_MINUTES + (academic_hours - 1) * break_minutes


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: the local day and time that it is planned for, which name it, and its instants in UTC."""

    day: date
    starts: time
    begins_at: datetime
    ends_at: datetime
    place: int


def lessons_of(plan: LessonPlan, first: date, last: date, zone: ZoneInfo, days_off: Container[date]) -> list[Lesson]:
    """The lessons of the days from `first` to `last`, both included, in their order; those that touch stay two.

    Weekly lessons leave out `days_off` where the plan says so, and pauses; lessons of single days are as they are said.
    Of lessons that begin at one time the longest is there. The caller keeps to the group's own first and last day.
    """
    left_out = {day for pause in plan.pauses for day in _days(pause.day_from, pause.day_to)}
    found: dict[tuple[date, time], Lesson] = {}
    for day in _days(first, last):
        given: list[clubs.WeeklyLesson | clubs.DatedLesson] = [one for one in plan.lesson_dates if one.day == day]
        if day not in left_out and not (plan.skip_holidays and day in days_off):
            given += [one for one in plan.weekly_lessons if one.weekday == day.isoweekday()]
        for one in sorted(given, key=lambda lesson: lesson.academic_hours):
            minutes = lesson_minutes(one.academic_hours, plan.break_minutes)
            begins_at = instant_of(day, one.starts, zone)
            ends_at = begins_at + timedelta(minutes=minutes)
            found[day, one.starts] = Lesson(day, one.starts, begins_at, ends_at, one.place)
    return sorted(found.values(), key=lambda lesson: (lesson.begins_at, lesson.starts))


def group_times(
    plan: LessonPlan, starts_on: date, ends_on: date, zone: ZoneInfo, days_off: Container[date]
) -> list[Interval]:
    """All lessons of a group as UTC intervals; lessons that touch or overlap are one."""
    lessons = lessons_of(plan, starts_on, ends_on, zone, days_off)
    return merge((lesson.begins_at, lesson.ends_at) for lesson in lessons)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
