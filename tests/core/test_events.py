"""Events of security: each is counted, and whoever causes them without end does not fill the log."""

import json
from typing import Any

import pytest
from prometheus_client import REGISTRY

from schemas.problems import REFUSALS, Kind
from service.core import events, logs
from service.core.events import EVENTS, REQUEST_FIELDS
from service.core.watch import Watch, event_of

OF_A_REQUEST = dict.fromkeys(REQUEST_FIELDS)
MANY = 1000


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Any:
    """What was written since it was asked the last time."""
    logs.configure("info")
    events.sum_up()
    capfd.readouterr()
    return lambda: [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def counted(name: str) -> float:
    return REGISTRY.get_sample_value("zapis_security_events_total", {"event": name}) or 0.0


def test_of_what_costs_nothing_so_many_lines_are_written_in_a_minute(said: Any) -> None:
    before = counted("token_refused")
    for _ in range(MANY):
        events.tell(events.TOKEN_REFUSED, **OF_A_REQUEST)
    lines = said()
    assert len(lines) == events.TOKEN_REFUSED.lines == 60
    assert lines[0] | {"timestamp": 0} == {
        **OF_A_REQUEST, "event": "token_refused", "logger": "zapis.security", "level": "warning", "timestamp": 0,
    }  # fmt: skip
    assert counted("token_refused") == before + MANY
    events.sum_up()
    (more,) = said()
    assert (more["event"], more["withheld"]) == ("token_refused", MANY - 60)
    # The next minute is another one, and one in which nothing was withheld has no sum.
    events.tell(events.TOKEN_REFUSED, **OF_A_REQUEST)
    assert len(said()) == 1
    events.sum_up()
    assert said() == []


def test_what_each_brings_something_about_is_told_each(said: Any) -> None:
    for _ in range(MANY):
        events.tell(events.SESSION_OPENED, **OF_A_REQUEST, platform="vk", role="none")
    assert len(said()) == MANY
    events.sum_up()
    assert said() == []


def test_refusals_by_a_limit_are_one_line_a_class_and_minute_however_many_callers(said: Any) -> None:
    for number in range(100_000):
        events.tell_over_limit("address", f"{number:012x}" if number % 2 else "abuser")
    events.tell_over_limit("citizen", None)
    assert said() == []
    assert len(events._minute.over_limit["address"]) <= 257
    events.sum_up()
    address, citizen = said()
    assert (address["event"], address["level"], address["limit"]) == ("over_limit", "warning", "address")
    assert (address["requests"], address["from"], address["of_them"]) == (100_000, "abuser", 50_000)
    assert (citizen["limit"], citizen["requests"], citizen["from"]) == ("citizen", 1, None)
    events.sum_up()
    assert said() == []


def test_each_refusal_of_access_is_an_event() -> None:
    named = {code: event.name for code in REFUSALS if (event := event_of(code)) is not None}
    kinds = (Kind.unauthenticated, Kind.forbidden, Kind.absent, Kind.internal)
    assert {code for code, refusal in REFUSALS.items() if refusal.kind in kinds} <= named.keys()
    others = {code for code in named if REFUSALS[code].kind not in kinds}
    assert others == {
        "page_missing", "scope_invalid", "grant_unsupported", "confirmation_code_wrong", "too_many_attempts",
        "unavailable", "outcome_unknown",
    }  # fmt: skip
    # Those that name a code say so, whichever their kind is.
    assert {code for code, name in named.items() if name == "code_refused"} == {
        "invitation_not_found", "confirmation_code_wrong",
    }  # fmt: skip
    assert set(named.values()) <= EVENTS.keys()


def test_an_address_has_another_name_each_day_and_with_each_key() -> None:
    one, other = Watch(bytes(32)), Watch(bytes(31) + b"x")
    address, neighbour = b"\xcb\x00\x71\x07", b"\xcb\x00\x71\x08"
    names = [one.name_of(address, 1), one.name_of(address, 2), one.name_of(neighbour, 1), other.name_of(address, 1)]
    assert len(set(names)) == 4
    assert all(name is not None and len(name) == 12 for name in names)
    assert one.name_of(address, 1) == Watch(bytes(32)).name_of(address, 1)
    assert one.name_of(address) == one.name_of(address)
    # A socket file has none.
    assert one.name_of(b"") is None
