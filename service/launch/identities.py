"""One citizen on several platforms: accounts join by a one-time code, and leave again."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson

from schemas import problems
from schemas.sessions import Identity, IdentityCode, IdentityCodeBody, IdentityList, Platform
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import eight_digits, new_id, read_digits
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.launch import store

_GOOD_FOR = timedelta(minutes=10)


async def create_identity_code(
    conn: Connection, actor: Actor, key: IdempotencyKey, sealer: Sealer, clock: Clock
) -> IdentityCode:
    """Makes a code by which the same human being joins with an account of another platform. Good once, for 10 minutes.

    A new one takes the place of the citizen's earlier one.
    """
    now, code_id = clock(), new_id()
    kept = orjson.loads(
        await store.create_identity_code(
            conn,
            actor.region_id,
            actor.id,
            key,
            _hash(sealer, _code(sealer, code_id)),
            now + _GOOD_FOR,
            {"id": code_id, "expires_at": now + _GOOD_FOR},
            now,
        )
    )
    return IdentityCode(code=_code(sealer, UUID(kept["id"])), expires_at=datetime.fromisoformat(kept["expires_at"]))


async def join_identity(
    conn: Connection, actor: Actor, body: IdentityCodeBody, sealer: Sealer, clock: Clock
) -> IdentityList:
    """Joins the account that calls to the citizen whose code it is: family, tickets and applications become theirs.

    Whoever both accounts have written down is one person from then on. Open a new session after that: the token of the
    account is for a citizen who is no more. After five wrong codes in an hour no code is taken.
    """
    joined = await store.join_identity(conn, actor.region_id, actor.id, _hash(sealer, read_digits(body.code)), clock())
    if joined is None:
        raise DomainError(problems.INVITATION_NOT_FOUND)
    return await _identities(conn, actor.region_id, joined)


async def list_identities(conn: Connection, actor: Actor) -> IdentityList:
    """The platforms that the citizen comes from."""
    return await _identities(conn, actor.region_id, actor.id)


async def leave_identity(conn: Connection, actor: Actor, platform: Platform, clock: Clock) -> IdentityList:
    """Lets the citizen's accounts of a platform go their own way; what was joined stays with the citizen.

    The first account can't be left: it is the citizen. Twice is no error.
    """
    await store.leave_identity(conn, actor.region_id, actor.id, platform, clock())
    return await _identities(conn, actor.region_id, actor.id)


async def hand_over_the_rest(conn: Connection, clock: Clock) -> int:
    """What a token of before the joining has brought about goes over, too."""
    return await store.hand_over_the_rest(conn, clock())


async def _identities(conn: Connection, region_id: int, citizen_id: UUID) -> IdentityList:
    rows = await store.list_identities(conn, region_id, citizen_id)
    return IdentityList(
        items=[Identity(platform=row["platform"], since=row["created_at"], first=row["first"]) for row in rows]
    )


def _code(sealer: Sealer, code_id: UUID) -> str:
    """Made of the id, so that a repeated request is told it again though it is kept nowhere."""
    return eight_digits(int.from_bytes(sealer.hash("identity_code", str(code_id))))


def _hash(sealer: Sealer, code: str) -> bytes:
    return sealer.hash("identity_code_given", code)
