"""createSession from four platforms: whose launches are believed, and to which page they lead."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from service.launch import init_data, ok, vk
from service.launch.telegram import PRODUCTION_KEY
from tests.conftest import fresh_database
from tests.live import VK_APP, VK_SECRET, Answer, Live
from tests.world import CLINIC, CLUB, World

OLD, NEW = "111:token-before", "111:token-now"
APPS: dict[str, Any] = {
    "vk_apps": {VK_APP: [VK_SECRET, "the next secret"]},
    "ok_apps": {"CKEY": "APPSECRET"},
    "max_apps": {"zapis_bot": "max-token", "other_bot": "other-token"},
    "telegram_apps": {111: [OLD, NEW]},
    "telegram_bots": ["222"],
}


@pytest.fixture
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **APPS) as live:
        world = World(live)
        for platform, page, institution in (
            ("ok", "70000001", CLINIC), ("max", "clinic_1", CLINIC), ("telegram", "clinic_1", CLUB),
        ):  # fmt: skip
            world.put(f"/v1/pages/{platform}/{page}", {"institution_id": str(institution), "mini_apps": ["doctor"]})
        yield world


def session(world: World, platform: str, parameters: str, **more: str) -> Answer:
    return world.live.api().post("/v1/sessions", {"platform": platform, "parameters": parameters, **more})


def data(world: World, token: str, *, age: timedelta = timedelta(), **more: str) -> str:
    """`initData`, as MAX and Telegram make it."""
    pairs = {"auth_date": str(int((world.now - age).timestamp())), "user": '{"id":7}', **more}
    pairs["hash"] = init_data.sign(pairs, token)
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def native(user: int = 7, secret: str = "APPSECRET") -> str:
    signature = ok.sign(str(user), "-s-KEY", secret)
    return f"logged_user_id={user}&session_key=-s-KEY&auth_sig={signature}&application_key=CKEY&authorized=1"


def test_each_platform_leads_to_its_own_page(world: World) -> None:
    start = "clinic_1-doctor-58"
    found = [
        session(world, "max", data(world, "max-token", start_param=start)).ok(),
        session(world, "telegram", data(world, NEW, start_param=start)).ok(),
        session(world, "ok", native(), page="70000001").ok(),
    ]
    assert [(item["page"]["platform"], item["page"]["institution"]["id"]) for item in found] == [
        ("max", str(CLINIC)), ("telegram", str(CLUB)), ("ok", str(CLINIC)),
    ]  # fmt: skip
    # The same number on another platform is another user; and nobody of them has a role.
    assert len({item["citizen_id"] for item in found}) == 3
    assert {item["role"] for item in found} == {"none"}
    for item in found:
        assert world.live.api(item["access_token"]).get("/v1/persons").ok() == {"items": []}


def test_a_page_that_the_launch_does_not_say_may_be_asked_for(world: World) -> None:
    assert session(world, "max", data(world, "max-token")).code == "page_missing"
    assert session(world, "max", data(world, "max-token"), page="clinic_1").status == 201
    assert session(world, "max", data(world, "max-token"), page="nowhere").code == "page_unknown"
    # What the launch says goes before what is asked.
    said = data(world, "max-token", start_param="nowhere")
    assert session(world, "max", said, page="clinic_1").code == "page_unknown"
    assert session(world, "ok", native()).code == "page_missing"
    assert session(world, "ok", native(), page="../x").code == "invalid"
    # A role comes from the page that is signed with it, and from no other.
    elsewhere = world.live.launch(0, 7, "admin")
    assert session(world, "vk", elsewhere, page="100001").ok()["role"] == "none"


def test_two_secrets_are_believed_while_one_is_replaced(world: World) -> None:
    for token in (OLD, NEW):
        assert session(world, "telegram", data(world, token), page="clinic_1").status == 201
    parameters = {"vk_app_id": str(VK_APP), "vk_group_id": "100001", "vk_user_id": "7"}
    parameters["vk_ts"] = str(int(world.now.timestamp()))
    for secret, status in ((VK_SECRET, 201), ("the next secret", 201), ("another", 401)):
        assert session(world, "vk", vk.sign(parameters, secret)).status == status


def test_a_vk_mini_app_inside_odnoklassniki_is_of_its_user_there(world: World) -> None:
    inside = world.live.launch(70000001, 99, vk_client="ok", vk_ok_user_id="7", vk_ok_app_id="1")
    there, own = session(world, "vk", inside).ok(), session(world, "ok", native(), page="70000001").ok()
    assert there["page"]["platform"] == "ok"
    assert there["citizen_id"] == own["citizen_id"]


def test_what_is_of_another_platform_or_bot_proves_nothing(world: World) -> None:
    for platform, parameters in (
        ("telegram", data(world, "max-token")),
        ("max", data(world, NEW)),
        ("max", data(world, "a token of nobody")),
        ("max", native()),
        ("ok", data(world, "max-token")),
        ("ok", native(secret="another")),
        ("ok", native().replace("CKEY", "other")),
        ("ok", native().replace("logged_user_id=7", "logged_user_id=8")),
        ("vk", data(world, "max-token")),
        ("telegram", data(world, "111:nobody", signature="A" * 86)),
        ("max", ""),
        ("ok", "%"),
    ):
        assert session(world, platform, parameters, page="clinic_1").code == "launch_invalid", (platform, parameters)
    assert len(PRODUCTION_KEY) == 64


@pytest.mark.parametrize("age", [3600, 3601, -60, -61])
def test_a_launch_is_believed_for_an_hour_and_a_minute_ahead(world: World, age: int) -> None:
    for platform, token in (("max", "max-token"), ("telegram", NEW)):
        answer = session(world, platform, data(world, token, age=timedelta(seconds=age)), page="clinic_1")
        assert answer.status == (201 if age in (3600, -60) else 401)
        assert answer.status == 201 or answer.code == "launch_stale"
