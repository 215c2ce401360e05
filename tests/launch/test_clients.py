"""Credentials of systems: a regional centre makes, replaces and revokes them, and so does the command line."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner

from service.__main__ import cli
from service.core.ids import new_id
from service.launch.credentials import COMMAND_LINE
from tests.contract.access import ANOTHER_REGION
from tests.launch.credentials import credentials
from tests.launch.test_assertions import KINDS, asked, assertion, client_of, pem
from tests.launch.test_tokens import ask
from tests.live import Answer, Api, Live
from tests.world import CLINIC, CLUB, REGION, World

CLIENTS = "/v1/clients"
MIS = {"name": "МИС поликлиники", "institution_id": str(CLINIC), "scopes": ["appointments:read", "schedules:write"]}
SCHEDULES = f"/v1/institutions/{CLINIC}/schedules"


def made(world: World, **more: Any) -> dict[str, Any]:
    return world.operator.create(CLIENTS, MIS | more).ok()


def taken(world: World, client: dict[str, Any], secret: str | None = None) -> Answer:
    known = client["client_id"], secret or client["client_secret"]
    return ask(world.live, known, grant_type="client_credentials", scope="schedules:write")


def opened(world: World, client: dict[str, Any]) -> Api:
    return world.live.api(taken(world, client).ok()["access_token"])


def shown(world: World, client: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in world.operator.get(CLIENTS).ok()["items"] if one["id"] == client["id"]]
    return found


def events(world: World, client: dict[str, Any]) -> list[tuple[str, UUID]]:
    found = world.live.sql(
        "SELECT event, actor_id FROM audit_trail WHERE subject_id = $1 ORDER BY event", UUID(client["id"])
    )
    return [tuple(row) for row in found]


def centre(world: World, *scopes: str) -> Api:
    return world.live.client(REGION, None, scopes)


def test_a_centre_makes_a_client_and_sees_when_it_came(world: World) -> None:
    client = made(world)
    assert client["client_id"] == f"42.{client['id']}"
    assert client["earlier_until"] is None
    before = shown(world, client)
    assert before == {
        "id": client["id"],
        "client_id": client["client_id"],
        "name": MIS["name"],
        "institution": {"id": str(CLINIC), "name": "Детская поликлиника № 1"},
        "scopes": MIS["scopes"],
        "proven_by": "secret",
        "keys": [],
        "created_at": "2026-09-07T08:00:00+07:00",
        "used_at": None,
        "earlier_until": None,
        "revoked_at": None,
    }
    world.live.clock.now += timedelta(minutes=5)
    api = opened(world, client)
    world.live.clock.now += timedelta(minutes=5)
    assert api.get(SCHEDULES).status == 200
    # When it took a token, not each time that it shows it.
    assert shown(world, client) == before | {"used_at": "2026-09-07T08:05:00+07:00"}
    kept = str(world.live.sql("SELECT c::text FROM clients c")) + str(world.live.sql("TABLE idempotency_keys"))
    assert client["client_secret"] not in kept
    # Whoever is given nothing in particular may read.
    for one in world.operator.create(CLIENTS, {"name": "Статистика"}).ok(), made(world, institution_id=str(CLUB)):
        shown(world, one)
    listed = world.operator.get(CLIENTS).ok()["items"]
    assert [one["scopes"] for one in listed if one["name"] == "Статистика"] == [
        ["appointments:read", "applications:read"]
    ]
    of_the_club = world.operator.get(CLIENTS, institution_id=str(CLUB)).ok()["items"]
    assert [one["institution"]["name"] for one in of_the_club] == ["Дом творчества"]
    first = world.operator.get(CLIENTS, limit=2).ok()
    rest = world.operator.get(CLIENTS, limit=100, cursor=first["next_cursor"]).ok()
    assert first["items"] + rest["items"] == world.operator.get(CLIENTS).ok()["items"]


def test_what_was_revoked_opens_nothing(world: World) -> None:
    """By its secret, and by the tokens that it has; the rest goes on."""
    client, other = made(world), made(world)
    api, others = opened(world, client), opened(world, other)
    assert api.get(SCHEDULES).status == 200
    # It takes no scope of the client's own.
    revoking = centre(world, "clients:write")
    for _ in range(2):
        answer = revoking.post(f"{CLIENTS}/{client['id']}/revoke").ok()
        assert answer["revoked_at"] == "2026-09-07T08:00:00+07:00"
        world.live.clock.now += timedelta(minutes=1)
    assert api.get(SCHEDULES).code == "unauthenticated"
    refused = taken(world, client)
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    assert others.get(SCHEDULES).status == taken(world, other).status == 200
    actor = UUID(jwt.decode(revoking.token or "", options={"verify_signature": False})["sub"])
    assert [(event, by == actor) for event, by in events(world, client)] == [
        ("client_created", False),
        ("client_revoked", True),
    ]
    elsewhere = world.live.client(ANOTHER_REGION)
    assert elsewhere.post(f"{CLIENTS}/{other['id']}/revoke").code == "client_not_found"
    assert elsewhere.get(CLIENTS, institution_id=str(CLINIC)).ok()["items"] == []


def test_a_secret_is_replaced_while_both_are_good(world: World) -> None:
    client = made(world)
    api = opened(world, client)
    path, key = f"{CLIENTS}/{client['id']}/rotate", str(new_id())
    new = world.operator.create(path, {"keep_hours": 24}, key).ok()
    assert new["earlier_until"] == "2026-09-08T08:00:00+07:00"
    assert new["client_secret"] != client["client_secret"]
    # A double tap is told the same, and changes nothing.
    assert world.operator.create(path, {"keep_hours": 24}, key).ok() == new
    # A second one would shut out who still comes with the first secret.
    assert world.operator.create(path, {"keep_hours": 24}).code == "client_rotating"
    both = [client["client_secret"], new["client_secret"]]
    assert [taken(world, client, secret).status for secret in both] == [200, 200]
    world.live.clock.now += timedelta(minutes=30)
    assert api.get(SCHEDULES).status == 200
    world.live.clock.now += timedelta(hours=24)
    assert [taken(world, client, secret).status for secret in both] == [401, 200]
    assert [event for event, _ in events(world, client)] == ["client_created", "client_rotated"]


def test_a_secret_that_others_know_is_replaced_at_once(world: World) -> None:
    """With the tokens that were taken by it; and while another one is being replaced."""
    client = made(world)
    path = f"{CLIENTS}/{client['id']}/rotate"
    second = world.operator.create(path, {"keep_hours": 24}).ok()
    tokens = [
        world.live.api(taken(world, client, one["client_secret"]).ok()["access_token"]) for one in (client, second)
    ]
    third = world.operator.create(path, {"keep_hours": 0}).ok()
    assert third["earlier_until"] is None
    assert [api.get(SCHEDULES).code for api in tokens] == ["unauthenticated"] * 2
    secrets = [one["client_secret"] for one in (client, second, third)]
    assert [taken(world, client, secret).status for secret in secrets] == [401, 401, 200]
    # The very same second.
    assert opened(world, third).get(SCHEDULES).status == 200
    world.operator.post(f"{CLIENTS}/{client['id']}/revoke").ok()
    assert world.operator.create(path, {}).code == "client_revoked"


def test_nobody_gives_or_learns_more_than_they_have(world: World) -> None:
    narrow = centre(world, "clients:write", "applications:read")
    assert narrow.create(CLIENTS, {"name": "МИС", "scopes": ["applications:read"]}).status == 201
    for scopes in (["applications:write"], ["applications:read", "schedules:write"], ["clients:write"]):
        assert narrow.create(CLIENTS, {"name": "МИС", "scopes": scopes}).code == "scope_not_held"
    # Without any named: appointments are not theirs to give.
    assert narrow.create(CLIENTS, {"name": "МИС"}).code == "scope_not_held"
    assert world.operator.create(CLIENTS, MIS | {"scopes": ["clients:write"]}).code == "scope_not_held"
    assert world.operator.create(CLIENTS, MIS | {"scopes": []}).code == "invalid"
    assert world.operator.create(CLIENTS, MIS | {"institution_id": str(new_id())}).code == "institution_not_found"
    mis = made(world)
    assert narrow.create(f"{CLIENTS}/{mis['id']}/rotate", {"keep_hours": 0}).code == "scope_not_held"
    # Of those who may make clients each replaces their own alone.
    own, secret = credentials(world.live, REGION)
    other, _ = credentials(world.live, REGION)
    token = ask(world.live, (own, secret), grant_type="client_credentials", scope=" ".join(all_scopes(world))).ok()
    api = world.live.api(token["access_token"])
    assert api.create(f"{CLIENTS}/{other[3:]}/rotate", {}).code == "scope_not_held"
    assert api.create(f"{CLIENTS}/{own[3:]}/rotate", {}).status == 201


def all_scopes(world: World) -> list[str]:
    return jwt.decode(world.operator.token or "", options={"verify_signature": False})["scope"].split()


def test_a_systems_own_keys_are_replaced_and_short_ones_are_told(world: World) -> None:
    key, new = KINDS["ES384"](), KINDS["EdDSA"]()
    client = made(world, public_keys=[pem(key)])
    assert client["client_secret"] is None
    named = client["client_id"]
    assert asked(world, assertion(world, named, key, "ES384")).status == 200
    assert shown(world, client)["keys"] == [{"kind": "P-384", "short": False}]
    path = f"{CLIENTS}/{client['id']}/rotate"
    world.operator.create(path, {"keep_hours": 1, "public_keys": [pem(new)]}).ok()
    for one, algorithm in ((key, "ES384"), (new, "EdDSA")):
        assert asked(world, assertion(world, named, one, algorithm)).status == 200
    world.live.clock.now += timedelta(hours=1)
    assert asked(world, assertion(world, named, key, "ES384")).code == "client_invalid"
    assert asked(world, assertion(world, named, new, "EdDSA")).status == 200
    # A key that was registered before keys had to be longer.
    short = rsa.generate_private_key(65537, 2048)
    operator = centre(world, "clients:write", *MIS["scopes"])
    answer = operator.create(path, {"public_keys": [pem(short)]})
    assert (answer.code, answer.json["errors"][0]["pointer"]) == ("invalid", "/public_keys")
    world.live.sql("UPDATE clients SET public_keys = $2 WHERE id = $1", UUID(client["id"]), [pem(short)])
    assert asked(world, assertion(world, named, short, "RS384")).status == 200
    (found,) = [one for one in operator.get(CLIENTS).ok()["items"] if one["id"] == client["id"]]
    assert found["keys"] == [{"kind": "RSA 2048", "short": True}]


@pytest.mark.parametrize("how", ["revoke", "rotate"])
def test_no_token_is_made_past_a_client_that_is_taken_back(world: World, how: str) -> None:
    """Whoever takes tokens meanwhile: each is refused afterwards, or was never given."""
    for _ in range(5):
        client, others = made(world), made(world)
        body = {"keep_hours": 0} if how == "rotate" else None

        def take(number: int, client: dict[str, Any] = client, body: Any = body) -> str | None:
            if number == 6:
                answer = world.live.api(world.operator.token).post(
                    f"{CLIENTS}/{client['id']}/{how}", body, key=str(new_id())
                )
                assert answer.status in (200, 201)
                return None
            answer = taken(world, client)
            return answer.json["access_token"] if answer.status == 200 else None

        with ThreadPoolExecutor(8) as threads:
            tokens = [token for token in threads.map(take, range(24)) if token]
        assert {world.live.api(token).get(SCHEDULES).status for token in tokens} <= {401}
        assert taken(world, client).status == 401
        assert opened(world, others).get(SCHEDULES).status == 200


# From the command line ---------------------------------------------------------------------------------------------


def zapis(live: Live, *words: str, code: int = 0) -> str:
    """What the command prints, over the same database."""
    runner = CliRunner(env={"ZAPIS_DATABASE_URL": live.dsn, "ZAPIS_DATA_DIR": str(live.settings.data_dir)})
    result = runner.invoke(cli, list(words))
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_line_makes_lists_replaces_and_revokes(world: World) -> None:
    live = world.live
    words = ("client", "create", "--name", "МИС", "--region", "42", "--institution", str(CLINIC))
    printed = zapis(live, *words, "--scope", "schedules:write")
    named, secret = re.fullmatch(r"client_id=(.+)\nclient_secret=(.+)\n", printed).groups()  # type: ignore[union-attr]
    client = {"id": named[3:], "client_id": named, "client_secret": secret}
    assert taken(world, client).status == 200
    (line,) = [line for line in zapis(live, "client", "list", "--region", "42").splitlines() if named in line]
    assert re.search(r"good .* used 2026-09-07T08:00:00\+07:00 .* secret .* schedules:write .* МИС \(Детская", line)
    assert named in zapis(live, "client", "list")
    assert named not in zapis(live, "client", "list", "--region", "54")
    replaced = re.search(r"client_secret=(.+)\n", zapis(live, "client", "rotate", named))
    assert replaced is not None
    zapis(live, "client", "rotate", named, code=2)
    assert taken(world, client, replaced[1]).status == 200
    token = taken(world, client, replaced[1]).ok()["access_token"]
    assert "is revoked" in zapis(live, "client", "revoke", named)
    assert "is revoked" in zapis(live, "client", "revoke", named)
    assert taken(world, client, replaced[1]).status == 401
    (line,) = [line for line in zapis(live, "client", "list").splitlines() if named in line]
    assert " revoked " in line
    # Each left its row, of nobody who has a token.
    expected = ["client_created", "client_revoked", "client_rotated"]
    assert events(world, client) == [(event, COMMAND_LINE) for event in expected]
    for wrong in ("42", f"54.{named[3:]}", f"42.{new_id()}", "42.x"):
        zapis(live, "client", "revoke", wrong, code=2)
        zapis(live, "client", "rotate", wrong, code=2)
    zapis(live, *words, "--scope", "all:write", code=2)
    zapis(live, "client", "create", "--name", "x", "--region", "99", "--scope", "schedules:write", code=2)
    assert token


def test_the_command_line_names_short_keys(world: World) -> None:
    named = client_of(world, KINDS["ES256"]())
    short = rsa.generate_private_key(65537, 2048)
    world.live.sql("UPDATE clients SET public_keys = $2 WHERE id = $1", UUID(named[3:]), [pem(short)])
    (line,) = [line for line in zapis(world.live, "client", "list").splitlines() if named in line]
    assert "RSA 2048 (short: replace it)" in line
