from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.problems import REFUSALS
from service.reception.rules import (
    CHECK_IN_FROM,
    MOVES,
    MOVES_AFTERWARDS,
    OVERRIDABLE,
    DeskStatus,
    Position,
    Visit,
    position_of,
)

EIGHT = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)
STATUSES: tuple[DeskStatus, ...] = get_args(DeskStatus)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def visit(number: int, starts: int, arrived: int | None = None, minutes: float = 15) -> Visit:
    arrived_at = None if arrived is None else at(arrived)
    return Visit(UUID(int=number), at(starts), minutes, arrived_at, f"{number:04}")


VISITS = st.lists(
    st.tuples(st.sampled_from([0, 15, 15, 30, 45]), st.none() | st.integers(-30, 60), st.sampled_from([7.5, 15.0])),
    min_size=1,
    max_size=8,
).map(lambda drawn: [visit(number, *one) for number, one in enumerate(drawn)])
DELAY, NOW = st.integers(0, 120), st.integers(-30, 120).map(at)


def position(visits: list[Visit], number: int, delay: int, now: datetime) -> Position:
    found = position_of(UUID(int=number), visits, delay, now)
    assert found is not None
    return found


def test_a_mistake_at_the_desk_can_be_mended_the_same_day() -> None:
    """From whatever a ticket was moved to there is a way back to where it was."""
    for to, sources in MOVES.items():
        for source in sources:
            reached = {source}
            for _ in STATUSES:
                reached |= {status for status in STATUSES if reached & set(MOVES[status])}
            assert {to, source} <= reached
    assert set(MOVES) == set(MOVES_AFTERWARDS) == set(STATUSES)
    assert all(to not in sources for to, sources in MOVES.items())
    assert all(set(MOVES_AFTERWARDS[to]) <= set(MOVES[to]) for to in STATUSES)
    # When the day is over nothing is undone: from an end nothing leads on.
    assert not {"fulfilled", "noshow"} & {source for sources in MOVES_AFTERWARDS.values() for source in sources}
    assert set(CHECK_IN_FROM) < set(MOVES["arrived"])


def test_what_can_be_gone_over_is_a_rule_and_not_a_fact() -> None:
    assert not OVERRIDABLE & {"time_taken", "time_passed", "person_busy", "slot_not_found", "person_not_found"}
    assert REFUSALS.keys() >= OVERRIDABLE


def test_the_queue_in_an_example() -> None:
    """The first one is with the doctor, the second has not come, the third waits; it is a quarter past eight."""
    visits = [visit(1, 0, arrived=-5), visit(2, 0), visit(3, 15, arrived=0), visit(4, 30)]
    now = at(15)
    assert position(visits, 1, 0, now) == Position(0, now)
    assert position(visits, 3, 0, now) == Position(2, at(30))
    assert position(visits, 4, 0, now) == Position(3, at(45))
    # Nobody waits for the doctor but the one who was to be in twenty minutes ago: her delay moves what is to come.
    assert position(visits[3:], 4, 20, now) == Position(0, at(50))
    assert position_of(UUID(int=9), visits, 0, now) is None


@given(VISITS, DELAY, NOW)
def test_places_count_from_none_without_gaps_and_forecasts_follow_them(
    visits: list[Visit], delay: int, now: datetime
) -> None:
    found = [position(visits, number, delay, now) for number in range(len(visits))]
    assert sorted(place.before for place in found) == list(range(len(visits)))
    forecasts = [place.expected_at for place in sorted(found, key=lambda place: place.before)]
    assert forecasts == sorted(forecasts)


@given(VISITS, DELAY, NOW)
def test_nobody_is_called_before_their_time_or_in_the_past(visits: list[Visit], delay: int, now: datetime) -> None:
    for number, one in enumerate(visits):
        expected_at = position(visits, number, delay, now).expected_at
        assert expected_at >= max(now, one.starts_at + timedelta(minutes=delay))


@given(VISITS, DELAY, NOW, st.data())
def test_whoever_is_seen_makes_nobodys_wait_longer(
    visits: list[Visit], delay: int, now: datetime, data: st.DataObject
) -> None:
    seen = data.draw(st.sampled_from(visits))
    left = [one for one in visits if one != seen]
    for one in left:
        before, after = (position(some, one.id.int, delay, now) for some in (visits, left))
        assert before.before - after.before in (0, 1)
        assert after.expected_at <= before.expected_at


@given(VISITS, DELAY, NOW, st.integers(1, 60))
def test_a_longer_delay_calls_nobody_sooner(visits: list[Visit], delay: int, now: datetime, more: int) -> None:
    for number in range(len(visits)):
        before, after = (position(visits, number, some, now) for some in (delay, delay + more))
        assert before.before == after.before
        assert after.expected_at >= before.expected_at


@pytest.mark.parametrize("later", [0, 1])
def test_of_one_time_who_came_first_is_first(later: int) -> None:
    visits = [visit(1, 0, arrived=later), visit(2, 0, arrived=1 - later), visit(3, 0)]
    order = sorted((1, 2, 3), key=lambda number: position(visits, number, 0, EIGHT).before)
    assert order == ([1, 2, 3] if later == 0 else [2, 1, 3])
    # Coming in does not change anybody else's booked time.
    assert position([*visits, replace(visits[2], id=UUID(int=4), starts_at=at(15))], 4, 0, EIGHT).before == 3
