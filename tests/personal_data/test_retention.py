"""What is kept of people past its purpose is forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.config import Settings
from service.core.ids import new_id
from tests import locks
from tests.applications.people import Family
from tests.people.test_guardians import invites, joins, stranger
from tests.world import World, person

# As tests/live.py sets it.
TERM = timedelta(days=365)


def answers(world: World) -> str:
    """All answers that are kept, as text."""
    return "\n".join(found["row"] for found in world.live.sql("SELECT k::text AS row FROM idempotency_keys k"))


def test_an_answer_is_kept_for_its_term_and_then_forgotten(world: World) -> None:
    key, body = str(new_id()), person(last_name="Забываемая")
    first = world.parent().create("/v1/persons", body, key).ok()
    world.live.clock.now += TERM
    world.live.work()
    assert world.parent().create("/v1/persons", body, key).ok() == first
    assert "Забываемая" in answers(world)
    world.live.clock.now += timedelta(seconds=1)
    world.live.work()
    assert answers(world) == ""
    # The person stays: what is forgotten is that it was asked for under this key.
    assert [found["id"] for found in world.parent().get("/v1/persons").ok()["items"]] == [first["id"]]
    assert world.parent().create("/v1/persons", body, key).code == "person_exists"


def test_all_regions_and_more_than_a_batch(world: World) -> None:
    fill = """
        INSERT INTO idempotency_keys
        SELECT region, gen_random_uuid(), 'createPerson', 'k' || i, '\\x00', '{}', $1
        FROM generate_series(1, 600) i, unnest('{42,77}'::smallint[]) region"""
    world.live.sql(fill, world.now - TERM - timedelta(seconds=1))
    world.live.sql(fill.replace("600", "3"), world.now)
    assert world.live.work() == 1200
    kept = world.live.sql("SELECT region_id, count(*) FROM idempotency_keys GROUP BY region_id ORDER BY region_id")
    assert [tuple(row) for row in kept] == [(42, 3), (77, 3)]
    assert world.live.work() == 0


def test_what_another_process_works_on_is_left_to_it(world: World) -> None:
    for name in ("Первая", "Вторая"):
        world.child(world.parent(), last_name=name)
    world.live.clock.now += TERM + timedelta(seconds=1)
    held = "SELECT FROM idempotency_keys WHERE result::text LIKE '%Первая%' FOR UPDATE"
    with locks.holding(world.live, held):
        assert world.live.work() == 1
        assert "Первая" in answers(world)
        assert "Вторая" not in answers(world)
    assert world.live.work() == 1
    assert answers(world) == ""


def test_the_term_is_never_under_a_day(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path, keep_answers_hours=24).keep_answers_hours == 24
    with pytest.raises(ValidationError, match="keep_answers_hours"):
        Settings(data_dir=tmp_path, keep_answers_hours=23)


def test_who_gives_a_person_up_keeps_no_answers_about_them(world: World) -> None:
    """Though another guardian stays, whose own answers stay too."""
    mother, father = Family(world, 0), stranger(world)
    mother.children = [world.child(mother.api, last_name="Общая")]
    joins(father, invites(mother)["code"]).ok()
    other = world.child(father.api, last_name="Отцова")
    assert "Общая" in answers(world)
    assert mother.api.call("DELETE", f"/v1/persons/{mother.child}").status == 204
    assert "Общая" not in answers(world)
    assert "Отцова" in answers(world)
    assert {found["last_name"] for found in father.api.get("/v1/persons").ok()["items"]} == {"Общая", "Отцова"}
    assert other
