"""createSession through the live service: who gets in from a page, as whom, and for how long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest

from service.core.ids import new_id
from service.launch import vk
from tests.conftest import fresh_database
from tests.live import VK_APP, VK_SECRET, Answer, Live
from tests.provocation import someone
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, World

SECOND_APP, SECOND_SECRET = 51_000_001, "secret-of-another-app"


def launch(live: Live, parameters: str) -> Answer:
    return live.api().post("/v1/sessions", {"platform": "vk", "parameters": parameters})


def claims(session: Any) -> dict[str, Any]:
    return jwt.decode(session["access_token"], options={"verify_signature": False})


def test_a_citizen_comes_from_a_page(world: World) -> None:
    user = someone()
    answer = launch(world.live, world.live.launch(CLINIC_PAGE, user))
    session = answer.ok()
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    assert session == {
        "access_token": session["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": session["refresh_token"],
        "refresh_expires_in": 12 * 3600,
        "session_id": session["session_id"],
        "citizen_id": session["citizen_id"],
        "region": 42,
        "role": "none",
        "staff_role": "none",
        "practitioner_id": None,
        "page": {
            "platform": "vk",
            "external_id": str(CLINIC_PAGE),
            "mini_apps": ["doctor", "club"],
            "institution": {"id": str(CLINIC), "name": "Детская поликлиника № 1"},
        },
    }
    now = int(world.now.timestamp())
    assert jwt.get_unverified_header(session["access_token"])["typ"] == "at+jwt"
    found = claims(session)
    assert found == {
        "iss": "zapis",
        "aud": "zapis-api",
        "sub": session["citizen_id"],
        "client_id": f"vk:{VK_APP}",
        "iat": now,
        "exp": now + 900,
        "jti": found["jti"],
        "actor": "citizen",
        "region": 42,
        "institution": str(CLINIC),
        "role": "none",
        "scope": "",
        "sid": session["session_id"],
        "auth_time": now,
        "page": f"vk:{CLINIC_PAGE}",
    }
    # Of the user no more is known than a number: it is not in the token.
    assert str(user) not in found.values()
    assert world.live.api(session["access_token"]).get("/v1/persons").ok() == {"items": []}


def test_whoever_comes_again_is_the_same_citizen(world: World) -> None:
    user = someone()
    live = world.live

    def citizen(parameters: str) -> str:
        return launch(live, parameters).ok()["citizen_id"]

    with ThreadPoolExecutor(8) as threads:
        at_once = set(threads.map(citizen, [live.launch(CLINIC_PAGE, user)] * 8))
    assert len(at_once) == 1
    assert {citizen(live.launch(CLUB_PAGE, user)), citizen("?" + live.launch(CLINIC_PAGE, user, "admin"))} == at_once
    assert len(live.sql("SELECT FROM citizens")) == 1
    assert citizen(live.launch(CLINIC_PAGE, someone())) not in at_once

    # In another region the same user is another citizen.
    neighbour, own, page = live.client(54), str(new_id()), someone()
    body = {"name": "Школа", "kind": "school", "municipality": "Бердск", "address": "г. Бердск", "zone": "Asia/Omsk"}
    neighbour.put(f"/v1/institutions/{own}", body).ok()
    neighbour.put(f"/v1/pages/vk/{page}", {"institution_id": own, "mini_apps": ["club"]}).ok()
    there = launch(live, live.launch(page, user)).ok()
    assert (there["region"], there["citizen_id"] in at_once) == (54, False)


def test_a_launch_that_proves_nothing(world: World) -> None:
    good = world.live.launch(CLINIC_PAGE, 7)
    for wrong in (
        good.replace("vk_user_id=7", "vk_user_id=8"),
        good.replace("vk_viewer_group_role=none", "vk_viewer_group_role=admin"),
        good.replace(f"vk_app_id={VK_APP}", "vk_app_id=1"),
        good.replace("&sign=", "&sing="),
        good[:-1],
        good + "&vk_user_id=7",
        good + "&sign=" + good[-43:],
        vk.sign({"vk_app_id": "1", "vk_user_id": "7", "vk_group_id": str(CLINIC_PAGE)}, VK_SECRET),
        vk.sign({"vk_user_id": "7", "vk_group_id": str(CLINIC_PAGE)}, VK_SECRET),
        vk.sign({"vk_app_id": str(VK_APP), "vk_user_id": "x"}, VK_SECRET),
        vk.sign({"vk_app_id": str(VK_APP)}, VK_SECRET),
        "",
        "?",
        "sign=",
        "Ж=1&vk_app_id=" + str(VK_APP),
        "%",
        "self=1",
        "&" * 4096,
    ):
        refused = launch(world.live, wrong)
        assert (refused.status, refused.code) == (401, "launch_invalid"), wrong
        assert refused.json.keys() == {"type", "title", "status", "code", "request_id"}
    assert launch(world.live, "a" * 4097).code == "invalid"
    other = {"platform": "facebook", "parameters": good}
    assert world.live.api().post("/v1/sessions", other).code == "invalid"
    assert world.live.sql("SELECT FROM citizens") == []


def test_a_launch_is_believed_for_an_hour_and_a_minute_ahead(world: World) -> None:
    for age, status in ((3600, 201), (3601, 401), (-60, 201), (-61, 401)):
        answer = launch(world.live, world.live.launch(CLINIC_PAGE, 7, age=timedelta(seconds=age)))
        assert answer.status == status, age
        assert status == 201 or answer.code == "launch_stale"
    assert launch(world.live, world.live.launch(CLINIC_PAGE, 7, vk_ts="")).code == "launch_stale"
    milliseconds = str(int(world.now.timestamp() * 1000))
    assert launch(world.live, world.live.launch(CLINIC_PAGE, 7, vk_ts=milliseconds)).status == 201
    # The age is looked at behind the signature alone.
    old = world.live.launch(CLINIC_PAGE, 7, age=timedelta(days=2))
    assert launch(world.live, old.replace("vk_user_id=7", "vk_user_id=8")).code == "launch_invalid"


def test_a_launch_from_elsewhere(world: World) -> None:
    for page, code in ((0, "page_missing"), (someone(), "page_unknown")):
        assert launch(world.live, world.live.launch(page, 7)).code == code
    alone = vk.sign({"vk_app_id": str(VK_APP), "vk_user_id": "7", "vk_ts": str(int(world.now.timestamp()))}, VK_SECRET)
    assert launch(world.live, alone).code == "page_missing"
    assert world.live.sql("SELECT FROM citizens") == []


def test_the_role_opens_the_institutions_side_for_a_shorter_time(world: World) -> None:
    """Of that page alone, and only to those who run it."""
    body = {"window_from": world.now.isoformat(), "window_days": 1, "slots": []}
    for role, granted, seconds in (
        ("none", "none", 900),
        ("member", "none", 900),
        ("moder", "none", 900),
        ("", "none", 900),
        ("owner", "none", 900),
        ("editor", "editor", 300),
        ("admin", "admin", 300),
    ):
        session = launch(world.live, world.live.launch(CLINIC_PAGE, 7, role)).ok()
        assert (session["role"], session["expires_in"]) == (granted, seconds), role
        assert claims(session)["exp"] - claims(session)["iat"] == seconds
        api = world.live.api(session["access_token"])
        own = api.put(f"/v1/institutions/{CLINIC}/slots", body)
        foreign = api.put(f"/v1/institutions/{CLUB}/slots", body)
        if granted != "admin":
            assert (own.code, foreign.code) == ("forbidden", "forbidden")
        else:
            assert (own.status, foreign.code) == (200, "institution_not_found")
        # Whoever runs the page is a citizen like others, too.
        assert api.get("/v1/persons").status == 200
        assert api.put(f"/v1/institutions/{CLINIC}", {}).code == "forbidden"


def test_a_session_ends(world: World) -> None:
    sessions = {
        role: launch(world.live, world.live.launch(CLINIC_PAGE, 7, role)).ok()["access_token"]
        for role in ("none", "admin")
    }
    begin = world.now

    def codes(seconds: int) -> dict[str, int]:
        world.live.clock.now = begin + timedelta(seconds=seconds)
        return {role: world.live.api(token).get("/v1/persons").status for role, token in sessions.items()}

    assert codes(299) == {"none": 200, "admin": 200}
    assert codes(300) == {"none": 200, "admin": 401}
    assert codes(899) == {"none": 200, "admin": 401}
    assert codes(900) == {"none": 401, "admin": 401}


@pytest.fixture
def two_apps(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    apps = {VK_APP: VK_SECRET, SECOND_APP: SECOND_SECRET}
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), vk_apps=apps) as live:
        yield World(live)


def test_each_app_has_its_own_secret(two_apps: World) -> None:
    live = two_apps.live

    def session(app: int, secret: str) -> Answer:
        now = str(int(live.clock().timestamp()))
        parameters = {"vk_app_id": str(app), "vk_group_id": str(CLINIC_PAGE), "vk_user_id": "7", "vk_ts": now}
        return launch(live, vk.sign(parameters, secret))

    first, second = session(VK_APP, VK_SECRET).ok(), session(SECOND_APP, SECOND_SECRET).ok()
    assert first["citizen_id"] == second["citizen_id"]
    assert [claims(found)["client_id"] for found in (first, second)] == [f"vk:{VK_APP}", f"vk:{SECOND_APP}"]
    assert session(VK_APP, SECOND_SECRET).code == "launch_invalid"
    assert session(SECOND_APP, VK_SECRET).code == "launch_invalid"
