"""What is logged tells what happened, and nothing about anybody: no query string, token, name or identifier."""

import asyncio
import json
import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from service.launch import vk
from tests.launch.credentials import credentials
from tests.live import VK_SECRET, Api
from tests.races.processes import Served
from tests.world import CARDIOLOGIST, CLINIC, CLINIC_PAGE, CLUB, REGION, World

LAUNCHES = 10_000
AT_ONCE = 40


@pytest.fixture
def served(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real process, whose every word is kept."""
    with Served(dsn, tmp_path_factory.mktemp("served")) as served:
        yield served


def logged(served: Served) -> str:
    """Without the greeting, which is for people."""
    return "".join(line for line in served.output().splitlines(keepends=True) if line.startswith("{"))


def lines(served: Served, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, logged(served).splitlines()) if line["event"] == event]


# One family, one clinic: nothing of this may stand in a log -----------------------------------------------------------

CHILD = {"last_name": "Канарейкина", "first_name": "Жар-Птица", "patronymic": "Фениксовна", "birth_date": "2017-02-28"}
NUMBERS = {"snils": "08765430200", "policy": "9988776655443325"}


def test_the_logs_tell_nothing_about_anybody(served: Served) -> None:
    secrets = {
        *CHILD.values(),
        *NUMBERS.values(),
        "Феникс",
        "НАПР-7788",
        "Канарейск",
        "секретный комментарий",
        "112-КАН",
    }
    world = World(served)
    client_id, client_secret = credentials(served, REGION)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    secrets |= {client_secret, served.api().call("POST", "/v1/oauth/token", data=form).ok()["access_token"]}
    launch = served.launch(CLINIC_PAGE, 987654321)
    session = served.api().post("/v1/sessions", {"platform": "vk", "parameters": launch}).ok()
    mother = served.api(session["access_token"])
    secrets |= {session["refresh_token"], *refresh_and_be_refused(served)}
    secrets |= {launch, "987654321", "987654322", "vk_user_id", launch.rpartition("=")[2], session["access_token"]}
    secrets |= book_and_apply(world, mother)
    go_wrong(world, mother, launch)
    output = logged(served)
    assert len(lines(served, "request")) > 30
    assert len(lines(served, "unexpected")) == 1
    assert {line["operation"] for line in lines(served, "request")} >= {"createSession", "bookAppointment", "putSlots"}
    assert sorted(secret for secret in secrets if secret in output) == []
    # Of all ids those of accounts alone, as who called; no launch, bearer's token or form, and no address.
    told = "\n".join(json.dumps({**json.loads(line), "account": None}) for line in output.splitlines())
    assert re.findall("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", told) == []
    accounts = {line["account"] for line in lines(served, "request")} - {None}
    assert session["citizen_id"] in accounts
    assert accounts == {str(row["id"]) for row in served.sql("SELECT id FROM citizens UNION SELECT id FROM clients")}
    assert "127.0.0" not in output
    # And nowhere else is anything written down.
    files = {path.relative_to(served._folder).parts for path in served._folder.rglob("*") if path.is_file()}
    assert {parts[:2] for parts in files if parts[0] != "tmp"} == {("output",), ("data", "keys")}
    assert not re.search(r"eyJ|zr\.|vk_|sign=|Bearer|Basic|client_|\?|/v1/", output)


def refresh_and_be_refused(served: Served) -> set[str]:
    """Refresh tokens come in bodies and go in bodies; one that comes twice, and what is none, is refused."""
    first = served.session(CLINIC_PAGE, 987654322)["refresh_token"]
    refreshed = [served.api().post("/v1/sessions/refresh", {"refresh_token": first}).ok() for _ in range(2)]
    second = refreshed[0]["refresh_token"]
    served.api().post("/v1/sessions/refresh", {"refresh_token": second}).ok()
    for wrong in (first, f"{first}x", f"zr.{first}"):
        assert served.api().post("/v1/sessions/refresh", {"refresh_token": wrong}).code == "session_ended"
    assert served.api().post("/v1/sessions/refresh", {"refresh_token": [second]}).code == "invalid"
    assert served.api().get(f"/v1/sessions/refresh?refresh_token={second}").status == 405
    metrics = served.api().get("/metrics").content.decode()
    tokens = {first, second, first[6:], second[6:], *(session["access_token"] for session in refreshed)}
    assert [token for token in tokens if token in metrics] == []
    return tokens


def book_and_apply(world: World, mother: Api) -> set[str]:
    """All that a family does. What came out of it is as secret as what went in."""
    child = mother.create("/v1/persons", {**CHILD, **NUMBERS, "sex": "female", "kinship": "child"}).ok()["id"]
    mother.call("PATCH", f"/v1/persons/{child}", {"patronymic": "Фениксовна"}).ok()
    attached = {"snils": NUMBERS["snils"], "section": "12", "since": "2024-01-01"}
    world.put(f"/v1/institutions/{CLINIC}/attachments", {"items": [attached]})
    world.publish_slots(world.slot("s1", practitioner_id="d3", specialty_code=CARDIOLOGIST)).ok()
    slot = mother.get("/v1/slots", institution_id=CLINIC, specialty_code=CARDIOLOGIST).ok()["items"][0]["id"]
    ticket = world.book(mother, slot, child, "secret-key-of-the-family", referral_number="НАПР-7788").ok()
    path = f"/v1/appointments/{ticket['id']}"
    for asked in (path, f"{path}/calendar", f"{path}/qr", "/v1/appointments", f"/v1/appointments?person_id={child}"):
        assert mother.get(asked).status == 200
    mother.get("/v1/institutions", municipality="Канарейск").ok()
    group = world.publish_group().ok()["id"]
    mother.get("/v1/groups", born_on=CHILD["birth_date"]).ok()
    application = world.apply(mother, group, child).ok()
    decide = f"/v1/institutions/{CLUB}/applications/{application['id']}/decide"
    enrolment = {"decision": "enrol", "order_number": "112-КАН", "order_date": "2026-09-20"}
    world.operator.post(decide, {"decision": {**enrolment, "comment": "секретный комментарий"}}).ok()
    mother.post(f"/v1/applications/{application['id']}/withdraw").ok()
    mother.post(f"{path}/cancel").ok()
    assert mother.call("DELETE", f"/v1/persons/{child}").status == 204
    return {
        child,
        "secret-key-of-the-family",
        ticket["id"],
        ticket["number"],
        ticket["qr_token"],
        application["number"],
    }


def go_wrong(world: World, mother: Api, launch: str) -> None:
    """Refusals of every kind, an error nobody foresaw, and what is no HTTP."""
    served = world.live
    named = {**CHILD, **NUMBERS, "sex": "female", "kinship": "child"}
    for body in ({**named, "snils": "08765430201"}, {**named, "last_name": "Канарейкина!"}, {**named, "феникс": 1}):
        assert mother.create("/v1/persons", body).status == 422
    assert mother.get("/v1/nowhere/Канарейкина", name="Канарейкина").status == 404
    assert mother.call("PUT", f"/v1/persons?{launch}", named).status == 405
    assert served.api(f"{mother.token}x").get("/v1/persons", snils=NUMBERS["snils"]).status == 401
    assert served.api().get("/v1/sessions?" + launch).status == 401
    served.sql("ALTER FUNCTION create_person RENAME TO create_person_away")
    assert mother.create("/v1/persons", named).status == 500
    served.sql("ALTER FUNCTION create_person_away RENAME TO create_person")
    host, port = served.base.removeprefix("http://").split(":")
    for said in (
        f"GET /v1/persons?{launch} HTTP/1.1\r\nAuthorization: Bearer {mother.token}\0\r\n\r\n",
        f"GET /v1/persons?{launch} HTTP/7.7\r\nHost: a\r\n\r\n",
        f"GET /v1/persons?{launch} {CHILD['last_name']} HTTP/1.1\r\n\r\n",
        f"GET /{launch * 100} HTTP/1.1\r\nHost: a\r\n\r\n",
        f"POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\nCookie: {mother.token}\r\n\r\n{launch}",
    ):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(said.encode())
            assert b" 400 Bad Request" in connection.recv(1000), said


# Mangled launches ----------------------------------------------------------------------------------------------------


def mangled(launch: str, chance: random.Random) -> str:
    """The launch, changed so that what the platform signed is not what it says."""
    position = chance.randrange(len(launch))
    letter = chance.choice("0aZ=&%+?#;/\\\"'<>{}[]\0\n\t\x7fйЖ€😀 ﷺ\ufeff")
    pairs = launch.split("&")
    pair = chance.choice(pairs)
    name, _, value = pair.partition("=")
    return chance.choice(
        (
            launch[:position] + letter + launch[position + 1 :],
            launch[:position] + letter * chance.randrange(1, 5) + launch[position:],
            launch[:position] + launch[position + 1 :],
            launch[:position],
            launch[position:],
            "&".join(other for other in pairs if other != pair),
            f"{launch}&{pair}",
            f"{launch}&{name}={chance.randrange(10**6)}",
            launch.replace(pair, f"{name}={value[::-1]}x"),
            launch.replace(pair, f"{name}[]={value}"),
            launch.replace(pair, f"{name}=%{letter}{value}"),
            launch.replace(pair, f"%76k_{name}={value}"),
            launch.replace("vk_viewer_group_role=none", "vk_viewer_group_role=admin"),
            launch.replace("vk_user_id=", "vk_user_id=1"),
            "".join(chance.sample(launch, len(launch))),
            "".join(chr(chance.choice((chance.randrange(128), chance.randrange(0xD800)))) for _ in range(position)),
            launch * chance.randrange(2, 40),
            f"sign={letter}",
            "",
        )
    )


def still_means(text: str, launch: str) -> bool:
    """Whether nothing that is signed was changed: an unsigned parameter added, an escape written otherwise."""
    try:
        return vk.verify(text, VK_SECRET) == vk.verify(launch, VK_SECRET)
    except vk.BadSignature:
        return False


def test_ten_thousand_mangled_launches_let_nobody_in_and_leave_no_trace(served: Served) -> None:
    World(served)
    launch = served.launch(CLINIC_PAGE, 987654321, vk_access_token_settings="", vk_ref="other page")
    chance = random.Random(20260907)
    texts: list[str] = []
    while len(texts) < LAUNCHES:
        text = mangled(launch, chance)
        if not still_means(text, launch):
            texts.append(text)
    statuses = served.run(send_all(served.base, texts))
    assert statuses.keys() <= {401, 422}
    assert statuses[401] > LAUNCHES / 2
    assert statuses[422] > 0
    told = [line for line in lines(served, "request") if line["operation"] == "createSession"]
    assert len(told) == LAUNCHES
    assert not re.search("vk_|sign|987654321|other page", logged(served))
    # It was not the door that was locked.
    assert served.api().post("/v1/sessions", {"platform": "vk", "parameters": launch}).status == 201


async def send_all(base: str, texts: list[str]) -> Counter[int]:
    """By so many callers at once, each over a connection that it keeps."""
    statuses: Counter[int] = Counter()
    left = iter(texts)
    async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def caller() -> None:
            for text in left:
                async with session.post("/v1/sessions", json={"platform": "vk", "parameters": text}) as response:
                    await response.read()
                    statuses[response.status] += 1

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return statuses
