"""What a region shows of its free tickets, through the live service."""

from datetime import timedelta
from itertools import count
from typing import Any

from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.live import Api
from tests.world import PAEDIATRICIAN, SURGEON, World

_asked = count()


def first_free(world: World, *, region: int = 42, town: str | None = None) -> dict[str, Any]:
    """Nobody asks: it is public. Asked with one more & each time, for an answer is kept for a second."""
    path = f"/v1/regions/{region}/first-free?specialty_code={PAEDIATRICIAN}" + "&" * next(_asked)
    return world.live.api().call("GET", path + (f"&municipality={town}" if town else "")).ok()


def search(api: Api, **query: Any) -> dict[str, Any]:
    wanted = {"specialty_code": PAEDIATRICIAN, "limit": 100 - next(_asked) % 50, **query}
    return api.get("/v1/slots/search", **wanted).ok()


def names(found: dict[str, Any]) -> list[str]:
    return [item["clinic"]["name"] for item in found["items"]]


def test_days_to_the_first_free_ticket(world: World) -> None:
    near, far, none, closed = (Clinic(world, name=name) for name in ("А", "Б", "В", "Г"))
    near.slot(hours=30)
    near.slot("s2", hours=90)
    far.slot(hours=24 * 6)
    closed.slot(hours=30)
    closed.put(f"specialties/{PAEDIATRICIAN}", {"access": "closed"})
    found = first_free(world, town="Прокопьевск")
    assert [(item["clinic"]["name"], item["days"]) for item in found["items"]] == [
        ("А", 1),
        ("Б", 6),
        ("В", None),
        ("Г", None),
    ]
    assert found["items"][0]["clinic"] == {"id": near.id, "name": "А", "municipality": "Прокопьевск"}
    assert (found["region_code"], found["median_days"]) == (42, 6)
    assert none.id in {item["clinic"]["id"] for item in found["items"]}
    # The world's own clinic has no slots, and stands in another town.
    assert len(first_free(world)["items"]) == 5
    assert stranger(world, near.slot_id("s1")).answer("ru").status == 201
    assert first_free(world, town="Прокопьевск")["items"][0]["days"] == 4
    assert first_free(world, region=54) == {
        "region_code": 54,
        "specialty_code": PAEDIATRICIAN,
        "median_days": None,
        "items": [],
    }


def test_only_what_a_citizen_can_take_now_counts(world: World) -> None:
    """Not yet released, for the desk alone, too near its start, closed, past: none of it is free to a citizen."""
    clinic = Clinic(world, name="А")
    for number in range(5):
        clinic.slot(f"no{number}", hours=20 + number)
    clinic.slot("yes", hours=100)
    world.live.sql("UPDATE slots SET internet_at = 'infinity' WHERE external_id = 'no0'")
    world.live.sql("UPDATE slots SET internet_at = starts_at - interval '1 minute' WHERE external_id = 'no1'")
    world.live.sql("UPDATE slots SET min_lead_minutes = 60 * 24 * 3 WHERE external_id = 'no2'")
    world.live.sql("UPDATE slots SET status = 'closed' WHERE external_id = 'no3'")
    world.live.sql("UPDATE slots SET access = 'closed' WHERE external_id = 'no4'")
    found = search(world.parent())
    assert [item["id"] for item in found["items"]] == [clinic.slot_id("yes")]
    assert [item["id"] for item in search(world.parent(), municipality="Прокопьевск")["items"]] == [
        clinic.slot_id("yes")
    ]
    assert [item["days"] for item in first_free(world, town="Прокопьевск")["items"]] == [4]
    # The second one is released, and a minute later its time begins.
    world.live.clock.now += timedelta(hours=20, minutes=59)
    assert [item["days"] for item in first_free(world, town="Прокопьевск")["items"]] == [0]
    world.live.clock.now += timedelta(minutes=1)
    assert [item["days"] for item in first_free(world, town="Прокопьевск")["items"]] == [3]


def test_free_times_of_all_clinics_by_time(world: World) -> None:
    clinics = [Clinic(world, name=name, municipality=town) for name, town in (("А", "Тайга"), ("Б", "Юрга"))]
    for number in range(3):
        clinics[0].slot(f"a{number}", hours=24 + number)
        clinics[1].slot(f"b{number}", hours=24.5 + number)
    clinics[0].slot("surgeon", hours=25, practitioner_id="d3", specialty_code=SURGEON)
    parent = world.parent()
    assert names(search(parent)) == ["А", "Б", "А", "Б", "А", "Б"]
    assert names(search(parent, municipality="Юрга")) == ["Б", "Б", "Б"]
    assert names(search(parent, municipality="Мыски")) == []
    assert names(search(parent, day_from="2026-09-09")) == []
    item = search(parent)["items"][1]
    assert item["clinic"] == {"id": clinics[1].id, "name": "Б", "municipality": "Юрга"}
    assert (item["practitioner"]["last_name"], item["location"]["room"], item["free"]) == ("Белова", "7", 1)
    assert item["starts_at"] == "2026-09-08T08:30:00+07:00"
    paged = [search(parent, limit=2)]
    while paged[-1]["next_cursor"]:
        paged.append(search(parent, limit=2, cursor=paged[-1]["next_cursor"]))
    assert [name for page in paged for name in names(page)] == ["А", "Б", "А", "Б", "А", "Б"]
    assert len(paged) == 3


def test_the_answers_may_be_kept(world: World) -> None:
    Clinic(world).slot()
    asked = world.live.api().get("/v1/regions/42/first-free", specialty_code=PAEDIATRICIAN)
    assert asked.headers["Cache-Control"] == "private, max-age=60"
    again = {"If-None-Match": asked.headers["ETag"]}
    path = f"/v1/regions/42/first-free?specialty_code={PAEDIATRICIAN}"
    assert world.live.api().call("GET", path, headers=again).status == 304
