"""What goes on by itself: what older keys sealed is sealed anew by the current one."""

from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from prometheus_client import Gauge

from service.core.database import Connection
from service.core.jobs import Job
from service.core.ring import KeyRing
from service.core.sealing import Sealer
from service.keyring import store
from service.keyring.rules import SEALED_FOR

_BATCH = 200
_FOUND = Gauge(
    "zapis_sealed_by_older_keys", "Rows of the last batch that older keys had sealed.", multiprocess_mode="max"
)
_UNOPENED = Gauge("zapis_sealed_unopened", "Rows that do not open by the key they name.", multiprocess_mode="max")
_log = structlog.get_logger("zapis.keys")


async def reseal(conn: Connection, ring: KeyRing, sealer: Sealer) -> int:
    """A batch of one column: opened by the key that sealed it, sealed by the current one.

    Each row is readable by every process before and after. One that somebody works on is left for another time, and
    one that does not open is told of once, and left for good.
    """
    rows = await store.lock_sealed(conn, ring.old_sealing_keys(), list(ring.unopened), _BATCH)
    _FOUND.set(len(rows))
    if not rows:
        return 0
    column: tuple[str, str] = (rows[0]["in_table"], rows[0]["in_column"])
    pattern = SEALED_FOR[column]
    resealed: list[tuple[UUID, str, str]] = []
    for row in rows:
        bound_to = pattern.format(region=row["region_id"], id=row["id"])
        try:
            text = sealer.open(row["sealed"], bound_to)
        except (InvalidTag, ValueError):
            ring.unopened.add(row["id"])
            _UNOPENED.set(len(ring.unopened))
            _log.error("does not open", table=column[0], column=column[1])
            continue
        resealed.append((row["id"], row["sealed"], sealer.seal(text, bound_to)))
    if resealed:
        await store.reseal(conn, column, rows[0]["region_id"], resealed)
    return len(rows)


JOBS = (Job("reseal", 30, reseal),)
