"""What changes whose an account is, or takes it away, asks for a launch of just now; a new session ends the old."""

from datetime import timedelta
from typing import Any

import pytest

from service.app import OPERATIONS
from tests.conftest import fresh_database
from tests.launch.test_log_out import Device
from tests.launch.test_platforms import APPS, native, session
from tests.launch.test_refresh import refresh
from tests.live import Answer, Api, Live
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, World

FRESH = {
    "createIdentityCode", "joinIdentity", "leaveIdentity", "createInvitation", "exportAccount", "eraseAccount",
}  # fmt: skip


def changes(api: Api, child: str) -> dict[str, Answer]:
    """Each of them, asked for by that session; the last one takes all away."""
    return {
        "createIdentityCode": api.create("/v1/identities/codes", None),
        "joinIdentity": api.post("/v1/identities/join", {"code": "0000-0000"}),
        "leaveIdentity": api.post("/v1/identities/max/leave"),
        "createInvitation": api.create(f"/v1/persons/{child}/invitations", None),
        "exportAccount": api.post("/v1/account/export"),
        "eraseAccount": api.call("DELETE", "/v1/account"),
    }


def stale(answers: dict[str, Answer]) -> set[str]:
    return {name for name, answer in answers.items() if answer.status == 403 and answer.code == "fresh_launch_needed"}


def test_which_operations_ask_for_a_fresh_launch() -> None:
    assert {operation.id for operation in OPERATIONS if operation.access.fresh} == FRESH


def test_who_has_stolen_a_refresh_token_takes_no_account_over(world: World) -> None:
    """They see what the session sees, and neither take the account, nor take all of it out, nor erase it."""
    own = world.live.session(CLINIC_PAGE, someone())
    child = world.child(world.live.api(own["access_token"]))
    thief = world.live.api(refresh(world.live, own["refresh_token"]).ok()["access_token"])
    assert thief.get("/v1/persons").status == 200
    assert stale(changes(thief, child)) == FRESH
    # Whose account it is has done nothing else since, and may.
    answers = changes(world.live.api(own["access_token"]), child)
    assert {name: answer.status for name, answer in answers.items()} == {
        "createIdentityCode": 201,
        "joinIdentity": 404,
        "leaveIdentity": 200,
        "createInvitation": 201,
        "exportAccount": 200,
        "eraseAccount": 204,
    }


def test_a_launch_is_fresh_by_the_moment_when_the_platform_signed_it(world: World) -> None:
    """A launch that is found later opens a session for an hour, and no more than that."""
    live, user = world.live, someone()
    child = world.child(world.live.citizen(CLINIC_PAGE, user))

    def opened(age: timedelta) -> Api:
        body = {"platform": "vk", "parameters": live.launch(CLINIC_PAGE, user, age=age)}
        return live.api(live.api().post("/v1/sessions", body).ok()["access_token"])

    old, fresh = opened(timedelta(minutes=15, seconds=1)), opened(timedelta(minutes=15))
    assert stale(changes(old, child)) == FRESH
    assert fresh.create("/v1/identities/codes", None).status == 201
    live.clock.now += timedelta(seconds=1)
    assert fresh.create("/v1/identities/codes", None).code == "fresh_launch_needed"
    assert stale(changes(opened(timedelta()), child)) == set()


def test_how_long_a_launch_is_fresh_is_a_setting(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    with fresh_database(server_dsn) as dsn, Live(dsn, folder, fresh_launch_seconds=60) as live:
        citizen = World(live).parent(someone())
        live.clock.now += timedelta(seconds=60)
        assert citizen.create("/v1/identities/codes", None).status == 201
        live.clock.now += timedelta(seconds=1)
        assert citizen.create("/v1/identities/codes", None).code == "fresh_launch_needed"


def test_where_the_platform_signs_no_time_the_session_is_what_is_fresh(
    server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Odnoklassniki's own launches: nobody is kept from their rights for that."""
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **APPS) as live:
        world = World(live)
        world.put("/v1/pages/ok/70000001", {"institution_id": str(CLINIC), "mini_apps": ["doctor"]})
        opened = session(world, "ok", native(), page="70000001").ok()
        assert live.api(opened["access_token"]).create("/v1/identities/codes", None).status == 201
        refreshed = refresh(live, opened["refresh_token"]).ok()
        assert live.api(refreshed["access_token"]).create("/v1/identities/codes", None).code == "fresh_launch_needed"


# A new session in place of the old ----------------------------------------------------------------------------------


def again(world: World, user: int, replaces: Any, role: str = "none") -> Answer:
    body = {"platform": "vk", "parameters": world.live.launch(CLINIC_PAGE, user, role), "replaces": replaces}
    return world.live.api().post("/v1/sessions", body)


def test_a_new_launch_ends_the_session_that_it_replaces(world: World) -> None:
    user = someone()
    before, elsewhere = Device(world, user), Device(world, user)
    assert before.session["session_id"] == before.id
    second = again(world, user, before.id).ok()
    assert (before.is_in, elsewhere.is_in) == (False, True)
    # So does an administrator's, that has nothing to be refreshed with; and twice is no error.
    at_work = again(world, user, second["session_id"], "admin").ok()
    assert refresh(world.live, second["refresh_token"]).code == "session_ended"
    third = again(world, user, at_work["session_id"]).ok()
    assert world.live.api(at_work["access_token"]).get("/v1/persons").code == "unauthenticated"
    assert again(world, user, at_work["session_id"]).status == 201
    assert world.live.api(third["access_token"]).get("/v1/persons").status == 200


def test_nobody_ends_anothers_session_by_it(world: World) -> None:
    theirs = Device(world, someone())
    assert again(world, someone(), theirs.id).status == 201
    assert theirs.is_in
    assert again(world, someone(), "x").code == "invalid"
