import random
from datetime import date, timedelta
from itertools import chain, count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.clubs import LessonPlan
from service.clubs import rules
from service.scheduling.rules import Interval
from tests.live import Live

HALF_YEARS = st.integers(0, 198).map(lambda halves: halves / 2)
KUZBASS = ZoneInfo("Asia/Novokuznetsk")


def month_day(birth_date: date, months: int) -> date:
    """The day on which so many months are full: that of the birth, or the 1st behind it where there is no such day."""
    year, month = divmod(birth_date.year * 12 + birth_date.month - 1 + months, 12)
    try:
        return date(year, month + 1, birth_date.day)
    except ValueError:
        return date(year, month + 2, 1)


def months_of_age(birth_date: date, on: date) -> int:
    """Counted one by one."""
    return next(months for months in count() if month_day(birth_date, months + 1) > on)


def fits(birth_date: date, starts_on: date, age_from: float, age_to: float) -> bool:
    """By the words of the schema: «7-10» from the 7th birthday until the 11th, «6,5» for the month after it."""
    until = (int(age_to) + 1) * 12 if age_to == int(age_to) else int(age_to) * 12 + 7
    return month_day(birth_date, int(age_from * 2) * 6) <= starts_on < month_day(birth_date, until)


def cases(number: int) -> list[tuple[date, date]]:
    """Births and starts: at random, around whole years and half-years, and around the ends of months."""
    dice = random.Random(42)
    found = []
    for _ in range(number):
        on = date(2024, 1, 1) + timedelta(days=dice.randrange(1500))
        years, half = dice.randrange(20), dice.choice((0, 182, 183, 184))
        near = on - timedelta(days=int(365.25 * years) + half + dice.randrange(-3, 4))
        found += [(near, on), (on - timedelta(days=dice.randrange(-60, 7000)), on)]
    ends = [date(2026, month + 1, 1) - timedelta(days=days) for month in range(1, 12) for days in (1, 2, 3, 4)]
    leap = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    births = [date(2019, 8, 31), date(2019, 1, 29), date(2019, 1, 30), date(2020, 2, 29), date(2020, 2, 28), *leap]
    return found + [(birth, on) for birth in births for on in chain(ends, leap)]


def test_the_database_counts_months_as_people_do(live: Live) -> None:
    births, starts = zip(*cases(5000), strict=True)
    rows = live.sql(
        "SELECT full_months(birth, start) AS months FROM unnest($1::date[], $2::date[]) AS given (birth, start)",
        births,
        starts,
    )
    for birth, start, row in zip(births, starts, rows, strict=True):
        assert row["months"] == months_of_age(birth, start) if birth <= start else row["months"] < 0, (birth, start)


@given(
    st.dates(date(2000, 1, 1), date(2026, 12, 31)),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    HALF_YEARS,
    HALF_YEARS,
)
def test_a_window_of_months_is_what_the_years_mean(birth: date, start: date, one: float, other: float) -> None:
    assume(birth <= start)
    age_from, age_to = sorted((one, other))
    first, until = rules.age_window_months(age_from, age_to)
    assert (first <= months_of_age(birth, start) < until) == fits(birth, start, age_from, age_to)


@pytest.mark.parametrize(
    ("ages", "window"),
    [((7, 10), (84, 132)), ((6.5, 6.5), (78, 79)), ((0, 0), (0, 12)), ((0, 0.5), (0, 7)), ((99, 99), (1188, 1200))],
)
def test_known_windows(ages: tuple[float, float], window: tuple[int, int]) -> None:
    assert rules.age_window_months(*ages) == window


def plan(*lessons: tuple[int, str, int], **more: Any) -> LessonPlan:
    """Of weekly lessons: (weekday, local time, academic hours)."""
    weekly = [{"weekday": day, "starts": starts, "academic_hours": hours} for day, starts, hours in lessons]
    return LessonPlan.model_validate({"weekly_lessons": weekly, **more}, strict=False)


def local(times: list[Interval]) -> list[tuple[str, str]]:
    pairs = [(begin.astimezone(KUZBASS), end.astimezone(KUZBASS)) for begin, end in times]
    return [(begin.strftime("%d %H:%M"), end.strftime("%H:%M")) for begin, end in pairs]


def test_the_times_of_a_group() -> None:
    of_week = plan((2, "16:30", 2), (2, "18:00", 1), (4, "09:00", 1))
    times = rules.group_times(of_week, date(2026, 9, 7), date(2026, 9, 15), KUZBASS, ())
    assert local(times) == [
        ("08 16:30", "18:45"),
        ("10 09:00", "09:45"),
        ("15 16:30", "18:45"),
    ]
    assert all(begin.utcoffset() == timedelta() for begin, _ in times)
    assert rules.group_times(plan((1, "09:00", 1)), date(2026, 9, 8), date(2026, 9, 13), KUZBASS, ()) == []


def test_lessons_keep_their_wall_clock_time_when_the_clocks_change() -> None:
    """Moscow went from +03:00 to +04:00 on 27 March 2011."""
    moscow = ZoneInfo("Europe/Moscow")
    times = rules.group_times(plan((5, "17:00", 1)), date(2011, 3, 25), date(2011, 4, 1), moscow, ())
    assert [begin.isoformat() for begin, _ in times] == ["2011-03-25T14:00:00+00:00", "2011-04-01T13:00:00+00:00"]


def test_breaks_days_off_pauses_and_single_days() -> None:
    first, last = date(2026, 9, 7), date(2026, 9, 28)
    off = {date(2026, 9, 14), date(2026, 9, 25)}
    lessons = plan(
        (1, "16:30", 3),
        break_minutes=10,
        pauses=[{"day_from": "2026-09-21", "day_to": "2026-09-22"}],
        lesson_dates=[{"day": "2026-09-25", "starts": "10:00", "academic_hours": 1}],
    )
    assert local(rules.group_times(lessons, first, last, KUZBASS, off)) == [
        ("07 16:30", "19:05"),
        # A single day is as it is said, be it a day off.
        ("25 10:00", "10:45"),
        ("28 16:30", "19:05"),
    ]
    through = lessons.model_copy(update={"skip_holidays": False})
    assert ("14 16:30", "19:05") in local(rules.group_times(through, first, last, KUZBASS, off))


@pytest.mark.parametrize(("starts_on", "year"), [("2026-05-31", 2025), ("2026-06-01", 2026), ("2027-01-11", 2026)])
def test_the_school_year_that_a_group_is_of(starts_on: str, year: int) -> None:
    assert rules.school_year(date.fromisoformat(starts_on)) == year
