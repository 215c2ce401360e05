"""What goes on by itself: places that are offered pass on, and what is free is offered."""

from service.applications import store
from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job


async def lapse_places(conn: Connection, clock: Clock) -> int:
    """Passes on what an offer has kept too long."""
    return await store.lapse_a_place(conn, clock())


async def offer_group_places(conn: Connection, clock: Clock) -> int:
    """Offers what is free, however it came to be, to those who wait for it."""
    return await store.offer_free_group_places(conn, clock())


async def expire_applications(conn: Connection, clock: Clock) -> int:
    """Ends drafts whose enrolment has closed, and the waiting for groups that are over."""
    return await store.expire_applications(conn, clock())


async def expire_approved(conn: Connection, clock: Clock) -> int:
    """Passes on the place of an approved child whose originals were not brought in time."""
    return await store.expire_an_approved(conn, clock())


JOBS = (
    Job("lapse_places", 5, lapse_places),
    Job("offer_group_places", 5, offer_group_places),
    Job("expire_applications", 60, expire_applications),
    Job("expire_approved", 60, expire_approved),
)
