"""Free slots as a citizen sees them."""

from datetime import datetime, timedelta, timezone
from typing import Any

from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.live import Api
from tests.provocation import someone
from tests.world import PAEDIATRICIAN, SURGEON, World


def pages(api: Api, path: str, **query: Any) -> list[list[Any]]:
    """All pages of a list."""
    found, cursor = [], {}
    while cursor != {"cursor": None}:
        page = api.get(path, **query, **cursor).ok()
        found.append(page["items"])
        cursor = {"cursor": page["next_cursor"]}
    return found


def local(instant: str) -> str:
    """The same instant on the clinic's wall clock."""
    return datetime.fromisoformat(instant).astimezone(timezone(timedelta(hours=7))).isoformat()


def test_pages_hold_every_slot_once_in_order(world: World) -> None:
    """Many begin at the same time: the id decides between them."""
    clinic = Clinic(world)
    slots = [
        world.slot(f"s{number}", hours=24 + number // 4, practitioner_id=("d1", "d2")[number % 2])
        for number in range(10)
    ]
    clinic.publish(*slots).ok()
    query = {"institution_id": clinic.id, "specialty_code": PAEDIATRICIAN}
    parent = world.parent()
    found = pages(parent, "/v1/slots", limit=3, **query)
    assert [len(page) for page in found] == [3, 3, 3, 1]
    listed = [item for page in found for item in page]
    assert [(item["starts_at"], item["id"]) for item in listed] == sorted(
        (local(slot["starts_at"]), clinic.slot_id(slot["external_id"])) for slot in slots
    )
    assert [item for page in pages(parent, "/v1/slots", limit=5, **query) for item in page] == listed
    assert listed == clinic.free(parent)
    of_one = clinic.free(parent, practitioner_id=listed[0]["practitioner"]["id"])
    assert of_one == [item for item in listed if item["practitioner"] == listed[0]["practitioner"]]
    assert len(of_one) == 5

    # A slot that goes between two pages takes no other with it.
    first = parent.get("/v1/slots", limit=4, **query).ok()
    for number in (0, 9):
        assert stranger(world, clinic.slot_id(f"s{number}")).answer("ru").status == 201
    rest = parent.get("/v1/slots", limit=4, cursor=first["next_cursor"], **query).ok()["items"]
    last = parent.get("/v1/slots", limit=4, cursor=first["next_cursor"], **query).ok()["next_cursor"]
    rest += parent.get("/v1/slots", limit=4, cursor=last, **query).ok()["items"]
    assert [item["id"] for item in first["items"] + rest] == [
        item["id"] for item in listed if item["id"] != clinic.slot_id("s9")
    ]


def test_a_cursor_belongs_to_its_list_and_its_filters(world: World) -> None:
    clinic = Clinic(world)
    clinic.publish(*(world.slot(f"s{number}", hours=24 + number) for number in range(3))).ok()
    parent = world.parent()
    query = {"institution_id": clinic.id, "specialty_code": PAEDIATRICIAN, "limit": 1}
    cursor = parent.get("/v1/slots", **query).ok()["next_cursor"]
    assert parent.get("/v1/slots", **query | {"limit": 2}, cursor=cursor).status == 200
    for path, changed in (
        ("/v1/slots", {"specialty_code": SURGEON}),
        ("/v1/slots", {"days": 7}),
        ("/v1/slots", {"institution_id": Clinic(world).id}),
        ("/v1/practitioners", {}),
    ):
        assert parent.get(path, **query | changed, cursor=cursor).code == "cursor_unknown", (path, changed)
    assert parent.get("/v1/slots", **query, cursor=cursor[:-6] + "AAAAAA").code == "cursor_unknown"


def test_days_are_the_clinics_own(world: World) -> None:
    """It is Monday, 08:00 in Novokuznetsk; days begin and end at the clinic's midnight."""
    clinic = Clinic(world)
    instants = {
        "sunday": "2026-09-06T12:00:00+07:00",
        "past": "2026-09-07T07:45:00+07:00",
        "now": "2026-09-07T08:00:00+07:00",
        "today": "2026-09-07T08:00:01+07:00",
        "midnight": "2026-09-08T00:00:00+07:00",
        "late": "2026-09-08T23:59:00+07:00",
        "wednesday": "2026-09-09T00:00:00+07:00",
        "last": "2026-09-20T23:59:00+07:00",
        "behind": "2026-09-21T00:00:00+07:00",
    }
    slots = [world.slot(name, starts_at=instant, duration_minutes=1) for name, instant in instants.items()]
    assert clinic.publish(*slots, since=datetime.fromisoformat(instants["sunday"])).ok()["added"] == len(slots)
    names = {clinic.slot_id(name): name for name in instants}

    def seen(**query: Any) -> list[str]:
        return [names[item["id"]] for item in clinic.free(world.operator, **query)]

    fortnight = ["today", "midnight", "late", "wednesday", "last"]
    assert seen() == seen(day_from="2026-09-07") == fortnight
    assert seen(days=1) == ["today"]
    assert seen(days=15) == [*fortnight, "behind"]
    assert seen(day_from="2026-09-08", days=1) == ["midnight", "late"]
    assert seen(day_from="2026-09-09", days=1) == ["wednesday"]
    # What has begun is past, from whichever day one asks.
    assert seen(day_from="2026-09-01", days=7) == ["today"]
    assert seen(day_from="2026-09-06", days=1) == []
    # In another zone the same days lie elsewhere.
    clinic.settle(zone="Europe/Moscow")
    assert seen(day_from="2026-09-08", days=1) == ["late", "wednesday"]
    assert clinic.free(world.operator)[0]["starts_at"] == "2026-09-07T04:00:01+03:00"


def test_only_what_is_free_is_listed(world: World) -> None:
    clinic, other = Clinic(world), Clinic(world)
    clinic.publish(world.slot("s1"), world.slot("s2", hours=25, capacity=2, age_from=3, age_to=17, sex="female")).ok()
    other.slot("s1")
    parent = world.parent(someone())
    first, second = clinic.free(parent)
    assert (first["id"], first["free"]) == (clinic.slot_id("s1"), 1)
    assert second == {
        "id": clinic.slot_id("s2"),
        "specialty_code": PAEDIATRICIAN,
        "practitioner": first["practitioner"],
        "location": {"name": "Корпус 1", "address": "г. Прокопьевск, ул. Шишкина, 1", "room": "7"},
        "starts_at": "2026-09-08T09:00:00+07:00",
        "ends_at": "2026-09-08T09:15:00+07:00",
        "free": 2,
        "age_from": 3,
        "age_to": 17,
        "sex": "female",
        "purpose": "routine",
    }
    assert {name: first["practitioner"][name] for name in ("last_name", "first_name", "patronymic")} == {
        "last_name": "Белова",
        "first_name": "Анна",
        "patronymic": None,
    }
    for slot in (first, second):
        assert stranger(world, slot["id"]).answer("ru").status == 201
    assert clinic.free(parent) == [{**second, "free": 1}]
    assert stranger(world, second["id"]).answer("ru").status == 201
    assert clinic.free(parent) == []
    assert clinic.free(parent, specialty_code=SURGEON) == []
    assert len(other.free(parent)) == 1


def test_practitioners_and_specialties_of_another_region_do_not_exist(world: World) -> None:
    clinic = Clinic(world)
    stranger_system = world.live.client(54)
    for path, more in (("practitioners", {}), ("specialties", {}), ("slots", {"specialty_code": PAEDIATRICIAN})):
        answer = stranger_system.get(f"/v1/{path}", institution_id=clinic.id, **more)
        assert answer.code == "institution_not_found"
    names = ["Абрамова", "Абрамова", "Ёлкина", "Юрьева"]
    for number, name in enumerate(names):
        body = {"last_name": name, "first_name": "Яна", "specialty_codes": [SURGEON]}
        clinic.put(f"practitioners/x{number}", body)
    found = pages(world.operator, "/v1/practitioners", institution_id=clinic.id, limit=2)
    listed = [item for page in found for item in page]
    assert [len(page) for page in found] == [2, 2, 2, 1]
    assert len({item["id"] for item in listed}) == 7
    assert sorted(item["last_name"] for item in listed) == sorted([*names, "Белова", "Яковлева", "Громов"])


def test_the_longest_names_have_pages_too(world: World) -> None:
    clinic = Clinic(world)
    for number in range(3):
        body = {"last_name": "Ж" * 80, "first_name": "Щ" * 80, "specialty_codes": [SURGEON]}
        clinic.put(f"practitioners/x{number}", body)
    assert len(pages(world.operator, "/v1/practitioners", institution_id=clinic.id, limit=1)) == 6
