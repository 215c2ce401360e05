from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from service.availability.rules import days_until, median_days

KUZBASS = ZoneInfo("Asia/Novokuznetsk")
DAYS = st.lists(st.none() | st.integers(0, 60))


def test_days_are_those_of_the_clinics_calendar() -> None:
    late = datetime(2026, 9, 7, 16, 59, tzinfo=UTC)
    assert late.astimezone(KUZBASS).hour == 23
    assert days_until(late + timedelta(minutes=1), late, KUZBASS) == 1
    assert days_until(late, late - timedelta(hours=23), KUZBASS) == 0
    assert days_until(late + timedelta(days=14), late, KUZBASS) == 14


@given(DAYS)
def test_half_of_the_clinics_have_a_ticket_within_the_median(days: list[int | None]) -> None:
    median = median_days(days)
    within = [day for day in days if day is not None and median is not None and day <= median]
    if median is None:
        assert sum(day is not None for day in days) * 2 < len(days) or not days
    else:
        assert median in days
        assert len(within) * 2 >= len(days)
        assert sum(day is not None and day < median for day in days) * 2 < len(days)


@given(DAYS)
def test_a_clinic_without_tickets_never_makes_the_median_better(days: list[int | None]) -> None:
    before, after = median_days(days), median_days([*days, None])
    assert after is None or (before is not None and after >= before)
