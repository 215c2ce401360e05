"""What goes on by itself: what served its purpose is forgotten."""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.personal_data import store
from service.personal_data.rules import Retention


async def forget_answers(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Forgets the answers of requests that nobody repeats any more: they hold names and masked identifiers."""
    return await store.forget_answers(conn, retention.answers_until(clock()))


JOBS = (Job("forget_answers", 300, forget_answers),)
