"""What goes on by itself: documents end in time, files follow their rows, and what was begun is cleared away."""

from datetime import timedelta

import structlog
from prometheus_client import Counter

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.documents import store
from service.documents.files import DocumentFiles

_log = structlog.get_logger("zapis.documents")
_LEFT_OVER = timedelta(hours=1)
_BATCH = 50
MISSING = Counter("zapis_documents_missing", "Documents whose file was found lost or cut.")


async def look_after_documents(conn: Connection, document_files: DocumentFiles, clock: Clock) -> int:
    """Deletes documents that nobody needs any more, and tells of those whose file is not there. Each once a day."""
    batch = await store.to_look_after(conn, clock())
    for row in batch:
        if row["due"]:
            continue
        missing = not await document_files.is_there(row["region_id"], row["id"], row["bytes"])
        await store.mark_missing(conn, row["region_id"], row["id"], missing)
        if missing:
            MISSING.inc()
            _log.error("document without its file", region=row["region_id"], document=row["id"])
    return len(batch)


async def erase_documents(conn: Connection, document_files: DocumentFiles, clock: Clock) -> int:
    """Takes away the files of what was deleted."""
    batch = await store.to_erase(conn)
    for row in batch:
        await document_files.remove(row["region_id"], row["id"])
        await store.mark_erased(conn, row["region_id"], row["id"], clock())
    return len(batch)


async def sweep_uploads(conn: Connection, document_files: DocumentFiles, clock: Clock) -> int:
    """Clears away what uploads left that were begun an hour ago or more, and never came to their end."""
    left_over = await document_files.left_over(clock(), _LEFT_OVER, _BATCH)
    for region_id, document_id in left_over:
        has_row = await store.is_kept(conn, region_id, document_id)
        await document_files.settle(region_id, document_id, has_row=has_row)
    return len(left_over)


JOBS = (
    Job("look_after_documents", 60, look_after_documents),
    Job("erase_documents", 5, erase_documents),
    Job("sweep_uploads", 300, sweep_uploads),
)
