"""How a system proves who it is without a shared secret: a JWT that its own private key signed (RFC 7523).

As SMART backend services ask for: iss and sub are the client's id, aud is the address of the token endpoint, it expires
within five minutes, and its jti is used once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=5)
# 128 bits of security (NIST SP 800-57, part 1); what was registered before may have 112.
_LEAST_RSA_BITS = 3072
_LEAST_RSA_BITS_BEFORE = 2048
_JTI_CHARACTERS = 200
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384"}
_NEEDED = f"a key of RSA with {_LEAST_RSA_BITS} bits or more, P-256, P-384 or Ed25519 is needed"


class AssertionWrong(Exception):
    """The assertion proves nothing; never says why."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """To be used once: until `expires_at` its `jti` is remembered."""

    jti: str
    expires_at: datetime


def claimed_client(assertion: str) -> str:
    """The client it says it is of, to find the keys by; proves nothing, raises nothing."""
    try:
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("iss", ""))


def verify(assertion: str, public_keys: Sequence[str], client_id: str, audience: str, now: datetime) -> Assertion:
    """What the assertion says, if one of the client's keys (PEM) signed it for this audience; raises AssertionWrong."""
    for key in public_keys:
        claims = _claims(assertion, key, client_id, audience)
        if claims is not None:
            return _checked(claims, now)
    raise AssertionWrong


@dataclass(frozen=True, slots=True)
class DescribedKey:
    """`short`: it is good, but would not be taken any more."""

    kind: str
    short: bool


def check_public_key(pem: str) -> None:
    """Raises ValueError where the key can't be registered: say RSA of at least 3,072 bits, P-256, P-384 or Ed25519."""
    _algorithm_of(pem)
    if described_key(pem).short:
        raise ValueError(_NEEDED)


def described_key(pem: str) -> DescribedKey:
    """What kind a key is of that was registered."""
    match _loaded(pem):
        case RSAPublicKey() as key:
            return DescribedKey(f"RSA {key.key_size}", key.key_size < _LEAST_RSA_BITS)
        case EllipticCurvePublicKey() as key:
            return DescribedKey(_CURVES.get(key.curve.name, key.curve.name), False)
        case _:
            return DescribedKey("Ed25519", False)


def _claims(assertion: str, key: str, client_id: str, audience: str) -> dict[str, Any] | None:
    options: Any = {
        "require": ["iss", "sub", "aud", "exp", "jti"],
        # Compared with our clock, below.
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        # The algorithm is the key's, whatever the header says.
        return jwt.decode(
            assertion, key, algorithms=[_algorithm_of(key)], audience=audience, issuer=client_id, subject=client_id,
            options=options,
        )  # fmt: skip
    except jwt.InvalidTokenError:
        return None


def _checked(claims: dict[str, Any], now: datetime) -> Assertion:
    expires, jti = claims["exp"], claims["jti"]
    if not isinstance(expires, int | float) or not isinstance(jti, str) or not 0 < len(jti) <= _JTI_CHARACTERS:
        raise AssertionWrong
    try:
        expires_at = datetime.fromtimestamp(expires, UTC)
    except (ValueError, OverflowError, OSError):
        raise AssertionWrong from None
    if not now < expires_at <= now + LONGEST:
        raise AssertionWrong
    return Assertion(jti, expires_at)


def _loaded(pem: str) -> object:
    try:
        return load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def _algorithm_of(pem: str) -> str:
    match _loaded(pem):
        case RSAPublicKey() as key if key.key_size >= _LEAST_RSA_BITS_BEFORE:
            return "RS384"
        case EllipticCurvePublicKey(curve=SECP384R1()):
            return "ES384"
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case _:
            raise ValueError(_NEEDED)
