"""One signed launch opens so many sessions, however it is written."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.config import Settings
from tests.conftest import fresh_database
from tests.launch.test_platforms import APPS, NEW, data, native, session
from tests.live import Live
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, CLUB_PAGE, World


@pytest.fixture
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    given = APPS | {"launch_sessions": Settings.model_fields["launch_sessions"].default}
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **given) as live:
        world = World(live)
        for platform in ("ok", "max", "telegram"):
            body = {"institution_id": str(CLINIC), "mini_apps": ["doctor"]}
            world.put(f"/v1/pages/{platform}/clinic", body)
        yield world


def launch(world: World, platform: str) -> str:
    match platform:
        case "vk":
            return world.live.launch(CLINIC_PAGE, someone())
        case "ok":
            return native(someone())
        case _:
            token = "max-token" if platform == "max" else NEW
            return data(world, token, start_param="clinic", user=f'{{"id":{someone()}}}')


@pytest.mark.parametrize("platform", ["vk", "ok", "max", "telegram"])
def test_twenty_sessions_and_no_more(world: World, platform: str) -> None:
    parameters = launch(world, platform)
    page = {"page": "clinic"} if platform == "ok" else {}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: session(world, platform, parameters, **page), range(24)))
    assert sorted(answer.status for answer in answers) == [201] * 20 + [403] * 4
    assert {answer.code for answer in answers if answer.status == 403} == {"launch_spent"}
    # Nor does it when it is written otherwise.
    for same in (f"?{parameters}", f"{parameters}&x=1" if platform == "vk" else f"?{parameters}"):
        assert session(world, platform, same, **page).code == "launch_spent"
    assert len(world.live.sql("SELECT FROM sessions")) == 20
    assert session(world, platform, launch(world, platform), **page).status == 201
    # What stands for it says nothing of it.
    kept = str(world.live.sql("SELECT u::text FROM launch_uses u"))
    assert not any(part in kept for part in parameters.split("&") if len(part) > 8)


def test_the_same_user_goes_on_with_a_launch_of_now(world: World) -> None:
    """In another second, or in another app; the page says nothing against it."""
    user = someone()
    for _ in range(20):
        assert session(world, "vk", world.live.launch(CLINIC_PAGE, user)).status == 201
    assert session(world, "vk", world.live.launch(CLUB_PAGE, user)).code == "launch_spent"
    world.live.clock.now += timedelta(seconds=1)
    assert session(world, "vk", world.live.launch(CLINIC_PAGE, user)).status == 201


def test_what_is_not_signed_with_a_time_is_counted_by_the_hour(world: World) -> None:
    """Odnoklassniki's own launches never grow old."""
    parameters = native(someone())
    for _ in range(20):
        assert session(world, "ok", parameters, page="clinic").status == 201
    world.live.clock.now += timedelta(minutes=60)
    assert session(world, "ok", parameters, page="clinic").code == "launch_spent"
    world.live.clock.now += timedelta(minutes=1)
    assert session(world, "ok", parameters, page="clinic").status == 201
