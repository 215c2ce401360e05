"""What a provider that does not keep to the rules tells: by its name, what is done to an ID token, what an endpoint
answers, or what the discovery document says (rogue.py tells it)."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

SECRET = "a secret"


@dataclass
class Token:
    """An ID token before it is signed, and what goes with it."""

    claims: dict[str, Any]
    header: dict[str, Any]
    key: Any
    algorithm: str = "ES256"
    answer: dict[str, Any] = field(default_factory=dict[str, Any])

    def signed(self) -> str:
        """By hand: PyJWT would not sign some of them."""
        header = {"typ": "JWT", "alg": self.algorithm, **self.header}
        said = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(self.claims).encode())}"
        match self.algorithm:
            case "none":
                signature = b""
            case "HS256":
                signature = hmac.digest(self.key, said.encode(), "sha256")
            case _:
                signature = jwt.get_algorithm_by_name(self.algorithm).sign(said.encode(), self.key)
        return f"{said}.{encoded(signature)}"


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def jwk(key: Any, kid: str) -> dict[str, Any]:
    made: Any = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**made.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


@cache
def keys() -> dict[str, Any]:
    """Private keys by their names; `weak` is RSA of 1024 bits."""
    made: dict[str, Any] = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("k1", "k2", "stranger")}
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what it is for
    return made | {"weak": weak, "rsa": rsa.generate_private_key(65537, 2048)}


Wrong = Callable[[Token], None]
WRONG: dict[str, Wrong] = {}


def wrong(function: Wrong) -> Wrong:
    """What a provider of that name does to its ID tokens."""
    WRONG[function.__name__] = function
    return function


@wrong
def alg_none(token: Token) -> None:
    token.algorithm = "none"


@wrong
def secret_that_is_public(token: Token) -> None:
    """The public key as a secret: who takes the algorithm from the header takes it."""
    public = keys()["k1"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    token.key, token.algorithm = public, "HS256"


@wrong
def secret_of_the_client(token: Token) -> None:
    token.key, token.algorithm = SECRET.encode(), "HS256"


@wrong
def another_key(token: Token) -> None:
    token.key = keys()["stranger"]


@wrong
def key_of_its_own(token: Token) -> None:
    token.key = keys()["stranger"]
    token.header |= {"jwk": jwk(token.key, "k1"), "jku": "https://example.org/keys"}


@wrong
def unknown_kid(token: Token) -> None:
    token.key, token.header["kid"] = keys()["stranger"], "k9"


@wrong
def no_kid_of_two(token: Token) -> None:
    del token.header["kid"]


@wrong
def weak_key(token: Token) -> None:
    token.key, token.algorithm, token.header["kid"] = keys()["weak"], "RS256", "weak"


@wrong
def key_for_encryption(token: Token) -> None:
    token.key, token.algorithm, token.header["kid"] = keys()["rsa"], "RS256", "enc"


@wrong
def typ_of_an_access_token(token: Token) -> None:
    token.header["typ"] = "at+jwt"


@wrong
def critical_header(token: Token) -> None:
    token.header |= {"crit": ["exp"], "exp": 1}


@wrong
def another_issuer(token: Token) -> None:
    token.claims["iss"] = token.claims["iss"].replace("good", "another")


@wrong
def issuer_with_a_slash(token: Token) -> None:
    token.claims["iss"] += "/"


@wrong
def another_audience(token: Token) -> None:
    token.claims["aud"] = "somebody"


@wrong
def for_another_by_our_hand(token: Token) -> None:
    token.claims |= {"aud": "somebody", "azp": "zapis"}


@wrong
def many_audiences(token: Token) -> None:
    token.claims["aud"] = ["zapis", "somebody"]


@wrong
def another_party(token: Token) -> None:
    token.claims |= {"aud": ["zapis", "somebody"], "azp": "somebody"}


@wrong
def one_audience_another_party(token: Token) -> None:
    token.claims["azp"] = "somebody"


@wrong
def expired(token: Token) -> None:
    token.claims |= {"iat": token.claims["iat"] - 300, "exp": token.claims["iat"] - 61}


@wrong
def of_long_ago(token: Token) -> None:
    token.claims["iat"] -= 601


@wrong
def of_the_future(token: Token) -> None:
    token.claims["iat"] += 61


@wrong
def not_yet(token: Token) -> None:
    token.claims["nbf"] = token.claims["iat"] + 61


@wrong
def time_that_is_none(token: Token) -> None:
    token.claims["exp"] = 1e300


@wrong
def time_that_is_true(token: Token) -> None:
    token.claims["exp"] = True


@wrong
def another_nonce(token: Token) -> None:
    token.claims["nonce"] = token.claims["nonce"][::-1]


@wrong
def nonce_of_another_kind(token: Token) -> None:
    token.claims["nonce"] = [token.claims["nonce"]]


@wrong
def another_access_token(token: Token) -> None:
    token.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"


@wrong
def empty_subject(token: Token) -> None:
    token.claims["sub"] = ""


@wrong
def endless_subject(token: Token) -> None:
    token.claims["sub"] = "s" * 256


def _without(name: str) -> Wrong:
    return lambda token: token.claims.pop(name) and None


WRONG |= {f"without_{name}": _without(name) for name in ("iss", "sub", "aud", "exp", "iat", "nonce")}


@wrong
def no_id_token(token: Token) -> None:
    token.answer = {"access_token": "a"}


@wrong
def id_token_of_another_kind(token: Token) -> None:
    token.answer = {"access_token": "a", "id_token": {"sub": "anna"}}


@wrong
def no_access_token(token: Token) -> None:
    token.answer = {"id_token": token.signed()}


@wrong
def endless_id_token(token: Token) -> None:
    token.claims["more"] = "x" * 70_000


# Bare answers of one of its endpoints.
BARE: dict[str, dict[str, tuple[int, str, bytes]]] = {
    "token_is_html": {"token": (200, "text/html", b"<h1>Sorry</h1>")},
    "token_is_garbage": {"token": (200, "application/json", b"{{{")},
    "token_is_a_list": {"token": (200, "application/json", b"[]")},
    "token_is_refused": {"token": (400, "application/json", b'{"error": "invalid_grant"}')},
    "token_is_broken": {"token": (500, "application/json", b"{}")},
    "token_is_elsewhere": {"token": (307, "application/json", b"{}")},
    "token_is_endless": {"token": (200, "application/json", b" " * 300_000 + b"{}")},
    "keys_are_garbage": {"jwks": (200, "application/json", b'{"keys": 1}')},
    "keys_are_nonsense": {"jwks": (200, "application/json", b'{"keys": [1, {}, {"kty": "EC", "kid": "k1"}]}')},
    "keys_are_away": {"jwks": (503, "application/json", b"{}")},
    "userinfo_of_another": {"userinfo": (200, "application/json", b'{"sub": "oleg"}')},
    "userinfo_of_nobody": {"userinfo": (200, "application/json", b'{"family_name": "x"}')},
    "userinfo_is_a_token": {"userinfo": (200, "application/jwt", b"a.b.c")},
    "userinfo_is_refused": {"userinfo": (401, "application/json", b'{"sub": "anna"}')},
}
# What is wrong in the discovery document.
METADATA: dict[str, dict[str, Any]] = {
    "metadata_of_another": {"issuer": "https://example.org"},
    "metadata_without_an_issuer": {"issuer": None},
    "metadata_of_a_script": {"authorization_endpoint": "javascript:alert(1)"},
    "metadata_of_a_file": {"token_endpoint": "file:///etc/passwd"},
    "metadata_leads_inside": {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
    "metadata_leads_beside": {"jwks_uri": "http://127.0.0.2/keys"},
}
