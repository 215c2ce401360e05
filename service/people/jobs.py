"""Children grow up by themselves."""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.people import store


async def end_guardianships(conn: Connection, clock: Clock) -> int:
    """Whose child has come of age looks after them no more; what is booked is the grown person's."""
    return await store.end_guardianships(conn, clock())


JOBS = (Job("end_guardianships", 60, end_guardianships),)
