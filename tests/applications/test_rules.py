"""How an application moves: the rules say it, the database holds it."""

from datetime import date, timedelta
from itertools import product
from typing import get_args

from schemas.applications import ApplicationStatus
from service.applications import rules
from service.scheduling.calendar import national_days
from tests.live import Live
from tests.world import CLUB, World

STATUSES: tuple[ApplicationStatus, ...] = get_args(ApplicationStatus)


def test_the_database_knows_the_same_moves(live: Live) -> None:
    for was, becomes in product(STATUSES, STATUSES):
        may = live.sql("SELECT application_may_move($1, $2)", was, becomes)[0][0]
        assert may == (becomes in rules.MOVES[was]), (was, becomes)
    begins = [status for status in STATUSES if live.sql("SELECT application_begins($1)", status)[0][0]]
    assert begins == [status for status in STATUSES if status in rules.FIRST]


def test_every_status_is_reached_and_some_end() -> None:
    assert rules.MOVES.keys() == set(STATUSES)
    assert {status for targets in rules.MOVES.values() for status in targets} | {"draft"} == set(STATUSES)
    assert {status for status, targets in rules.MOVES.items() if not targets} == set(STATUSES) - {
        "draft", *rules.ACTIVE
    }  # fmt: skip
    assert set(rules.PLACED) < set(rules.ACTIVE)


def test_working_days_are_those_of_the_nation_and_of_the_institution(world: World) -> None:
    """Counted one by one, through a year with its moved days, and from the days of an own calendar."""
    world.put(f"/v1/institutions/{CLUB}/calendar/2026-12-08", {"works_as": None})
    world.put(f"/v1/institutions/{CLUB}/calendar/2026-12-12", {"works_as": 6})
    own = {date(2026, 12, 8): False, date(2026, 12, 12): True}
    nation = {**national_days(2026), **national_days(2027)}

    def works(day: date) -> bool:
        if day in own:
            return own[day]
        return nation[day] is not None if day in nation else day.isoweekday() <= 5

    for number in range(0, 365, 3):
        begin = date(2026, 3, 1) + timedelta(days=number)
        for days in (1, 4, 7, 45):
            day, left = begin, days
            while left:
                day += timedelta(days=1)
                left -= works(day)
            found = world.live.sql("SELECT working_day_after(42::smallint, $1, $2, $3)", CLUB, begin, days)[0][0]
            assert found == day, (begin, days)
