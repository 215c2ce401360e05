"""The search for groups against plain Python over the same groups; texts, pages, and what keeps facets in step."""

import random
from datetime import timedelta
from typing import Any

import pytest

from schemas.group_search import GroupFilter
from tests.applications.people import stranger
from tests.clubs.club_model import MEANS, facets_of, publish, some_value
from tests.clubs.test_listing import found, listed
from tests.doctors.test_listing import pages
from tests.world import CLUB, World

_NOT_FILTERS = {"limit", "cursor", "within_km", "text", "sort", "facets"}


def test_every_filter_has_a_meaning_here() -> None:
    assert MEANS.keys() == GroupFilter.model_fields.keys() - _NOT_FILTERS


def test_each_filter_and_many_together_find_and_count_what_they_mean(world: World) -> None:
    groups = publish(world, 60)
    dice = random.Random(7)
    asked: list[dict[str, Any]] = [{}]
    asked += [{name: some_value(dice, name, groups)} for name in MEANS for _ in range(4)]
    asked += [
        {name: some_value(dice, name, groups) for name in dice.sample([*MEANS], dice.randrange(2, 4))}
        for _ in range(80)
    ]
    sizes: list[int] = []
    for number, query in enumerate(asked):
        expected = [
            group for group in groups if all(MEANS[name](group, value, world.now) for name, value in query.items())
        ]
        answer = world.operator.get("/v1/groups", facets="true", limit=61 + number % 30, **query).ok()
        assert {item["id"] for item in answer["items"]} == {group.id for group in expected}, query
        soon = query.get("opens_within_days", 14)
        assert answer["facets"] == facets_of(expected, world.now, soon), query
        sizes.append(len(expected))
    # It was no test of empty pages.
    assert sum(size > 0 for size in sizes) > len(sizes) / 2
    assert listed(world.parent())[0].keys() == world.operator.get("/v1/groups", limit=1).ok()["items"][0].keys()
    assert world.operator.get("/v1/groups", limit=2).ok()["facets"] is None


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"near": "55.3543,86.0883", "within_km": 500},
        {"near": "55.3543,86.0883", "within_km": 500, "sort": "start"},
        {"text": "шахмотты"},
        {"text": "шахмотты", "sort": "start"},
        {"text": "шахмотты", "near": "55.3543,86.0883", "within_km": 500, "sort": "distance"},
        {"text": "группа", "near": "55.3543,86.0883", "within_km": 500, "sort": "match", "free_only": "true"},
    ],
)
def test_pages_are_whole_and_in_order_under_every_sort(world: World, query: dict[str, Any]) -> None:
    groups = {group.id: group for group in publish(world, 30)}
    whole = world.operator.get("/v1/groups", limit=100, **query).ok()["items"]
    assert len(whole) > 4
    for limit in (1, 4):
        paged = [item for page in pages(world.operator, "/v1/groups", limit=limit, **query) for item in page]
        assert paged == whole
    ids = [item["id"] for item in whole]
    assert len(set(ids)) == len(ids)
    if query.get("sort") == "start" or not query:
        assert ids == sorted(ids, key=lambda one: (groups[one].body["starts_on"], one))
    elif query.get("sort", "distance") == "distance" and "near" in query:
        distances = [groups[one].km(55.3543, 86.0883) for one in ids]
        assert distances == sorted(distances)
        assert [item["distance_km"] for item in whole] == [pytest.approx(km, abs=0.06) for km in distances]
    else:
        assert {groups[one].programme["name"] for one in ids[:2]} == {"Шахматы"} or query["text"] == "группа"


