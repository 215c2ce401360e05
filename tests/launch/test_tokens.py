"""Access tokens: how a system gets one, and what is not taken for one."""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor
from service.launch.clients import SCOPES
from service.launch.tokens import Tokens
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.launch.credentials import credentials
from tests.live import Answer, Clock, Live
from tests.world import CLINIC, CLUB, World

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
CITIZEN = Actor("citizen", new_id(), 42, new_id(), "registrar")
SYSTEM = Actor("system", new_id(), 42, None, scopes=frozenset(SCOPES))


def ask(live: Live, basic: tuple[str, str] | str | None = None, **form: str) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if basic is not None:
        encoded = basic if isinstance(basic, str) else b64encode(":".join(basic).encode()).decode()
        headers["Authorization"] = f"Basic {encoded}"
    return live.api().call("POST", "/v1/oauth/token", data=form, headers=headers)


# How a system gets one ---------------------------------------------------------------------------------------------


def test_by_form_or_by_basic(world: World) -> None:
    client_id, secret = credentials(world.live, 42, CLINIC)
    grant = {"grant_type": "client_credentials"}
    by_form = ask(world.live, client_id=client_id, client_secret=secret, **grant)
    by_basic = ask(world.live, (client_id, secret), **grant)
    for answer in (by_form, by_basic):
        found = answer.ok()
        assert answer.headers["Cache-Control"] == "no-store"
        assert found == {
            "access_token": found["access_token"],
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "applications:read appointments:read",
        }
        claims = jwt.decode(found["access_token"], options={"verify_signature": False})
        assert (claims["actor"], claims["client_id"], claims["institution"]) == ("system", client_id, str(CLINIC))
        assert claims["exp"] - claims["iat"] == 3600
    kept = world.live.sql("SELECT c::text FROM clients c")
    assert not any(secret in row["c"] or secret.encode().hex() in row["c"] for row in kept)


def test_scopes(world: World) -> None:
    client_id, secret = credentials(world.live, 42, CLINIC, ("schedules:write", "applications:read"))

    def granted(scope: str) -> str:
        answer = ask(world.live, (client_id, secret), grant_type="client_credentials", scope=scope)
        return answer.ok()["scope"] if answer.status == 200 else answer.json["error"]

    assert granted("applications:read schedules:write") == "applications:read schedules:write"
    # Whoever asks for nothing in particular may change nothing.
    assert granted("") == granted(" ") == "applications:read"
    assert granted("schedules:write") == granted("schedules:write schedules:write") == "schedules:write"
    assert granted("schedules:write programmes:write") == "invalid_scope"
    assert granted("everything") == "invalid_scope"
    token = ask(world.live, (client_id, secret), grant_type="client_credentials", scope="schedules:write").ok()
    narrow = world.live.api(token["access_token"])
    body = {"window_from": world.now.isoformat(), "window_days": 1, "slots": []}
    assert narrow.put(f"/v1/institutions/{CLINIC}/slots", body).status == 200
    assert narrow.put(f"/v1/institutions/{CLUB}/slots", body).code == "institution_not_found"
    assert narrow.get(f"/v1/institutions/{CLINIC}/applications").code == "forbidden"


def test_a_client_that_may_read_nothing_has_to_ask(world: World) -> None:
    client = credentials(world.live, 42, CLINIC, ("schedules:write",))
    for form in ({}, {"scope": ""}):
        answer = ask(world.live, client, grant_type="client_credentials", **form)
        assert (answer.status, answer.code, answer.json["error"]) == (400, "scope_invalid", "invalid_scope")
    asked = ask(world.live, client, grant_type="client_credentials", scope="schedules:write")
    assert asked.ok()["scope"] == "schedules:write"


