from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.scheduling.rules import Interval, WeeklyLesson, lessons_between, local_day_bounds, merge, overlaps

RUSSIA = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Novokuznetsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
# Clocks that change: by an hour, by half an hour, at midnight, a minute after it.
CHANGING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/St_Johns")
BERLIN = ZoneInfo("Europe/Berlin")

ZONE = st.sampled_from(RUSSIA + CHANGING).map(ZoneInfo)
# From 2006 on: Russia changed its clocks twice a year until 2011, and its zones in 2010, 2011, 2014, 2016 and 2020.
DAY = st.dates(date(2006, 1, 2), date(2040, 12, 31))
LESSON = st.builds(
    WeeklyLesson,
    weekday=st.integers(1, 7),
    starts=st.one_of(st.sampled_from([time(0), time(2, 30), time(23, 59)]), st.times()),
    minutes=st.integers(1, 600),
)
INSTANT = st.integers(0, 40).map(lambda hours: datetime(2024, 2, 28, tzinfo=UTC) + timedelta(hours=hours))
INTERVAL = st.tuples(INSTANT, st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + timedelta(hours=pair[1])))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return local(instant, zone) - instant.replace(tzinfo=None)


def instants_showing(wall_clock: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the clocks of a zone show a time: none in a gap, two in a fold. Looks at offsets alone."""
    near = (wall_clock.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in range(-36, 37))
    candidates = {wall_clock.replace(tzinfo=UTC) - offset(instant, zone) for instant in near}
    return sorted(instant for instant in candidates if local(instant, zone) == wall_clock)


@given(LESSON, DAY, ZONE)
def test_a_lesson_starts_when_the_clocks_show_its_time(lesson: WeeklyLesson, day: date, zone: ZoneInfo) -> None:
    ((start, end),) = lessons_between([lesson], day, day + timedelta(days=6), zone)
    assert end - start == timedelta(minutes=lesson.minutes)
    wanted = datetime.combine(day + timedelta(days=(lesson.weekday - day.isoweekday()) % 7), lesson.starts)
    showing = instants_showing(wanted, zone)
    if showing:
        assert start == showing[0]
    else:
        gap = offset(start + timedelta(hours=3), zone) - offset(start - timedelta(hours=3), zone)
        assert gap > timedelta(0)
        assert local(start, zone) == wanted + gap


def test_gaps_and_folds_do_come_up() -> None:
    # Without them the property above would say nothing about clock changes.
    half_past_two = time(2, 30)
    assert instants_showing(datetime.combine(date(2024, 3, 31), half_past_two), BERLIN) == []
    assert instants_showing(datetime.combine(date(2024, 10, 27), half_past_two), BERLIN) == [
        utc("2024-10-27T00:30"),
        utc("2024-10-27T01:30"),
    ]


@given(st.lists(LESSON, max_size=5), DAY, st.integers(-3, 40), ZONE)
def test_every_lesson_of_every_day_in_order(weekly: list[WeeklyLesson], first: date, days: int, zone: ZoneInfo) -> None:
    last = first + timedelta(days=days)
    lessons = lessons_between(weekly, first, last, zone)
    assert lessons == sorted(lessons)
    assert len(lessons) == sum(
        lesson.weekday == (first + timedelta(days=number)).isoweekday()
        for lesson in weekly
        for number in range(days + 1)
    )
    if lessons:
        begin, end = local_day_bounds(first, zone)[0], local_day_bounds(last, zone)[1]
        assert begin <= lessons[0][0]
        assert lessons[-1][0] < end
    half = first + timedelta(days=days // 2)
    assert lessons == sorted(
        lessons_between(weekly, first, half, zone) + lessons_between(weekly, half + timedelta(days=1), last, zone)
    )


@pytest.mark.parametrize(
    ("zone", "day", "starts", "expected"),
    [
        ("Asia/Novokuznetsk", "2024-02-29", "15:00", "2024-02-29T08:00"),
        ("Asia/Kamchatka", "2024-01-01", "08:00", "2023-12-31T20:00"),
        ("Europe/Kaliningrad", "2024-12-31", "00:00", "2024-12-30T22:00"),
        ("Europe/Berlin", "2024-03-30", "02:30", "2024-03-30T01:30"),
        ("Europe/Berlin", "2024-03-31", "02:30", "2024-03-31T01:30"),
        ("Europe/Berlin", "2024-04-01", "02:30", "2024-04-01T00:30"),
        ("Europe/Berlin", "2024-10-27", "02:30", "2024-10-27T00:30"),
        ("America/New_York", "2024-03-10", "02:00", "2024-03-10T07:00"),
        ("America/New_York", "2024-11-03", "01:59", "2024-11-03T05:59"),
        ("Australia/Lord_Howe", "2024-10-06", "02:15", "2024-10-05T15:45"),
        ("Australia/Lord_Howe", "2024-04-07", "01:45", "2024-04-06T14:45"),
        ("Europe/Samara", "2010-03-28", "02:30", "2010-03-27T22:30"),
    ],
)
def test_known_starts(zone: str, day: str, starts: str, expected: str) -> None:
    on = date.fromisoformat(day)
    lesson = WeeklyLesson(on.isoweekday(), time.fromisoformat(starts), 45)
    begin = utc(expected)
    assert lessons_between([lesson], on, on, ZoneInfo(zone)) == [(begin, begin + timedelta(minutes=45))]


def test_the_clock_and_not_the_interval_is_kept_when_clocks_change() -> None:
    lesson = WeeklyLesson(5, time(17), 90)
    starts = [start for start, _ in lessons_between([lesson], date(2024, 3, 29), date(2024, 4, 5), BERLIN)]
    assert starts == [utc("2024-03-29T16:00"), utc("2024-04-05T15:00")]


def test_a_lesson_lasts_its_real_minutes_through_a_clock_change() -> None:
    lesson = WeeklyLesson(7, time(1, 30), 90)
    assert lessons_between([lesson], date(2024, 3, 31), date(2024, 3, 31), BERLIN) == [
        (utc("2024-03-31T00:30"), utc("2024-03-31T02:00"))
    ]
    assert lessons_between([lesson], date(2024, 10, 27), date(2024, 10, 27), BERLIN) == [
        (utc("2024-10-26T23:30"), utc("2024-10-27T01:00"))
    ]


def test_a_start_marked_as_the_second_of_a_fold_is_still_the_first() -> None:
    lesson = WeeklyLesson(7, time(2, 30, fold=1), 45)
    assert lessons_between([lesson], date(2024, 10, 27), date(2024, 10, 27), BERLIN)[0][0] == utc("2024-10-27T00:30")


@pytest.mark.parametrize(("weekday", "minutes"), [(0, 45), (8, 45), (1, 0), (1, -5)])
def test_an_impossible_lesson_is_refused(weekday: int, minutes: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        WeeklyLesson(weekday, time(9), minutes)


@given(DAY, ZONE)
def test_days_follow_each_other_without_a_break(day: date, zone: ZoneInfo) -> None:
    begin, end = local_day_bounds(day, zone)
    assert end == local_day_bounds(day + timedelta(days=1), zone)[0]
    assert timedelta(hours=22) < end - begin < timedelta(hours=26)
    assert local(begin, zone).date() == day
    # The instant before belongs to the day before. In St. John's a day began, ended a minute later, and began again.
    assert zone.key == "America/St_Johns" or local(begin - timedelta(microseconds=1), zone).date() < day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Novokuznetsk", "2024-02-29", 24),
        ("Europe/Berlin", "2024-03-31", 23),
        ("Europe/Berlin", "2024-10-27", 25),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("America/Havana", "2024-03-10", 23),
        ("America/Havana", "2024-11-03", 25),
        ("Asia/Magadan", "2016-04-24", 23),
        ("Europe/Moscow", "2014-10-26", 25),
        ("Asia/Kamchatka", "2010-03-28", 24),
    ],
)
def test_how_long_a_day_is(zone: str, day: str, hours: float) -> None:
    begin, end = local_day_bounds(date.fromisoformat(day), ZoneInfo(zone))
    assert end - begin == timedelta(hours=hours)


def held_hours(intervals: list[Interval]) -> set[datetime]:
    return {
        start + timedelta(hours=hour)
        for start, end in intervals
        for hour in range(int((end - start) / timedelta(hours=1)))
    }


@given(st.lists(INTERVAL, max_size=8))
def test_merge_is_the_union_in_the_fewest_pieces(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert held_hours(merged) == held_hours(intervals)
    assert all(start < end for start, end in merged)
    # Apart by more than nothing: neither overlapping nor touching.
    assert all(left[1] < right[0] for left, right in pairwise(merged))
    assert merge(merged) == merged
    assert merge(reversed(intervals)) == merged


@given(INTERVAL, INTERVAL)
def test_intervals_overlap_when_they_share_an_instant(a: Interval, b: Interval) -> None:
    assert overlaps(a, b) == overlaps(b, a) == bool(held_hours([a]) & held_hours([b]))


def test_what_only_touches_is_merged_but_does_not_overlap() -> None:
    morning = (utc("2024-02-29T06:00"), utc("2024-02-29T07:00"))
    forenoon = (utc("2024-02-29T07:00"), utc("2024-02-29T08:00"))
    assert not overlaps(morning, forenoon)
    assert not overlaps(forenoon, morning)
    assert merge([forenoon, morning]) == [(morning[0], forenoon[1])]
