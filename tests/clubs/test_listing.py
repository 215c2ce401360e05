"""Programmes and groups as a parent finds them."""

from datetime import timedelta
from itertools import count
from typing import Any

from service.core.ids import new_id
from tests.applications.people import stranger
from tests.doctors.test_listing import pages
from tests.live import Api
from tests.world import CLINIC, CLUB, World

_asked = count()


def listed(api: Api, **query: Any) -> list[Any]:
    """The groups of the only page. Asked otherwise each time: an answer is kept for a second."""
    page = api.get("/v1/groups", limit=100 - next(_asked) % 50, **query).ok()
    assert page["next_cursor"] is None
    return page["items"]


def found(api: Api, **query: Any) -> list[str]:
    return [item["name"] for item in listed(api, **query)]


def open_club(world: World, municipality: str) -> str:
    """Another club, with a programme of dancing."""
    club = str(new_id())
    body = {
        "name": "Клуб",
        "kind": "club",
        "municipality": municipality,
        "address": "ул. Мира, 1",
        "zone": "Asia/Novokuznetsk",
    }
    world.put(f"/v1/institutions/{club}", body)
    world.put(f"/v1/institutions/{club}/programmes/dance", {"name": "Танцы", "direction": "arts", "level": "basic"})
    return club


def test_each_filter_and_all_together(world: World) -> None:
    club = open_club(world, "Тайга")
    world.put(
        f"/v1/institutions/{CLUB}/programmes/robots", {"name": "Роботы", "direction": "technical", "level": "basic"}
    )

    def publish(institution: object, programme: str, name: str, **more: Any) -> Any:
        body = world.group(programme_id=programme, name=name, **more)
        return world.put(f"/v1/institutions/{institution}/groups/{new_id()}", body)

    chess = publish(CLUB, "chess", "шахматы", starts_on="2026-10-01")
    publish(CLUB, "chess", "шахматы завтра", starts_on="2026-10-02", enrolment_opens_at=_later(world, hours=1))
    full = publish(CLUB, "robots", "роботы", starts_on="2026-10-03", capacity=1, age_from=8, age_to=17)
    dance = publish(club, "dance", "танцы", starts_on="2026-10-04", age_from=3, age_to=6.5)
    publish(club, "dance", "танцы вчера", starts_on="2026-10-05", enrolment_closes_at=_later(world, hours=0))
    assert stranger(world, full["id"], birth_date="2010-01-01").answer("ru").status == 201

    parent = world.parent()
    everything = ["шахматы", "шахматы завтра", "роботы", "танцы", "танцы вчера"]
    assert found(parent) == everything
    assert found(parent, direction="arts") == ["танцы", "танцы вчера"]
    assert found(parent, direction="sports") == []
    assert found(parent, municipality="Тайга") == ["танцы", "танцы вчера"]
    assert found(parent, municipality="тайга") == []
    assert found(parent, institution_id=CLUB) == everything[:3]
    assert found(parent, institution_id=CLINIC) == []
    assert found(parent, programme_id=chess["programme_id"]) == everything[:2]
    assert found(parent, free_only="true") == [name for name in everything if name != "роботы"]
    assert found(parent, open_only="true") == ["шахматы", "роботы", "танцы"]
    assert found(parent, born_on="2016-01-01") == [name for name in everything if name != "танцы"]
    assert found(parent, born_on="2020-03-30") == ["шахматы", "шахматы завтра", "танцы", "танцы вчера"]
    assert found(parent, born_on="2020-02-29") == ["шахматы", "шахматы завтра", "танцы вчера"]
    wanted = {
        "municipality": "Тайга",
        "direction": "arts",
        "born_on": "2021-01-01",
        "programme_id": dance["programme_id"],
    }
    assert found(parent, free_only="true", open_only="true", **wanted) == ["танцы"]
    assert found(world.live.client(54)) == []
    # The very minute the enrolment opens and closes.
    world.live.clock.now += timedelta(hours=1)
    assert found(world.parent(), open_only="true", institution_id=CLUB) == everything[:3]


def _later(world: World, hours: float) -> str:
    return (world.now + timedelta(hours=hours)).isoformat()


def test_pages_hold_every_group_and_programme_once(world: World) -> None:
    """Many begin on the same day: the id decides between them."""
    expected = []
    for number in range(7):
        group = world.publish_group(f"g{number}", starts_on=f"2026-10-0{1 + number // 3}").ok()
        expected.append((group["starts_on"], group["id"]))
    of_two = pages(world.operator, "/v1/groups", limit=2)
    assert [len(page) for page in of_two] == [2, 2, 2, 1]
    assert [(item["starts_on"], item["id"]) for page in of_two for item in page] == sorted(expected)
    cursor = world.operator.get("/v1/groups", limit=2).ok()["next_cursor"]
    assert world.operator.get("/v1/groups", limit=2, cursor=cursor, free_only="true").code == "cursor_unknown"
    assert world.operator.get("/v1/programmes", limit=2, cursor=cursor).code == "cursor_unknown"

    for number in range(4):
        body = {"name": "Ж" * 199 + str(number % 2), "direction": "arts", "level": "basic"}
        world.put(f"/v1/institutions/{CLUB}/programmes/p{number}", body)
    names = [(item["name"], item["id"]) for page in pages(world.operator, "/v1/programmes", limit=1) for item in page]
    assert len(names) == len(set(names)) == 5
    assert names[:4] == sorted(names[:4])
    of_arts = world.operator.get("/v1/programmes", institution_id=CLUB, direction="arts").ok()["items"]
    assert [(item["name"], item["id"]) for item in of_arts] == names[:4]
    assert world.operator.get("/v1/programmes", institution_id=CLINIC).ok()["items"] == []
