"""What staff see of the applications they received: filters, deadlines, and how the groups stand."""

from datetime import timedelta
from typing import Any

from tests.applications.people import group
from tests.applications.staff import ORDER, RECEIVED, decide, go_to, invitation, received
from tests.doctors.test_listing import pages
from tests.world import CLUB, World

OWN = [{"source": "budget"}, {"source": "own", "price_total_roubles": 100}]


def ids(world: World, **query: Any) -> list[str]:
    return [item["id"] for page in pages(world.operator, RECEIVED, limit=2, **query) for item in page]


def test_each_filter_finds_its_own(world: World) -> None:
    world.put(f"/v1/institutions/{CLUB}/benefits", {"items": [{"code": "large", "name": "М", "weight": 1}]})
    first = world.publish_group("g-1", financing=OWN).ok()["id"]
    other = group(world)
    plain = received(world, first)
    taken = received(world, other, "take")
    invited = received(world, other, invitation())
    enrolled = received(world, first, ORDER)
    own = received(world, first, financing="own", benefits=["large"])
    everything = [item["id"] for item in (plain, taken, invited, enrolled, own)]
    assert ids(world) == everything
    for query, expected in (
        ({"status": "submitted"}, [plain, own]),
        ({"status": "under_review,invited"}, [taken, invited]),
        ({"group_id": other}, [taken, invited]),
        ({"own_group_id": "g-1"}, [plain, enrolled, own]),
        ({"own_group_id": "nowhere"}, []),
        ({"benefit": "large"}, [own]),
        ({"financing": "own"}, [own]),
        ({"has_test": "true"}, [invited]),
        ({"has_test": "false", "status": "under_review"}, [taken]),
        ({"number": enrolled["number"].lower()}, [enrolled]),
        ({"number": "-"}, []),
        ({"status": "submitted", "financing": "budget", "own_group_id": "g-1"}, [plain]),
    ):
        assert ids(world, **query) == [item["id"] for item in expected], query
    for wrong in ({"status": "submitted,"}, {"status": "lost"}, {"due_within_days": "91"}, {"number": "%"}):
        assert world.operator.get(RECEIVED, **wrong).code == "invalid", wrong


def test_by_deadline_and_what_is_overdue(world: World) -> None:
    wanted, tested = group(world), group(world, entrance_test=True)
    slow = received(world, tested)
    go_to(world, "2026-09-08T08:00:00+07:00")
    quick = [received(world, wanted) for _ in range(3)]
    go_to(world, "2026-09-09T08:00:00+07:00")
    late = received(world, wanted)
    enrolled = received(world, wanted, ORDER)
    order = [*(item["id"] for item in quick), late["id"], slow["id"]]
    assert ids(world, sort="deadline") == order
    assert set(ids(world)) == {*order, enrolled["id"]}
    # The deadline of the quick ones is the midnight at which 17 September ends.
    for now, overdue, within in (
        ("2026-09-17T23:59:59+07:00", 0, 4),
        ("2026-09-18T00:00:00+07:00", 3, 4),
        ("2026-09-19T00:00:00+07:00", 4, 4),
    ):
        go_to(world, now)
        for sort in ("order", "deadline"):
            assert len(ids(world, overdue="true", sort=sort)) == overdue, now
            assert len(ids(world, due_within_days="2", sort=sort)) == within, now
        flags = [item["overdue"] for item in world.operator.get(RECEIVED, sort="deadline").ok()["items"]]
        assert flags == [True] * overdue + [False] * (5 - overdue)
    decide(world, quick[0]["id"], "approve").ok()
    assert ids(world, overdue="true") == order[1:4]


def test_a_cursor_is_good_for_its_own_filters(world: World) -> None:
    wanted = group(world)
    for _ in range(3):
        received(world, wanted)
    cursor = world.operator.get(RECEIVED, limit=2, sort="deadline").ok()["next_cursor"]
    assert len(world.operator.get(RECEIVED, limit=2, sort="deadline", cursor=cursor).ok()["items"]) == 1
    for other in ({"sort": "order"}, {"sort": "deadline", "financing": "budget"}):
        assert world.operator.get(RECEIVED, limit=2, cursor=cursor, **other).code == "cursor_unknown"


def test_how_the_groups_stand(world: World) -> None:
    full = world.publish_group("a", name="А", capacity=3).ok()["id"]
    world.publish_group("b", name="Б", school_year=2027).ok()
    received(world, full, ORDER)
    for _ in range(2):
        received(world, full)
    for _ in range(4):
        received(world, full, wait=True)
    path = f"{RECEIVED}/summary"
    first, second = world.operator.get(path).ok()["items"]
    expected = {
        "group_id": full,
        "own_group_id": "a",
        "group_name": "А",
        "programme_name": "Шахматы",
        "capacity": 3,
        "taken": 3,
        "waiting": 4,
        "submitted": 2,
        "overdue": 0,
    }
    assert first == expected
    assert (second["group_name"], second["submitted"], second["overdue"]) == ("Б", 0, 0)
    paged = [item for page in pages(world.operator, path, limit=1) for item in page]
    assert paged == [first, second]
    assert world.operator.get(path, school_year=2027).ok()["items"] == [second]
    world.live.clock.now += timedelta(minutes=5)
    go_to(world, "2026-09-17T00:00:00+07:00")
    assert world.operator.get(path).ok()["items"][0] == expected | {"overdue": 2}
