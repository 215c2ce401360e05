"""Regions, institutions, pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from schemas.institutions import DayLimits, InstitutionBody, PageFilter, PageInvitationFilter
from service.core.database import Connection, Record, refusing
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {"idempotency_key_reused": problems.KEY_REUSED}


async def list_regions(conn: Connection) -> list[Record]:
    return await conn.fetch(SQL.list_regions)


async def find_region(conn: Connection, region_code: int) -> Record | None:
    return await conn.fetchrow(SQL.find_region, region_code)


async def find_day_limits(conn: Connection, region_code: int) -> Record:
    row = await conn.fetchrow(SQL.find_day_limits, region_code)
    assert row is not None
    return row


async def put_day_limits(conn: Connection, region_code: int, limits: DayLimits) -> None:
    await conn.execute(SQL.put_day_limits, region_code, *limits.model_dump().values())


async def list_institutions(
    conn: Connection, region_id: int, kind: str | None, municipality: str | None, after: list[str] | None, limit: int
) -> list[Record]:
    """By name; `after` is the name and the id of the last one of the page before."""
    name, institution_id = after or (None, None)
    return await conn.fetch(SQL.list_institutions, region_id, kind, municipality, name, institution_id, limit)


async def find_institution(conn: Connection, region_id: int, institution_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_institution, region_id, institution_id)


async def find_institutions(conn: Connection, region_id: int, ids: Sequence[UUID]) -> dict[UUID, Record]:
    return {row["id"]: row for row in await conn.fetch(SQL.find_institutions, region_id, ids)}


async def lock_institution(conn: Connection, region_id: int, institution_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.lock_institution, region_id, institution_id)


async def put_institution(conn: Connection, region_id: int, institution_id: UUID, body: InstitutionBody) -> None:
    await conn.execute(
        SQL.put_institution,
        region_id,
        institution_id,
        body.name,
        body.kind,
        body.municipality,
        body.address,
        body.phone,
        body.zone,
    )


async def lock_page(conn: Connection, platform: str, external_id: str, region_id: int) -> UUID | None:
    """Whose it is until the transaction ends; None where the region has no such page."""
    return await conn.fetchval(SQL.lock_page, platform, external_id, region_id)


async def put_page(
    conn: Connection, platform: str, external_id: str, region_id: int, institution_id: UUID, mini_apps: list[str]
) -> bool:
    """False where the institution does not exist, or the page belongs to another region."""
    row = await conn.fetchval(SQL.put_page, platform, external_id, region_id, institution_id, mini_apps)
    return row is not None


async def list_pages(
    conn: Connection, region_id: int, wanted: PageFilter, after: list[str] | None, limit: int
) -> list[Record]:
    """By platform and id; `after` is those of the last one of the page before."""
    platform, external_id = after or (None, None)
    return await conn.fetch(
        SQL.list_pages, region_id, wanted.municipality, wanted.institution_id, platform, external_id, limit
    )


async def delete_page(conn: Connection, platform: str, external_id: str, region_id: int) -> UUID | None:
    """Whose it was; None where the region has no such page."""
    return await conn.fetchval(SQL.delete_page, platform, external_id, region_id)


async def end_work_from(conn: Connection, region_id: int, platform: str, page: str, now: datetime) -> None:
    """Sessions with a role that were opened from the page are over."""
    await conn.execute(SQL.end_work_from, region_id, platform, page, now)


async def end_claims(
    conn: Connection, region_id: int, platform: str, page: str, institution_id: UUID | None, now: datetime
) -> None:
    """The page is no longer of those who claimed it: of `institution_id` alone, or of nobody."""
    await conn.execute(SQL.end_claims, region_id, platform, page, institution_id, now)


# Invitations -------------------------------------------------------------------------------------------------------


async def create_page_invitations(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    operation: str,
    key: IdempotencyKey,
    items: Sequence[dict[str, Any]],
    result: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """What is kept under the key: `result`, or that of before."""
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.create_page_invitations,
            region_id,
            actor_id,
            operation,
            key.key,
            key.request_hash,
            orjson.dumps(items).decode(),
            orjson.dumps(result).decode(),
            now,
        )
    return orjson.loads(kept)


async def list_page_invitations(
    conn: Connection, region_id: int, wanted: PageInvitationFilter, after: UUID | None, now: datetime, limit: int
) -> list[Record]:
    """The oldest first."""
    return await conn.fetch(
        SQL.list_page_invitations,
        region_id,
        now,
        wanted.state,
        wanted.municipality,
        wanted.institution_id,
        after,
        limit,
    )


async def find_page_invitation(conn: Connection, region_id: int, invitation_id: UUID, now: datetime) -> Record | None:
    return await conn.fetchrow(SQL.find_page_invitation, region_id, invitation_id, now)


async def revoke_page_invitation(conn: Connection, region_id: int, invitation_id: UUID, now: datetime) -> Record | None:
    """Whose it is, whether it is revoked now, and was open before; None where there is no such invitation."""
    return await conn.fetchrow(SQL.revoke_page_invitation, region_id, invitation_id, now)
