"""How a caller gets in: sessions from signed launches, tokens for systems."""

import hashlib
import hmac
import secrets
from typing import get_args
from uuid import UUID

from schemas import problems
from schemas.common import Named
from schemas.sessions import AccessToken, KeySet, Launch, Scope, Session, SessionPage, TokenRequest
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor
from service.launch import store
from service.launch.provers import LaunchTerms, prove
from service.launch.tokens import Tokens

SCOPES: tuple[str, ...] = get_args(Scope)


async def create_session(
    conn: Connection, body: Launch, launch_terms: LaunchTerms, tokens: Tokens, clock: Clock
) -> Session:
    """Opens a session from the signed parameters of a launch.

    The signature is verified before anything is read out of the parameters; then their age, both ways. The mini-app
    must have been opened from a page that is connected, or `page` names one: then as a citizen. `role` is the
    platform's word at the moment of the launch, so the token of an administrator lives shorter. There is nothing to
    refresh: ask the platform for fresh parameters.
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
    role = proof.role if proof.role in ("admin", "editor") else "none"
    actor = Actor("citizen", citizen_id, page["region_id"], page["institution_id"], role)
    lifetime = launch_terms.citizen_token_seconds if role == "none" else launch_terms.administrator_token_seconds
    issued = tokens.issue(
        actor, f"{proof.platform}:{proof.app}", lifetime, page=f"{proof.platform}:{page['external_id']}"
    )
    return Session(
        access_token=issued.token,
        expires_in=issued.lifetime_seconds,
        citizen_id=citizen_id,
        region=page["region_id"],
        role=role,
        page=SessionPage(
            platform=proof.platform,
            external_id=page["external_id"],
            mini_apps=page["mini_apps"],
            institution=Named(id=page["institution_id"], name=page["institution_name"]),
        ),
    )


async def create_token(
    conn: Connection,
    body: TokenRequest,
    basic_credentials: tuple[str, str] | None,
    launch_terms: LaunchTerms,
    tokens: Tokens,
) -> AccessToken:
    """Gives a system its access token by OAuth 2.0 client credentials (RFC 6749, section 4.4).

    The id and the secret come in the form or by HTTP Basic, not both. Without `scope` the token has all that the client
    may do. Problems carry the member `error` as in RFC 6749, section 5.2.
    """
    if body.grant_type != "client_credentials":
        raise DomainError(problems.GRANT_UNSUPPORTED, extra={"error": "unsupported_grant_type"})
    in_form = body.client_id is not None or body.client_secret is not None
    if in_form and basic_credentials is not None:
        raise DomainError(problems.MALFORMED, extra={"error": "invalid_request"})
    named, secret = basic_credentials or (body.client_id or "", body.client_secret or "")
    region_id, client_id = _split(named)
    client = await store.find_client(conn, region_id, client_id)
    if client is None or not hmac.compare_digest(client["secret_hash"], _hashed(secret)):
        raise _unknown_client()
    granted = frozenset(client["scopes"])
    asked = frozenset((body.scope or "").split()) or granted
    if not asked <= granted:
        raise DomainError(problems.SCOPE_INVALID, extra={"error": "invalid_scope"})
    actor = Actor("system", client_id, region_id, client["institution_id"], scopes=asked)
    issued = tokens.issue(actor, named, launch_terms.system_token_seconds)
    return AccessToken(access_token=issued.token, expires_in=issued.lifetime_seconds, scope=" ".join(sorted(asked)))


async def create_client(
    conn: Connection, region_id: int, institution_id: UUID | None, name: str, scopes: list[str], clock: Clock
) -> tuple[str, str]:
    """The id and the secret of a new client; the secret is kept hashed and can't be shown again.

    It has 256 random bits, so a plain SHA-256 is as good as a slow hash. Without an institution the client acts for the
    whole region. Raises ValueError on an unknown scope.
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    client_id, secret = new_id(), secrets.token_urlsafe(32)
    await store.add_client(conn, region_id, client_id, institution_id, name, _hashed(secret), scopes, clock())
    return f"{region_id:02d}.{client_id}", secret


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
