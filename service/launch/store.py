"""Sessions, accounts of citizens, clients."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.queries import beside
from service.launch.credentials import Credentials

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "too_many_attempts": problems.TOO_MANY_ATTEMPTS,
    "identity_joined": problems.IDENTITY_JOINED,
    "confirmed_as_another": problems.CONFIRMED_AS_ANOTHER,
    "identity_first": problems.IDENTITY_FIRST,
    "identity_codes_code": Collision,
    "launch_spent": problems.LAUNCH_SPENT,
    "session_not_found": problems.SESSION_NOT_FOUND,
    "page_claimed": problems.PAGE_CLAIMED,
    "client_not_found": problems.CLIENT_NOT_FOUND,
    "client_revoked": problems.CLIENT_REVOKED,
    "client_rotating": problems.CLIENT_ROTATING,
}


async def open_session(
    conn: Connection,
    page: tuple[str, str],
    user: str,
    session: dict[str, Any],
    launch: tuple[bytes, datetime, int],
    now: datetime,
) -> Record | None:
    """Where the session leads and whose it is; None where the page is not connected.

    `launch`: a hash that stands for it, until when that is kept, and how many sessions it may make.
    """
    with refusing(VIOLATIONS):
        return await conn.fetchrow(
            SQL.open_session,
            *page,
            user,
            new_id(),
            session["id"],
            session["client"],
            session["token_hash"],
            session["expires_at"],
            session["staff_expires_at"],
            *launch,
            now,
        )


async def refresh_session(
    conn: Connection,
    region_id: int,
    session_id: UUID,
    hashes: tuple[bytes, bytes],
    terms: tuple[timedelta, timedelta, timedelta],
    now: datetime,
) -> Record | None:
    """Where the session leads, now that the second token is good in place of the first; None where it is over.

    `terms`: how long it lasts unused and at most, and for how long the same successor is told again.
    """
    return await conn.fetchrow(SQL.refresh_session, region_id, session_id, *hashes, *terms, now)


async def find_session_refused(conn: Connection, region_id: int, session_id: UUID, now: datetime) -> Record | None:
    """Whose session it is that was not refreshed at that moment, and whether a used token has ended it just then."""
    return await conn.fetchrow(SQL.find_session_refused, region_id, session_id, now)


async def list_sessions(conn: Connection, region_id: int, citizen_id: UUID, now: datetime) -> list[Record]:
    """The one that was used last first."""
    return await conn.fetch(SQL.list_sessions, region_id, citizen_id, now)


async def end_session(conn: Connection, region_id: int, citizen_id: UUID, session_id: UUID, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.end_session, region_id, citizen_id, session_id, now)


async def end_sessions(conn: Connection, region_id: int, citizen_id: UUID, now: datetime) -> list[UUID]:
    """Which of the citizen's sessions were still going on."""
    return await conn.fetchval(SQL.end_sessions, region_id, citizen_id, now)


async def ended_since(conn: Connection, sessions_since: datetime, clients_since: datetime) -> list[Record]:
    """Sessions, and clients with the first generation of their tokens that is good."""
    return await conn.fetch(SQL.ended_since, sessions_since, clients_since)


async def replace_session(conn: Connection, region_id: int, citizen_id: UUID, session_id: UUID, now: datetime) -> bool:
    """False where it was over, or not theirs."""
    return await conn.fetchval(SQL.replace_session, region_id, citizen_id, session_id, now)


async def find_account(conn: Connection, region_id: int, platform: str, user: str) -> UUID | None:
    return await conn.fetchval(SQL.find_account, region_id, platform, user)


async def end_account_sessions(
    conn: Connection, region_id: int, actor_id: UUID, account_id: UUID, now: datetime
) -> int | None:
    """How many went on; None where there is no such account."""
    return await conn.fetchval(SQL.end_account_sessions, region_id, actor_id, account_id, now)


async def forget_sessions(conn: Connection, before: datetime) -> int:
    """Of those that were over by then; gives how many."""
    return await conn.fetchval(SQL.forget_sessions, before)


async def find_page(conn: Connection, platform: str, page: str) -> Record | None:
    """The page with its institution."""
    return await conn.fetchrow(SQL.find_page, platform, page)


