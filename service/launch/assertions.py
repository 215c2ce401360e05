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
_LEAST_RSA_BITS = 2048
_JTI_CHARACTERS = 200


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


def check_public_key(pem: str) -> None:
    """Raises ValueError where the key can't be used: say RSA of at least 2,048 bits, P-256, P-384 or Ed25519."""
    _algorithm_of(pem)


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


def _algorithm_of(pem: str) -> str:
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    match key:
        case RSAPublicKey() if key.key_size >= _LEAST_RSA_BITS:
            return "RS384"
        case EllipticCurvePublicKey(curve=SECP384R1()):
            return "ES384"
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case _:
            raise ValueError("a key of RSA with 2048 bits or more, P-256, P-384 or Ed25519 is needed")
