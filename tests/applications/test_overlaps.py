"""Where else the child is at the time of the lessons, or too close to it to get there."""

from datetime import timedelta
from typing import Any

import pytest

from tests.applications.people import Family, group, on, settle
from tests.doctors.clinic import Clinic
from tests.world import CLUB, World

RECEIVED = f"/v1/institutions/{CLUB}/applications"
ELSEWHERE: dict[str, Any] = {"places": [{"address": "г. Кемерово, ул. Весенняя, 1"}]}
ENROL = {"decision": {"decision": "enrol", "order_number": "1", "order_date": "2026-09-07"}}


def test_it_takes_time_to_get_elsewhere(world: World) -> None:
    """The group is on Tuesdays from 16:30 to 17:15."""
    settle(world, travel_minutes=20)
    family = Family(world)
    family.applies(group(world, **on(2))).ok()

    def code(starts: str, **more: Any) -> str | None:
        answer = family.applies(group(world, **on(2, starts, **more)))
        if answer.status == 201:
            assert answer.json["warnings"] == []
            family.move(answer.json, "withdraw").ok()
            return None
        return answer.code

    # In the same house no time is needed.
    assert code("17:15") is None
    assert code("17:14") == "person_busy"
    assert code("17:15", **ELSEWHERE) == "too_little_time_between"
    assert code("17:34", **ELSEWHERE) == "too_little_time_between"
    assert code("17:35", **ELSEWHERE) is None
    assert code("15:25", **ELSEWHERE) is None
    assert code("15:26", **ELSEWHERE) == "too_little_time_between"
    # Also for a part of a family, which it points at.
    two = Family(world, 2)
    two.applies(group(world, **on(2))).ok()
    near = group(world, **on(2, "17:20"), **ELSEWHERE)
    refused = two.together(near, near)
    assert (refused.code, refused.json["errors"][0]["pointer"]) == ("too_little_time_between", "/items/0")


def test_from_the_doctor_to_the_lesson(world: World) -> None:
    settle(world, travel_minutes=30)
    family = Family(world)
    # On a Wednesday, from 16:00 to 16:15.
    slot = Clinic(world).slot(starts_at="2026-09-09T16:00:00+07:00")
    world.book(family.api, slot, family.child).ok()
    for starts, code in (("16:44", "too_little_time_between"), ("16:45", None)):
        answer = family.applies(group(world, starts_on="2026-09-01", **on(3, starts)))
        assert (None if answer.status == 201 else answer.code) == code


def test_who_waits_is_told_and_asked_again_when_a_place_is_offered(world: World) -> None:
    settle(world, travel_minutes=20)
    full = group(world, capacity=1, **on(2))
    seated, family = Family(world), Family(world)
    sitting = seated.applies(full).ok()
    other = family.applies(group(world, **on(2, "17:20"), **ELSEWHERE)).ok()
    waiting = family.waits(full)
    told = {"kind": "lesson", "name": "Шахматы", "at": "2026-10-06T16:30:00+07:00", "gap_minutes": 5}
    assert waiting["warnings"] == [told]
    seated.move(sitting, "withdraw").ok()
    assert family.move(waiting, "accept").code == "too_little_time_between"
    assert family.statuses([waiting]) == ["offered"]
    family.move(other, "withdraw").ok()
    taken = family.move(waiting, "accept").ok()
    assert (taken["status"], taken["warnings"]) == ("submitted", [])


def test_where_overlaps_are_only_warned_of(world: World) -> None:
    """What the child has is named to those whose it is; an enrolled child is in one place."""
    settle(world, overlap_rule="warn", travel_minutes=10)
    child: dict[str, Any] = {"last_name": "Лисицына", "first_name": "Ева"}
    mother, father = Family(world, **child), Family(world, **child)
    slot = Clinic(world).slot(starts_at="2026-10-06T16:20:00+07:00")
    world.book(mother.api, slot, mother.child).ok()
    first, second = group(world, **on(2)), group(world, **on(2, "17:20"), **ELSEWHERE)
    ticket = {"kind": "ticket", "name": "Педиатр", "at": "2026-10-06T16:30:00+07:00", "gap_minutes": None}
    one = mother.applies(first).ok()
    assert [(w["kind"], w["at"], w["gap_minutes"]) for w in one["warnings"]] == [("ticket", ticket["at"], None)]
    assert "педиатр" in one["warnings"][0]["name"].lower()
    lesson = {"kind": "lesson", "name": "Шахматы", "at": "2026-10-06T17:20:00+07:00", "gap_minutes": 5}
    two = mother.drafts(second).ok()
    assert two["warnings"] == []
    assert mother.move(two, "submit").ok()["warnings"] == [lesson]
    # To the institution, and to a parent who is not joined, the child is busy.
    nameless = {"kind": "busy", "name": None}
    received = {item["id"]: item["warnings"] for item in world.operator.get(RECEIVED).ok()["items"]}
    assert received == {one["id"]: [{**one["warnings"][0], **nameless}], two["id"]: [{**lesson, **nameless}]}
    third = father.applies(group(world, **on(2))).ok()
    assert {(w["kind"], w["name"]) for w in third["warnings"]} == {("busy", None)}
    assert len(third["warnings"]) == 3
    # Enrolled the child is only where it has no ticket.
    assert world.operator.post(f"{RECEIVED}/{one['id']}/decide", ENROL).code == "person_busy"
    world.operator.post(f"{RECEIVED}/{two['id']}/decide", ENROL).ok()
    assert mother.statuses([one, two]) == ["submitted", "enrolled"]
    assert len(world.live.sql("SELECT FROM engagements")) == 2


@pytest.mark.parametrize("rule", ["refuse", "warn"])
def test_what_is_over_is_in_nobodys_way(world: World, rule: str) -> None:
    settle(world, overlap_rule=rule, travel_minutes=240)
    family = Family(world)
    slot = Clinic(world).slot(starts_at="2026-09-08T16:00:00+07:00")
    world.book(family.api, slot, family.child).ok()
    running = group(world, starts_on="2026-09-01", **on(2, "17:00"))
    world.live.clock.now += timedelta(days=2)
    family.come_again()
    assert family.applies(running).ok()["warnings"] == []