async def claim_page(
    conn: Connection,
    region_id: int,
    code_hash: bytes,
    platform: str,
    page: str,
    caller_hashes: tuple[bytes, bytes],
    now: datetime,
) -> UUID | None:
    """Whose the page is now; None where the code leads nowhere. `caller_hashes`: of the account and of the address."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.claim_page, region_id, code_hash, platform, page, *caller_hashes, now)


async def forget_wrong_claims(conn: Connection, now: datetime) -> int:
    """Of those that count no more; gives how many."""
    return len(await conn.fetch(SQL.forget_wrong_claims, now))


async def create_identity_code(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    code_hash: bytes,
    expires_at: datetime,
    result: dict[str, Any],
    now: datetime,
) -> str:
    """What is kept under the key: `result`, or that of before. JSON."""
    encoded = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.create_identity_code,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            code_hash,
            expires_at,
            encoded,
            now,
        )


async def join_identity(
    conn: Connection, region_id: int, citizen_id: UUID, code_hash: bytes, now: datetime
) -> UUID | None:
    """The citizen whom the account is from now on; None where the code leads nowhere."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.join_identity, region_id, citizen_id, code_hash, now)


async def leave_identity(conn: Connection, region_id: int, citizen_id: UUID, platform: str, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.leave_identity, region_id, citizen_id, platform, now)


async def list_identities(conn: Connection, region_id: int, citizen_id: UUID) -> list[Record]:
    """The first one first."""
    return await conn.fetch(SQL.list_identities, region_id, citizen_id)


async def hand_over_the_rest(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.hand_over_the_rest, now)


async def find_client(conn: Connection, region_id: int, client_id: UUID, now: datetime) -> Record | None:
    """With all credentials that are good."""
    return await conn.fetchrow(SQL.find_client, region_id, client_id, now)


async def use_client(conn: Connection, region_id: int, client_id: UUID, generation: int, now: datetime) -> bool:
    """Writes down that it came. False where its credentials were taken back since they were looked at."""
    return bool(await conn.fetchval(SQL.use_client, region_id, client_id, generation, now))


async def list_clients(
    conn: Connection, region_id: int, institution_id: UUID | None, after: UUID | None, limit: int
) -> list[Record]:
    """The oldest first."""
    return await conn.fetch(SQL.list_clients, region_id, institution_id, after, limit)


async def show_client(conn: Connection, region_id: int, client_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.show_client, region_id, client_id)


async def create_client(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    key: IdempotencyKey | None,
    client: dict[str, Any],
    result: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """What is kept under the key: `result`, or that of before."""
    secret_hash: bytes | None = client["secret_hash"]
    item = client | {"secret_hash": "\\x" + secret_hash.hex() if secret_hash else None}
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.create_client,
            region_id,
            actor_id,
            key and key.key,
            key and key.request_hash,
            orjson.dumps(item).decode(),
            orjson.dumps(result).decode(),
            now,
        )
    return orjson.loads(kept)


async def rotate_client(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    key: IdempotencyKey | None,
    client_id: UUID,
    credentials: Credentials,
    keep: timedelta,
    result: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """What is kept under the key: `result`, or that of before."""
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.rotate_client,
            region_id,
            actor_id,
            key and key.key,
            key and key.request_hash,
            client_id,
            credentials.secret_hash,
            credentials.public_keys,
            keep,
            orjson.dumps(result).decode(),
            now,
        )
    return orjson.loads(kept)


async def revoke_client(conn: Connection, region_id: int, actor_id: UUID, client_id: UUID, now: datetime) -> int | None:
    """The first generation of its tokens that would be good; None where there is no such client."""
    return await conn.fetchval(SQL.revoke_client, region_id, actor_id, client_id, now)


async def use_assertion(
    conn: Connection, region_id: int, client_id: UUID, jti_hash: bytes, expires_at: datetime
) -> bool:
    """False where it was used before."""
    return bool(await conn.fetchval(SQL.use_assertion, region_id, client_id, jti_hash, expires_at))


async def forget_assertions(conn: Connection, now: datetime) -> int:
    """Of those that have expired; gives how many."""
    return len(await conn.fetch(SQL.forget_assertions, now))
