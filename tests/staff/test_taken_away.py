"""A role or a page that is taken away ends the sessions that had it: heard by every process, without a new launch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import fresh_database
from tests.live import Answer, Api, Live, session_id
from tests.locks import holding, wait_until_blocked
from tests.provocation import someone
from tests.races.processes import Served, wait_until
from tests.staff.people import JOIN, doctor_of, page_of, session_of, staff_code, written_down
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, World

STAFF = f"/v1/institutions/{CLINIC}/staff"
PLACES = f"/v1/institutions/{CLINIC}/places"


@pytest.fixture
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its worker hears of ends at once."""
    with (
        fresh_database(server_dsn) as dsn,
        Live(dsn, tmp_path_factory.mktemp("keys"), ended_sessions_seconds=0.1) as live,
    ):
        yield World(live)


def is_out(api: Api) -> bool:
    answer = api.get("/v1/persons")
    return answer.status == 401


def ended(world: World) -> set[str]:
    return {str(row["id"]) for row in world.live.sql("SELECT id FROM sessions WHERE ended_at IS NOT NULL")}


def registrar_of(world: World, user: int, own_id: str, page: int = CLINIC_PAGE) -> Api:
    return doctor_of(world, page, str(CLINIC if page == CLINIC_PAGE else CLUB), user, own_id, None)


def test_who_is_deleted_is_out_where_they_were_at_work_and_nowhere_else(world: World) -> None:
    user, other_page = someone(), page_of(world, str(CLINIC))
    before = world.live.citizen(CLINIC_PAGE, user)
    registrar = registrar_of(world, user, "one")
    elsewhere = world.live.citizen(other_page, user)
    colleague = registrar_of(world, someone(), "two")
    at_the_club = registrar_of(world, user, "one", CLUB_PAGE)
    assert registrar.get(PLACES).status == elsewhere.get(PLACES).status == 200
    world.live.sql("UPDATE sessions SET ended_at = NULL")
    assert world.operator.call("DELETE", f"{STAFF}/one").status == 204
    wait_until(lambda: is_out(registrar) and is_out(elsewhere))
    assert ended(world) == {session_id(registrar), session_id(elsewhere)}
    # As a citizen they go on, as everybody else does.
    assert not is_out(before)
    assert colleague.get(PLACES).status == 200
    assert at_the_club.get(f"/v1/institutions/{CLUB}/places").status == 200
    assert world.live.citizen(CLINIC_PAGE, user).get(PLACES).code == "forbidden"


def becomes_a_doctor(world: World) -> None:
    written_down(world, str(CLINIC), "one", "d1")


def becomes_another_doctor(world: World) -> None:
    written_down(world, str(CLINIC), "one", "d2")


def gives_the_role_to_another(world: World) -> None:
    code = staff_code(world, str(CLINIC), "one")
    world.live.citizen(CLINIC_PAGE, someone()).post(JOIN, {"code": code}).ok()


@pytest.mark.parametrize(
    ("was", "change"),
    [
        (None, becomes_a_doctor),
        ("d1", becomes_another_doctor),
        ("d1", lambda world: written_down(world, str(CLINIC), "one")),
        (None, gives_the_role_to_another),
    ],
)
def test_a_role_that_becomes_another_ends_with_its_session(
    world: World, was: str | None, change: Callable[[World], Any]
) -> None:
    user = someone()
    at_work = doctor_of(world, CLINIC_PAGE, str(CLINIC), user, "one", was)
    # What changes nothing ends nothing: a name, an invitation that nobody has taken.
    written_down(world, str(CLINIC), "one", was)
    staff_code(world, str(CLINIC), "one")
    assert session_id(at_work) not in ended(world)
    change(world)
    wait_until(lambda: is_out(at_work))
    assert ended(world) == {session_id(at_work)}


