"""ID tokens (OpenID Connect Core, section 3.1.3.7): what must hold before a word of one is believed."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from typing import Any

import jwt

# By what a key is, so that no key is used in another way than it is made for: no secret, no `none`.
_ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
_LEAST_RSA_BITS = 2048
_TOLERANCE = timedelta(seconds=60)
_OLDEST = timedelta(minutes=10)
_TOKEN_CHARACTERS = 64 * 1024
_SUBJECT_CHARACTERS = 255


class TokenWrong(Exception):
    """It proves nothing; never says why."""


class KeyUnknown(Exception):
    """None of the keys is named so: the provider may have a new one by now."""


def verify(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    access_token: str | None = None,
) -> dict[str, Any]:
    """The claims of an ID token that this provider made for us, now, for this login. Raises TokenWrong, KeyUnknown."""
    if len(token) > _TOKEN_CHARACTERS:
        raise TokenWrong
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise TokenWrong from None
    if header.get("typ", "JWT") != "JWT":
        # An access token, say, that was made for somebody else's eyes.
        raise TokenWrong
    key, algorithm = _key_of(header, keys)
    try:
        # The times are compared with our clock, below.
        options: Any = {
            "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
            "verify_exp": False, "verify_iat": False, "verify_nbf": False,
        }  # fmt: skip
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=client_id, issuer=issuer, options=options
        )
    except jwt.InvalidTokenError:
        raise TokenWrong from None
    _check(claims, client_id, nonce, now)
    _check_access_token(claims, access_token, algorithm)
    return claims


def _key_of(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> tuple[Any, str]:
    algorithm, named = header.get("alg"), header.get("kid")
    fitting = [
        key for key in keys
        if algorithm in _ALGORITHMS.get(str(key.get("kty")), ())
        and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    ]  # fmt: skip
    if not any(algorithm in algorithms for algorithms in _ALGORITHMS.values()):
        raise TokenWrong
    found = [key for key in fitting if key.get("kid") == named] if named is not None else fitting
    # Without a name it must be plain which one is meant.
    if named is None and len(found) != 1:
        raise TokenWrong
    if not found:
        raise KeyUnknown
    try:
        key = jwt.PyJWK(dict(found[0]), algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenWrong from None
    if getattr(key, "key_size", _LEAST_RSA_BITS) < _LEAST_RSA_BITS and found[0]["kty"] == "RSA":
        raise TokenWrong
    return key, str(algorithm)


def _check(claims: Mapping[str, Any], client_id: str, nonce: str, now: datetime) -> None:
    audiences, party = claims["aud"], claims.get("azp")
    if party != client_id and (party is not None or audiences not in (client_id, [client_id])):
        raise TokenWrong
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise TokenWrong
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _SUBJECT_CHARACTERS:
        raise TokenWrong
    expires, issued = _instant(claims["exp"]), _instant(claims["iat"])
    if not (expires > now - _TOLERANCE and now - _OLDEST <= issued <= now + _TOLERANCE):
        raise TokenWrong
    if "nbf" in claims and _instant(claims["nbf"]) > now + _TOLERANCE:
        raise TokenWrong


def _check_access_token(claims: Mapping[str, Any], access_token: str | None, algorithm: str) -> None:
    """Where the ID token tells of the access token, it is this one."""
    if "at_hash" not in claims or access_token is None:
        return
    made = {"256": sha256, "384": sha384}.get(algorithm[-3:], sha512)(access_token.encode()).digest()
    expected = urlsafe_b64encode(made[: len(made) // 2]).rstrip(b"=")
    if not hmac.compare_digest(str(claims["at_hash"]).encode(), expected):
        raise TokenWrong


def _instant(value: Any) -> datetime:
    try:
        if not isinstance(value, int | float):
            raise TokenWrong
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise TokenWrong from None
