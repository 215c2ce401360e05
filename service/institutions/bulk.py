"""Many institutions invited at once, by a table."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from schemas import problems
from schemas.institutions import PageInvitationsQuery
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import Actor, IdempotencyKey, Rendered
from service.core.sealing import Sealer
from service.core.streams import BodyStream
from service.institutions import store
from service.institutions.rules import claim_hash, page_code
from service.institutions.sheets import MAX_ROWS, Sheet, read_sheet, write_sheet

CSV = "text/csv"
_MAX_BYTES = 2 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_CHUNK_SECONDS = 20.0


async def admit_sheet(conn: Connection, stream: BodyStream) -> None:  # noqa: ARG001 - of others it is asked
    """Refuses a table that is too large before it comes."""
    if (stream.declared_bytes or 0) > _MAX_BYTES:
        raise DomainError(problems.TOO_LARGE)


@asynccontextmanager
async def receive_sheet(stream: BodyStream) -> AsyncGenerator[Sheet]:
    """The table, read in a thread: others do not wait for it."""
    raw = bytearray()
    while chunk := await stream.chunk(_CHUNK_BYTES, _CHUNK_SECONDS):
        raw += chunk
        if len(raw) > _MAX_BYTES:
            raise DomainError(problems.TOO_LARGE)
    yield await asyncio.to_thread(read_sheet, bytes(raw))


async def invite_institutions(
    conn: Connection,
    actor: Actor,
    query: PageInvitationsQuery,
    key: IdempotencyKey,
    received: Sheet,
    sealer: Sealer,
    clock: Clock,
) -> Rendered:
    """Invites up to 5,000 institutions by a table (CSV), one invitation a row, and answers a table with the codes.

    UTF-8 or Windows-1251; semicolons, commas or tabs; a row of heads: `institution_id` or «ид учреждения», `mini_apps`
    or «мини-приложения» (`doctor`, `club`, or «врач», «кружок», with spaces between), and `name` or «название», which
    is for the reader alone. If a row is wrong nothing is done, and `errors` tells of all of them by the numbers of
    their lines (`/lines/7/mini_apps`). No cell of the answer is taken for a formula. A dry run answers without codes.
    The codes are not kept: a repetition with the same key and file is told them again.
    """
    if received.length > MAX_ROWS:
        raise DomainError(problems.ROWS_TOO_MANY)
    found = await store.find_institutions(conn, actor.region_id, [row.institution_id for row in received.rows])
    for row in received.rows:
        if row.institution_id not in found:
            received.wrong(row.line, "there is no such institution", "institution_id")
    if received.errors:
        raise DomainError(problems.ROWS_WRONG, errors=sorted(received.errors, key=lambda error: _line(error.pointer)))
    batch, now = str(new_id()), clock()
    kept: dict[str, Any] | None = None
    if not query.dry_run:
        result = {"batch": batch, "expires_at": (now + timedelta(days=query.valid_days)).isoformat()}
        items = await asyncio.to_thread(_items, received, sealer, actor.region_id, result)
        kept = await store.create_page_invitations(
            conn, actor.region_id, actor.id, "inviteInstitutions", key, items, result, now
        )
    content = await asyncio.to_thread(_written, received, found, sealer, actor.region_id, kept)
    name = {"Content-Disposition": 'attachment; filename="page-invitations.csv"'}
    return Rendered(CSV, content, name)


def _line(pointer: str) -> int:
    return int(pointer.split("/")[2])


def _items(sheet: Sheet, sealer: Sealer, region_id: int, result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(new_id()),
            "institution_id": str(row.institution_id),
            "mini_apps": row.mini_apps,
            "code_hash": "\\x" + claim_hash(sealer, page_code(sealer, region_id, result["batch"], str(number))).hex(),
            "expires_at": result["expires_at"],
        }
        for number, row in enumerate(sheet.rows)
    ]


def _written(
    sheet: Sheet, found: Mapping[UUID, Record], sealer: Sealer, region_id: int, kept: dict[str, Any] | None
) -> bytes:
    def cells(number: int) -> list[str]:
        row = sheet.rows[number]
        institution = found[row.institution_id]
        code = page_code(sealer, region_id, kept["batch"], str(number)) if kept else ""
        about = str(row.institution_id), institution["name"], institution["municipality"], " ".join(row.mini_apps)
        return [*about, code, kept["expires_at"] if kept else ""]

    return write_sheet(sheet, [cells(number) for number in range(len(sheet.rows))])
