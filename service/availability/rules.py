"""Pure rules of what a region counts."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo


def days_until(starts_at: datetime, now: datetime, zone: ZoneInfo) -> int:
    """Days from today to the day of `starts_at` on the wall calendar of `zone`: 0 is today, however late it is."""
    return (_day(starts_at, zone) - _day(now, zone)).days


def median_days(days: Iterable[int | None]) -> int | None:
    """Within how many days half of the clinics have a free ticket; None (no free ticket) counts as never.

    None where fewer than half of them have one, or where there are no clinics: a median over those alone that have
    one would look the better, the more clinics have nothing.
    """
    found = list(days)
    known = sorted(day for day in found if day is not None)
    half = (len(found) + 1) // 2
    return known[half - 1] if found and len(known) >= half else None


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
