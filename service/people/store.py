"""Persons and whose they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "guardians_person_once": problems.PERSON_EXISTS,
    "guardians_one_self": problems.SELF_EXISTS,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "person_has_bookings": problems.PERSON_HAS_BOOKINGS,
    "guardian_may_not": problems.GUARDIAN_MAY_NOT,
    "too_many_attempts": problems.TOO_MANY_ATTEMPTS,
    "invitations_code": Collision,
    "person_verified": problems.PERSON_VERIFIED,
    "confirmed_as_another": problems.CONFIRMED_AS_ANOTHER,
    # A correction shows that two persons are one, and that one is booked twice.
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "appointments_one_a_specialty": problems.ALREADY_HAS_TICKET,
    "waiting_persons_once": problems.ALREADY_WAITING,
    "appointments_person_once_a_slot": problems.PERSON_BUSY,
    "applications_person_once_a_group": problems.ALREADY_APPLIED,
    "draw_requests_person_once": problems.ALREADY_REQUESTED,
    "campaign_wishes_one_a_child": problems.ALREADY_WISHING,
    "trials_once_a_group": problems.TRIAL_EXISTS,
}

# In the order of the statement update_person.
_UPDATED = ("last_name", "first_name", "patronymic", "birth_date", "sex", "snils_sealed", "policy_sealed")


async def create_person(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    person: dict[str, Any],
    kinship: str,
    answer: str,
    now: datetime,
) -> str:
    """Keeps the person (columns of `persons`) and the answer under the key; gives the answer that the key has."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.create_person,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            orjson.dumps(person).decode(),
            kinship,
            answer,
            new_id(),
            now,
        )


async def list_persons(conn: Connection, region_id: int, citizen_id: UUID) -> list[Record]:
    return await conn.fetch(SQL.list_persons, region_id, citizen_id)


async def lock_person(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.lock_person, region_id, citizen_id, person_id)


async def update_person(
    conn: Connection, region_id: int, person_id: UUID, identity: bytes, columns: Mapping[str, Any], now: datetime
) -> Record:
    """Whatever is booked for the person goes along under the new identity, or the change is refused."""
    with refusing(VIOLATIONS):
        await conn.execute(SQL.change_identity, region_id, person_id, identity)
    given = [columns[name] for name in _UPDATED]
    row = await conn.fetchrow(SQL.update_person, region_id, person_id, identity, *given, now)
    assert row is not None
    return row


async def delete_person(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.delete_person, region_id, citizen_id, person_id, new_id(), now)


async def create_invitation(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    person_id: UUID,
    code_hash: bytes,
    expires_at: datetime,
    result: dict[str, Any],
    now: datetime,
) -> str:
    """JSON: `result`, or what the key has brought about before."""
    kept = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.create_invitation,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            person_id,
            code_hash,
            expires_at,
            kept,
            now,
        )


async def join_as_guardian(
    conn: Connection, region_id: int, citizen_id: UUID, code_hash: bytes, kinship: str, now: datetime
) -> UUID | None:
    """The person; None where the code leads nowhere, which is remembered."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.join_as_guardian, region_id, citizen_id, code_hash, kinship, now)


async def find_person(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_person, region_id, citizen_id, person_id)


async def list_guardians(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> list[Record]:
    """None where the citizen is none of them."""
    return await conn.fetch(SQL.list_guardians, region_id, citizen_id, person_id)


async def end_guardianships(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.end_guardianships, now)


async def lock_family(conn: Connection, region_id: int, citizen_id: UUID) -> list[Record]:
    return await conn.fetch(SQL.lock_family, region_id, citizen_id)


async def confirm_citizen(
    conn: Connection, region_id: int, citizen_id: UUID, subject_hash: bytes, now: datetime
) -> bool:
    """Whether the account was confirmed before, as the same human being; as another it is refused."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.confirm_citizen, region_id, citizen_id, subject_hash, now)


async def verify_person(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    person_id: UUID,
    twins: list[UUID],
    kinship: str,
    verified: Mapping[str, Any],
    now: datetime,
) -> None:
    """Whatever is booked for the person, and for the twins, goes along, or it is refused."""
    encoded = orjson.dumps(verified).decode()
    with refusing(VIOLATIONS):
        await conn.execute(SQL.verify_person, region_id, citizen_id, person_id, twins, kinship, encoded, now)


async def add_verified_person(
    conn: Connection, region_id: int, citizen_id: UUID, kinship: str, verified: Mapping[str, Any], now: datetime
) -> None:
    encoded = orjson.dumps(verified).decode()
    with refusing(VIOLATIONS):
        await conn.execute(SQL.add_verified_person, region_id, citizen_id, kinship, encoded, now)
