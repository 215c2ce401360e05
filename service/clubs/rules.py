"""Pure rules of clubs: ages in months, the times of a group, the moves of an application."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from service.scheduling.rules import Interval, WeeklyLesson, lessons_between, merge

ACADEMIC_HOUR_MINUTES = 45
LONGEST_PERIOD_DAYS = 3 * 366

Status = Literal["submitted", "approved", "enrolled", "refused", "withdrawn"]
# Whoever decides or withdraws, an application only moves along these. docs/architecture.md shows them as a picture.
MOVES: dict[Status, tuple[Status, ...]] = {
    "approved": ("submitted",),
    "enrolled": ("submitted", "approved"),
    "refused": ("submitted", "approved"),
    "withdrawn": ("submitted", "approved", "enrolled"),
}


def age_window_months(age_from: float, age_to: float) -> tuple[int, int]:
    """From which full month of age (inclusive) until which (exclusive) a child fits.

    «7-10 лет» takes a child until the 11th birthday; a half, «до 6,5», until the month after it is reached.
    """
    until = (age_to + 1) * 12 if age_to == int(age_to) else age_to * 12 + 1
    return round(age_from * 12), round(until)


def group_times(
    lessons: Iterable[tuple[int, str, int]], starts_on: date, ends_on: date, zone: ZoneInfo
) -> list[Interval]:
    """All lessons of a group as UTC intervals, from (ISO weekday, local time "16:30", academic hours).

    Lessons that touch or overlap are one interval.
    """
    weekly = [
        WeeklyLesson(weekday, datetime.strptime(starts, "%H:%M").time(), hours * ACADEMIC_HOUR_MINUTES)  # noqa: DTZ007
        for weekday, starts, hours in lessons
    ]
    return merge(lessons_between(weekly, starts_on, ends_on, zone))
