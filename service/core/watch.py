"""What is written down of a request: a line that says who asked for what, and the events of security that it is."""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import structlog
from aiohttp import web

from schemas import problems
from schemas.problems import REFUSALS, Kind
from service.core import events
from service.core.callers import CALLER
from service.core.counting import COUNTED
from service.core.events import Event
from service.core.operations import Actor

_log = structlog.get_logger("zapis.access")
_DAY_SECONDS = 86400
_NAME_BYTES = 6
_CALLERS_REMEMBERED = 4096
# Whoever asks too much gets these; the proofs are asked for by a limit of that name.
_ONLY_COUNTED = {refused.code for refused in (problems.TOO_MANY_REQUESTS, problems.PROOF_NEEDED, problems.PROOF_WRONG)}
_PRESSURE = "pressure"
# What refuses somebody who would come in, or come in once more.
_OF_CODES: Mapping[str, Event] = {
    **{
        refusal.code: events.LOGIN_REFUSED
        for refusal in (
            problems.LAUNCH_INVALID, problems.LAUNCH_STALE, problems.LAUNCH_SPENT, problems.PAGE_MISSING,
            problems.PAGE_UNKNOWN, problems.CLIENT_INVALID, problems.SCOPE_INVALID, problems.GRANT_UNSUPPORTED,
        )
    },
    problems.SESSION_ENDED.code: events.REFRESH_REFUSED,
    problems.INVITATION_NOT_FOUND.code: events.CODE_REFUSED,
    problems.CONFIRMATION_CODE_WRONG.code: events.CODE_REFUSED,
    problems.TOO_MANY_ATTEMPTS.code: events.CODES_LOCKED,
    problems.UNAVAILABLE.code: events.UNAVAILABLE,
    problems.OUTCOME_UNKNOWN.code: events.UNAVAILABLE,
}  # fmt: skip
# And what others tell by their kind.
_OF_KINDS: Mapping[Kind, Event] = {
    Kind.unauthenticated: events.TOKEN_REFUSED,
    Kind.forbidden: events.ACCESS_REFUSED,
    Kind.absent: events.NOTHING_THERE,
    Kind.internal: events.UNEXPECTED,
}


class Noted:
    """What is found out of a request on its way: who asks, and what comes of it."""

    __slots__ = ("events", "who")

    def __init__(self) -> None:
        self.who: Actor | None = None
        self.events: list[tuple[Event, dict[str, Any]]] = []

    def tell(self, event: Event, **fields: object) -> None:
        """Of a use case whose effect is a statement of its own: it is told whatever becomes of the answer."""
        self.events.append((event, fields))


NOTED: web.RequestKey[Noted] = web.RequestKey("noted", Noted)


def event_of(code: str) -> Event | None:
    """What a refusal of that code is."""
    return _OF_CODES.get(code) or _OF_KINDS.get(REFUSALS[code].kind)


def day_of(moment: datetime) -> int:
    """The number of its day (UTC)."""
    return int(moment.timestamp()) // _DAY_SECONDS


class Watch:
    """`key`: by which addresses are hashed. An address is personal data, so none is written: what stands for one joins
    the lines of one caller for a day (UTC), and is told apart from nothing else without the key.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._named = lru_cache(_CALLERS_REMEMBERED)(self._name)

    def name_of(self, subject: bytes, day: int | None = None) -> str | None:
        """What stands on that day, today, for an address (Caller.subject); None where there is none."""
        return self._named(subject, int(time.time()) // _DAY_SECONDS if day is None else day) if subject else None

    def _name(self, subject: bytes, day: int) -> str:
        return blake2b(day.to_bytes(4) + subject, key=self._key, digest_size=_NAME_BYTES).hexdigest()

    def write(
        self, request: web.Request, operation: str, status: int, code: str | None, request_id: str, seconds: float
    ) -> None:
        """One line, and whatever it is beside. No query, path value or body is in any of them.

        A refusal because of a limit, or for want of a proof, is only counted: a line for each would do what whoever
        sends so many is after.
        """
        caller = request[CALLER]
        named = self.name_of(caller.subject)
        if code in _ONLY_COUNTED:
            limit = request[COUNTED].name if code == problems.TOO_MANY_REQUESTS.code else _PRESSURE
            events.tell_over_limit(limit, named)
            return
        noted = request[NOTED]
        who = noted.who
        told: dict[str, Any] = {
            "operation": operation,
            "status": status,
            "code": code,
            "request_id": request_id,
            "caller": who.kind if who else None,
            "account": who.id if who else None,
            "from": named,
        }
        _log.info("request", method=request.method, ms=round(seconds * 1000, 2), **told)
        if caller.disputed:
            noted.tell(events.FORWARDED_MISTRUSTED, setting="ZAPIS_TRUSTED_PROXIES")
        if code is not None and (event := event_of(code)) is not None:
            noted.tell(event)
        for event, fields in noted.events:
            events.tell(event, **told, **fields)