def test_whoever_is_not_known_gets_an_error_of_oauth(world: World) -> None:
    """RFC 6749, section 5.2: `error` says it to OAuth clients, `code` to ours."""
    client_id, secret = credentials(world.live, 42)
    other_id, other_secret = credentials(world.live, 42)
    uuid = client_id.partition(".")[2]
    grant = {"grant_type": "client_credentials"}
    unknown = [
        (None, {"client_id": client_id, "client_secret": other_secret}),
        (None, {"client_id": client_id, "client_secret": ""}),
        (None, {"client_id": client_id}),
        (None, {}),
        ((client_id, other_secret), {}),
        ((client_id, secret + " "), {}),
        ((other_id, secret), {}),
        *(
            ((wrong, secret), {})
            for wrong in ("", "x", uuid, f"54.{uuid}", f"4.{uuid}", f"٤٢.{uuid}", f"42.{new_id()}")
        ),
        ("!!!", {}),
        (b64encode(b"\xff:\xfe").decode(), {}),
        (b64encode(client_id.encode()).decode(), {}),
    ]
    for basic, form in unknown:
        answer = ask(world.live, basic, **grant, **form)
        assert (answer.status, answer.code, answer.json["error"]) == (401, "client_invalid", "invalid_client"), basic
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert secret not in answer.content.decode()
    for basic, form, error in (
        ((client_id, secret), {"grant_type": "password"}, "unsupported_grant_type"),
        ((client_id, secret), {**grant, "client_id": client_id}, "invalid_request"),
        ((client_id, secret), {}, "invalid_request"),
        ((client_id, secret), {**grant, "password": "1"}, "invalid_request"),
        ((client_id, secret), {**grant, "scope": "x" * 401}, "invalid_request"),
    ):
        answer = ask(world.live, basic, **form)
        assert answer.json["error"] == error
        assert answer.status in (400, 422)
    twice = world.live.api().call(
        "POST",
        "/v1/oauth/token",
        data="grant_type=client_credentials&grant_type=client_credentials",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (twice.status, twice.code, twice.json["error"]) == (400, "malformed", "invalid_request")
    assert world.live.api().post("/v1/oauth/token", grant).code == "media_type"


def test_a_revoked_client_gets_none(world: World) -> None:
    client_id, secret = credentials(world.live, 42)
    assert ask(world.live, (client_id, secret), grant_type="client_credentials").status == 200
    uuid = client_id.partition(".")[2]
    world.live.sql("UPDATE clients SET revoked_at = created_at WHERE id = $1", uuid)
    refused = ask(world.live, (client_id, secret), grant_type="client_credentials")
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")


def test_a_client_has_only_scopes_that_there_are(world: World) -> None:
    with pytest.raises(ValueError, match="unknown scopes: all:write"):
        credentials(world.live, 42, None, ("schedules:write", "all:write"))


# What is not taken for one -----------------------------------------------------------------------------------------


def forged(tokens: Tokens, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, with some changed; None takes a claim away."""
    good = jwt.decode(tokens.issue(SYSTEM, "42.x", 900).token, options={"verify_signature": False})
    return {name: value for name, value in (good | changes).items() if value is not ...}


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "EdDSA", **header: Any) -> str:
    kid = Tokens(KEY, Clock()).key_id
    return jwt.encode(claims, key, algorithm, headers={"typ": "at+jwt", "kid": kid, **header})


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Any) -> str:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    message = b".".join(parts)
    return b".".join((message, urlsafe_b64encode(sign(message)).rstrip(b"="))).decode()


def refused(tokens: Tokens, token: str) -> bool:
    with pytest.raises(DomainError) as caught:
        tokens.authenticate(token)
    return caught.value.refusal.code == "unauthenticated"


def test_a_token_speaks_for_whom_it_was_issued_to_until_it_expires() -> None:
    clock = Clock()
    tokens = Tokens(KEY, clock)
    for actor in (CITIZEN, SYSTEM):
        issued = tokens.issue(actor, "x", 900)
        assert issued.lifetime_seconds == 900
        for verifier in (tokens, Tokens(KEY, clock)):
            assert verifier.authenticate(issued.token) == actor
            assert verifier.authenticate(issued.token) == actor
        begin = clock.now
        clock.now = begin + timedelta(seconds=899)
        assert tokens.authenticate(issued.token) == actor
        clock.now = begin + timedelta(seconds=900)
        # Whether it was seen before or not.
        assert refused(tokens, issued.token)
        assert refused(Tokens(KEY, clock), issued.token)
        clock.now = begin


def test_what_a_forger_would_try() -> None:
    tokens = Tokens(KEY, Clock())
    public = KEY.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = forged(tokens)
    assert tokens.authenticate(signed(claims)) == SYSTEM

    header = {"alg": "HS256", "typ": "at+jwt", "kid": tokens.key_id}
    unsigned = by_hand({**header, "alg": "none"}, claims, lambda _: b"")
    others = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    for name, token in {
        "none": unsigned,
        "None": by_hand({**header, "alg": "None"}, claims, lambda _: b""),
        "no algorithm": by_hand({"typ": "at+jwt", "kid": tokens.key_id}, claims, KEY.sign),
        "HS256 with the public key": by_hand(header, claims, lambda m: hmac.digest(raw, m, hashlib.sha256)),
        "HS256 with its PEM": by_hand(header, claims, lambda m: hmac.digest(pem, m, hashlib.sha256)),
        "another key": signed(claims, others),
        "another key that it brings along": signed(
            claims, others, jwk={"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, kid=Tokens(others, Clock()).key_id
        ),
        "another kid": signed(claims, kid="0"),
        "no signature": signed(claims).rpartition(".")[0] + ".",
        "critical header": signed(claims, crit=["exp"]),
    }.items():
        assert refused(tokens, token), name
    head, body, signature = signed(claims).split(".")
    other_body = signed(claims | {"region": 77}).split(".")[1]
    assert refused(tokens, f"{head}.{other_body}.{signature}")
    assert refused(tokens, f"{head}.{body}.{signature[:-4]}AAAA")


def test_what_is_signed_but_is_no_access_token_of_ours() -> None:
    tokens = Tokens(KEY, Clock())
    for kind in ("JWT", "ticket+jwt", "AT+JWT", "at+jwt ", ""):
        assert refused(tokens, signed(forged(tokens), typ=kind)), kind
    for name, value in (
        ("iss", "others"), ("aud", "others"), ("aud", ["others"]), ("exp", "never"), ("exp", None), ("sub", "somebody"),
        ("sub", 1), ("institution", "clinic"), ("scope", 1), ("nbf", 4_000_000_000),
    ):  # fmt: skip
        assert refused(tokens, signed(forged(tokens, **{name: value}))), (name, value)
    for name in (
        "iss",
        "aud",
        "sub",
        "exp",
        "iat",
        "jti",
        "client_id",
        "actor",
        "region",
        "institution",
        "role",
        "scope",
    ):
        assert refused(tokens, signed(forged(tokens, **{name: ...}))), name
    # Nothing else about it matters: it says more to its reader, and nothing to us.
    assert tokens.authenticate(signed(forged(tokens, page="vk:1", more={}))) == SYSTEM
    assert refused(tokens, signed(forged(tokens, page="x" * 2048)))


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_-]{0,30}\.[A-Za-z0-9_-]{0,30}\.[A-Za-z0-9_-]{0,30}")))
def test_garbage_is_no_token(text: str) -> None:
    assert refused(Tokens(KEY, Clock()), text)


@given(st.data())
def test_no_byte_of_a_token_may_change(data: st.DataObject) -> None:
    tokens = Tokens(KEY, Clock())
    parts = [bytearray(urlsafe_b64decode(part + "==")) for part in tokens.issue(CITIZEN, "x", 900).token.split(".")]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= data.draw(st.integers(1, 255))
    assert refused(tokens, ".".join(urlsafe_b64encode(bytes(one)).rstrip(b"=").decode() for one in parts))


def test_of_the_tokens_seen_so_many_are_remembered() -> None:
    tokens = Tokens(KEY, Clock())
    for _ in range(3):
        tokens.authenticate(tokens.issue(CITIZEN, "x", 900).token)
    refused(tokens, "a.b.c")
    assert len(tokens._verified) == 3


def test_the_edge_refuses_all_of_it_the_same_way(world: World) -> None:
    """401 with WWW-Authenticate, and not a word on why."""
    good = world.parent().token
    assert good is not None
    ticket = stranger(world, Clinic(world).slot()).answer("ru").ok()
    bodies = set()
    for value in (
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer x",
        b"Bearer a.b.c",
        b"Bearer \xff\xfe",
        "Bearer токен".encode(),
        f"Basic {good}".encode(),
        good.encode(),
        f"Bearer {good} {good}".encode(),
        f"Bearer {good[:-4]}AAAA".encode(),
        b"Bearer " + b"x" * 4000,
        f"Bearer {ticket['qr_token']}".encode(),
    ):
        answer = world.live.api().call("GET", "/v1/persons", headers={"Authorization": value})
        assert (answer.status, answer.code) == (401, "unauthenticated"), value
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        bodies.add(json.dumps({**answer.json, "request_id": ""}))
    assert len(bodies) == 1
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {good}"}
        assert world.live.api().call("GET", "/v1/persons", headers=headers).status == 200
    # A token of a service with other keys is none here.
    foreign = Tokens(KEY, world.live.clock).issue(CITIZEN, "x", 900).token
    assert world.live.api(foreign).get("/v1/persons").code == "unauthenticated"


def test_the_key_set_verifies_the_tokens(world: World) -> None:
    answer = world.live.api().get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    (key,) = answer.ok()["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    token = world.parent().token
    assert token is not None
    claims = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["EdDSA"],
        audience="zapis-api",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["actor"] == "citizen"
