"""One decision on many applications: each stands or falls by itself."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from service.core.ids import new_id
from tests.applications.people import group
from tests.applications.staff import EXPULSION, ORDER, RECEIVED, decide, received, taken
from tests.live import Answer
from tests.world import CLINIC, World


def decide_all(world: World, applications: list[str], decision: dict[str, Any], language: str = "ru") -> Answer:
    body = {"application_ids": applications, "decision": decision}
    return world.operator.call("POST", f"{RECEIVED}/decide", body, headers={"Accept-Language": language})


def test_what_is_refused_stays_and_the_rest_goes_on(world: World) -> None:
    wanted = group(world)
    good, refused, enrolled = (
        received(world, wanted, *moves) for moves in ((), ({"decision": "refuse", "reason": "age"},), (ORDER,))
    )
    absent = str(new_id())
    named = [good["id"], refused["id"], absent, enrolled["id"], good["id"]]
    expected = [
        {"application_id": good["id"], "status": "enrolled", "refusal": None},
        {
            "application_id": refused["id"],
            "status": None,
            "refusal": {
                "code": "application_illegal_move",
                "title": "Из нынешнего статуса заявки это сделать нельзя",
            },
        },
        {
            "application_id": absent,
            "status": None,
            "refusal": {"code": "application_not_found", "title": "Заявка не найдена"},
        },
        {"application_id": enrolled["id"], "status": "enrolled", "refusal": None},
    ]
    for _ in range(2):
        assert decide_all(world, named, ORDER).ok() == {"items": expected}
    english = decide_all(world, [absent], ORDER, "en").ok()["items"][0]["refusal"]["title"]
    assert english == "The application is not found"
    assert taken(world, wanted) == 2
    rows = world.live.sql("SELECT count(*) FROM audit_trail WHERE event = 'application_enrolled'")
    assert rows[0][0] == 2


def test_one_institution_decides_on_its_own_alone(world: World) -> None:
    application = received(world, group(world))["id"]
    body = {"application_ids": [application], "decision": {"decision": "take"}}
    answer = world.operator.post(f"/v1/institutions/{CLINIC}/applications/decide", body).ok()
    assert answer["items"][0]["refusal"]["code"] == "application_not_found"
    assert world.operator.get(RECEIVED).ok()["items"][0]["status"] == "submitted"


def test_places_that_a_list_frees_go_to_who_waits(world: World) -> None:
    full = group(world, capacity=3)
    seated = [received(world, full, ORDER)["id"] for _ in range(3)]
    waiting = [received(world, full, wait=True)["id"] for _ in range(4)]
    outcome = decide_all(world, [*seated, waiting[3]], EXPULSION).ok()["items"]
    assert [item["status"] for item in outcome] == ["left", "left", "left", None]
    statuses = {item["id"]: item["status"] for item in world.operator.get(RECEIVED).ok()["items"]}
    assert [statuses[one] for one in waiting] == ["offered", "offered", "offered", "waiting"]
    assert taken(world, full) == 3


def test_two_hundred_at_most_and_one_at_least(world: World) -> None:
    assert decide_all(world, [], ORDER).code == "invalid"
    assert decide_all(world, [str(new_id()) for _ in range(201)], ORDER).code == "invalid"
    outcome = decide_all(world, [str(new_id()) for _ in range(200)], ORDER).ok()["items"]
    assert {item["refusal"]["code"] for item in outcome} == {"application_not_found"}


def test_two_lists_at_once_in_opposite_orders(world: World) -> None:
    """Both finish: groups are locked in the order of their ids, not of the list."""
    groups = [
        group(world, weekly_lessons=[{"weekday": day, "starts": "10:00", "academic_hours": 1}]) for day in range(1, 6)
    ]
    applications = [received(world, one)["id"] for one in groups for _ in range(4)]
    with ThreadPoolExecutor(2) as pool:
        lists = (applications, applications[::-1])
        answers = list(pool.map(lambda some: decide_all(world, some, {"decision": "approve"}), lists))
    assert [{item["status"] for item in answer.ok()["items"]} for answer in answers] == [{"approved"}] * 2
    rows = world.live.sql("SELECT count(*) FROM audit_trail WHERE event = 'application_approved'")
    assert rows[0][0] == len(applications)


def test_a_decision_after_a_refused_one_is_not_lost(world: World) -> None:
    """What one item did before its refusal is undone, and nothing else."""
    wanted = group(world, documents=["medical_certificate"])
    seen, unseen = received(world, wanted, ORDER | {"originals_seen": True}), received(world, wanted)
    items = decide_all(world, [unseen["id"], seen["id"]], ORDER).ok()["items"]
    assert items[0]["refusal"]["code"] == "documents_missing"
    assert items[1]["status"] == "enrolled"
    assert decide(world, unseen["id"], "approve").ok()["status"] == "approved"
