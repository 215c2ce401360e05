"""Certificates and their uses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from service.core.database import Connection, Record
from service.core.queries import beside

SQL = beside(__file__)
# In the order of the statement put_certificates.
_COLUMNS = (
    "id", "number_hash", "number_sealed", "identity", "municipality", "year", "unit", "nominal", "most_programmes",
    "status",
)  # fmt: skip
Key = tuple[bytes, int]


async def put_certificates(
    conn: Connection, region_id: int, rows: Sequence[dict[str, Any]]
) -> dict[Key, dict[str, Any]]:
    """(hash of the number, year) -> `outcome`, `used`, `used_programmes`."""
    columns = [[row[name] for row in rows] for name in _COLUMNS]
    put = await conn.fetch(SQL.put_certificates, region_id, *columns)
    outcomes = {_key(row): _outcome(row, "added" if row["added"] else "changed") for row in put}
    wanted = {(row["number_hash"], row["year"]): row for row in rows}
    refused = [key for key in wanted if key not in outcomes]
    hashes, years = [key[0] for key in refused], [key[1] for key in refused]
    for row in await conn.fetch(SQL.find_refused, region_id, hashes, years):
        asked = wanted[_key(row)]
        below = asked["nominal"] < row["used"] or asked["most_programmes"] < row["used_programmes"]
        outcomes[_key(row)] = _outcome(row, "below_use" if below else "in_use")
    return outcomes


async def is_guardian(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> bool:
    return await conn.fetchval(SQL.is_guardian, region_id, citizen_id, person_id)


async def list_certificates(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> list[Record]:
    """Each with its uses by the citizen's own applications, as JSON."""
    return await conn.fetch(SQL.list_certificates, region_id, citizen_id, person_id)


async def list_used_certificates(
    conn: Connection, region_id: int, institution_id: UUID, after: UUID | None, limit: int
) -> list[Record]:
    """In the order of the applications."""
    return await conn.fetch(SQL.list_used_certificates, region_id, institution_id, after, limit)


def _key(row: Record) -> Key:
    return row["number_hash"], row["year"]


def _outcome(row: Record, outcome: str) -> dict[str, Any]:
    return {"outcome": outcome, "used": row["used"], "used_programmes": row["used_programmes"]}
