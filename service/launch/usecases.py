"""How a caller gets in: sessions from signed launches, tokens for systems."""

import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from schemas import problems
from schemas.common import Named
from schemas.sessions import (
    AccessToken,
    KeySet,
    Launch,
    Platform,
    RefreshBody,
    Session,
    SessionPage,
    StaffRole,
    TokenRequest,
)
from service.core import events
from service.core.clock import Clock
from service.core.database import Connection, Record, SeenDatabase
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor, Transaction
from service.core.sealing import Sealer
from service.core.watch import Noted
from service.launch import assertions, store
from service.launch.credentials import hashed
from service.launch.ended import EndedSessions
from service.launch.proof import Proof
from service.launch.provers import LaunchTerms, prove
from service.launch.refresh import RefreshToken
from service.launch.roles import role_of, shown_role
from service.launch.tokens import Issued, Tokens

_TOLD_AGAIN = timedelta(seconds=30)


async def create_session(
    body: Launch,
    launch_terms: LaunchTerms,
    tokens: Tokens,
    sealer: Sealer,
    ended_sessions: EndedSessions,
    clock: Clock,
    noted: Noted,
    database: SeenDatabase,
) -> Session:
    """Opens a session from the signed parameters of a launch.

    The signature is verified before anything is read out of the parameters; then their age, both ways; and one launch
    opens so many sessions. The mini-app must have been opened from a page that is connected, or `page` names one: then
    as a citizen. The role is the platform's word at the moment of the launch or what the institution gave, the stronger
    of the two, so the token of its people lives shorter, and there is nothing to refresh it with: ask the platform for
    fresh parameters. A citizen's token is refreshed by `refreshSession`. Of fifty sessions of a citizen the one that
    was not used for longest ends; and the one that `replaces` names, if it is theirs.
    """
    now = clock()
    # No connection is taken before this: whoever sends what nobody signed keeps none from the others.
    proof = prove(body.platform, body.parameters, launch_terms, now)
    asked_page = proof.page or body.page
    if asked_page is None:
        raise DomainError(problems.PAGE_MISSING)
    session_id, client = new_id(), f"{proof.platform}:{proof.app}"
    # The region is known when the page is; the secret is not of a region.
    refresh = RefreshToken.new(0, session_id) if role_of(proof.role) == "none" else None
    idle, at_work = (
        min(launch_terms.session_idle, launch_terms.session_whole),
        timedelta(seconds=launch_terms.administrator_token_seconds),
    )
    session = {"id": session_id, "client": client, "token_hash": refresh and refresh.hash}
    session |= {"expires_at": now + (idle if refresh else at_work), "staff_expires_at": now + at_work}
    uses = _uses_of(proof, launch_terms, sealer, now)
    whence = proof.platform, asked_page
    page: Record | None = await database.run(
        Transaction.STATEMENT, lambda conn: store.open_session(conn, whence, proof.user, session, uses, now)
    )
    if page is None:
        raise DomainError(problems.PAGE_UNKNOWN)
    actor = noted.who = _citizen(page, role_of(proof.role, page["own_role"]), session_id, proof.signed_at or now)
    noted.tell(events.SESSION_OPENED, platform=proof.platform, role=actor.role)
    if replaced := body.replaces:
        ended = await database.run(
            Transaction.STATEMENT, lambda conn: store.replace_session(conn, actor.region_id, actor.id, replaced, now)
        )
        if ended:
            ended_sessions.add([replaced])
    lifetime = launch_terms.citizen_token_seconds if actor.role == "none" else launch_terms.administrator_token_seconds
    issued = tokens.issue(actor, client, lifetime, page=_named(proof.platform, page))
    refresh = replace(refresh, region_id=actor.region_id) if refresh and actor.role == "none" else None
    own_id = page["practitioner_own_id"] if actor.practitioner_id else None
    return _session(page, actor, session_id, proof.platform, issued, refresh, idle, own_id)


def _citizen(page: Record, role: StaffRole, session_id: UUID, launched_at: datetime) -> Actor:
    practitioner_id = page["practitioner"] if role == "doctor" else None
    return Actor(
        "citizen",
        page["citizen"],
        page["region"],
        page["institution"],
        role,
        session_id=session_id,
        practitioner_id=practitioner_id,
        launched_at=int(launched_at.timestamp()),
    )


async def refresh_session(
    conn: Connection,
    body: RefreshBody,
    launch_terms: LaunchTerms,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
    noted: Noted,
) -> Session:
    """Gives a citizen's session a new access token, and a new refresh token in place of the one that is shown.

    Each is good once. Within 30 seconds the same successor is told again: so nothing is lost by a double tap, or by an
    answer that did not arrive. After that a token that was used before ends the session, for two hold it of whom one
    has no right to. A session lasts 12 hours without being refreshed and 7 days at most; then open a new one from a
    launch.
    """
    shown, now = RefreshToken.read(body.refresh_token), clock()
    if shown is None:
        raise DomainError(problems.SESSION_ENDED)
    successor = shown.successor(sealer)
    found = await store.refresh_session(
        conn,
        shown.region_id,
        shown.session_id,
        (shown.hash, successor.hash),
        (launch_terms.session_idle, launch_terms.session_whole, _TOLD_AGAIN),
        now,
    )
    if found is None:
        await _note_whose_token(conn, shown, now, noted)
        raise DomainError(problems.SESSION_ENDED)
    # A role is the platform's word of the moment of a launch, and is not carried on; nor that the launch was fresh.
    actor = noted.who = _of_session(shown, found["citizen"], found["institution"])
    issued = tokens.issue(
        actor, found["client"], launch_terms.citizen_token_seconds, page=_named(found["platform"], found)
    )
    return _session(found, actor, shown.session_id, found["platform"], issued, successor, found["good_until"] - now)


