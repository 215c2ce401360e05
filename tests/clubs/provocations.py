"""How to be refused by a club that publishes."""

from datetime import timedelta
from typing import Any

from tests.applications.people import applying, group, stranger
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


def publishing(world: World, own_id: str = "refused", **more: Any) -> Asked:
    return Asked(world.operator, "PUT", f"/v1/institutions/{CLUB}/groups/{own_id}", world.group(**more))


def group_of_two(world: World) -> str:
    """The own id of a group where two places are taken."""
    own_id = f"g{someone()}"
    group_id = world.publish_group(own_id).ok()["id"]
    for _ in range(2):
        assert stranger(world, group_id).answer("ru").status == 201
    return own_id


@PROVOCATIONS.status(409)
def programme_unknown(world: World) -> Asked:
    return publishing(world, programme_id="draughts")


@PROVOCATIONS.status(409)
def dates_crossed(world: World) -> Asked:
    return publishing(world, starts_on="2026-10-02", ends_on="2026-10-01")


@PROVOCATIONS.status(409)
def group_times_held(world: World) -> Asked:
    """One of the children has another lesson on Wednesdays."""
    wednesday = [{"weekday": 3, "starts": "16:30", "academic_hours": 2}]
    own_id, parent = f"g{someone()}", world.parent(someone())
    child = world.child(parent, last_name=surname())
    for group_id in (world.publish_group(own_id).ok()["id"], group(world, weekly_lessons=wednesday)):
        assert applying(parent, group_id, child).answer("ru").status == 201
    return publishing(world, own_id, weekly_lessons=wednesday)


@PROVOCATIONS.status(409)
def group_over_capacity(world: World) -> Asked:
    return publishing(world, group_of_two(world), capacity=1)


@PROVOCATIONS.status(409)
def sizes_crossed(world: World) -> Asked:
    return publishing(world, min_size=16)


@PROVOCATIONS.status(409)
def filling_crossed(world: World) -> Asked:
    return publishing(world, filling="draw")


@PROVOCATIONS.status(409)
def group_filling_held(world: World) -> Asked:
    own_id = f"g{someone()}"
    priority = {"filling": "priority", "collect_until": (world.now + timedelta(days=7)).isoformat()}
    assert stranger(world, world.publish_group(own_id, **priority).ok()["id"]).answer("ru").status == 201
    return publishing(world, own_id)


@PROVOCATIONS.status(409)
def lesson_place_unknown(world: World) -> Asked:
    return publishing(world, weekly_lessons=[{"weekday": 2, "starts": "16:30", "academic_hours": 2, "place": 1}])


@PROVOCATIONS.status(409)
def financing_twice(world: World) -> Asked:
    return publishing(world, financing=[{"source": "own"}, {"source": "own", "price_month_roubles": 500}])


@PROVOCATIONS.status(409)
def group_continued_unknown(world: World) -> Asked:
    return publishing(world, continues="last-year")


@PROVOCATIONS.status(409)
def benefit_twice(world: World) -> Asked:
    benefit = {"code": "large_family", "name": "Многодетные", "weight": 10}
    return Asked(world.operator, "PUT", f"/v1/institutions/{CLUB}/benefits", {"items": [benefit, benefit]})


@PROVOCATIONS.status(409)
def sports_on_budget_only(world: World) -> Asked:
    programme = {"name": "Самбо", "direction": "sports", "level": "basic", "kind": "sports"}
    world.put(f"/v1/institutions/{CLUB}/programmes/sambo", programme)
    return publishing(world, programme_id="sambo", entrance_test=True, financing=[{"source": "own"}])


@PROVOCATIONS.status(409)
def group_locked(world: World) -> Asked:
    own_id = f"g{someone()}"
    group_id = world.publish_group(own_id).ok()["id"]
    path = f"/v1/institutions/{CLUB}/groups/{own_id}/lock"
    assert world.operator.post(path, {"reason": "Педагог на больничном"}).ok()["locked"]
    return stranger(world, group_id)


@PROVOCATIONS.status(409)
def sort_needs_more(world: World) -> Asked:
    return Asked(world.operator, "GET", "/v1/groups?sort=distance")
