"""Each attack on a launch by its name, on each platform, over HTTP."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.launch import vk
from tests.conftest import fresh_database
from tests.launch.test_platforms import APPS, NEW, data, native, session
from tests.live import VK_APP, VK_SECRET, Live
from tests.locks import holding, wait_until_blocked
from tests.world import CLINIC, CLINIC_PAGE, World

OTHER_VK_APP, OTHER_VK_SECRET = 51_000_001, "secret-of-another-app"
SIGNED_WITH_A_TIME = ("vk", "max", "telegram")
PLATFORMS = (*SIGNED_WITH_A_TIME, "ok")


@pytest.fixture(scope="module")
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: what is refused leaves nothing behind."""
    given = APPS | {
        "vk_apps": {VK_APP: VK_SECRET, OTHER_VK_APP: OTHER_VK_SECRET},
        "ok_apps": {"CKEY": "APPSECRET", "COTHER": "OTHERSECRET"},
        "telegram_apps": {111: NEW, 333: "333:token-of-another-bot"},
    }
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **given) as live:
        world = World(live)
        for platform in ("ok", "max", "telegram"):
            world.put(f"/v1/pages/{platform}/clinic", {"institution_id": str(CLINIC), "mini_apps": ["doctor"]})
        yield world


def launch(world: World, platform: str, user: int = 7, age: timedelta = timedelta()) -> str:
    match platform:
        case "vk":
            return world.live.launch(CLINIC_PAGE, user, age=age)
        case "ok":
            return native(user)
        case _:
            token = "max-token" if platform == "max" else NEW
            return data(world, token, age=age, start_param="clinic", user=f'{{"id":{user}}}')


def code(world: World, platform: str, parameters: str) -> str:
    page = {"page": "clinic"} if platform == "ok" else {}
    answer = session(world, platform, parameters, **page)
    return answer.code if answer.status != 201 else f"citizen {answer.json['citizen_id']}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_forged(world: World, platform: str) -> None:
    """Another user under the signature; another signature under the user; none."""
    good, others = launch(world, platform), launch(world, platform, 8)
    name = {"vk": "sign", "ok": "auth_sig"}.get(platform, "hash")
    signature, other = (
        next(pair for pair in query.split("&") if pair.startswith(f"{name}=")) for query in (good, others)
    )
    for forged in (
        good.replace(signature, other),
        others.replace(other, signature),
        good.replace(f"&{signature}", "").replace(f"{signature}&", ""),
        good.replace(signature, f"{name}="),
        good.replace(signature, f"{name}={'0' * (len(signature) - len(name) - 1)}"),
        good.replace(signature, signature.upper()) if platform != "vk" else good.replace(signature, signature[:-1]),
        good.replace(signature, f"{signature}="),
    ):
        assert forged != good
        assert code(world, platform, forged) == "launch_invalid", forged


def test_a_forged_launch_takes_no_connection(world: World) -> None:
    """While each of the service's connections is taken, it is refused as ever."""
    connections = world.live.settings.pool_size
    good = launch(world, "vk")
    with ThreadPoolExecutor(connections) as crowd:
        with holding(world.live, "LOCK TABLE citizens"):
            opening = [crowd.submit(code, world, "vk", good) for _ in range(connections)]
            wait_until_blocked(world.live, connections)
            assert code(world, "vk", good.replace("vk_user_id=7", "vk_user_id=8")) == "launch_invalid"
        assert len({opened.result() for opened in opening}) == 1
        assert opening[0].result().startswith("citizen")


@pytest.mark.parametrize("platform", SIGNED_WITH_A_TIME)
def test_stale(world: World, platform: str) -> None:
    assert code(world, platform, launch(world, platform, age=timedelta(seconds=3601))) == "launch_stale"
    # The time of another launch is not under this signature.
    old, new = (launch(world, platform, age=timedelta(seconds=age)) for age in (3601, 0))
    name = "vk_ts" if platform == "vk" else "auth_date"
    then, now = (next(pair for pair in query.split("&") if pair.startswith(name)) for query in (old, new))
    assert code(world, platform, old.replace(then, now)) == "launch_invalid"


@pytest.mark.parametrize("platform", SIGNED_WITH_A_TIME)
def test_future(world: World, platform: str) -> None:
    assert code(world, platform, launch(world, platform, age=timedelta(seconds=-61))) == "launch_stale"
    assert code(world, platform, launch(world, platform, age=timedelta(days=-365))) == "launch_stale"


def test_what_odnoklassniki_signs_has_no_time(world: World) -> None:
    """Nothing that is added makes it older or younger: it is counted, see test_launch_uses.py."""
    citizen = code(world, "ok", native())
    for more in ("&auth_date=1", "&vk_ts=9999999999", "&session_secret_key=x"):
        assert code(world, "ok", native() + more) == citizen


@pytest.mark.parametrize("platform", PLATFORMS)
def test_doubled(world: World, platform: str) -> None:
    """Each parameter that counts, with the same value and with another."""
    good, others = launch(world, platform), launch(world, platform, 8)
    read = ("logged_user_id", "session_key", "auth_sig", "application_key")
    pairs = [pair for pair in good.split("&") if platform != "ok" or pair.partition("=")[0] in read]
    assert len(pairs) >= 4
    for pair in pairs:
        name = pair.partition("=")[0]
        other = next(pair for pair in others.split("&") if pair.partition("=")[0] == name)
        for twice in (f"{good}&{pair}", f"{pair}&{good}", f"{other}&{good}", f"{good}&{other}", f"{good}&{name}="):
            assert code(world, platform, twice) == "launch_invalid", twice


@pytest.mark.parametrize("platform", PLATFORMS)
def test_reordered(world: World, platform: str) -> None:
    """The order says nothing: it is the same launch, of the same citizen; names and values keep together."""
    good = launch(world, platform)
    citizen, pairs = code(world, platform, good), good.split("&")
    assert citizen.startswith("citizen ")
    for turn in range(1, len(pairs)):
        assert code(world, platform, "&".join(pairs[turn:] + pairs[:turn])) == citizen
    assert code(world, platform, "&".join(reversed(pairs))) == citizen
    (first, one), (second, other) = (pair.split("=", 1) for pair in pairs[:2])
    swapped = "&".join([f"{first}={other}", f"{second}={one}", *pairs[2:]])
    assert code(world, platform, swapped) == "launch_invalid"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_another_apps_secret(world: World, platform: str) -> None:
    """A launch is believed by the secret of the app that it names, a bot's by one of its own platform."""
    parameters = {"vk_app_id": str(VK_APP), "vk_group_id": str(CLINIC_PAGE), "vk_user_id": "7"}
    parameters["vk_ts"] = str(int(world.now.timestamp()))
    by_others = {
        "vk": (
            vk.sign(parameters, OTHER_VK_SECRET),
            vk.sign(parameters | {"vk_app_id": str(OTHER_VK_APP)}, VK_SECRET),
            vk.sign(parameters | {"vk_app_id": "2"}, VK_SECRET),
        ),
        "ok": (native(secret="OTHERSECRET"), native().replace("CKEY", "COTHER"), native().replace("CKEY", "C")),
        "max": (data(world, NEW), data(world, "333:token-of-another-bot"), data(world, "nobodys-token")),
        "telegram": (data(world, "max-token"), data(world, "other-token"), data(world, "444:nobodys-token")),
    }
    for parameters in by_others[platform]:
        assert code(world, platform, parameters) == "launch_invalid"
