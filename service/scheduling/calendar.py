"""The national calendar of working days: holidays, days off and working days that the Government moved.

The `holidays` package keeps it by the Government's yearly resolutions on moved days off (Labour Code, art. 112).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache

# By the day: the ISO weekday whose hours it works by; None: a day off.
Calendar = Mapping[date, int | None]

_MOVED_FROM = re.compile(r"\d\d\.\d\d\.\d{4}")
_SATURDAY = 6


@cache
def national_days(year: int) -> Calendar:
    """The days of a year that are not what their weekday says.

    A working day that was moved to a weekend works by the hours of the weekday it was moved from (order 588н of the
    Ministry of Health and Social Development of 13.08.2009). A moved day off that was a holiday stays one.
    """
    # Here, for it takes seven megabytes that a worker which books has no use for.
    import holidays  # noqa: PLC0415

    known = holidays.country_holidays("RU", years=year, language="ru")
    days: dict[date, int | None] = dict.fromkeys(known)
    for day, name in known.items():
        moved = _MOVED_FROM.search(name)
        works = datetime.strptime(moved[0], "%d.%m.%Y").date() if moved else None  # noqa: DTZ007 - a day
        if works and works not in days and works.isoweekday() >= _SATURDAY:
            days[works] = day.isoweekday()
    return days


def calendar_of(first: date, last: date, own: Calendar) -> dict[date, int | None]:
    """The days from `first` to `last` that are not what their weekday says, `own` days going before the nation's."""
    nation = {day: works for year in range(first.year, last.year + 1) for day, works in national_days(year).items()}
    return {day: works for day, works in sorted({**nation, **own}.items()) if first <= day <= last}


def days_between(first: date, last: date) -> list[date]:
    """The days from `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
