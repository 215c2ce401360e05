"""A generated year of schedules in all zones of Russia, also in the years in which their clocks or rules changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.common import ExternalId
from service.schedules.rules import (
    NEVER,
    Exceptional,
    Hours,
    PlannedSlot,
    Release,
    Schedule,
    outside,
    planned_slots,
    release_of,
    weekday_worked,
)
from service.scheduling.calendar import calendar_of, days_between, national_days
from service.scheduling.rules import Interval, local_hours, merge, overlaps, subtract

# One for each of the 11 offsets, and those whose rules changed by themselves: Novosibirsk in 2016, Volgograd in 2018
# and 2020; Kamchatka and Samara in 2010.
RUSSIA = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Krasnoyarsk",
    "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
    "Asia/Novosibirsk", "Europe/Volgograd", "Asia/Novokuznetsk",
)  # fmt: skip
YEARS = (2010, 2011, 2014, 2016, 2018, 2020, 2026, 2027)
KEY = b"a secret of thirty-two bytes, no"
DOCTOR, ROOM, OTHER_ROOM = (UUID(int=number) for number in (1, 2, 3))
CHANNELS = ("internet", "desk", "call_centre", "doctor", "other_clinic")
KUZBASS = ZoneInfo("Asia/Novokuznetsk")

ZONE = st.sampled_from(RUSSIA).map(ZoneInfo)
# At night too: that is when clocks change.
CLOCK = st.builds(time, st.integers(0, 23), st.sampled_from([0, 10, 15, 30, 45]))
PAIR = st.tuples(CLOCK, CLOCK).filter(lambda pair: pair[0] < pair[1] or pair[1] == time.min)
HOURS = st.builds(
    lambda pair, minutes, channels: Hours(*pair, slot_minutes=minutes, channels=channels),
    PAIR, st.sampled_from([None, 20]), st.sampled_from([None, None, ("desk",)]),
)  # fmt: skip
SHARES = st.none() | st.sampled_from([{"internet": 60, "desk": 30, "doctor": 10}, {"internet": 33, "desk": 67}])
RELEASE = st.builds(
    Release,
    policy=st.sampled_from(["first_come", "jittered", "draw"]),
    horizon_days=st.integers(1, 30),
    release_time=st.none() | CLOCK,
    window_minutes=st.integers(0, 180),
)


@st.composite
def exceptions(draw: st.DrawFn, year: int) -> Exceptional:
    first = draw(st.dates(date(year, 1, 1), date(year, 12, 31)))
    return Exceptional(
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 20))),
        closed=draw(st.booleans()),
        extra_hours=tuple(draw(st.lists(HOURS, max_size=1))),
        breaks=tuple(draw(st.lists(PAIR, max_size=1))),
        location_id=draw(st.sampled_from([None, OTHER_ROOM])),
        slot_minutes=draw(st.sampled_from([None, 12])),
    )


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    year = draw(st.sampled_from(YEARS))
    return Schedule(
        external_id="s1",
        practitioner_id=DOCTOR,
        specialty_code="58",
        location_id=ROOM,
        valid_from=date(year, 1, 1),
        valid_to=date(year, 12, 31),
        weekly=tuple(draw(st.lists(st.tuples(st.integers(1, 7), HOURS), min_size=1, max_size=8))),
        weekly_breaks=tuple(
            (day, *pair) for day, pair in draw(st.lists(st.tuples(st.integers(1, 7), PAIR), max_size=3))
        ),
        slot_minutes=draw(st.sampled_from([7, 15, 30])),
        exceptions=tuple(draw(st.lists(exceptions(year), max_size=4))),
        works_on_holidays=draw(st.booleans()),
        shares=draw(SHARES),
        passes_hours=draw(st.sampled_from([None, 24])),
        release=draw(RELEASE),
    )


def year_of(schedule: Schedule, zone: ZoneInfo) -> list[PlannedSlot]:
    first, last = schedule.valid_from, schedule.valid_to or schedule.valid_from
    return planned_slots(schedule, zone, first, last, calendar_of(first, last, {}), KEY)


def of_day(slots: Sequence[PlannedSlot], day: date, zone: ZoneInfo) -> list[PlannedSlot]:
    return [slot for slot in slots if slot.starts_at.astimezone(zone).date() == day]


def hours_and_breaks(schedule: Schedule, day: date, zone: ZoneInfo) -> tuple[list[Interval], list[Interval]]:
    """What a day is worked, and what of it is a break: said again, in other words than the rules."""
    calendar = national_days(day.year)
    worked = weekday_worked(schedule, day, calendar)
    of_day = [found for found in schedule.exceptions if found.first <= day <= found.last]
    usual = [hours for at, hours in schedule.weekly if at == worked and not any(found.closed for found in of_day)]
    hours = [*usual, *(extra for found in of_day for extra in found.extra_hours)]
    breaks = [pair for at, *pair in schedule.weekly_breaks if at == worked]
    breaks += [list(pair) for found in of_day for pair in found.breaks]
    return (
        [found for had in hours if (found := local_hours(day, had.begins, had.ends, zone))],
        [found for begins, ends in breaks if (found := local_hours(day, begins, ends, zone))],
    )


@settings(max_examples=30)
@given(schedules(), ZONE)
def test_no_slot_overlaps_another_or_lies_in_a_break_or_outside_of_hours(schedule: Schedule, zone: ZoneInfo) -> None:
    slots = year_of(schedule, zone)
    assert len({slot.external_id for slot in slots}) == len(slots)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(slots))
    by_day: dict[date, list[PlannedSlot]] = {}
    for slot in slots:
        by_day.setdefault(slot.starts_at.astimezone(zone).date(), []).append(slot)
    for day, of_that_day in by_day.items():
        hours, breaks = hours_and_breaks(schedule, day, zone)
        for slot in of_that_day:
            assert subtract([slot.time], hours) == []
            assert not any(overlaps(slot.time, pause) for pause in breaks)


@settings(max_examples=30)
@given(schedules(), ZONE)
def test_no_gap_in_working_hours_is_as_long_as_a_slot(schedule: Schedule, zone: ZoneInfo) -> None:
    slots = year_of(schedule, zone)
    longest = timedelta(minutes=30)
    by_day = Counter(slot.starts_at.astimezone(zone).date() for slot in slots)
    for day in days_between(schedule.valid_from, schedule.valid_to or schedule.valid_from):
        hours, breaks = hours_and_breaks(schedule, day, zone)
        if not by_day[day]:
            assert all(end - start < longest for start, end in subtract(hours, breaks)), day
            continue
        # Hours that overlap are cut where the first of them ends: each piece has its own remainder.
        edges = sorted({edge for interval in hours + breaks for edge in interval})
        gaps = subtract(merge(hours), [*breaks, *(slot.time for slot in of_day(slots, day, zone))])
        for start, end in gaps:
            pieces = [start, *(edge for edge in edges if start < edge < end), end]
            assert all(later - earlier < longest for earlier, later in pairwise(pieces)), (day, start, end)


@settings(max_examples=20)
@given(schedules(), ZONE, st.randoms(use_true_random=False))
def test_the_same_slots_whoever_works_them_out_and_in_any_order(schedule: Schedule, zone: ZoneInfo, any_: Any) -> None:
    def shuffled(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(any_.sample(list(items), len(items)))

    slots = year_of(schedule, zone)
    another = replace(
        schedule,
        weekly=shuffled(schedule.weekly),
        weekly_breaks=shuffled(schedule.weekly_breaks),
        exceptions=shuffled(schedule.exceptions),
        shares=schedule.shares and dict(reversed(list(schedule.shares.items()))),
    )
    assert year_of(another, zone) == slots
    # Day by day, the last first: what a day has does not hang on the days that are worked out with it.
    calendar = calendar_of(schedule.valid_from, date(schedule.valid_from.year, 12, 31), {})
    days = days_between(schedule.valid_from, schedule.valid_from + timedelta(days=120))
    apart = [slot for day in reversed(days) for slot in planned_slots(schedule, zone, day, day, calendar, KEY)]
    assert sorted(apart, key=lambda slot: slot.starts_at) == slots[: len(apart)]


@settings(max_examples=20)
@given(schedules(), ZONE)
def test_nothing_on_days_off_but_what_an_exception_says(schedule: Schedule, zone: ZoneInfo) -> None:
    calendar = national_days(schedule.valid_from.year)
    worked = {slot.starts_at.astimezone(zone).date() for slot in year_of(schedule, zone)}
    for day in worked:
        of_that_day = [found for found in schedule.exceptions if found.first <= day <= found.last]
        closed = any(found.closed for found in of_that_day)
        off = not schedule.works_on_holidays and calendar.get(day, 0) is None
        if closed or off:
            assert any(found.extra_hours for found in of_that_day)


@settings(max_examples=20)
@given(schedules(), ZONE)
def test_an_own_id_never_stands_for_another_time(schedule: Schedule, zone: ZoneInfo) -> None:
    """Ids tell the local start, and are none that a system may publish under."""
    own_id = TypeAdapter[str](ExternalId)
    for slot in year_of(schedule, zone)[:500]:
        local = slot.starts_at.astimezone(zone)
        assert slot.external_id == f"s1:{local:%Y%m%dT%H%M}" + "b" * local.fold
        with pytest.raises(ValidationError):
            own_id.validate_python(slot.external_id)


@settings(max_examples=20)
@given(schedules(), ZONE)
def test_places_open_when_their_release_says(schedule: Schedule, zone: ZoneInfo) -> None:
    for slot in year_of(schedule, zone)[:500]:
        opens, last_opens = release_of(schedule.release, slot.starts_at.astimezone(zone).date(), zone)
        if "internet" not in slot.channels:
            if schedule.passes_hours is None:
                assert slot.internet_at == NEVER
            else:
                assert slot.internet_at == max(last_opens, slot.starts_at - timedelta(hours=schedule.passes_hours))
        elif schedule.release.policy == "jittered":
            assert opens <= slot.internet_at <= last_opens
            assert slot.internet_at < last_opens or opens == last_opens
        else:
            assert slot.internet_at == last_opens


@given(SHARES.filter(bool), st.integers(1, 80))
@example({"internet": 50, "desk": 50}, 7)
def test_shares_are_spread_evenly(shares: dict[str, int], count: int) -> None:
    """Of any first slots of a day each channel has its percents, to within one slot."""
    schedule = weekdays(Hours(time(6), time(20)), slot_minutes=10, shares=shares)
    slots = planned_slots(schedule, KUZBASS, date(2026, 9, 7), date(2026, 9, 7), {}, KEY)[:count]
    given = Counter(channel for slot in slots for channel in slot.channels)
    for channel, percent in shares.items():
        assert abs(given[channel] - percent * len(slots) / 100) <= 1


def weekdays(*hours: Hours, **more: Any) -> Schedule:
    settings = {"slot_minutes": 60, "valid_from": date(2010, 1, 1), "valid_to": None, **more}
    weekly = tuple((day, had) for day in range(1, 6) for had in hours)
    return Schedule("s1", DOCTOR, "58", ROOM, weekly=weekly, **settings)


def starts(schedule: Schedule, day: date, zone: ZoneInfo = KUZBASS) -> list[str]:
    calendar = calendar_of(day, day, {})
    slots = planned_slots(schedule, zone, day, day, calendar, KEY)
    return [f"{slot.starts_at.astimezone(zone):%H:%M}" for slot in slots]


def test_a_holiday_a_moved_working_day_and_a_weekend() -> None:
    """1 November 2025, a Saturday, was worked for Monday the 3rd, which was off like the 4th."""
    schedule = weekdays(Hours(time(9), time(11)))
    schedule = replace(schedule, weekly=(*schedule.weekly, (1, Hours(time(15), time(16)))))
    assert starts(schedule, date(2025, 11, 1)) == ["09:00", "10:00", "15:00"]
    assert starts(schedule, date(2025, 11, 3)) == []
    assert starts(schedule, date(2025, 11, 4)) == []
    assert starts(schedule, date(2025, 11, 8)) == []
    around_the_clock = replace(schedule, works_on_holidays=True)
    assert starts(around_the_clock, date(2025, 11, 1)) == []
    assert starts(around_the_clock, date(2025, 11, 4)) == ["09:00", "10:00"]
    own = calendar_of(date(2025, 11, 1), date(2025, 11, 4), {date(2025, 11, 1): None, date(2025, 11, 4): 2})
    assert own == {date(2025, 11, 1): None, date(2025, 11, 3): None, date(2025, 11, 4): 2}


@pytest.mark.parametrize(
    ("year", "moved"),
    [
        (2010, {date(2010, 2, 27): 1, date(2010, 11, 13): 5}),
        (2018, {date(2018, 4, 28): 1, date(2018, 6, 9): 1, date(2018, 12, 29): 1}),
        (2024, {date(2024, 4, 27): 1, date(2024, 11, 2): 2, date(2024, 12, 28): 1}),
        (2025, {date(2025, 11, 1): 1}),
        (2026, {}),
    ],
)
def test_working_days_that_the_government_moved(year: int, moved: dict[date, int]) -> None:
    """As in the production calendars of those years; New Year's days off moved to elsewhere stay off."""
    days = national_days(year)
    assert {day: works for day, works in days.items() if works} == moved
    assert all(days[date(year, 1, day)] is None for day in range(1, 9) if (year, day) not in {(2010, 6), (2010, 8)})
    assert days[date(year, 5, 9)] is None


