"""Holidays, an institution's own days, and doctors who are away."""

from datetime import UTC, datetime

import pytest

from tests.live import Live
from tests.schedules.office import Office, effects
from tests.world import World


@pytest.fixture
def office(live: Live) -> Office:
    """In the night to Saturday, 31 October 2026: the Wednesday after is Unity Day."""
    live.clock.now = datetime(2026, 10, 30, 20, tzinfo=UTC)
    found = Office(World(live))
    found.put_schedule("c1", release={"horizon_days": 7}).ok()
    return found


def days(office: Office) -> list[str]:
    return sorted({name[7:11] for name in office.slots("external_id") if name.startswith("c1:")})


def test_holidays_are_off_unless_the_institution_says_otherwise(office: Office) -> None:
    assert days(office) == ["1102", "1103", "1105", "1106"]
    tried = office.ask("PUT", "calendar/2026-11-04", {"works_as": 1}, dry_run=True).ok()
    assert tried == effects(dry_run=True, added=4)
    assert days(office) == ["1102", "1103", "1105", "1106"]
    assert office.ask("PUT", "calendar/2026-11-04", {"works_as": 1}).ok() == effects(added=4)
    assert office.ask("PUT", "calendar/2026-11-04", {"works_as": 1}).ok() == effects(unchanged=4)
    assert days(office) == ["1102", "1103", "1104", "1105", "1106"]
    asked = {"day_from": "2026-11-01", "day_to": "2026-11-30"}
    calendar = f"{office.path}/calendar"
    listed = office.world.operator.get(calendar, **asked).ok()["items"]
    assert listed == [{"day": "2026-11-04", "works_as": 1, "own": True}]
    one = office.ticket("c1:20261104T0900")
    back = office.ask("DELETE", "calendar/2026-11-04").ok()
    assert (back["removed"], len(back["appointments"])) == (4, 1)
    assert office.ticket_now(*one)["status"] == "orphaned"
    assert office.ask("DELETE", "calendar/2026-11-04").ok() == effects()
    asked["day_to"] = "2026-11-29"
    listed = office.world.operator.get(calendar, **asked).ok()["items"]
    assert listed == [{"day": "2026-11-04", "works_as": None, "own": False}]


def test_a_day_of_the_institutions_own_off(office: Office) -> None:
    one = office.ticket("c1:20261103T0930")
    found = office.ask("PUT", "calendar/2026-11-03", {"works_as": None}).ok()
    assert (found["removed"], [hit["number"] for hit in found["appointments"]]) == (4, [one[1]["number"]])
    assert days(office) == ["1102", "1105", "1106"]
    office.put_schedule("c1", release={"horizon_days": 7}).ok()
    assert days(office) == ["1102", "1105", "1106"]


def test_a_doctor_falls_ill_and_is_well_again(office: Office) -> None:
    office.publish(
        office.world.slot("mis-1", hours=56), office.world.slot("mis-2", hours=56, practitioner_id="d2")
    ).ok()
    one = office.ticket("c1:20261102T0930")
    ill = {"begins_at": "2026-11-02T09:30:00+07:00", "ends_at": "2026-11-04T00:00:00+07:00", "reason": "Болеет"}
    tried = office.ask("POST", "practitioners/d1/block", ill, dry_run=True).ok()
    assert (tried["removed"], len(tried["appointments"])) == (8, 1)
    assert office.ticket_now(*one)["status"] == "booked"
    assert office.ask("POST", "practitioners/d1/block", ill).ok() == tried | {"dry_run": False}
    assert office.ticket_now(*one)["status"] == "orphaned"
    assert office.ask("POST", "practitioners/d1/block", ill).ok() == effects()
    assert office.ask("GET", "practitioners/d1/blocks").ok() == {"items": [ill]}
    left = ["c1:20261102T0900", "mis-2", "c1:20261105T0900"]
    assert [name for name in office.slots("external_id") if "T0900" in name or "mis" in name][:3] == left
    # Nobody makes them again: not the worker, nor the schedule when it is published again.
    office.world.live.sql("UPDATE schedules SET made_until = NULL")
    assert office.world.live.work() == 1
    office.put_schedule("c1", release={"horizon_days": 7}).ok()
    assert days(office) == ["1102", "1105", "1106"]
    assert office.slots("external_id")[0] == "c1:20261102T0900"

    well = {"begins_at": "2026-11-03T00:00:00+07:00", "ends_at": "2026-11-04T00:00:00+07:00"}
    assert office.ask("POST", "practitioners/d1/unblock", well, dry_run=True).ok()["added"] == 4
    assert office.ask("POST", "practitioners/d1/unblock", well).ok()["added"] == 4
    assert office.ask("POST", "practitioners/d1/unblock", well).ok()["added"] == 0
    assert days(office) == ["1102", "1103", "1105", "1106"]
    left_of_it = ill | {"ends_at": "2026-11-03T00:00:00+07:00"}
    assert office.ask("GET", "practitioners/d1/blocks").ok() == {"items": [left_of_it]}
    assert len([name for name in office.slots("external_id") if "1102T" in name]) == 1
