"""Lessons of a plan, names of lessons, borders of attendance."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clubs import LessonPlan
from schemas.common import Zone
from service.clubs.rules import group_times, lessons_of
from service.registers import rules
from service.scheduling.rules import merge

KALININGRAD, NOVOKUZNETSK = ZoneInfo("Europe/Kaliningrad"), ZoneInfo("Asia/Novokuznetsk")


def plan(**more: Any) -> LessonPlan:
    return LessonPlan.model_validate(more, strict=False)


def weekly(weekday: int, starts: str, hours: int = 1, place: int = 0) -> dict[str, Any]:
    return {"weekday": weekday, "starts": starts, "academic_hours": hours, "place": place}


def shown(
    made: LessonPlan, first: str, last: str, zone: ZoneInfo = NOVOKUZNETSK, off: tuple[str, ...] = ()
) -> list[str]:
    days_off = {date.fromisoformat(day) for day in off}
    lessons = lessons_of(made, date.fromisoformat(first), date.fromisoformat(last), zone, days_off)
    return [
        f"{rules.lesson_id((one.day, one.starts))} {one.ends_at.astimezone(zone):%H:%M} {one.place}" for one in lessons
    ]


def test_lessons_that_touch_stay_two() -> None:
    made = plan(weekly_lessons=[weekly(1, "17:15"), weekly(1, "16:30", place=1)])
    assert shown(made, "2026-09-07", "2026-09-07") == ["2026-09-07T1630 17:15 1", "2026-09-07T1715 18:00 0"]
    assert len(group_times(made, date(2026, 9, 7), date(2026, 9, 7), NOVOKUZNETSK, ())) == 1


def test_holidays_pauses_breaks_and_single_days() -> None:
    made = plan(
        weekly_lessons=[weekly(3, "16:30", 2)],
        lesson_dates=[{"day": "2026-11-04", "starts": "10:00", "academic_hours": 1}],
        break_minutes=10,
        pauses=[{"day_from": "2026-11-11", "day_to": "2026-11-11"}],
    )
    found = shown(made, "2026-10-28", "2026-11-18", off=("2026-11-04",))
    assert found == ["2026-10-28T1630 18:10 0", "2026-11-04T1000 10:45 0", "2026-11-18T1630 18:10 0"]
    every_day = made.model_copy(update={"skip_holidays": False})
    assert "2026-11-04T1630 18:10 0" in shown(every_day, "2026-10-28", "2026-11-18", off=("2026-11-04",))


def test_of_lessons_that_begin_together_the_longest_is_there() -> None:
    made = plan(
        weekly_lessons=[weekly(1, "16:30", 2)],
        lesson_dates=[{"day": "2026-09-07", "starts": "16:30", "academic_hours": 1, "place": 1}],
    )
    assert shown(made, "2026-09-07", "2026-09-07") == ["2026-09-07T1630 18:00 0"]


def test_clock_changes() -> None:
    """Kaliningrad put its clocks forward on the 28th of March 2010, and back on the 31st of October."""
    made = plan(weekly_lessons=[weekly(7, "02:30")], skip_holidays=False)
    days = date(2010, 3, 21), date(2010, 3, 28)
    before, skipped = lessons_of(made, *days, KALININGRAD, ())
    assert before.begins_at == datetime(2010, 3, 21, 0, 30, tzinfo=UTC)
    # It begins at 03:30, and keeps the name that it has in the plan.
    assert skipped.begins_at == datetime(2010, 3, 28, 0, 30, tzinfo=UTC)
    assert skipped.begins_at.astimezone(KALININGRAD).hour == 3
    assert rules.lesson_id((skipped.day, skipped.starts)) == "2010-03-28T0230"
    (twice,) = lessons_of(made, date(2010, 10, 31), date(2010, 10, 31), KALININGRAD, ())
    assert twice.begins_at == datetime(2010, 10, 30, 23, 30, tzinfo=UTC)


@given(
    st.lists(st.tuples(st.integers(1, 7), st.times(), st.integers(1, 8)), max_size=6),
    st.dates(date(1990, 1, 1), date(2040, 1, 1)),
    st.integers(0, 30),
    st.sampled_from(get_args(Zone)),
    st.sets(st.integers(0, 30)),
)
def test_lessons_are_the_group_s_times(
    lessons: list[tuple[int, time, int]], first: date, days: int, zone: str, off: set[int]
) -> None:
    given_lessons = [weekly(day, f"{starts:%H:%M}", hours) for day, starts, hours in lessons]
    made, last = plan(weekly_lessons=given_lessons), first + timedelta(days=days)
    days_off = {first + timedelta(days=number) for number in off}
    found = lessons_of(made, first, last, ZoneInfo(zone), days_off)
    whole = merge((one.begins_at, one.ends_at) for one in found)
    assert whole == group_times(made, first, last, ZoneInfo(zone), days_off)
    assert all(first <= one.day <= last and one.day not in days_off for one in found)
    assert [one.begins_at for one in found] == sorted(one.begins_at for one in found)
    keys = [(one.day, one.starts) for one in found]
    assert len(set(keys)) == len(keys)
    assert [rules.lesson_key(rules.lesson_id(key)) for key in keys] == keys
    # A part of the days gives those lessons and no others.
    assert lessons_of(made, first, first, ZoneInfo(zone), days_off) == [one for one in found if one.day == first]


def test_no_such_day() -> None:
    assert rules.lesson_key("2026-02-29T1630") is None
    assert rules.lesson_key("2028-02-29T1630") == (date(2028, 2, 29), time(16, 30))


def test_codes_have_no_letter_that_is_taken_for_a_digit() -> None:
    assert rules.code_of(bytes(32)) == "00000000"
    assert rules.code_of(b"\xff" * 32) == "ZZZZZZZZ"
    assert rules.code_of(bytes([0x00, 0x44, 0x32, 0x14, 0xC7, 9])) == "01234567"


@pytest.mark.parametrize(("month", "last"), [("2026-02", 28), ("2028-02", 29), ("2026-12", 31), ("2026-09", 30)])
def test_months(month: str, last: int) -> None:
    assert rules.month_days(month) == (date.fromisoformat(f"{month}-01"), date.fromisoformat(f"{month}-{last}"))


def test_until_when_attendance_is_corrected() -> None:
    begins = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)
    lesson = rules.Held(
        (date(2026, 9, 7), time(7)), begins, begins + timedelta(hours=1), 0, "planned", None, begins.date()
    )

    def code(after: timedelta, *, supervises: bool) -> str | None:
        refused = rules.marking_refusal(lesson, begins + after, supervises=supervises)
        return refused.code if refused else None

    second = timedelta(seconds=1)
    for supervises in (False, True):
        assert code(-second, supervises=supervises) == "lesson_not_begun"
        assert code(timedelta(), supervises=supervises) is None
        assert code(timedelta(days=14) - second, supervises=supervises) is None
    assert code(timedelta(days=14), supervises=False) == "attendance_closed"
    assert code(timedelta(days=1400), supervises=True) is None
