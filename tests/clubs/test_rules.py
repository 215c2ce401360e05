import random
from datetime import date, timedelta
from itertools import chain, count
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.clubs import rules
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


def test_an_application_moves_forward_and_ends() -> None:
    statuses = set(get_args(rules.Status))
    assert rules.MOVES.keys() == statuses - {"submitted"}
    assert {status for sources in rules.MOVES.values() for status in sources} == {"submitted", "approved", "enrolled"}
    assert all(target not in sources for target, sources in rules.MOVES.items())


def test_the_times_of_a_group() -> None:
    times = rules.group_times(
        [(2, "16:30", 2), (2, "18:00", 1), (4, "09:00", 1)], date(2026, 9, 7), date(2026, 9, 15), KUZBASS
    )
    local = [(begin.astimezone(KUZBASS), end.astimezone(KUZBASS)) for begin, end in times]
    assert [(begin.strftime("%d %H:%M"), end.strftime("%H:%M")) for begin, end in local] == [
        ("08 16:30", "18:45"),
        ("10 09:00", "09:45"),
        ("15 16:30", "18:45"),
    ]
    assert all(begin.utcoffset() == timedelta() for begin, _ in times)
    assert rules.group_times([(1, "09:00", 1)], date(2026, 9, 8), date(2026, 9, 13), KUZBASS) == []


def test_lessons_keep_their_wall_clock_time_when_the_clocks_change() -> None:
    """Moscow went from +03:00 to +04:00 on 27 March 2011."""
    moscow = ZoneInfo("Europe/Moscow")
    times = rules.group_times([(5, "17:00", 1)], date(2011, 3, 25), date(2011, 4, 1), moscow)
    assert [begin.isoformat() for begin, _ in times] == ["2011-03-25T14:00:00+00:00", "2011-04-01T13:00:00+00:00"]