@pytest.mark.parametrize("how", ["DELETE", "PUT"])
def test_who_is_at_work_from_a_page_is_out_when_the_page_is_taken_away(world: World, how: str) -> None:
    """Also those who are administrators on the platform; citizens see nothing of the institution's, and stay."""
    page, user = page_of(world, str(CLINIC)), someone()
    written_down(world, str(CLINIC), "one")
    world.live.citizen(page, user).post(JOIN, {"code": staff_code(world, str(CLINIC), "one")}).ok()
    there = [world.live.citizen(page, user), world.live.citizen(page, someone(), "admin")]
    there.append(world.live.citizen(page, someone(), "editor"))
    elsewhere = world.live.citizen(CLINIC_PAGE, someone(), "admin")
    citizen = world.live.citizen(page, someone())
    # The same institution once more, with another mini-app.
    world.put(f"/v1/pages/vk/{page}", {"institution_id": str(CLINIC), "mini_apps": ["club"]})
    assert all(api.get(PLACES).status == 200 for api in there)
    body = {"institution_id": str(CLUB), "mini_apps": ["club"]} if how == "PUT" else None
    assert world.operator.call(how, f"/v1/pages/vk/{page}", body).status in (200, 204)
    wait_until(lambda: all(is_out(api) for api in there))
    assert ended(world) == {session_id(api) for api in there}
    assert elsewhere.get(PLACES).status == 200
    assert not is_out(citizen)


def opened_while(world: World, statement: str, page: int, user: int, role: str) -> Answer:
    """How a session is opened that waits for what the statement takes away, until it is gone."""
    body = {"platform": "vk", "parameters": world.live.launch(page, user, role)}
    with ThreadPoolExecutor(1) as background:
        with holding(world.live, statement, end="COMMIT"):
            opening = background.submit(world.live.api().post, "/v1/sessions", body)
            wait_until_blocked(world.live)
        return opening.result()


def test_a_session_that_is_opened_meanwhile_has_no_role(world: World) -> None:
    """Else it would be written down a moment after all others have ended, and stay."""
    user = someone()
    registrar_of(world, user, "one")
    taken_away = "DELETE FROM staff WHERE external_id = 'one'"
    assert opened_while(world, taken_away, CLINIC_PAGE, user, "none").ok()["staff_role"] == "none"
    page = page_of(world, str(CLINIC))
    disconnected = f"DELETE FROM pages WHERE external_id = '{page}'"  # noqa: S608 - a number
    assert opened_while(world, disconnected, page, someone(), "admin").code == "page_unknown"
    page = page_of(world, str(CLINIC))
    moved = f"UPDATE pages SET institution_id = '{CLUB}' WHERE external_id = '{page}'"  # noqa: S608 - a number
    assert opened_while(world, moved, page, someone(), "admin").code == "page_unknown"
    assert session_of(world, page, someone(), "admin")["page"]["institution"]["id"] == str(CLUB)


def test_a_citizen_waits_for_no_page(world: World) -> None:
    """Thousands come from it at once."""
    row = f"SELECT FROM pages WHERE external_id = '{CLINIC_PAGE}' FOR UPDATE"
    with holding(world.live, row):
        assert session_of(world, CLINIC_PAGE, someone())["staff_role"] == "none"


def test_every_process_comes_to_know_who_has_lost_a_role(dsn: str, tmp_path: Path) -> None:
    """Each of two workers, within seconds."""
    with Served(dsn, tmp_path) as served:
        world = World(served)
        people = [registrar_of(world, someone(), f"s{number}") for number in range(4)]
        assert all(api.get(PLACES).status == 200 for api in people)
        for number in range(4):
            assert world.operator.call("DELETE", f"{STAFF}/s{number}").status == 204
        # Each call over a connection of its own: either worker may answer it.
        calls = [api.token for api in people] * 8
        wait_until(lambda: all(served.api(token).get(PLACES).status == 401 for token in calls))
        assert len([number for number in served.answered_by_workers("listTodaysPlaces") if number]) == 2
