"""Working-day deadlines at the institution's own clock, and what becomes of a place that nobody comes for."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.applications.people import group
from tests.applications.staff import ORDER, RECEIVED, decide, events, go_to, received, taken
from tests.world import CLUB, World

RULES = f"/v1/institutions/{CLUB}/enrolment-rules"


def move_to(world: World, zone: str) -> None:
    body = {"name": "Дом творчества", "kind": "club", "municipality": "Город", "address": "Город", "zone": zone}
    world.put(f"/v1/institutions/{CLUB}", body)


def open_group(world: World, **more: Any) -> str:
    """Open the whole year."""
    begins, ends = world.now - timedelta(days=1), world.now + timedelta(days=200)
    period = {"enrolment_opens_at": begins.isoformat(), "enrolment_closes_at": ends.isoformat()}
    return group(world, starts_on="2026-09-01", ends_on="2027-08-31", **period, **more)


# From when, how many working days, and the day whose midnight is the end; by the production calendar of 2026 and 2027.
CASES = [
    # An ordinary week, and one with a weekend.
    ("2026-09-07", 4, "2026-09-11"),
    ("2026-09-11", 1, "2026-09-14"),
    # 4 November is a day off.
    ("2026-11-03", 1, "2026-11-05"),
    # May: 1 May is a Friday, 9 May a Saturday whose day off moved to Monday the 11th.
    ("2026-04-30", 1, "2026-05-04"),
    ("2026-05-08", 1, "2026-05-12"),
    ("2026-04-30", 7, "2026-05-13"),
    # 8 March is a Sunday: the 9th is off.
    ("2026-03-06", 1, "2026-03-10"),
]


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Asia/Novokuznetsk", "Asia/Kamchatka"])
def test_deadlines_by_the_nations_calendar(world: World, zone: str) -> None:
    move_to(world, zone)
    for begin, days, end in CASES:
        world.put(RULES, {"decision_days": days, "originals_days": days})
        for time in ("00:00:00", "23:59:59"):
            now = datetime.fromisoformat(f"{begin}T{time}").replace(tzinfo=ZoneInfo(zone))
            go_to(world, now.isoformat())
            application = received(world, open_group(world))
            midnight = datetime.combine(
                date.fromisoformat(end) + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)
            )
            assert application["decide_by"] == midnight.isoformat(), (begin, days, time)
            approved = decide(world, application["id"], "approve").ok()
            assert approved["originals_by"] == midnight.isoformat(), (begin, days, time)


def test_new_year_with_the_days_that_were_moved(world: World) -> None:
    """Counted one by one along the calendar that is in the database."""
    off = {
        row["day"]
        for row in world.live.sql("SELECT day FROM national_days WHERE works_as IS NULL AND day >= '2026-12-01'")
    }
    assert {date(2027, 1, day) for day in range(1, 9)} <= off, "the holidays of the law"
    go_to(world, "2026-12-28T12:00:00+07:00")
    works = {row["day"] for row in world.live.sql("SELECT day FROM national_days WHERE works_as IS NOT NULL")}
    day, left = date(2026, 12, 28), 7
    while left:
        day += timedelta(days=1)
        left -= day in works or (day not in off and day.isoweekday() <= 5)
    assert day > date(2027, 1, 11), "the holidays are in between"
    application = received(world, open_group(world))
    assert application["decide_by"] == f"{day + timedelta(days=1)}T00:00:00+07:00"


def test_the_institutions_own_days_go_first(world: World) -> None:
    calendar = f"/v1/institutions/{CLUB}/calendar"
    world.put(f"{calendar}/2026-09-08", {"works_as": None})
    world.put(f"{calendar}/2026-09-12", {"works_as": 1})
    world.put(RULES, {"decision_days": 4})
    # Without the 8th, with Saturday the 12th: 9, 10, 11, 12.
    assert received(world, group(world))["decide_by"] == "2026-09-13T00:00:00+07:00"


def test_who_does_not_come_in_time_loses_the_place(world: World) -> None:
    full = group(world, capacity=1)
    approved = received(world, full, "approve")["id"]
    waiting = received(world, full, wait=True)["id"]
    go_to(world, "2026-09-11T23:59:59+07:00")
    world.live.work()

    def statuses() -> list[str]:
        items = {item["id"]: item["status"] for item in world.operator.get(RECEIVED).ok()["items"]}
        return [items[approved], items[waiting]]

    assert statuses() == ["approved", "waiting"]
    go_to(world, "2026-09-12T00:00:00+07:00")
    assert world.live.work() >= 1
    assert statuses() == ["expired", "offered"]
    assert taken(world, full) == 1
    assert world.live.work() == 0
    assert decide(world, approved, ORDER).code == "application_illegal_move"
    assert events(world, approved).count("application_expired") == 1
    told = world.live.sql("SELECT FROM outbox WHERE subject_id = $1 AND event = 'application_expired'", approved)
    assert len(told) == 1


def test_overdue_ones_are_only_shown(world: World) -> None:
    application = received(world, group(world), "take")
    go_to(world, "2026-10-01T08:00:00+07:00")
    world.live.work()
    items = world.operator.get(RECEIVED, overdue="true").ok()["items"]
    assert [(item["id"], item["status"]) for item in items] == [(application["id"], "under_review")]
    assert decide(world, application["id"], "approve").ok()["status"] == "approved"
