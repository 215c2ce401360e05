"""Free places across the clinics of a region."""

from datetime import datetime
from uuid import UUID

from service.core.database import Connection, Record
from service.core.queries import beside

SQL = beside(__file__)


async def list_first_free(
    conn: Connection, region_id: int, specialty_code: str, municipality: str | None, now: datetime
) -> list[Record]:
    """Every clinic that offers the specialty, with the start of its first free slot or null."""
    return await conn.fetch(SQL.list_first_free, region_id, specialty_code, municipality, now)


async def search_slots(
    conn: Connection,
    region_id: int,
    specialty_code: str,
    municipality: str | None,
    after: tuple[datetime, UUID],
    until: datetime,
    now: datetime,
    limit: int,
) -> list[Record]:
    """Slots that a citizen can take now, behind the position `after`, by time."""
    wanted = (region_id, specialty_code, *after, until, now, limit)
    if municipality is None:
        return await conn.fetch(SQL.search_region, *wanted)
    return await conn.fetch(SQL.search_municipality, *wanted, municipality)
