"""RFC 9068 and RFC 8725 over HTTP: what is no access token of ours gets one and the same refusal, whatever it is."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.core.ids import new_id
from tests.live import Api, Live

OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
AWAY = ...


class Forge:
    """Whoever has our key, or has not, and makes tokens for the service at `live`."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.key = live.settings.keys().signing
        self.now = int(live.clock().timestamp())
        self.key_id: str = live.api().get("/.well-known/jwks.json").ok()["keys"][0]["kid"]
        # Of a good token.
        self.claims: dict[str, Any] = {
            "iss": "zapis",
            "aud": "zapis-api",
            "sub": str(new_id()),
            "client_id": "vk:1",
            "iat": self.now,
            "exp": self.now + 900,
            "jti": str(new_id()),
            "actor": "citizen",
            "region": 42,
            "institution": None,
            "role": "none",
            "scope": "",
        }

    def signed(self, changes: dict[str, Any] | None = None, key: Ed25519PrivateKey | None = None, **header: Any) -> str:
        """By our own key, if not said otherwise; what is AWAY is left out."""
        everything = self.claims | (changes or {})
        claims = {name: value for name, value in everything.items() if value is not AWAY}
        headers = {"alg": "EdDSA", "typ": "at+jwt", "kid": self.key_id, **header}
        return self.by_hand({name: value for name, value in headers.items() if value is not AWAY}, claims, key)

    def by_hand(
        self,
        header: dict[str, Any],
        claims: dict[str, Any] | bytes,
        key: Ed25519PrivateKey | Callable[[bytes], bytes] | None = None,
    ) -> str:
        body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        parts = [urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), body)]
        message = b".".join(parts)
        sign = key if callable(key) else (key or self.key).sign
        return b".".join((message, urlsafe_b64encode(sign(message)).rstrip(b"="))).decode()

    def by_secret(self, secret: bytes) -> str:
        header = {"alg": "HS256", "typ": "at+jwt", "kid": self.key_id}
        return self.by_hand(header, self.claims, lambda message: hmac.digest(secret, message, hashlib.sha256))


def other_keys_and_algorithms(forge: Forge) -> Iterator[tuple[str, str]]:
    public = forge.key.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    theirs = OTHER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk: dict[str, str] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": hashlib.sha256(theirs).hexdigest()[:16],
        "alg": "EdDSA",
    }
    jwk["x"] = urlsafe_b64encode(theirs).rstrip(b"=").decode()
    header = {"typ": "at+jwt", "kid": forge.key_id}
    for algorithm in ("none", "None", "NONE", "", None, ["EdDSA"], "HS256", "RS256", "ES256"):
        yield f"alg {algorithm!r}", forge.by_hand({**header, "alg": algorithm}, forge.claims, lambda _: b"")
    yield "no alg", forge.by_hand(header, forge.claims)
    yield "HS256 with the public key", forge.by_secret(raw)
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.OpenSSH, PublicFormat.OpenSSH),
    ):
        yield f"HS256 with its {encoding}", forge.by_secret(public.public_bytes(encoding, form))
    yield "HS256 with its x", forge.by_secret(urlsafe_b64encode(raw).rstrip(b"="))
    yield "HS256 with nothing", forge.by_secret(b"")
    yield "another key under our kid", forge.signed(key=OTHER)
    yield "another key under its own kid", forge.signed(key=OTHER, kid=jwk["kid"])
    brought: dict[str, Any] = {
        "jwk": jwk,
        "jku": f"{forge.live.base}/.well-known/jwks.json",
        "x5u": "https://attacker.example/key.pem",
        "x5c": [urlsafe_b64encode(raw).decode()],
    }
    for name, value in brought.items():
        yield f"another key with {name}", forge.signed(key=OTHER, **{name: value})
        yield f"another key with {name} and its kid", forge.signed(key=OTHER, kid=jwk["kid"], **{name: value})
    for kid in (AWAY, None, "", "0", 0, jwk["kid"], "../../dev/null", "' OR 1=1 --"):
        yield f"our key, kid {kid!r}", forge.signed(kid=kid)
    for typ in (AWAY, None, "", "JWT", "ticket+jwt", "AT+JWT", "at+jwt ", "application/jwt", ["at+jwt"]):
        yield f"typ {typ!r}", forge.signed(typ=typ)
    yield "crit", forge.signed(crit=["exp"])
    yield "crit of ours", forge.signed(crit=["zapis"], zapis=True)
    yield "b64", forge.signed(crit=["b64"], b64=False)


def other_claims(forge: Forge) -> Iterator[tuple[str, str]]:
    now = forge.now
    for name in ("iss", "aud", "sub", "exp", "iat", "jti", "client_id", "actor", "region", "institution", "role"):
        yield f"no {name}", forge.signed({name: AWAY})
        yield f"{name} is a list", forge.signed({name: [[]]})
        if name != "institution":
            yield f"{name} is null", forge.signed({name: None})
            yield f"{name} is empty", forge.signed({name: ""})
    for name, value in (
        ("iss", "https://zapis"), ("iss", "zapis "), ("iss", ["zapis"]),
        ("aud", "zapis"), ("aud", []), ("aud", ["others", "zapis-api "]), ("aud", {"zapis-api": 1}),
        ("sub", "somebody"), ("sub", 1), ("jti", 1), ("client_id", 1),
        ("exp", now), ("exp", now - 1), ("exp", str(now + 900)), ("exp", now + 0.5), ("exp", True), ("exp", -1),
        ("exp", float("inf")), ("exp", float("nan")),
        ("iat", now + 61), ("iat", str(now)), ("iat", float("-inf")), ("iat", False),
        ("nbf", now + 61), ("nbf", "now"), ("nbf", None),
        ("actor", "operator"), ("actor", "Citizen"), ("actor", 1),
        ("role", "admin"), ("role", "owner"), ("role", "Director"), ("role", 0),
        ("region", "42"), ("region", True), ("region", 42.0), ("institution", "clinic"), ("institution", 1),
        ("institution", ""), ("scope", 1), ("scope", None), ("scope", ["schedules:write"]),
    ):  # fmt: skip
        yield f"{name}: {value!r}", forge.signed({name: value})
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": forge.key_id}
    for body in (b"", b"null", b"[]", b"1", b'"x"', b"{", b"\xff", b'{"iss": "zapis"} {}', b"[" * 900):
        yield f"claims {body[:20]!r}", forge.by_hand(header, body)


