"""A citizen confirms at a provider who they are: begin in the app, log in in a browser, enter its code in the app."""

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from schemas.confirmations import Confirmation, ProviderReturn
from schemas.sessions import IdentityCodeBody
from service.confirmation import store
from service.confirmation.pages import code_page, failure_page
from service.confirmation.provider import Provider, ProviderFailed
from service.confirmation.rules import Family, Incomplete, Untrusted, family_of
from service.core.clock import Clock
from service.core.database import Connection, SeenDatabase
from service.core.errors import DomainError
from service.core.ids import new_id, new_number, read_digits
from service.core.journal import journal
from service.core.operations import Actor, IdempotencyKey, Rendered, Transaction
from service.core.sealing import Sealer
from service.people.rules import Vouched
from service.people.verification import verify_family

_TO_LOG_IN = timedelta(minutes=10)
_TO_ENTER_THE_CODE = timedelta(minutes=15)
_STATE = re.compile(r"(?P<region>[0-9]{2})\.(?P<id>[0-9a-f]{32})\.(?P<secret>[A-Za-z0-9_-]{43})")


async def create_confirmation(
    actor: Actor, key: IdempotencyKey, provider: Provider | None, sealer: Sealer, clock: Clock, database: SeenDatabase
) -> Confirmation:
    """Begins: open `authorization_url` in a browser, within 10 minutes. It takes the turn of an earlier attempt.

    When the citizen has logged in there, the browser shows a code, which they enter in the app: completeConfirmation.
    So nobody is confirmed by somebody else's login. Ask getConfirmation how far it is.
    """
    if provider is None:
        raise DomainError(problems.CONFIRMATION_UNAVAILABLE)
    now, region_id = clock(), actor.region_id
    attempt_id, expires_at = new_id(), now + _TO_LOG_IN
    # Before anything is written: a provider that is away is nobody's attempt.
    await _url(provider, sealer, region_id, attempt_id)

    async def work(conn: Connection) -> str:
        result = {"id": attempt_id, "expires_at": expires_at}
        return await store.create_confirmation(conn, region_id, actor.id, key, attempt_id, expires_at, result, now)

    kept = orjson.loads(await database.run(Transaction.STATEMENT, work))
    return Confirmation(
        id=UUID(kept["id"]),
        status="begun",
        failure=None,
        authorization_url=await _url(provider, sealer, region_id, UUID(kept["id"])),
        expires_at=datetime.fromisoformat(kept["expires_at"]),
    )


async def get_confirmation(conn: Connection, actor: Actor, confirmation_id: UUID, clock: Clock) -> Confirmation:
    """How far it is, and why it failed. An attempt that is over is forgotten soon."""
    return await _shown(conn, actor, confirmation_id, clock())


async def get_confirmation_code(
    query: ProviderReturn, provider: Provider | None, sealer: Sealer, clock: Clock, database: SeenDatabase
) -> Rendered:
    """Where the provider sends the browser back to: a page with the code to enter, or with what went wrong.

    The page is for people, in any case with status 200. It is good once: a browser that comes again is shown no code.
    """
    named = _named(sealer, query.state)
    if provider is None or named is None:
        return failure_page("unknown")
    region_id, confirmation_id = named
    accounts = await database.run(
        Transaction.STATEMENT, lambda conn: store.take_confirmation(conn, region_id, confirmation_id, clock())
    )
    if accounts is None:
        return failure_page("unknown")
    told = await _told(query, provider, sealer, confirmation_id, clock().date())
    if isinstance(told, str):
        await database.run(
            Transaction.STATEMENT, lambda conn: store.fail_confirmation(conn, region_id, confirmation_id, told)
        )
        return failure_page(told)
    code, now = new_number(), clock()
    sealed = sealer.seal(_packed(*told), _row_name(region_id, confirmation_id))
    code_hash = _code_hash(sealer, confirmation_id, code)
    is_kept = await database.run(
        Transaction.STATEMENT,
        lambda conn: store.keep_claims(
            conn, region_id, confirmation_id, sealed, code_hash, now + _TO_ENTER_THE_CODE, now
        ),
    )
    return code_page(code, accounts) if is_kept else failure_page("unknown")


