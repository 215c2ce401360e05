"""Events of security: lines of the logger zapis.security with stable names, and a counter for each.

docs/logs.md lists them. Whoever causes refusals without end does not fill the log with them: of each such event so many
lines are written in a minute, and then one that says how many more there were.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

import structlog
from prometheus_client import Counter

from service.core.limits import CLASSES

_log = structlog.get_logger("zapis.security")
_COUNTED = Counter("zapis_security_events", "What happened that has to do with security, by its name.", ["event"])
_OVER_LIMIT = Counter("zapis_over_limit", "Requests that were refused because of a limit, by its class.", ["limit"])
_counted, _over_limit = cache(_COUNTED.labels), cache(_OVER_LIMIT.labels)
# They are there from the beginning: an alert on a first time compares with a zero.
for _limit in CLASSES:
    _over_limit(_limit)
SUMMED_UP_EVERY_SECONDS = 60
_LINES = 60
# So many callers are told apart in the sum of a minute.
_CALLERS_TOLD_APART = 256


@dataclass(frozen=True, slots=True)
class Event:
    """`fields`: what its lines hold beside those of a request; `lines`: how many a minute and process, None: all."""

    name: str
    level: Literal["info", "warning", "error"]
    of_request: bool
    fields: tuple[str, ...]
    lines: int | None


EVENTS: dict[str, Event] = {}
# Of every event that a request brought about.
REQUEST_FIELDS = ("operation", "status", "code", "request_id", "caller", "account", "from")
# Of the sum of a minute, in place of them.
SUM_FIELDS = ("withheld",)


def _event(
    name: str,
    level: Literal["info", "warning", "error"] = "warning",
    fields: tuple[str, ...] = (),
    *,
    of_request: bool = True,
    lines: int | None = _LINES,
) -> Event:
    EVENTS[name] = event = Event(name, level, of_request, fields, lines)
    _counted(name)
    return event


# Each brings something about, and is bounded by what it takes: a signed launch, a client's secret, a session.
SESSION_OPENED = _event("session_opened", "info", ("platform", "role"), lines=None)
TOKEN_ISSUED = _event("token_issued", "info", lines=None)
SESSION_CLOSED = _event("session_closed", "info", lines=None)
TOKEN_REUSED = _event("refresh_token_reused", "error")
# What costs its sender nothing.
LOGIN_REFUSED = _event("login_refused")
REFRESH_REFUSED = _event("refresh_refused")
TOKEN_REFUSED = _event("token_refused")
ACCESS_REFUSED = _event("access_refused")
NOTHING_THERE = _event("nothing_there")
CODE_REFUSED = _event("code_refused")
CODES_LOCKED = _event("codes_locked")
FORWARDED_MISTRUSTED = _event("forwarded_mistrusted", "warning", ("setting",), lines=1)
UNEXPECTED = _event("unexpected_error", "error")
UNAVAILABLE = _event("unavailable", "error")
# Sums alone.
OVER_LIMIT = _event("over_limit", "warning", ("limit", "requests", "from", "of_them"), of_request=False, lines=0)
# Of no request.
KEYS_CHANGED = _event("keys_changed", "warning", ("added", "gone"), of_request=False)
KEYS_IN_TROUBLE = _event("keys_in_trouble", "error", ("trouble",), of_request=False)
CHAIN_BROKEN = _event("audit_chain_broken", "error", ("region", "log", "what"), of_request=False)


class _Minute:
    """What was told since the last sum; one for a process, as its log is."""

    def __init__(self) -> None:
        self.told: Tally[str] = Tally()
        self.over_limit: dict[str, Tally[str | None]] = {}

    def may_tell(self, event: Event) -> bool:
        self.told[event.name] += 1
        return event.lines is None or self.told[event.name] <= event.lines

    def withheld(self) -> dict[str, int]:
        over = {name: count - (EVENTS[name].lines or count) for name, count in self.told.items()}
        return {name: count for name, count in over.items() if count > 0}


_minute = _Minute()


def tell(event: Event, **fields: object) -> None:
    """Counts it, and writes its line where it may still have one in this minute."""
    _counted(event.name).inc()
    if _minute.may_tell(event):
        _write(event, fields)


def tell_over_limit(limit: str, caller: str | None) -> None:
    """Counts a refusal of that class of limits; whose they were, is told by the sum of the minute."""
    _counted(OVER_LIMIT.name).inc()
    _over_limit(limit).inc()
    callers = _minute.over_limit.setdefault(limit, Tally())
    # Who comes when there are so many already counts with the rest.
    callers[caller if caller in callers or len(callers) < _CALLERS_TOLD_APART else None] += 1


def sum_up() -> None:
    """Ends the minute: a line for each event that had more than its lines, and for each limit that was met."""
    global _minute
    over, _minute = _minute, _Minute()
    for name, count in over.withheld().items():
        _write(EVENTS[name], {"withheld": count})
    for limit, callers in over.over_limit.items():
        most, of_them = callers.most_common(1)[0]
        _write(OVER_LIMIT, {"limit": limit, "requests": callers.total(), "from": most, "of_them": of_them})


@asynccontextmanager
async def summed_up() -> AsyncGenerator[None]:
    """Minute by minute, and at the end."""

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(SUMMED_UP_EVERY_SECONDS)
            sum_up()

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        sum_up()


def _write(event: Event, fields: dict[str, object]) -> None:
    getattr(_log, event.level)(event.name, **fields)