def test_misspelt_texts_find(world: World) -> None:
    path = f"/v1/institutions/{CLUB}"
    names = {"robots": "Робототехника", "fir": "Ёлочка", "swim": "Плавание", "choir": "Хоровое пение для малышей"}
    for own_id, name in names.items():
        world.put(f"{path}/programmes/{own_id}", {"name": name, "direction": "arts", "level": "basic"})
        world.publish_group(own_id, programme_id=own_id, name=f"Занятия {own_id}")
    world.publish_group("chess", name="Старшие")

    def first(text: str) -> str | None:
        items = listed(world.operator, text=text)
        return items[0]["programme_name"] if items else None

    for text, name in (
        ("шахмотты", "Шахматы"),
        ("ШАХМАТЫ", "Шахматы"),
        ("РОБОТАТЕХНИКА", "Робототехника"),
        ("робото", "Робототехника"),
        ("елочка", "Ёлочка"),
        ("ЁЛОЧКА", "Ёлочка"),
        ("плаванье", "Плавание"),
        ("харовое пение", "Хоровое пение для малышей"),
        ("старшие", "Шахматы"),
        ("ракетостроение", None),
        ("!?", None),
    ):
        assert first(text) == name, text
    # By the institution's name: all of them, and only there.
    assert len(listed(world.operator, text="дом творчества")) == 5
    # A programme's and an institution's new names are found at once.
    world.put(f"{path}/programmes/swim", {"name": "Дайвинг", "direction": "sports", "level": "basic"})
    assert (first("дайвинг"), first("плавание")) == ("Дайвинг", None)
    assert found(world.operator, direction="sports") == ["Занятия swim"]
    club = world.operator.get(f"/v1/institutions/{CLUB}").ok()
    del club["id"]
    world.put(path, club | {"name": "Парус", "municipality": "Юрга"})
    assert len(listed(world.operator, text="парус", municipality="Юрга")) == 5
    assert listed(world.operator, municipality="Кемерово") == []
    assert listed(world.live.client(54), text="шахматы") == []


def test_what_fills_locks_and_moves_a_group_is_found_out_at_once(world: World) -> None:
    group_id = world.publish_group(capacity=1).ok()["id"]
    assert found(world.operator, free_only="true", open_only="true") == ["Группа 1"]
    asked = stranger(world, group_id)
    application = asked.answer("ru").ok()
    assert found(world.operator, free_only="true") == []
    asked.api.post(f"/v1/applications/{application['id']}/withdraw").ok()
    assert found(world.operator, free_only="true") == ["Группа 1"]
    world.operator.post(f"/v1/institutions/{CLUB}/groups/g1/lock", {"reason": "Ремонт"}).ok()
    assert found(world.operator, open_only="true") == []
    world.operator.post(f"/v1/institutions/{CLUB}/groups/g1/unlock", {"reason": "Готово"}).ok()
    assert found(world.operator, open_only="true") == ["Группа 1"]
    world.publish_group(weekly_lessons=[{"weekday": 6, "starts": "10:00", "academic_hours": 1}]).ok()
    assert found(world.operator, weekdays="6,7", time_from="10:00", time_to="10:45") == ["Группа 1"]
    assert found(world.operator, weekdays="6", time_to="10:44") == []
    assert found(world.operator, weekdays="7") == []
    # While applications are collected enrolment is open, and then no more.
    collecting = {"filling": "draw", "collect_until": (world.now + timedelta(minutes=1)).isoformat()}
    world.publish_group("g2", name="По жребию", **collecting).ok()
    assert sorted(found(world.operator, open_only="true")) == ["Группа 1", "По жребию"]
    world.live.clock.now += timedelta(minutes=1)
    assert found(world.operator, open_only="true") == ["Группа 1"]
    # What the triggers have kept is what it should be.
    wrong = "SELECT FROM groups g JOIN group_facets f ON f.group_id = g.id, group_facets_of(g) made WHERE f <> made"
    assert world.live.sql(wrong) == []


def test_near_the_180th_meridian_and_the_pole(world: World) -> None:
    for own_id, latitude, longitude in (("east", 66, 179.95), ("west", 66, -179.95), ("north", 89.9, 0)):
        place = {"address": "ул. Мира, 1", "latitude": latitude, "longitude": longitude}
        world.publish_group(own_id, name=own_id, places=[place]).ok()
    assert found(world.operator, near="66,179.99", within_km=10) == ["east", "west"]
    assert found(world.operator, near="66,-179.99", within_km=10) == ["west", "east"]
    assert found(world.operator, near="89.9,170", within_km=30) == ["north"]
    assert found(world.operator, near="66,170", within_km=100) == []
    for near in ("91,0", "55", "55,181", "55;86", "55.1234567,86"):
        assert world.operator.get("/v1/groups", near=near).code == "invalid", near
