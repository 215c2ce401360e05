"""Rows of documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from service.core.database import Connection, Record, refusing
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "application_not_found": problems.APPLICATION_NOT_FOUND,
    "document_not_found": problems.DOCUMENT_NOT_FOUND,
    "documents_closed": problems.DOCUMENTS_CLOSED,
    "documents_too_many": problems.DOCUMENTS_TOO_MANY,
    "uploads_too_many": problems.UPLOADS_TOO_MANY,
    "documents_once": problems.DOCUMENT_KNOWN,
    "document_decided": problems.DOCUMENT_DECIDED,
}


async def admit_document(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    application_id: UUID,
    key: str,
    size_bytes: int,
    limits: dict[str, int],
    now: datetime,
) -> None:
    """`size_bytes`: as much as is known of before it comes."""
    encoded = orjson.dumps(limits).decode()
    with refusing(VIOLATIONS):
        await conn.execute(SQL.admit_document, region_id, citizen_id, application_id, key, size_bytes, encoded, now)


async def upload_document(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    document: dict[str, Any],
    limits: dict[str, int],
    now: datetime,
) -> str:
    """One round trip: writes the row, or gives what the key brought about before. JSON."""
    encoded = orjson.dumps(document).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.upload_document,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            encoded,
            orjson.dumps(limits).decode(),
            new_id(),
            now,
        )


async def has_application(conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID) -> bool:
    """Whether it is of a person whom the citizen looks after."""
    return await conn.fetchval(SQL.has_application, region_id, citizen_id, application_id)


async def has_received_application(
    conn: Connection, region_id: int, institution_id: UUID, application_id: UUID
) -> bool:
    return await conn.fetchval(SQL.has_received_application, region_id, institution_id, application_id)


async def list_documents(conn: Connection, region_id: int, application_id: UUID) -> Sequence[str]:
    """JSON of each, in the order they came."""
    return [row[0] for row in await conn.fetch(SQL.list_documents, region_id, application_id)]


async def find_document(conn: Connection, region_id: int, citizen_id: UUID, document_id: UUID) -> Record | None:
    """Of a person whom the citizen looks after."""
    return await conn.fetchrow(SQL.find_document, region_id, citizen_id, document_id)


async def find_received_document(
    conn: Connection, region_id: int, institution_id: UUID, application_id: UUID, document_id: UUID
) -> Record | None:
    return await conn.fetchrow(SQL.find_received_document, region_id, institution_id, application_id, document_id)


async def delete_document(conn: Connection, region_id: int, citizen_id: UUID, document_id: UUID, now: datetime) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.delete_document, region_id, citizen_id, document_id, now)


# By itself ---------------------------------------------------------------------------------------------------------


async def is_kept(conn: Connection, region_id: int, document_id: UUID) -> bool:
    """Whether a row says that the file is there."""
    return await conn.fetchval(SQL.is_kept, region_id, document_id)


async def to_look_after(conn: Connection, now: datetime) -> list[Record]:
    """A batch whose turn it is; what is due of it is forgotten. Region, id, bytes and whether it was due."""
    return await conn.fetch(SQL.to_look_after, now)


async def mark_missing(conn: Connection, region_id: int, document_id: UUID, missing: bool) -> None:
    await conn.execute(SQL.mark_missing, region_id, document_id, missing)


async def to_erase(conn: Connection) -> list[Record]:
    """A batch of deleted documents whose files are still there: region and id."""
    return await conn.fetch(SQL.to_erase)


async def mark_erased(conn: Connection, region_id: int, document_id: UUID, now: datetime) -> None:
    await conn.execute(SQL.mark_erased, region_id, document_id, now)