def test_a_night_on_which_clocks_change() -> None:
    """Moscow, 31 October 2010, 03:00 came twice; 28 March 2010, from 02:00 to 03:00 there was nothing."""
    moscow = ZoneInfo("Europe/Moscow")
    night = Schedule(
        "s1",
        DOCTOR,
        "58",
        ROOM,
        date(2010, 1, 1),
        None,
        tuple((day, Hours(time(1), time(5))) for day in range(1, 8)),
        30,
    )
    back = planned_slots(night, moscow, date(2010, 10, 31), date(2010, 10, 31), {}, KEY)
    assert [slot.external_id[-5:].strip("T") for slot in back] == [
        "0100", "0130", "0200", "0230", "0200b", "0230b", "0300", "0330", "0400", "0430",
    ]  # fmt: skip
    forward = planned_slots(night, moscow, date(2010, 3, 28), date(2010, 3, 28), {}, KEY)
    assert [slot.external_id[-4:] for slot in forward] == ["0100", "0130", "0300", "0330", "0400", "0430"]
    assert forward[0].starts_at == datetime(2010, 3, 27, 22, tzinfo=UTC)


def test_exceptions_of_a_day() -> None:
    monday = date(2026, 9, 7)
    usual = weekdays(Hours(time(9), time(12)))
    for exception, expected in (
        (Exceptional(monday, monday, closed=True), []),
        (
            Exceptional(monday, monday, extra_hours=(Hours(time(18), time(20)),)),
            ["09:00", "10:00", "11:00", "18:00", "19:00"],
        ),
        (Exceptional(monday, monday, closed=True, extra_hours=(Hours(time(14), time(15)),)), ["14:00"]),
        (Exceptional(monday, monday, breaks=((time(10), time(11)),)), ["09:00", "11:00"]),
        (Exceptional(monday, monday, slot_minutes=90), ["09:00", "10:30"]),
    ):
        assert starts(replace(usual, exceptions=(exception,)), monday) == expected
        assert starts(replace(usual, exceptions=(exception,)), monday + timedelta(days=1)) == starts(usual, monday)
    elsewhere = replace(usual, exceptions=(Exceptional(monday, monday, location_id=OTHER_ROOM),))
    slots = planned_slots(elsewhere, KUZBASS, monday, monday + timedelta(days=1), {}, KEY)
    assert [slot.location_id for slot in slots] == [OTHER_ROOM] * 3 + [ROOM] * 3


def test_a_jittered_moment_is_the_slots_own_and_the_keys() -> None:
    release = Release("jittered", 14, time(8), 60)
    schedule = weekdays(Hours(time(9), time(17)), slot_minutes=10, release=release)
    day = date(2026, 9, 7)
    one, other = (planned_slots(schedule, KUZBASS, day, day, {}, key) for key in (KEY, b"another"))
    moments = [slot.internet_at for slot in one]
    assert len(set(moments)) > 40
    assert moments != sorted(moments)
    assert moments != [slot.internet_at for slot in other]
    thirds = Counter((slot.internet_at - release_of(release, day, KUZBASS)[0]) // timedelta(minutes=20) for slot in one)
    assert all(thirds[third] > 5 for third in range(3))


def test_what_is_blocked_is_left_out() -> None:
    day = date(2026, 9, 7)
    slots = planned_slots(weekdays(Hours(time(9), time(12))), KUZBASS, day, day, {}, KEY)
    middle = slots[1].starts_at + timedelta(minutes=5), slots[1].ends_at
    assert outside(slots, [middle]) == [slots[0], slots[2]]
