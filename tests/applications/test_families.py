"""Siblings who apply together: places for all or for none, and the same in the waiting list."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.applications.people import Family, group, on
from tests.world import CLUB, World

RECEIVED = f"/v1/institutions/{CLUB}/applications"


def taken(world: World, *group_ids: str) -> list[tuple[int, int]]:
    """And how many wait."""
    found = {str(row["id"]): (row["taken"], row["waiting"]) for row in world.live.sql("TABLE groups")}
    return [found[group_id] for group_id in group_ids]


def refuse(world: World, application: dict[str, Any]) -> None:
    decision = {"decision": {"decision": "refuse", "reason": "other"}}
    world.operator.post(f"{RECEIVED}/{application['id']}/decide", decision).ok()


def filled(world: World, capacity: int, **more: Any) -> tuple[str, list[tuple[Family, dict[str, Any]]]]:
    """A full group, and those who are in it."""
    full = group(world, capacity=capacity, **more)
    families = [Family(world) for _ in range(capacity)]
    return full, [(family, family.applies(full).ok()) for family in families]


def test_all_have_places(world: World) -> None:
    one, other = group(world), group(world, instant=True, **on(3))
    family = Family(world, 3)
    applications = family.together(one, one, other).ok()["items"]
    assert [item["status"] for item in applications] == ["submitted", "submitted", "enrolled"]
    assert [item["person"]["id"] for item in applications] == family.children
    assert len({item["family_id"] for item in applications}) == 1
    assert taken(world, one, other) == [(2, 0), (1, 0)]
    assert family.api.get("/v1/applications").ok()["items"] == applications[::-1]


def test_or_none_has(world: World) -> None:
    wide, narrow = group(world), group(world, capacity=1, **on(3))
    family = Family(world, 3)
    refused = family.together(wide, narrow, narrow)
    assert refused.code == "group_full"
    assert [error["pointer"] for error in refused.json["errors"]] == ["/items/1"]
    assert taken(world, wide, narrow) == [(0, 0), (0, 0)]
    assert family.api.get("/v1/applications").ok()["items"] == []
    waiting = family.together(wide, narrow, narrow, wait=True).ok()["items"]
    assert {item["status"] for item in waiting} == {"waiting"}
    assert taken(world, wide, narrow) == [(0, 1), (0, 2)]


def test_a_refusal_points_at_its_item(world: World) -> None:
    fits, young, no_list = group(world), group(world, age_from=8), group(world, capacity=1, waiting_list=False)
    Family(world).applies(no_list).ok()
    for number, groups, code in (
        (1, (fits, young), "too_young"),
        (0, (young, fits), "too_young"),
        (1, (fits, no_list), "group_full"),
    ):
        refused = Family(world, 2).together(*groups, wait=True)
        assert (refused.code, refused.json["errors"][0]["pointer"]) == (code, f"/items/{number}")
    family = Family(world, 2)
    family.children[1] = family.children[0]
    refused = family.together(fits, fits)
    assert (refused.code, refused.json["errors"][0]["pointer"]) == ("already_applied", "/items/1")
    # Both lessons are at the same time.
    refused = family.together(fits, group(world))
    assert (refused.code, refused.json["errors"][0]["pointer"]) == ("person_busy", "/items/1")
    family.children[1] = Family(world).child
    assert family.together(fits, fits).code == "person_not_found"
    assert taken(world, fits) == [(0, 0)]


@pytest.mark.parametrize("verb", ["accept", "decline", "lapse"])
def test_what_is_offered_is_offered_to_all_and_answered_for_all(world: World, verb: str) -> None:
    one, seated = filled(world, 1)
    other, others = filled(world, 1, **on(3))
    family, single = Family(world, 2), Family(world)
    together = family.together(one, other, wait=True).ok()["items"]
    alone = single.waits(one)
    # A place in the one group is not enough: it goes to who comes next.
    seated[0][0].move(seated[0][1], "withdraw").ok()
    assert (family.statuses(together), single.statuses([alone])) == (["waiting"] * 2, ["offered"])
    assert family.move(together[0], "accept").code == "place_not_offered"
    single.move(alone, "decline").ok()
    assert taken(world, one, other) == [(0, 1), (1, 1)]
    others[0][0].move(others[0][1], "withdraw").ok()
    assert family.statuses(together) == ["offered"] * 2
    assert taken(world, one, other) == [(1, 0), (1, 0)]
    behind = Family(world).waits(one)
    if verb == "lapse":
        world.live.clock.now += timedelta(hours=48)
        family.come_again()
        assert family.move(together[1], "accept").code == "place_offer_lapsed"
        assert world.live.work() == 1
        # Both are at the end of their queues, and what came free went to who was next.
        assert family.statuses(together) == ["waiting"] * 2
        assert [family.now_is(item)["lapses"] for item in together] == [1, 1]
        assert taken(world, one, other) == [(1, 1), (0, 1)]
    else:
        family.move(together[1], verb).ok()
        # Once more is no error.
        family.move(together[0], verb).ok()
        after = {"accept": "submitted", "decline": "withdrawn"}[verb]
        assert family.statuses(together) == [after] * 2
        assert taken(world, one, other) == ([(1, 1), (1, 0)] if verb == "accept" else [(1, 0), (0, 0)])
    (row,) = world.live.sql("SELECT status FROM applications WHERE id = $1", behind["id"])
    assert row["status"] == ("waiting" if verb == "accept" else "offered")


def test_the_third_offer_without_an_answer_is_the_last_one(world: World) -> None:
    one, seated = filled(world, 2)
    family = Family(world, 2)
    together = family.together(one, one, wait=True).ok()["items"]
    for sitting, application in seated:
        sitting.move(application, "withdraw").ok()
    for lapses in range(3):
        family.come_again()
        assert family.statuses(together) == ["offered"] * 2
        assert {family.now_is(item)["lapses"] for item in together} == {lapses}
        world.live.clock.now += timedelta(hours=48)
        world.live.work()
    family.come_again()
    assert family.statuses(together) == ["expired"] * 2
    assert taken(world, one) == [(0, 0)]


@pytest.mark.parametrize("end", ["withdrawn", "refused"])
@pytest.mark.parametrize("while_offered", [False, True])
def test_whoever_stays_of_a_family_goes_on_together(world: World, end: str, while_offered: bool) -> None:
    one, seated = filled(world, 3)
    family = Family(world, 3)
    together = family.together(one, one, one, wait=True).ok()["items"]

    def one_leaves() -> None:
        if end == "withdrawn":
            family.move(together[1], "withdraw").ok()
        else:
            refuse(world, together[1])

    for sitting, application in seated[: 3 if while_offered else 1]:
        sitting.move(application, "withdraw").ok()
    one_leaves()
    if not while_offered:
        assert family.statuses(together) == ["waiting", end, "waiting"]
        seated[1][0].move(seated[1][1], "withdraw").ok()
    assert family.statuses(together) == ["offered", end, "offered"]
    family.move(together[2], "accept").ok()
    assert family.statuses(together) == ["submitted", end, "submitted"]
    assert taken(world, one) == [(2 if while_offered else 3, 0)]


def test_each_is_decided_on_by_itself(world: World) -> None:
    wanted = group(world)
    family = Family(world, 2)
    together = family.together(wanted, wanted).ok()["items"]
    refuse(world, together[0])
    assert family.statuses(together) == ["refused", "submitted"]
    family.move(together[1], "withdraw").ok()
    assert taken(world, wanted) == [(0, 0)]


def test_who_comes_does_not_overtake_who_waits(world: World) -> None:
    """The group has become larger, and nobody has been offered the new place yet."""
    full = world.publish_group("grows", capacity=1).ok()["id"]
    Family(world).applies(full).ok()
    waiter, comer = Family(world), Family(world)
    waiting = waiter.waits(full)
    world.publish_group("grows", capacity=2).ok()
    assert comer.applies(full).code == "group_full"
    assert comer.applies(full, wait=True).ok()["status"] == "waiting"
    assert waiter.statuses([waiting]) == ["offered"]


def test_crossing_families_come_to_an_end(world: World) -> None:
    """Every family wants places in two groups, half of them the other way round, and all at once; then all move."""
    groups = [group(world, capacity=6), group(world, capacity=6, **on(3))]
    families = [Family(world, 2) for _ in range(16)]
    orders = [groups, groups[::-1]]

    def comes(number: int) -> list[dict[str, Any]]:
        return families[number].together(*orders[number % 2], wait=True).ok()["items"]

    def moves(number: int) -> int:
        answers = [families[number].move(item, verb) for item in mine[number] for verb in ("accept", "withdraw")]
        return max(answer.status for answer in answers)

    with ThreadPoolExecutor(16) as threads:
        mine = list(threads.map(comes, range(16)))
        assert Counter(item["status"] for items in mine for item in items) == {"submitted": 12, "waiting": 20}
        assert all(len({item["status"] for item in items}) == 1 for items in mine)
        assert set(threads.map(moves, range(16))) <= {200, 409}
    world.live.work()
    rows = world.live.sql("SELECT count(*) FROM applications WHERE status NOT IN ('withdrawn', 'offered')")
    assert rows[0][0] == 0
    assert [waiting for _, waiting in taken(world, *groups)] == [0, 0]
    # Not even one that the service would have got over by itself.
    (row,) = world.live.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert row["deadlocks"] == 0
