"""Regions, institutions, pages."""

from uuid import UUID

from schemas.institutions import InstitutionBody
from service.core.database import Connection, Record
from service.core.queries import beside

SQL = beside(__file__)


async def list_regions(conn: Connection) -> list[Record]:
    return await conn.fetch(SQL.list_regions)


async def find_region(conn: Connection, region_code: int) -> Record | None:
    return await conn.fetchrow(SQL.find_region, region_code)


async def list_institutions(
    conn: Connection, region_id: int, kind: str | None, municipality: str | None, after: list[str] | None, limit: int
) -> list[Record]:
    """By name; `after` is the name and the id of the last one of the page before."""
    name, institution_id = after or (None, None)
    return await conn.fetch(SQL.list_institutions, region_id, kind, municipality, name, institution_id, limit)


async def find_institution(conn: Connection, region_id: int, institution_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_institution, region_id, institution_id)


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


async def put_page(
    conn: Connection, platform: str, external_id: str, region_id: int, institution_id: UUID, mini_apps: list[str]
) -> bool:
    """False where the institution does not exist, or the page belongs to another region."""
    row = await conn.fetchval(SQL.put_page, platform, external_id, region_id, institution_id, mini_apps)
    return row is not None