async def _note_whose_token(conn: Connection, shown: RefreshToken, now: datetime, noted: Noted) -> None:
    """Whose session it is that was refused; and that a token came once more which was good once, if this was it."""
    found = await store.find_session_refused(conn, shown.region_id, shown.session_id, now)
    if found is None:
        return
    noted.who = _of_session(shown, found["citizen"], None)
    if found["reused"]:
        noted.tell(events.TOKEN_REUSED)


def _of_session(shown: RefreshToken, citizen_id: UUID, institution_id: UUID | None) -> Actor:
    return Actor("citizen", citizen_id, shown.region_id, institution_id, session_id=shown.session_id)


def _uses_of(proof: Proof, terms: LaunchTerms, sealer: Sealer, now: datetime) -> tuple[bytes, datetime, int]:
    """What stands for the launch however it is written, until when it could be used again, and how often it may be."""
    until = now + timedelta(seconds=terms.max_age_seconds + terms.max_ahead_seconds)
    return sealer.hash("launch", proof.platform, proof.app, proof.user, proof.made), until, terms.launch_sessions


def _named(platform: Platform, page: Record) -> str:
    return f"{platform}:{page['page']}"


def _session(
    page: Record,
    actor: Actor,
    session_id: UUID,
    platform: Platform,
    issued: Issued,
    refresh: RefreshToken | None,
    lasts: timedelta,
    practitioner_id: str | None = None,
) -> Session:
    return Session(
        access_token=issued.token,
        expires_in=issued.lifetime_seconds,
        refresh_token=refresh and refresh.text,
        refresh_expires_in=int(lasts.total_seconds()) if refresh else None,
        session_id=session_id,
        citizen_id=actor.id,
        region=actor.region_id,
        role=shown_role(actor.role),
        staff_role=actor.role,
        practitioner_id=practitioner_id,
        page=SessionPage(
            platform=platform,
            external_id=page["page"],
            mini_apps=page["apps"],
            institution=Named(id=page["institution"], name=page["institution_name"]),
        ),
    )


async def create_token(
    conn: Connection,
    body: TokenRequest,
    basic_credentials: tuple[str, str] | None,
    launch_terms: LaunchTerms,
    tokens: Tokens,
    clock: Clock,
    noted: Noted,
) -> AccessToken:
    """Gives a system its access token by OAuth 2.0 client credentials (RFC 6749, section 4.4).

    The system proves itself in one way: by its secret, in the form or by HTTP Basic; or by a JWT that its own key
    signed (`private_key_jwt`, RFC 7523), whose `aud` is the address of this operation, which expires within five
    minutes and is good once. A token has the scopes that are asked for, and without `scope` those alone by which the
    client may read; where it may read nothing, it has to ask. Problems carry the member `error` as in RFC 6749,
    section 5.2.
    """
    if body.grant_type != "client_credentials":
        raise DomainError(problems.GRANT_UNSUPPORTED, extra={"error": "unsupported_grant_type"})
    by_assertion = body.client_assertion is not None or body.client_assertion_type is not None
    in_form = body.client_secret is not None or (body.client_id is not None and not by_assertion)
    if in_form + by_assertion + (basic_credentials is not None) > 1:
        raise DomainError(problems.MALFORMED, extra={"error": "invalid_request"})
    now = clock()
    if by_assertion:
        named, client = await _client_of_assertion(conn, body, launch_terms.token_address, now)
    else:
        named, secret = basic_credentials or (body.client_id or "", body.client_secret or "")
        client = await _client_of_secret(conn, named, secret, now)
    granted = frozenset(client["scopes"])
    asked = frozenset((body.scope or "").split()) or _least(granted)
    if not asked or not asked <= granted:
        raise DomainError(problems.SCOPE_INVALID, extra={"error": "invalid_scope"})
    region_id, client_id = _split(named)
    generation: int = client["generation"]
    # Whoever takes the credentials back comes before this, and there is no token, or after it, and ends the token.
    if not await store.use_client(conn, region_id, client_id, generation, now):
        raise _unknown_client()
    actor = noted.who = Actor(
        "system", client_id, region_id, client["institution_id"], scopes=asked, generation=generation
    )
    noted.tell(events.TOKEN_ISSUED)
    issued = tokens.issue(actor, named, launch_terms.system_token_seconds)
    return AccessToken(access_token=issued.token, expires_in=issued.lifetime_seconds, scope=" ".join(sorted(asked)))


def _least(granted: frozenset[str]) -> frozenset[str]:
    """What whoever asks for nothing in particular gets (RFC 6749, section 3.3)."""
    return frozenset(scope for scope in granted if scope.endswith(":read"))


async def _client_of_secret(conn: Connection, named: str, secret: str, now: datetime) -> Record:
    client, shown = await store.find_client(conn, *_split(named), now), hashed(secret)
    if client is None or not any(hmac.compare_digest(known, shown) for known in client["secret_hashes"]):
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
    client = await store.find_client(conn, region_id, client_id, now)
    if client is None:
        raise _unknown_client()
    try:
        proof = assertions.verify(assertion, client["public_keys"], named, audience, now)
    except assertions.AssertionWrong:
        raise _unknown_client() from None
    if not await store.use_assertion(conn, region_id, client_id, hashed(proof.jti), proof.expires_at):
        raise _unknown_client()
    return named, client


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
