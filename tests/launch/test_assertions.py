"""private_key_jwt: a system proves itself by its own key, once with each assertion."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.core.ids import new_id
from service.launch.assertions import ASSERTION_TYPE
from service.launch.clients import create_by_hand
from tests.launch.credentials import credentials
from tests.live import Answer
from tests.world import CLINIC, REGION, World

ADDRESS = "http://127.0.0.1:8080/v1/oauth/token"
KINDS: dict[str, Callable[[], Any]] = {
    "RS384": lambda: rsa.generate_private_key(65537, 3072),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def client_of(world: World, *keys: Any) -> str:
    """The id of a clinic's client with these keys."""

    async def create() -> tuple[str, str]:
        connection = await asyncpg.connect(world.live.dsn)
        try:
            scopes = ["schedules:write"]
            return await create_by_hand(
                connection, REGION, CLINIC, "keys", scopes, world.live.clock, [pem(key) for key in keys]
            )
        finally:
            await connection.close()

    client_id, secret = world.live.run(create())
    assert secret == ""
    return client_id


def assertion(world: World, client: str, key: Any, algorithm: str, **changes: Any) -> str:
    claims: dict[str, Any] = {"iss": client, "sub": client, "aud": ADDRESS, "jti": str(new_id())}
    claims["exp"] = int((world.now + timedelta(minutes=4)).timestamp())
    claims = {name: value for name, value in (claims | changes).items() if value is not ...}
    return jwt.encode(claims, key, algorithm)


def asked(world: World, signed: str, **more: str) -> Answer:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    form["scope"] = "schedules:write"
    return world.live.api().call("POST", "/v1/oauth/token", data=form | more)


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_key_of_each_kind_opens(world: World, algorithm: str) -> None:
    key = KINDS[algorithm]()
    client = client_of(world, key)
    granted = asked(world, assertion(world, client, key, algorithm)).ok()
    assert granted["scope"] == "schedules:write"
    api = world.live.api(granted["access_token"])
    body = {"name": "Корпус 3", "address": "г. Кемерово"}
    assert api.put(f"/v1/institutions/{CLINIC}/locations/l3", body).status == 200


def test_an_assertion_is_good_once(world: World) -> None:
    key = KINDS["ES384"]()
    client = client_of(world, key)
    signed = assertion(world, client, key, "ES384")
    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(answer.status for answer in threads.map(lambda _: asked(world, signed), range(8)))
    assert statuses == [200] + [401] * 7
    # Also after the worker has cleared away what has expired.
    assert world.live.sql("SELECT count(*) FROM used_assertions")[0][0] == 1
    world.live.clock.now += timedelta(minutes=5)
    world.live.work()
    assert world.live.sql("SELECT count(*) FROM used_assertions")[0][0] == 0
    assert asked(world, signed).code == "client_invalid"


def test_a_key_is_replaced_by_another_while_both_are_good(world: World) -> None:
    old, new = KINDS["ES384"](), KINDS["RS384"]()
    client = client_of(world, old, new)
    assert asked(world, assertion(world, client, old, "ES384")).status == 200
    assert asked(world, assertion(world, client, new, "RS384")).status == 200
    assert asked(world, assertion(world, client, KINDS["ES384"](), "ES384")).code == "client_invalid"


def test_what_proves_nothing(world: World) -> None:
    key = KINDS["ES384"]()
    client, other = client_of(world, key), client_of(world, KINDS["ES384"]())
    with_secret, secret = credentials(world.live, REGION)
    now = int(world.now.timestamp())
    for wrong in (
        {"aud": "https://elsewhere.example/token"},
        {"aud": ...},
        {"iss": other},
        {"iss": "42.nobody"},
        {"sub": other},
        {"sub": ...},
        {"jti": ...},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
        {"exp": ...},
        {"exp": now},
        {"exp": now + 301},
        {"exp": 10**20},
        {"exp": "soon"},
    ):
        refused = asked(world, assertion(world, client, key, "ES384", **wrong))
        assert (refused.status, refused.code, refused.json["error"]) == (401, "client_invalid", "invalid_client"), wrong
    # The algorithm is the key's: a public key is no secret, and nothing is no signature.
    claims = jwt.decode(assertion(world, client, key, "ES384"), options={"verify_signature": False})
    assert asked(world, jwt.encode(claims, "x" * 32, "HS256")).code == "client_invalid"
    assert asked(world, jwt.encode(claims, "", "none")).code == "client_invalid"
    assert asked(world, "a.b.c").code == "client_invalid"
    assert asked(world, assertion(world, with_secret, key, "ES384")).code == "client_invalid"
    # One way at a time; and a client with a key has no secret, not even an empty one.
    good = assertion(world, client, key, "ES384")
    assert asked(world, good, client_secret=secret).code == "malformed"
    assert asked(world, good, client_id=other).code == "client_invalid"
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": ""}
    assert world.live.api().call("POST", "/v1/oauth/token", data=form).code == "client_invalid"
    assert asked(world, good, client_id=client).status == 200


@pytest.mark.parametrize("wrong", ["", "no key", "1024", "2048"])
def test_a_key_that_can_not_be_used_is_refused(world: World, wrong: str) -> None:
    public = pem(rsa.generate_private_key(65537, int(wrong))) if wrong.isdecimal() else wrong

    async def create() -> None:
        connection = await asyncpg.connect(world.live.dsn)
        try:
            await create_by_hand(connection, REGION, None, "keys", ["schedules:write"], world.live.clock, [public])
        finally:
            await connection.close()

    with pytest.raises(ValueError, match=r"key|PEM"):
        world.live.run(create())
    assert world.live.sql("SELECT FROM clients WHERE name = 'keys'") == []
