"""A family sees who has looked at its data."""

from datetime import timedelta
from typing import Any

from tests.applications.people import Family, group
from tests.live import Api
from tests.people.test_guardians import invites, joins, stranger
from tests.reception.desk import Desk
from tests.world import CLUB, CLUB_PAGE, World


def accesses(api: Api, person_id: str, language: str = "ru", **query: Any) -> Any:
    path = f"/v1/persons/{person_id}/accesses"
    return api.call("GET", path, params=query, headers={"Accept-Language": language}).ok()


def test_who_looked_at_what_and_when(world: World) -> None:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    child = ticket["person"]["id"]
    assert accesses(parent, child) == {"items": [], "next_cursor": None}
    desk.day()
    world.live.clock.now += timedelta(minutes=5)
    director = world.live.citizen(CLUB_PAGE, 77, "admin")
    application = world.apply(parent, group(world), child).ok()
    director.get(f"/v1/institutions/{CLUB}/applications").ok()
    found = accesses(parent, child)["items"]
    assert [{name: item[name] for name in item if name != "id"} for item in found] == [
        {
            "at": "2026-09-07T08:05:00+07:00",
            "role": "director",
            "institution": "Дом творчества",
            "looked_at": "Список заявлений",
        },
        {
            "at": "2026-09-07T08:00:00+07:00",
            "role": "operator",
            "institution": "Поликлиника",
            "looked_at": "Приём врача за день",
        },
    ]
    assert [item["looked_at"] for item in accesses(parent, child, "en")["items"]] == [
        "List of applications", "A doctor's day",
    ]  # fmt: skip
    # The last time the club looked at the application, and nobody at the ticket.
    decision = {"decision": {"decision": "take"}}
    director.post(f"/v1/institutions/{CLUB}/applications/{application['id']}/decide", decision).ok()
    assert accesses(parent, child)["items"][0]["looked_at"] == "Решение по заявлению"


def test_a_long_list_comes_in_pages_the_latest_first(world: World) -> None:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    for _ in range(5):
        desk.day()
    child = ticket["person"]["id"]
    whole = accesses(parent, child)["items"]
    assert [item["id"] for item in whole] == sorted((item["id"] for item in whole), reverse=True)
    paged: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = accesses(parent, child, limit=2, **cursor)
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert (len(whole), paged) == (5, whole)


def test_each_sees_what_was_shown_of_their_own(world: World) -> None:
    """Though others were on the same sheet."""
    desk = Desk(world)
    slot = desk.slot(capacity=2)
    (mother, hers), (other, theirs) = desk.ticket(slot), desk.ticket(slot)
    desk.day()
    desk.check_in(number=hers["number"]).ok()
    assert len(accesses(mother, hers["person"]["id"])["items"]) == 2
    assert len(accesses(other, theirs["person"]["id"])["items"]) == 1
    for person_id in (theirs["person"]["id"], hers["id"]):
        assert mother.get(f"/v1/persons/{person_id}/accesses").code == "person_not_found"


def test_a_second_guardian_sees_it_and_so_does_whose_record_became_one(world: World) -> None:
    """What was shown of the record that went into another is not lost."""
    child: dict[str, Any] = {"last_name": "Ястребова", "first_name": "Зоя", "snils": "11223344595"}
    mother, father, neither = Family(world, **child), Family(world, **child), stranger(world)
    director = world.live.citizen(CLUB_PAGE, 77, "admin")
    mother.applies(group(world)).ok()
    director.get(f"/v1/institutions/{CLUB}/applications").ok()
    fridays = [{"weekday": 5, "starts": "16:30", "academic_hours": 2}]
    father.applies(group(world, weekly_lessons=fridays)).ok()
    director.get(f"/v1/institutions/{CLUB}/applications").ok()
    assert [len(accesses(one.api, one.child)["items"]) for one in (mother, father)] == [2, 1]
    joins(father, invites(mother)["code"]).ok()
    assert len(accesses(mother.api, mother.child)["items"]) == 2
    assert accesses(father.api, mother.child) == accesses(mother.api, mother.child)
    assert father.api.get(f"/v1/persons/{father.child}/accesses").code == "person_not_found"
    joins(neither, invites(mother)["code"]).ok()
    assert len(accesses(neither.api, mother.child)["items"]) == 2


def test_who_gives_a_person_up_sees_nothing_more_of_them(world: World) -> None:
    mother = Family(world)
    assert accesses(mother.api, mother.child)["items"] == []
    assert mother.api.call("DELETE", f"/v1/persons/{mother.child}").status == 204
    assert mother.api.get(f"/v1/persons/{mother.child}/accesses").code == "person_not_found"
