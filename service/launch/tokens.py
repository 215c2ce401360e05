"""Access tokens (RFC 9068, signed with EdDSA) and the key set they are verified with."""

import hashlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas import problems
from service.core.clock import Clock
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor

ISSUER = "zapis"
AUDIENCE = "zapis-api"
_TYPE = "at+jwt"
_TOKEN_CHARACTERS = 2048
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    lifetime_seconds: int


class Tokens:
    """Issues and verifies with one key. A token whose signature was verified once is remembered until it expires."""

    def __init__(self, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self._public = key.public_key()
        raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(raw).hexdigest()[:16]
        self._public_bytes = raw
        self._verified: OrderedDict[str, tuple[float, Actor]] = OrderedDict()

    def key_set(self) -> list[dict[str, Any]]:
        """The public key as a JWK (RFC 8037)."""
        x = urlsafe_b64encode(self._public_bytes).rstrip(b"=").decode()
        return [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.key_id, "use": "sig", "alg": "EdDSA"}]

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """A compact JWT with `typ: kind`."""
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": kind, "kid": self.key_id})

    def claims(self, token: str, kind: str) -> dict[str, Any] | None:
        """What a token of `typ: kind` says, whenever it expires; None where it is not one that we signed."""
        try:
            options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
            complete = jwt.decode_complete(token, self._public, algorithms=["EdDSA"], issuer=ISSUER, options=options)
        except jwt.InvalidTokenError:
            return None
        header = complete["header"]
        ours = header.get("typ") == kind and header.get("kid") == self.key_id
        return complete["payload"] if ours else None

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
            **({"practitioner": str(actor.practitioner_id)} if actor.practitioner_id else {}),
            **claims,
        }
        return Issued(self.sign(everything, _TYPE), lifetime_seconds)

    def authenticate(self, token: str) -> Actor:
        """Whom the token speaks for. Raises DomainError `unauthenticated`."""
        now = self._clock().timestamp()
        remembered = self._verified.get(token)
        if remembered is None:
            remembered = self._verify(token)
            self._verified[token] = remembered
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        expires, actor = remembered
        if now >= expires:
            raise DomainError(problems.UNAUTHENTICATED)
        return actor

    def _verify(self, token: str) -> tuple[float, Actor]:
        if len(token) > _TOKEN_CHARACTERS:
            raise DomainError(problems.UNAUTHENTICATED)
        try:
            # The time is compared with our clock, at each use.
            options: Any = {
                "require": ["exp", "iat", "sub", "jti", "client_id"],
                "verify_exp": False,
                "verify_iat": False,
            }
            complete = jwt.decode_complete(
                token, self._public, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options=options
            )
            header, claims = complete["header"], complete["payload"]
            if header.get("typ") != _TYPE or header.get("kid") != self.key_id:
                raise DomainError(problems.UNAUTHENTICATED)
            institution, practitioner = claims["institution"], claims.get("practitioner")
            actor = Actor(
                kind=claims["actor"],
                id=UUID(claims["sub"]),
                region_id=claims["region"],
                institution_id=UUID(institution) if institution else None,
                role=claims["role"],
                scopes=frozenset(claims["scope"].split()),
                practitioner_id=UUID(practitioner) if practitioner else None,
            )
            return float(claims["exp"]), actor
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
            raise DomainError(problems.UNAUTHENTICATED) from None
