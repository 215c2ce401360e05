"""How an institution enrols: what it says comes to be."""

from typing import Any

from tests.applications.people import group, stranger
from tests.world import CLUB, World

RULES = f"/v1/institutions/{CLUB}/enrolment-rules"
BENEFITS = f"/v1/institutions/{CLUB}/benefits"
DEFAULTS: dict[str, Any] = {
    "decision_days": 7,
    "decision_days_with_tests": 45,
    "originals_days": 4,
    "group_offer_hours": 48,
    "overlap_rule": "refuse",
    "travel_minutes": 0,
    "most_applications": None,
    "most_groups": None,
}


def benefit(code: str, weight: int) -> dict[str, Any]:
    return {"code": code, "name": f"Льгота {code}", "weight": weight}


def test_rules_are_those_of_the_law_until_others_are_set(world: World) -> None:
    assert world.operator.get(RULES).ok() == DEFAULTS
    own = dict.fromkeys(DEFAULTS, 2) | {"overlap_rule": "warn"}
    assert world.put(RULES, own) == own
    assert world.operator.get(RULES).ok() == own
    # What is left out goes back to what it was at first.
    assert world.put(RULES, {"decision_days": 3}) == DEFAULTS | {"decision_days": 3}
    for wrong in ({"decision_days": 0}, {"originals_days": 31}, {"overlap_rule": "allow"}, {"most_groups": 0}):
        assert world.operator.put(RULES, wrong).code == "invalid", wrong


def test_new_rules_count_from_the_next_application_on(world: World) -> None:
    wanted = group(world)
    before = stranger(world, wanted).answer("ru").ok()
    world.put(RULES, {"decision_days": 1, "originals_days": 2})
    after = stranger(world, wanted).answer("ru").ok()
    assert (before["decide_by"], after["decide_by"]) == ("2026-09-17T00:00:00+07:00", "2026-09-09T00:00:00+07:00")
    approved = world.operator.post(
        f"/v1/institutions/{CLUB}/applications/{before['id']}/decide", {"decision": {"decision": "approve"}}
    )
    assert approved.ok()["originals_by"] == "2026-09-10T00:00:00+07:00"


def test_benefits_are_the_whole_list(world: World) -> None:
    parent = world.parent()
    assert parent.get(BENEFITS).ok() == {"items": []}
    few, many = benefit("few", 10), benefit("many", 500)
    assert world.put(BENEFITS, {"items": [few, many]}) == {"items": [many, few]}
    rows = world.live.sql("SELECT * FROM benefits ORDER BY code")
    world.put(BENEFITS, {"items": [few, many]})
    assert world.live.sql("SELECT * FROM benefits ORDER BY code") == rows
    heavier = few | {"weight": 1000}
    assert world.put(BENEFITS, {"items": [heavier]}) == parent.get(BENEFITS).ok() == {"items": [heavier]}
    assert world.operator.put(BENEFITS, {"items": [benefit("x", 1001)]}).code == "invalid"
    # A list that is refused changes nothing.
    assert world.operator.put(BENEFITS, {"items": [benefit("a", 1), benefit("a", 2)]}).code == "benefit_twice"
    assert parent.get(BENEFITS).ok() == {"items": [heavier]}
