"""From rules in an institution's wall-clock time to instants in UTC, and arithmetic on the intervals between them.

An interval is a pair of aware datetimes, half-open: it holds its start and not its end, and is not empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class WeeklyLesson:
    """A lesson that comes back every week: ISO weekday (1 is Monday), wall-clock start, length in minutes.

    Raises ValueError for a weekday outside 1-7 or a length that is not positive.
    """

    weekday: int
    starts: time
    minutes: int

    def __post_init__(self) -> None:
        if self.weekday not in range(1, 8):
            raise ValueError("weekday must be 1-7")
        if self.minutes <= 0:
            raise ValueError("minutes must be positive")


def lessons_between(weekly: Sequence[WeeklyLesson], first: date, last: date, zone: ZoneInfo) -> list[Interval]:
    """The lessons that start on the days from `first` to `last`, both included, in UTC and in order.

    A lesson starts at the same wall-clock time all year and lasts its minutes in real time, whatever the clocks do. A
    start that the clocks skip moves forward by what they skip; of a start that comes twice the first is taken.
    """
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    lessons = (
        (instant_of(day, lesson.starts, zone), timedelta(minutes=lesson.minutes))
        for day in days
        for lesson in weekly
        if lesson.weekday == day.isoweekday()
    )
    return sorted((start, start + length) for start, length in lessons)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The union of intervals as the fewest in order: those that overlap or touch become one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def subtract(intervals: Iterable[Interval], gone: Iterable[Interval]) -> list[Interval]:
    """What is left of intervals, each for itself and in order, when the others are cut out."""
    left = sorted(intervals)
    for gone_from, gone_to in merge(gone):
        pieces = (((start, min(end, gone_from)), (max(start, gone_to), end)) for start, end in left)
        left = [piece for pair in pieces for piece in pair if piece[0] < piece[1]]
    return left


def overlaps(a: Interval, b: Interval) -> bool:
    """Whether two intervals share an instant; those that only touch do not."""
    return a[0] < b[1] and b[0] < a[1]


def local_hours(day: date, begins: time, ends: time, zone: ZoneInfo) -> Interval | None:
    """Hours of a local day in UTC; an end of 00:00 is the day's. None where the clocks skip all of them."""
    end = instant_of(day + timedelta(days=1) if ends == time.min else day, ends, zone)
    begin = instant_of(day, begins, zone)
    return (begin, end) if begin < end else None


def local_day_bounds(day: date, zone: ZoneInfo) -> Interval:
    """The UTC instants at which a local day begins and the next one does; not always 24 hours apart."""
    return instant_of(day, time.min, zone), instant_of(day + timedelta(days=1), time.min, zone)


def days_bounds(first: date, days: int, zone: ZoneInfo) -> Interval:
    """The UTC instants between which so many local days lie, from the first on."""
    return local_day_bounds(first, zone)[0], local_day_bounds(first + timedelta(days=days - 1), zone)[1]


def instant_of(day: date, wall_clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time; a skipped one moves forward by what is skipped, of a repeated one the first."""
    # fold=0 is the whole rule (PEP 495): a skipped time is read by the offset before the gap, which lands it as far
    # behind the gap as it lay inside, and a repeated time by the offset before the fold, which is its first occurrence.
    return datetime.combine(day, wall_clock.replace(fold=0), tzinfo=zone).astimezone(UTC)
