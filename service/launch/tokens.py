"""Access tokens (RFC 9068, signed with EdDSA) and the key set they are verified with."""

import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Protocol, get_args
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import problems
from schemas.sessions import StaffRole
from service.core.clock import Clock
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.keys import SigningKey
from service.core.operations import Actor

ISSUER = "zapis"
AUDIENCE = "zapis-api"
# Of tickets' codes: whoever checks tickets at a desk, and no API.
TICKET_AUDIENCE = "zapis-ticket"
_TYPE = "at+jwt"
# The same in its two forms (RFC 9068, section 4); no other token of ours is signed under either.
_TYPES = (_TYPE, f"application/{_TYPE}")
# By so much the clocks of two machines may differ.
_SKEW_SECONDS = 60
_TOKEN_CHARACTERS = 2048
# Of the characters that are no base64url the decoder would make nothing.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_REMEMBERED = 10_000
_KINDS = ("citizen", "system")
_ROLES = get_args(StaffRole)


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    lifetime_seconds: int


class SigningKeys(Protocol):
    """One of them signs, all of them verify. `generation` grows when a key no longer does."""

    generation: int

    def signing(self) -> SigningKey: ...
    def verifying(self, key_id: str) -> SigningKey | None: ...
    def published(self) -> list[SigningKey]: ...


class _OneKey:
    generation = 0

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = SigningKey(key)

    def signing(self) -> SigningKey:
        return self._key

    def verifying(self, key_id: str) -> SigningKey | None:
        return self._key if key_id == self._key.id else None

    def published(self) -> list[SigningKey]:
        return [self._key]


class Tokens:
    """Issues and verifies with keys that follow one another, or with one.

    A token whose signature was verified once is remembered until it expires, or a key no longer verifies.
    """

    def __init__(self, keys: SigningKeys | Ed25519PrivateKey, clock: Clock) -> None:
        self._keys = _OneKey(keys) if isinstance(keys, Ed25519PrivateKey) else keys
        self._clock = clock
        # By digests: the tokens themselves would take twice as much as all else that is kept of them.
        self._verified: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self._generation = self._keys.generation

    @property
    def key_id(self) -> str:
        """Of the key that signs now."""
        return self._keys.signing().id

    def key_set(self) -> list[dict[str, Any]]:
        """The public keys as JWKs (RFC 8037): also the one that will sign next, and those that signed before."""
        return [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": urlsafe_b64encode(key.public_bytes).rstrip(b"=").decode(),
                "kid": key.id,
                "use": "sig",
                "alg": "EdDSA",
            }
            for key in self._keys.published()
        ]

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """A compact JWT with `typ: kind`."""
        key = self._keys.signing()
        return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"typ": kind, "kid": key.id})

    def _key_of(self, token: str, *kinds: str) -> SigningKey:
        """Raises InvalidTokenError where the token is of another type, or names no key of ours."""
        header = jwt.get_unverified_header(token)
        key_id = header.get("kid")
        if header.get("typ") not in kinds or not isinstance(key_id, str):
            raise jwt.InvalidTokenError
        key = self._keys.verifying(key_id)
        if key is None:
            raise jwt.InvalidTokenError
        return key

    def claims(self, token: str, kind: str, audience: str) -> dict[str, Any] | None:
        """What a token of `typ: kind` says, whenever it expires; None where it is not one that we signed for them.

        One without any audience is from before there were: its kind says for whom it is.
        """
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        try:
            key = self._key_of(token, kind)
            claims = jwt.decode(token, key.public, algorithms=["EdDSA"], issuer=ISSUER, options=options)
        except jwt.InvalidTokenError:
            return None
        return claims if claims.get("aud", audience) == audience else None

    def issue(self, actor: Actor, client_id: str, lifetime_seconds: int, **claims: Any) -> Issued:
        """An access token for `actor`; `claims` say more to its reader and nothing to us."""
        now = self._clock()
        everything = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(actor.id),
            "client_id": client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=lifetime_seconds)).timestamp()),
            "jti": str(new_id()),
            "actor": actor.kind,
            "region": actor.region_id,
            "institution": str(actor.institution_id) if actor.institution_id else None,
            "role": actor.role,
            "scope": " ".join(sorted(actor.scopes)),
            **({"sid": str(actor.session_id)} if actor.session_id else {}),
            **({"practitioner": str(actor.practitioner_id)} if actor.practitioner_id else {}),
            **({"auth_time": actor.launched_at} if actor.launched_at is not None else {}),
            **({"generation": actor.generation} if actor.generation else {}),
            **claims,
        }
        return Issued(self.sign(everything, _TYPE), lifetime_seconds)

    def authenticate(self, token: str) -> Actor:
        """Whom the token speaks for. Raises DomainError `unauthenticated`."""
        now = self._clock().timestamp()
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation
            self._verified.clear()
        digest = blake2b(token.encode(errors="surrogateescape"), digest_size=16).digest()
        remembered = self._verified.get(digest)
        if remembered is None:
            remembered = self._verified[digest] = self._verify(token)
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        expires, actor = remembered
        if now >= expires:
            raise DomainError(problems.UNAUTHENTICATED)
        return actor

    def _verify(self, token: str) -> tuple[float, Actor]:
        if len(token) > _TOKEN_CHARACTERS or not _COMPACT.fullmatch(token):
            raise DomainError(problems.UNAUTHENTICATED)
        try:
            # Times are compared with our clock, below and at each use.
            options: Any = {
                "require": ["iss", "aud", "sub", "exp", "iat", "jti", "client_id"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            }
            key = self._key_of(token, *_TYPES)
            claims = jwt.decode(
                token, key.public, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options=options
            )
            return _expires(claims, self._clock().timestamp()), _actor(claims)
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
            raise DomainError(problems.UNAUTHENTICATED) from None


def _expires(claims: dict[str, Any], now: float) -> float:
    """Raises ValueError where the token is not yet good, or its times are none."""
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    # A number of JSON may as well be Infinity, and a boolean counts as one.
    if any(type(time) is not int for time in times.values()):
        raise ValueError("not a time")
    if max(times["iat"], times.get("nbf", 0)) > now + _SKEW_SECONDS or times["exp"] <= times["iat"]:
        raise ValueError("not yet good")
    return float(times["exp"])


def _actor(claims: dict[str, Any]) -> Actor:
    """Raises KeyError, ValueError, TypeError or AttributeError where a claim is not as we write it."""
    kind, role, region, institution = (claims[name] for name in ("actor", "role", "region", "institution"))
    named = all(isinstance(claims[name], str) and claims[name] for name in ("jti", "client_id"))
    launched_at, generation = claims.get("auth_time"), claims.get("generation", 0)
    named = named and type(generation) is int and type(launched_at) in (int, type(None))
    # Whoever is of a kind that is not known here would be let in where another kind is.
    if kind not in _KINDS or role not in _ROLES or type(region) is not int or not named:
        raise ValueError("not one of ours")
    return Actor(
        kind=kind,
        id=UUID(claims["sub"]),
        region_id=region,
        institution_id=UUID(institution) if institution is not None else None,
        role=role,
        scopes=frozenset(claims["scope"].split()),
        # None at systems, and in a token from before there were sessions.
        session_id=UUID(claims["sid"]) if "sid" in claims else None,
        practitioner_id=UUID(claims["practitioner"]) if "practitioner" in claims else None,
        launched_at=launched_at,
        generation=generation,
    )
