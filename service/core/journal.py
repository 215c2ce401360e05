"""The audit trail, and the outbox for what must be told to others: written in the transaction of what happened."""

from datetime import datetime
from uuid import UUID

import orjson

from service.core.database import Connection
from service.core.ids import new_id

JOURNAL = "SELECT journal($1, $2, $3, $4, $5, $6, $7::jsonb, $8)"


async def journal(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    event: str,
    subject_id: UUID,
    now: datetime,
    *,
    tell: bool = False,
    **details: object,
) -> None:
    """`details` hold ids and names of fields, never anything of a person."""
    encoded = orjson.dumps(details).decode()
    await conn.execute(JOURNAL, region_id, new_id(), now, actor_id, event, subject_id, encoded, tell)
