"""Pure rules of schedules: from weekly hours in local time to the slots of each day, and when each opens.

Slots are worked out from the schedule, the zone and the calendar alone: whoever works them out again, on any machine
and in any order, comes to the same slots under the same ids.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from service.scheduling.calendar import Calendar, days_between
from service.scheduling.rules import Interval, instant_of, local_hours, merge, overlaps, subtract

Policy = Literal["first_come", "jittered", "draw"]
INTERNET = "internet"
# Between a schedule's own id and a local start: no id of an institution's own has it in it.
_MARK = ":"
# As asyncpg reads and writes 'infinity'.
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of a weekday, or of an exception. What is None is as the schedule says."""

    begins: time
    ends: time
    location_id: UUID | None = None
    slot_minutes: int | None = None
    capacity: int | None = None
    purpose: str | None = None
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Exceptional:
    """What is otherwise on the local days from `first` to `last`. Extra hours are worked on days off too."""

    first: date
    last: date
    closed: bool = False
    extra_hours: tuple[Hours, ...] = ()
    breaks: tuple[tuple[time, time], ...] = ()
    location_id: UUID | None = None
    slot_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """When the places of a day open to citizens: `horizon_days` before it, at `release_time`, or at once (None).

    first_come: all at that moment. jittered: each at a moment of its own of the window that nobody can foretell. draw:
    requests are collected in the window, and what is left over opens at its end.
    """

    policy: Policy = "first_come"
    horizon_days: int = 14
    release_time: time | None = None
    window_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A doctor's weekly template. `weekly` and `weekly_breaks` are pairs of an ISO weekday and hours."""

    external_id: str
    practitioner_id: UUID
    specialty_code: str
    location_id: UUID
    valid_from: date
    valid_to: date | None
    weekly: tuple[tuple[int, Hours], ...]
    slot_minutes: int
    capacity: int = 1
    purpose: str = "routine"
    weekly_breaks: tuple[tuple[int, time, time], ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    works_on_holidays: bool = False
    channels: tuple[str, ...] = (INTERNET,)
    # Percents that add up to 100; they stand in place of `channels`.
    shares: Mapping[str, int] | None = None
    passes_hours: int | None = None
    min_lead_minutes: int = 0
    age_from: int | None = None
    age_to: int | None = None
    sex: str | None = None
    access: str | None = None
    release: Release = field(default_factory=Release)


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """A slot as it should be in the database."""

    external_id: str
    practitioner_id: UUID
    specialty_code: str
    location_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    age_from: int | None
    age_to: int | None
    sex: str | None
    purpose: str
    channels: tuple[str, ...]
    access: str | None
    policy: str
    internet_at: datetime
    min_lead_minutes: int

    @property
    def time(self) -> Interval:
        return self.starts_at, self.ends_at


def planned_slots(
    schedule: Schedule, zone: ZoneInfo, first: date, last: date, calendar: Calendar, key: bytes
) -> list[PlannedSlot]:
    """The slots of a schedule on the local days from `first` to `last`, in order; none overlaps another.

    `calendar` holds the days that are not what their weekday says. `key` is the secret by which the moments of a
    jittered release are drawn. Working hours are filled from their beginning; a remainder shorter than a slot is left.
    """
    first = max(first, schedule.valid_from)
    last = last if schedule.valid_to is None else min(last, schedule.valid_to)
    return [slot for day in days_between(first, last) for slot in _slots_of_day(schedule, day, zone, calendar, key)]


def weekday_worked(schedule: Schedule, day: date, calendar: Calendar) -> int | None:
    """The ISO weekday whose hours a day works by; None where it is off. Exceptions are not looked at."""
    return day.isoweekday() if schedule.works_on_holidays else calendar.get(day, day.isoweekday())


def works_on(schedule: Schedule, day: date, zone: ZoneInfo, calendar: Calendar) -> bool:
    """Whether anything of a local day is worked."""
    within = schedule.valid_from <= day and (schedule.valid_to is None or day <= schedule.valid_to)
    return within and bool(_windows(schedule, day, zone, calendar, _exceptions_of(schedule, day)))


def opens_online(schedule: Schedule) -> bool:
    """Whether any of its places open to citizens by themselves on the days of its release."""
    weekly = any(INTERNET in (hours.channels or ()) for _, hours in schedule.weekly)
    return schedule.access != "closed" and (weekly or INTERNET in (schedule.shares or schedule.channels))


def release_of(release: Release, day: date, zone: ZoneInfo) -> Interval:
    """When the places of a local day begin to open to citizens, and when the last of them is open."""
    # Without a time they open with the day that comes into the horizon: at once for all that is made later.
    opens = instant_of(day - timedelta(days=release.horizon_days), release.release_time or time.min, zone)
    spread = release.policy != "first_come" and release.release_time is not None
    return opens, opens + timedelta(minutes=release.window_minutes if spread else 0)


def _slots_of_day(
    schedule: Schedule, day: date, zone: ZoneInfo, calendar: Calendar, key: bytes
) -> Iterable[PlannedSlot]:
    exceptions = _exceptions_of(schedule, day)
    location: UUID | None = None
    minutes: int | None = None
    for exception in exceptions:
        location, minutes = exception.location_id or location, exception.slot_minutes or minutes
    times = [
        (start, start + length, hours)
        for window, hours in _windows(schedule, day, zone, calendar, exceptions)
        # An exception's length and room go before those of the hours, and these before the schedule's.
        for length in [timedelta(minutes=minutes or hours.slot_minutes or schedule.slot_minutes)]
        for start in _starts(window, length)
    ]
    # Hours with channels of their own take no part in the shares.
    shared = iter(_spread(schedule.shares or {}, sum(hours.channels is None for *_, hours in times)))
    for start, end, hours in times:
        in_shares = schedule.shares is not None and hours.channels is None
        slot = PlannedSlot(
            external_id=slot_id_of(schedule.external_id, start, zone),
            practitioner_id=schedule.practitioner_id,
            specialty_code=schedule.specialty_code,
            location_id=location or hours.location_id or schedule.location_id,
            starts_at=start,
            ends_at=end,
            capacity=hours.capacity or schedule.capacity,
            age_from=schedule.age_from,
            age_to=schedule.age_to,
            sex=schedule.sex,
            purpose=hours.purpose or schedule.purpose,
            channels=(next(shared),) if in_shares else hours.channels or schedule.channels,
            access=schedule.access,
            policy=schedule.release.policy,
            internet_at=NEVER,
            min_lead_minutes=schedule.min_lead_minutes,
        )
        yield replace(slot, internet_at=_internet_at(schedule, slot, day, zone, key))


def slot_id_of(schedule_id: str, starts_at: datetime, zone: ZoneInfo) -> str:
    """The stable id of a schedule's slot: its local start, and a mark on those that clocks put back show again."""
    local = starts_at.astimezone(zone)
    return f"{schedule_id}{_MARK}{local:%Y%m%dT%H%M}{'b' if local.fold else ''}"


def _exceptions_of(schedule: Schedule, day: date) -> list[Exceptional]:
    """Those of a day, the one that counts last: it begins later, or ends earlier than one that begins with it."""
    found = {exception for exception in schedule.exceptions if exception.first <= day <= exception.last}
    return sorted(found, key=lambda exception: (exception.first, -exception.last.toordinal(), repr(exception)))


def _windows(
    schedule: Schedule, day: date, zone: ZoneInfo, calendar: Calendar, exceptions: Sequence[Exceptional]
) -> list[tuple[Interval, Hours]]:
    """The hours of a day in UTC, in order and without their breaks; none begins before the one before it has ended."""
    worked = weekday_worked(schedule, day, calendar)
    usual = [] if any(found.closed for found in exceptions) else [had for at, had in schedule.weekly if at == worked]
    extra = [hours for exception in exceptions for hours in exception.extra_hours]
    pauses = [(begins, ends) for weekday, begins, ends in schedule.weekly_breaks if weekday == (worked or 0)]
    pauses += [pause for exception in exceptions for pause in exception.breaks]
    gone = [found for pause in pauses if (found := local_hours(day, *pause, zone))]
    worked_hours = [
        (found, hours) for hours in (*usual, *extra) if (found := local_hours(day, hours.begins, hours.ends, zone))
    ]
    windows: list[tuple[Interval, Hours]] = []
    for window, hours in sorted(worked_hours, key=lambda pair: (pair[0], repr(pair[1]))):
        windows += [(left, hours) for left in subtract([window], gone)]
        gone = merge([*gone, window])
    return sorted(windows, key=lambda pair: pair[0])


def _starts(window: Interval, length: timedelta) -> list[datetime]:
    return [window[0] + number * length for number in range((window[1] - window[0]) // length)]


def _spread(shares: Mapping[str, int], count: int) -> list[str]:
    """A channel for each of `count` slots of a day, each channel as evenly over the day as its percents allow."""
    given = dict.fromkeys(sorted(shares), 0)
    spread: list[str] = []
    for number in range(1, count + 1 if shares else 0):
        behind = max(given, key=lambda channel: shares[channel] * number - given[channel] * 100)
        given[behind] += 1
        spread.append(behind)
    return spread


def _internet_at(schedule: Schedule, slot: PlannedSlot, day: date, zone: ZoneInfo, key: bytes) -> datetime:
    """From when on citizens may take places of the slot by themselves; NEVER."""
    if slot.access == "closed":
        return NEVER
    opens, last_opens = release_of(schedule.release, day, zone)
    if INTERNET not in slot.channels:
        if schedule.passes_hours is None:
            return NEVER
        return max(last_opens, slot.starts_at - timedelta(hours=schedule.passes_hours))
    if schedule.release.policy == "jittered":
        return opens + timedelta(seconds=int((last_opens - opens).total_seconds() * chance(key, slot.external_id)))
    return last_opens


def chance(key: bytes, slot_id: str) -> float:
    """A number of [0, 1) that is the slot's own, and that nobody foretells who has not the key."""
    digest = hmac.digest(key, slot_id.encode(), hashlib.sha256)
    return int.from_bytes(digest[:6]) / 2**48


def outside(slots: Iterable[PlannedSlot], blocked: Sequence[Interval]) -> list[PlannedSlot]:
    """The slots that share no moment with what is blocked."""
    return [slot for slot in slots if not any(overlaps(slot.time, block) for block in blocked)]
