"""What goes on by itself: what served its purpose is forgotten."""

from uuid import UUID

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.core.sealing import Sealer
from service.personal_data import store, usecases
from service.personal_data.rules import Retention

# Who erases where nobody asked for it, as by_itself() in SQL.
_BY_ITSELF = UUID(int=0)


async def forget_answers(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Forgets the answers of requests that nobody repeats any more: they hold names and masked identifiers."""
    return await store.forget_answers(conn, clock() - retention.answers)


async def forget_tickets(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Visits that ended long ago are nobody's from now on; they are still counted."""
    return await store.forget_tickets(conn, clock() - retention.tickets)


async def forget_applications(conn: Connection, retention: Retention, clock: Clock) -> int:
    """The same of applications and groups that ended."""
    return await store.forget_applications(conn, clock() - retention.applications)


async def forget_trials(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Trial lessons that were go."""
    return await store.forget_trials(conn, clock() - retention.trials)


async def forget_waiting(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Waiting that ended goes, with what was offered."""
    return await store.forget_waiting(conn, clock() - retention.waiting)


async def forget_requests(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Requests of draws and wishes of campaigns that were carried out go: their records have no people in them."""
    return await store.forget_requests(conn, clock() - retention.requests)


async def forget_messages(conn: Connection, retention: Retention, clock: Clock) -> int:
    """Messages to parents go."""
    return await store.forget_messages(conn, clock() - retention.messages)


async def forget_told(conn: Connection, retention: Retention, clock: Clock) -> int:
    """What nobody waits to be told of any more goes."""
    return await store.forget_told(conn, clock() - retention.told)


async def forget_codes(conn: Connection, retention: Retention, clock: Clock) -> int:
    """One-time codes that have expired go, and wrong guesses."""
    return await store.forget_codes(conn, clock() - retention.codes)


async def forget_let_go(conn: Connection, retention: Retention, clock: Clock) -> int:
    """When places were let go counts for a day."""
    return await store.forget_let_go(conn, clock() - retention.let_go)


async def erase_unused(conn: Connection, retention: Retention, sealer: Sealer, clock: Clock) -> int:
    """Erases an account that nobody has used for long, and that has nothing under way, as its citizen would."""
    now = clock()
    found = await store.unused_account(conn, now - retention.accounts, now)
    if found is None:
        return 0
    region_id, citizen_id = found
    await usecases.erase(conn, region_id, citizen_id, _BY_ITSELF, sealer, now)
    return 1


_HOURLY = 3600
JOBS = (
    Job("forget_answers", 300, forget_answers),
    Job("forget_tickets", _HOURLY, forget_tickets),
    Job("forget_applications", _HOURLY, forget_applications),
    Job("forget_trials", _HOURLY, forget_trials),
    Job("forget_waiting", _HOURLY, forget_waiting),
    Job("forget_requests", _HOURLY, forget_requests),
    Job("forget_messages", _HOURLY, forget_messages),
    Job("forget_told", _HOURLY, forget_told),
    Job("forget_codes", _HOURLY, forget_codes),
    Job("forget_let_go", _HOURLY, forget_let_go),
    Job("erase_unused", _HOURLY, erase_unused),
)
