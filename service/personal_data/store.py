"""What is kept of people past its purpose."""

from datetime import datetime

from service.core.database import Connection
from service.core.queries import beside

SQL = beside(__file__)


async def forget_answers(conn: Connection, before: datetime) -> int:
    """Deletes a batch of answers kept under idempotency keys before then; gives how many."""
    return await conn.fetchval(SQL.forget_answers, before)