def no_tokens(forge: Forge) -> Iterator[tuple[str, str | bytes]]:
    good = forge.signed()
    head, body, signature = good.split(".")
    yield "no signature", f"{head}.{body}."
    yield "a signature of zeros", f"{head}.{body}.{'A' * len(signature)}"
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{good}.{signature}"
    yield "five parts", f"{head}.{signature}.{signature}.{body}.{signature}"
    yield "other claims under the signature", f"{head}.{forge.signed({'region': 77}).split('.')[1]}.{signature}"
    yield "another header under the signature", f"{forge.signed(x=1).split('.')[0]}.{body}.{signature}"
    yield "JSON of a JWS", json.dumps({"protected": head, "payload": body, "signature": signature})
    yield "what base64 passes over", f"{head}.{body}.!{signature}"
    yield "padded", f"{head}.{body}.{signature}=="
    yield "not ASCII", "токен.ое.ё".encode()
    yield "digits of another alphabet", f"{head}.{body}.{signature[:-1]}١".encode()
    deep = urlsafe_b64encode(b"[" * 1400).rstrip(b"=").decode()
    objects = urlsafe_b64encode(b'{"a":' * 279).decode()
    yield "a deep header", f"{deep}.e30.{signature}"
    yield "a deep header of objects", f"{objects}.e30.{signature}"
    yield "deep claims, and signed", forge.by_hand({"alg": "EdDSA", "typ": "at+jwt"}, b"[" * 1300)
    yield "huge, and signed", forge.signed({"page": "x" * 2048})
    yield "huge", "a" * 7000
    yield "dots", "." * 3000


def told(api: Api, token: str | bytes) -> dict[str, Any]:
    given = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
    answer = api.call("GET", "/v1/persons", headers={"Authorization": given})
    return {**answer.json, "request_id": "", "asks_for": answer.headers.get("WWW-Authenticate")}


def test_what_is_no_access_token_of_ours_is_refused_without_a_word_on_why(live: Live) -> None:
    forge, api = Forge(live), live.api()
    attacks = [*other_keys_and_algorithms(forge), *other_claims(forge), *no_tokens(forge)]
    assert len({name for name, _ in attacks}) == len(attacks) > 120
    answers = {name: told(api, token) for name, token in attacks}
    alike = told(api, "x")
    assert (alike["status"], alike["code"], alike["asks_for"]) == (401, "unauthenticated", "Bearer")
    assert {name: answer for name, answer in answers.items() if answer != alike} == {}


@pytest.mark.parametrize("place", ["access_token", "token", "bearer"])
def test_a_token_comes_in_its_header_alone(live: Live, place: str) -> None:
    """RFC 9700, 4.3.2: a query string stands in logs and in histories."""
    good, api = Forge(live).signed(), live.api()
    for answer in (
        api.get("/v1/persons", **{place: good}),
        api.call("GET", "/v1/persons", headers={"Cookie": f"{place}={good}"}),
        api.call("POST", "/v1/persons", data={place: good}),
        api.call("GET", "/v1/persons", headers={"Proxy-Authorization": f"Bearer {good}"}),
    ):
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert good not in answer.content.decode()


def test_what_the_standards_allow_is_taken(live: Live) -> None:
    """Both forms of the type (RFC 9068, 4), an audience among others (RFC 7519, 4.1.3), clocks that differ a little."""
    forge = Forge(live)
    for token in (
        forge.signed(),
        forge.signed(typ="application/at+jwt"),
        forge.signed({"aud": ["others", "zapis-api"]}),
        forge.signed({"iat": forge.now + 60, "nbf": forge.now + 60}),
        forge.signed({"nbf": forge.now - 5, "more": {}, "page": "vk:1"}),
        # What a header brings along is not looked at: the key is ours.
        forge.signed(jku="https://attacker.example/keys", x5u="https://attacker.example/key.pem"),
    ):
        assert live.api(token).get("/v1/persons").ok() == {"items": []}


def test_a_token_from_a_clock_ahead_is_good_when_its_time_has_come(live: Live) -> None:
    """A refusal is not remembered; a token that was taken is refused when it has expired."""
    forge = Forge(live)
    api = live.api(forge.signed({"iat": forge.now + 90, "exp": forge.now + 200}))
    assert api.get("/v1/persons").code == "unauthenticated"
    live.clock.now += timedelta(seconds=30)
    assert api.get("/v1/persons").status == 200
    live.clock.now += timedelta(seconds=170)
    assert api.get("/v1/persons").code == "unauthenticated"
