"""What happens to offers and to the waiting list by themselves. Each job does one thing in a transaction, for what it
locks it should not hold while it goes on to the next; the worker calls it again while there is more.
"""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.waiting import store


async def lapse_offers(conn: Connection, clock: Clock) -> int:
    """An offer that nobody answered in time is over, and its places go to the next."""
    return await store.lapse_an_offer(conn, clock())


async def rebook_tickets(conn: Connection, clock: Clock) -> int:
    """Tickets whose time was taken away, and for which there was no other, are offered what became free since."""
    return await store.rebook_a_ticket(conn, clock())


async def offer_free_places(conn: Connection, clock: Clock) -> int:
    """Places that are free, however they came to be, are offered to those who wait for such ones."""
    return await store.offer_a_free_place(conn, clock())


async def expire_entries(conn: Connection, clock: Clock) -> int:
    """Who waited for days that are over waits no more."""
    return await store.expire_entries(conn, clock())


JOBS = (
    Job("lapse_offers", 5, lapse_offers),
    Job("rebook_tickets", 30, rebook_tickets),
    Job("offer_free_places", 5, offer_free_places),
    Job("expire_entries", 600, expire_entries),
)
