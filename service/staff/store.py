"""People of an institution."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from schemas.staff import StaffMemberBody
from service.core.database import Connection, Record, refusing
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "too_many_attempts": problems.TOO_MANY_ATTEMPTS,
}


async def find_practitioner(conn: Connection, region_id: int, institution_id: UUID, own_id: str) -> UUID | None:
    return await conn.fetchval(SQL.find_practitioner, region_id, institution_id, own_id)


async def put_staff_member(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    staff_id: str,
    practitioner_id: UUID | None,
    body: StaffMemberBody,
) -> Record:
    """By the institution's own id; a new one where there is none. With a practitioner it is a doctor.

    Gives the id, and which citizen it is by now.
    """
    row = await conn.fetchrow(
        SQL.put_staff_member,
        region_id,
        new_id(),
        institution_id,
        staff_id,
        practitioner_id,
        body.last_name,
        body.first_name,
        body.patronymic,
    )
    assert row is not None
    return row


async def find_staff_member(conn: Connection, region_id: int, institution_id: UUID, staff_id: str) -> Record | None:
    return await conn.fetchrow(SQL.find_staff_member, region_id, institution_id, staff_id)


async def list_staff(
    conn: Connection, region_id: int, institution_id: UUID, after: str | None, limit: int
) -> list[Record]:
    return await conn.fetch(SQL.list_staff, region_id, institution_id, after, limit)


async def delete_staff_member(conn: Connection, region_id: int, institution_id: UUID, staff_id: str) -> Record | None:
    """The id, and which citizen it was; None where there was nobody."""
    return await conn.fetchrow(SQL.delete_staff_member, region_id, institution_id, staff_id)


async def end_work(conn: Connection, region_id: int, institution_id: UUID, citizen_id: UUID, now: datetime) -> None:
    """The citizen's sessions with a role at the institution are over."""
    await conn.execute(SQL.end_work, region_id, institution_id, citizen_id, now)


async def invite_staff_member(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    key: IdempotencyKey,
    member_id: UUID,
    code_hash: bytes,
    result: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """What is kept under the key: `result`, or that of before."""
    encoded = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.invite_staff_member,
            region_id,
            actor_id,
            key.key,
            key.request_hash,
            member_id,
            code_hash,
            encoded,
            now,
        )
    return orjson.loads(kept)


async def join_as_staff(
    conn: Connection, region_id: int, citizen_id: UUID, institution_id: UUID, code_hash: bytes, now: datetime
) -> str | None:
    """The institution's own id of whoever the citizen is now; None where the code leads nowhere."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.join_as_staff, region_id, citizen_id, institution_id, code_hash, now)
