"""Locks of a group's enrolment, and their history."""

from datetime import timedelta

from tests.applications.people import applying, stranger
from tests.doctors.test_listing import pages
from tests.world import CLUB, CLUB_PAGE, World

GROUP = f"/v1/institutions/{CLUB}/groups/g1"
ILL, WELL = {"reason": "Педагог на больничном"}, {"reason": "Педагог здоров"}


def test_nobody_applies_while_the_group_is_locked_and_its_history_says_why(world: World) -> None:
    group_id = world.publish_group().ok()["id"]
    admin = world.live.citizen(CLUB_PAGE, 5, "admin")
    assert admin.get(f"{GROUP}/locks").ok() == {"items": [], "next_cursor": None}
    assert admin.post(f"{GROUP}/lock", ILL).ok()["locked"]
    assert stranger(world, group_id).answer("ru").code == "group_locked"
    # Twice is no error, and the first reason stands; publishing the group does not unlock it.
    assert world.operator.post(f"{GROUP}/lock", {"reason": "Ремонт"}).ok()["locked"]
    assert world.publish_group().ok()["locked"]
    world.live.clock.now += timedelta(minutes=2)
    assert not world.operator.post(f"{GROUP}/unlock", WELL).ok()["locked"]
    assert not world.operator.post(f"{GROUP}/unlock", {"reason": "Ещё раз"}).ok()["locked"]
    assert stranger(world, group_id).answer("ru").status == 201
    world.operator.post(f"{GROUP}/lock", {"reason": "Ремонт"}).ok()
    last, first = admin.get(f"{GROUP}/locks").ok()["items"]
    assert (last["reason"], last["unlocked_at"], last["unlock_reason"], last["unlocked_by"]) == (
        "Ремонт",
        None,
        None,
        None,
    )
    assert (first["reason"], first["unlock_reason"]) == (ILL["reason"], WELL["reason"])
    assert (first["locked_at"], first["unlocked_at"]) == ("2026-09-07T08:00:00+07:00", "2026-09-07T08:02:00+07:00")
    assert first["locked_by"] != first["unlocked_by"] == last["locked_by"]
    events = world.live.sql("SELECT event FROM audit_trail WHERE event LIKE 'group_%locked' ORDER BY id")
    assert [row["event"] for row in events] == ["group_locked", "group_unlocked", "group_locked"]
    assert [[lock["id"] for lock in page] for page in pages(admin, f"{GROUP}/locks", limit=1)] == [
        [last["id"]],
        [first["id"]],
    ]


def test_a_free_place_is_offered_when_the_group_is_unlocked(world: World) -> None:
    group_id = world.publish_group(capacity=1).ok()["id"]
    has_place = stranger(world, group_id)
    application = has_place.answer("ru").ok()
    parent = world.parent(70)
    asked = applying(parent, group_id, world.child(parent, last_name="Ждущая"))
    asked.body["wait"] = True
    waiting = asked.answer("ru").ok()
    world.operator.post(f"{GROUP}/lock", ILL).ok()
    has_place.api.post(f"/v1/applications/{application['id']}/withdraw").ok()
    world.live.work()
    assert parent.get(f"/v1/applications/{waiting['id']}").ok()["status"] == "waiting"
    world.operator.post(f"{GROUP}/unlock", WELL).ok()
    assert parent.get(f"/v1/applications/{waiting['id']}").ok()["status"] == "offered"


def test_locks_are_of_a_group_that_is_there(world: World) -> None:
    for answer in (
        world.operator.post(f"{GROUP}/lock", ILL),
        world.operator.post(f"{GROUP}/unlock", WELL),
        world.operator.get(f"{GROUP}/locks"),
    ):
        assert answer.code == "group_not_found"
    world.publish_group()
    assert world.operator.post(f"{GROUP}/lock", {"reason": ""}).code == "invalid"
