"""The rules of waiting by properties."""

from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.waiting.rules import LONGEST_DAYS, SPEED_DAYS, expected_days, window_is_right

_counts = st.integers(0, 10_000)


@given(_counts, st.integers(1, 10_000))
def test_an_estimate_is_what_it_takes_at_that_speed(before: int, moved: int) -> None:
    days = expected_days(before, moved)
    assert days is not None
    # So many leave in that many days, and in a day less they would not have.
    assert days * moved >= (before + 1) * SPEED_DAYS > (days - 1) * moved


@given(_counts)
def test_where_nothing_is_known_nothing_is_said(count: int) -> None:
    assert expected_days(count, 0) is None
    assert expected_days(None, count) is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-10, 200), st.times(), st.times())
def test_a_window_has_some_days_and_some_time_of_day(first: date, days: int, begin: time, end: time) -> None:
    right = window_is_right((first, first + timedelta(days=days)), (begin, end))
    assert right == (0 <= days <= LONGEST_DAYS and begin < end)
