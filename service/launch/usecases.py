"""How a caller gets in: sessions from signed launches, tokens for systems."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from uuid import UUID

from schemas import problems
from schemas.common import Named
from schemas.sessions import AccessToken, KeySet, Launch, Scope, Session, SessionPage, StaffRole, TokenRequest
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor
from service.launch import assertions, store
from service.launch.provers import LaunchTerms, prove
from service.launch.roles import role_of, shown_role
from service.launch.tokens import Tokens

SCOPES: tuple[str, ...] = get_args(Scope)


async def create_session(
    conn: Connection, body: Launch, launch_terms: LaunchTerms, tokens: Tokens, clock: Clock
) -> Session:
    """Opens a session from the signed parameters of a launch.

    The signature is verified before anything is read out of the parameters; then their age, both ways. The mini-app
    must have been opened from a page that is connected, or `page` names one: then as a citizen. The role is the
    platform's word at the moment of the launch or what the institution gave, the stronger of the two, so the token of
    its people lives shorter. There is nothing to refresh: ask the platform for fresh parameters.
    """
    proof = prove(body.platform, body.parameters, launch_terms, clock())
    asked_page = proof.page or body.page
    if asked_page is None:
        raise DomainError(problems.PAGE_MISSING)
    page = await store.find_page(conn, proof.platform, asked_page, proof.user)
    if page is None:
        raise DomainError(problems.PAGE_UNKNOWN)
    citizen_id = page["citizen_id"] or await store.ensure_citizen(
        conn, page["region_id"], new_id(), proof.platform, proof.user, clock()
    )
    actor = _citizen(page, citizen_id, role_of(proof.role, page["own_role"]))
    lifetime = launch_terms.citizen_token_seconds if actor.role == "none" else launch_terms.administrator_token_seconds
    issued = tokens.issue(
        actor, f"{proof.platform}:{proof.app}", lifetime, page=f"{proof.platform}:{page['external_id']}"
    )
    return Session(
        access_token=issued.token,
        expires_in=issued.lifetime_seconds,
        citizen_id=citizen_id,
        region=page["region_id"],
        role=shown_role(actor.role),
        staff_role=actor.role,
        practitioner_id=page["practitioner_own_id"] if actor.practitioner_id else None,
        page=SessionPage(
            platform=proof.platform,
            external_id=page["external_id"],
            mini_apps=page["mini_apps"],
            institution=Named(id=page["institution_id"], name=page["institution_name"]),
        ),
    )


def _citizen(page: Record, citizen_id: UUID, role: StaffRole) -> Actor:
    practitioner_id = page["practitioner_id"] if role == "doctor" else None
    return Actor(
        "citizen", citizen_id, page["region_id"], page["institution_id"], role, practitioner_id=practitioner_id
    )


async def create_token(
    conn: Connection,
    body: TokenRequest,
    basic_credentials: tuple[str, str] | None,
    launch_terms: LaunchTerms,
    tokens: Tokens,
    clock: Clock,
) -> AccessToken:
    """Gives a system its access token by OAuth 2.0 client credentials (RFC 6749, section 4.4).

    The system proves itself in one way: by its secret, in the form or by HTTP Basic; or by a JWT that its own key
    signed (`private_key_jwt`, RFC 7523), whose `aud` is the address of this operation, which expires within five
    minutes and is good once. Without `scope` the token has all that the client may do. Problems carry the member
    `error` as in RFC 6749, section 5.2.
    """
    if body.grant_type != "client_credentials":
        raise DomainError(problems.GRANT_UNSUPPORTED, extra={"error": "unsupported_grant_type"})
    by_assertion = body.client_assertion is not None or body.client_assertion_type is not None
    in_form = body.client_secret is not None or (body.client_id is not None and not by_assertion)
    if in_form + by_assertion + (basic_credentials is not None) > 1:
        raise DomainError(problems.MALFORMED, extra={"error": "invalid_request"})
    if by_assertion:
        named, client = await _client_of_assertion(conn, body, launch_terms.token_address, clock())
    else:
        named, secret = basic_credentials or (body.client_id or "", body.client_secret or "")
        client = await _client_of_secret(conn, named, secret)
    granted = frozenset(client["scopes"])
    asked = frozenset((body.scope or "").split()) or granted
    if not asked <= granted:
        raise DomainError(problems.SCOPE_INVALID, extra={"error": "invalid_scope"})
    region_id, client_id = _split(named)
    actor = Actor("system", client_id, region_id, client["institution_id"], scopes=asked)
    issued = tokens.issue(actor, named, launch_terms.system_token_seconds)
    return AccessToken(access_token=issued.token, expires_in=issued.lifetime_seconds, scope=" ".join(sorted(asked)))


async def _client_of_secret(conn: Connection, named: str, secret: str) -> Record:
    client = await store.find_client(conn, *_split(named))
    if client is None or not hmac.compare_digest(client["secret_hash"] or b"", _hashed(secret)):
        raise _unknown_client()
    return client


async def _client_of_assertion(
    conn: Connection, body: TokenRequest, audience: str, now: datetime
) -> tuple[str, Record]:
    assertion = body.client_assertion or ""
    named = assertions.claimed_client(assertion)
    if body.client_assertion_type != assertions.ASSERTION_TYPE or body.client_id not in (None, named):
        raise _unknown_client()
    region_id, client_id = _split(named)
    client = await store.find_client(conn, region_id, client_id)
    if client is None:
        raise _unknown_client()
    try:
        proof = assertions.verify(assertion, client["public_keys"], named, audience, now)
    except assertions.AssertionWrong:
        raise _unknown_client() from None
    if not await store.use_assertion(conn, region_id, client_id, _hashed(proof.jti), proof.expires_at):
        raise _unknown_client()
    return named, client


async def create_client(
    conn: Connection,
    region_id: int,
    institution_id: UUID | None,
    name: str,
    scopes: list[str],
    clock: Clock,
    public_keys: Sequence[str] = (),
) -> tuple[str, str]:
    """The id and the secret of a new client; the secret is kept hashed and can't be shown again.

    It has 256 random bits, so a plain SHA-256 is as good as a slow hash. With public keys (PEM) there is no
    secret: it is empty. Without an institution the client acts for the whole region. Raises ValueError on an unknown
    scope or a key that can't be used.
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    for key in public_keys:
        assertions.check_public_key(key)
    client_id, secret = new_id(), "" if public_keys else secrets.token_urlsafe(32)
    secret_hash = _hashed(secret) if secret else None
    await store.add_client(
        conn, region_id, client_id, institution_id, name, secret_hash, list(public_keys), scopes, clock()
    )
    return f"{region_id:02d}.{client_id}", secret


async def forget_assertions(conn: Connection, clock: Clock) -> int:
    """Of assertions that were used and have expired nothing is kept."""
    return await store.forget_assertions(conn, clock())


async def get_key_set(tokens: Tokens) -> KeySet:
    """The public keys (RFC 7517): access tokens and the tickets' QR codes are verified with them, offline too."""
    return KeySet(keys=tokens.key_set())


def _split(named: str) -> tuple[int, UUID]:
    region, _, client_id = named.partition(".")
    if len(region) != 2 or not region.isascii() or not region.isdecimal():  # noqa: PLR2004 - two digits of the region
        raise _unknown_client()
    try:
        return int(region), UUID(client_id)
    except ValueError:
        raise _unknown_client() from None


def _unknown_client() -> DomainError:
    return DomainError(problems.CLIENT_INVALID, extra={"error": "invalid_client"})


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