async def complete_confirmation(
    actor: Actor, confirmation_id: UUID, body: IdentityCodeBody, sealer: Sealer, clock: Clock, database: SeenDatabase
) -> Confirmation:
    """Takes the code that the browser shows: the citizen's own person and children are as the provider says.

    Whoever is written down already is found by the СНИЛС, or by name and birth date; their bookings stay. What is
    verified can't be edited by hand, and a new confirmation brings it up to date. An account is one human being for
    good. After five wrong codes the attempt has failed. Twice is no error.
    """
    now, region_id = clock(), actor.region_id
    code_hash = _code_hash(sealer, confirmation_id, body.code)
    # A statement of its own: a wrong code refuses and is counted all the same.
    is_right = await database.run(
        Transaction.STATEMENT,
        lambda conn: store.try_confirmation_code(conn, region_id, actor.id, confirmation_id, code_hash, now),
    )
    if is_right is None:
        raise DomainError(problems.CONFIRMATION_NOT_FOUND)
    if not is_right:
        raise DomainError(problems.CONFIRMATION_CODE_WRONG)

    async def work(conn: Connection) -> Confirmation:
        row = await store.lock_confirmation(conn, region_id, actor.id, confirmation_id, code_hash)
        if row is None:
            raise DomainError(problems.CONFIRMATION_OVER)
        if row["status"] == "awaiting_code":
            subject_hash, family = _unpacked(sealer.open(row["claims_sealed"], _row_name(region_id, confirmation_id)))
            await verify_family(conn, region_id, actor.id, subject_hash, family.own, family.children, sealer, now)
            await store.complete_confirmation(conn, region_id, actor.id, confirmation_id)
            await journal(conn, region_id, actor.id, "confirmation_completed", confirmation_id, now)
        return await _shown(conn, actor, confirmation_id, now)

    return await database.run(Transaction.WRITE, work)


async def forget_confirmations(conn: Connection, clock: Clock) -> int:
    """Of attempts that are over nothing is kept."""
    return await store.forget_confirmations(conn, clock())


async def _shown(conn: Connection, actor: Actor, confirmation_id: UUID, now: datetime) -> Confirmation:
    row = await store.find_confirmation(conn, actor.region_id, actor.id, confirmation_id)
    if row is None:
        raise DomainError(problems.CONFIRMATION_NOT_FOUND)
    is_over = row["status"] not in ("completed", "failed") and row["expires_at"] <= now
    return Confirmation(
        id=row["id"],
        status="expired" if is_over else row["status"],
        failure=row["failure"],
        authorization_url=None,
        expires_at=row["expires_at"],
    )


async def _told(
    query: ProviderReturn, provider: Provider, sealer: Sealer, confirmation_id: UUID, today: date
) -> tuple[bytes, Family] | str:
    """Whom the provider knows (a hash of it) and who that is; or why not."""
    if query.error is not None or not query.code:
        return "denied" if query.error == "access_denied" else "provider_failed"
    verifier, nonce = _secret(sealer, "verifier", confirmation_id), _secret(sealer, "nonce", confirmation_id)
    try:
        claims = await provider.claims(query.code, verifier, nonce, query.iss)
        family = family_of(claims, provider.terms.claims, today)
    except ProviderFailed:
        return "provider_failed"
    except Untrusted:
        return "untrusted"
    except Incomplete:
        return "incomplete"
    return sealer.hash("confirmed_as", provider.terms.issuer, claims["sub"]), family


async def _url(provider: Provider, sealer: Sealer, region_id: int, confirmation_id: UUID) -> str:
    verifier = _secret(sealer, "verifier", confirmation_id)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    nonce = _secret(sealer, "nonce", confirmation_id)
    try:
        return await provider.authorization_url(_state(sealer, region_id, confirmation_id), nonce, challenge)
    except ProviderFailed:
        raise DomainError(problems.PROVIDER_AWAY) from None


def _secret(sealer: Sealer, purpose: str, *parts: object) -> str:
    """256 bits that nobody else can make, though they are kept nowhere: 43 characters."""
    made = sealer.hash(f"confirmation_{purpose}", *map(str, parts))
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def _state(sealer: Sealer, region_id: int, confirmation_id: UUID) -> str:
    return f"{region_id:02d}.{confirmation_id.hex}.{_secret(sealer, 'state', region_id, confirmation_id)}"


def _named(sealer: Sealer, state: str | None) -> tuple[int, UUID] | None:
    """The region and the id of a state of ours."""
    found = _STATE.fullmatch(state or "")
    if found is None:
        return None
    region_id, confirmation_id = int(found["region"]), UUID(found["id"])
    expected = _state(sealer, region_id, confirmation_id)
    return (region_id, confirmation_id) if hmac.compare_digest(found[0], expected) else None


def _code_hash(sealer: Sealer, confirmation_id: UUID, code: str) -> bytes:
    return sealer.hash("confirmation_code", str(confirmation_id), read_digits(code))


def _row_name(region_id: int, confirmation_id: UUID) -> str:
    return f"confirmations:{region_id}:{confirmation_id}:claims"


def _packed(subject_hash: bytes, family: Family) -> str:
    told = {"subject": subject_hash.hex(), "own": family.own, "children": family.children}
    return orjson.dumps(told).decode()


def _unpacked(text: str) -> tuple[bytes, Family]:
    told = orjson.loads(text)
    return bytes.fromhex(told["subject"]), Family(_vouched(told["own"]), [_vouched(one) for one in told["children"]])


def _vouched(fields: dict[str, Any]) -> Vouched:
    given: dict[str, Any] = fields | {"birth_date": date.fromisoformat(fields["birth_date"])}
    return Vouched(**given)
