"""Children change groups by an order."""

from typing import Any

from tests.applications.people import group, stranger
from tests.applications.staff import EXPULSION, ORDER, RECEIVED, decide, events, received, taken
from tests.live import Answer
from tests.provocation import Asked, someone, surname
from tests.world import CLUB, World

THE_ORDER: dict[str, Any] = {"order_number": "118-К", "order_date": "2026-09-07"}
FRIDAY = {"weekly_lessons": [{"weekday": 5, "starts": "10:00", "academic_hours": 1}]}


def target(world: World, **more: Any) -> tuple[str, str]:
    """The own id and the id of a group on Fridays."""
    own_id = f"t{someone()}"
    return own_id, world.publish_group(own_id, **(FRIDAY | more)).ok()["id"]


def transferring(world: World, applications: list[str], own_id: str, **more: Any) -> Asked:
    body = {"application_ids": applications, "group_id": own_id, **THE_ORDER, **more}
    return Asked(world.operator, "POST", f"{RECEIVED}/transfer", body)


def transfer(world: World, applications: list[str], own_id: str, **more: Any) -> Answer:
    return transferring(world, applications, own_id, **more).answer("ru")


def codes(answer: Answer) -> list[str | None]:
    return [item["refusal"] and item["refusal"]["code"] for item in answer.ok()["items"]]


def test_a_transfer_moves_place_terms_and_time(world: World) -> None:
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    left = group(world, capacity=1)
    application = world.apply(parent, left, child).ok()["id"]
    waiting = received(world, left, wait=True)["id"]
    decide(world, application, ORDER).ok()
    own_id, wanted = target(world, name="Группа 2", starts_on="2026-10-05")
    for _ in range(2):
        assert codes(transfer(world, [application], own_id)) == [None]
    moved = parent.get(f"/v1/applications/{application}").ok()
    assert (moved["status"], moved["group_id"], moved["group_name"]) == ("enrolled", wanted, "Группа 2")
    assert moved["order"] == THE_ORDER | {"enrolled_on": "2026-10-05"}
    assert (taken(world, wanted), taken(world, left)) == (1, 1), "the place went to who waited"
    statuses = {item["id"]: item["status"] for item in world.operator.get(RECEIVED).ok()["items"]}
    assert statuses[waiting] == "offered"
    # Tuesday's time is free again, Friday's is not.
    assert world.apply(parent, group(world, **FRIDAY), child).code == "person_busy"
    assert world.apply(parent, group(world), child).status == 201
    assert events(world, application).count("application_transferred") == 1
    assert decide(world, application, EXPULSION).ok()["status"] == "left"
    assert taken(world, wanted) == 0


def test_each_is_refused_by_itself(world: World) -> None:
    left = group(world, age_from=6, age_to=12)
    old = stranger(world, left, birth_date="2015-01-01")
    old_id = old.answer("ru").ok()["id"]
    decide(world, old_id, ORDER).ok()
    fits, undecided = received(world, left, ORDER)["id"], received(world, left)["id"]
    busy = stranger(world, left)
    busy_id = busy.answer("ru").ok()["id"]
    decide(world, busy_id, ORDER).ok()
    world.apply(busy.api, group(world, **FRIDAY), busy.body["person_id"]).ok()
    own_id, wanted = target(world, capacity=1)
    answer = transfer(world, [old_id, undecided, busy_id, fits, fits], own_id)
    assert codes(answer) == ["too_old", "application_illegal_move", "person_busy", None]
    assert taken(world, wanted) == 1
    assert codes(transfer(world, [old_id], own_id, age_reason="Опережает программу")) == ["group_full"]
    roomy, other = target(world)
    assert codes(transfer(world, [old_id], roomy, age_reason="Опережает программу")) == [None]
    assert taken(world, other) == 1
    details = world.live.sql(
        "SELECT details FROM audit_trail WHERE event = 'application_transferred' AND subject_id = $1", old_id
    )
    assert sum("Опережает программу" in row["details"] for row in details) == 1


def test_a_group_where_children_can_not_come(world: World) -> None:
    left = group(world)
    application = received(world, left, ORDER)["id"]
    for terms, more, code in (
        ({}, {"starts_on": "2027-06-01"}, "start_outside_group"),
        ({"financing": [{"source": "own"}]}, {}, "financing_not_offered"),
        ({"filling": "draw", "collect_until": "2026-09-10T00:00:00+07:00"}, {}, "group_not_filled"),
    ):
        own_id, wanted = target(world, **terms)
        assert codes(transfer(world, [application], own_id, **more)) == [code]
        assert taken(world, wanted) == 0
    assert transfer(world, [application], "nowhere").code == "group_not_found"
    assert taken(world, left) == 1
    rows = world.live.sql("SELECT group_id::text FROM applications WHERE id = $1", application)
    assert rows[0]["group_id"] == left


def test_who_was_in_the_group_before_is_one_child(world: World) -> None:
    """With an application of another parent there, it is not transferred."""
    name = surname()
    left = group(world)
    mother, own = stranger(world, left, last_name=name), target(world)
    application = mother.answer("ru").ok()["id"]
    decide(world, application, ORDER).ok()
    world.put(f"/v1/institutions/{CLUB}/enrolment-rules", {"overlap_rule": "warn"})
    assert stranger(world, own[1], last_name=name).answer("ru").status == 201
    assert codes(transfer(world, [application], own[0])) == ["already_applied"]
