"""Pure rules of clubs: ages in months, the school year, the lessons of a group."""

from collections.abc import Container, Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from schemas.clubs import DatedLesson, GroupTerms, LessonPlan
from service.scheduling.rules import Interval, WeeklyLesson, lessons_between, merge

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


def group_times(
    plan: LessonPlan, starts_on: date, ends_on: date, zone: ZoneInfo, days_off: Container[date]
) -> list[Interval]:
    """All lessons of a group as UTC intervals; lessons that touch or overlap are one.

    Weekly lessons leave out `days_off` where the plan says so, and pauses; lessons of single days are as they are said.
    """
    weekly = [
        WeeklyLesson(lesson.weekday, lesson.starts, lesson_minutes(lesson.academic_hours, plan.break_minutes))
        for lesson in plan.weekly_lessons
    ]
    left_out = {day for pause in plan.pauses for day in _days(pause.day_from, pause.day_to)}
    every_week = [
        lesson
        for lesson in lessons_between(weekly, starts_on, ends_on, zone)
        if not _is_off(lesson[0].astimezone(zone).date(), plan, left_out, days_off)
    ]
    dated = [lesson for given in plan.lesson_dates for lesson in _dated(given, plan, zone)]
    return merge([*every_week, *dated])


def _is_off(day: date, plan: LessonPlan, left_out: Container[date], days_off: Container[date]) -> bool:
    return day in left_out or (plan.skip_holidays and day in days_off)


def _dated(given: DatedLesson, plan: LessonPlan, zone: ZoneInfo) -> list[Interval]:
    minutes = lesson_minutes(given.academic_hours, plan.break_minutes)
    lesson = WeeklyLesson(given.day.isoweekday(), given.starts, minutes)
    return lessons_between([lesson], given.day, given.day, zone)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
