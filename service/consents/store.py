"""Consents."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Connection, Record, refusing
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "person_not_found": problems.PERSON_NOT_FOUND,
    "guardian_may_not": problems.GUARDIAN_MAY_NOT,
    "consent_not_found": problems.CONSENT_NOT_FOUND,
    "consent_text_changed": problems.CONSENT_TEXT_CHANGED,
}


async def list_texts(conn: Connection, language: str, now: datetime) -> list[Record]:
    return await conn.fetch(SQL.list_texts, language, now)


async def list_consents(
    conn: Connection, region_id: int, citizen_id: UUID, now: datetime
) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the region requires them, and the last one for each person and purpose."""
    row = await conn.fetchrow(SQL.list_consents, region_id, citizen_id, now)
    assert row is not None
    return row["consents_required"], orjson.loads(row["shown"])


async def give_consent(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    person_id: UUID,
    purpose: str,
    version: int,
    text_hash: str,
    consent_id: UUID,
    now: datetime,
) -> str:
    """JSON: the consent that stands from now on."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.give_consent, region_id, citizen_id, person_id, purpose, version, text_hash, consent_id, now
        )


async def withdraw_consent(
    conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, purpose: str, now: datetime, *, end: bool
) -> str:
    """JSON: the consent, and what ends with it; nothing is changed where not `end`."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.withdraw_consent, region_id, citizen_id, person_id, purpose, end, now)


async def put_rules(conn: Connection, region_id: int, *, required: bool) -> None:
    await conn.execute(SQL.put_rules, region_id, required)
