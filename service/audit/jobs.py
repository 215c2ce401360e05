"""What goes on by itself: what was written is chained, and what has served its term is forgotten."""

from datetime import datetime

from service.audit import store, usecases
from service.audit.rules import COLUMNS, AuditTerms, Chain, Log, Looked
from service.core import events
from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job

_CHAINED_AT_ONCE = 1000
_LOOKED_AT_ONCE = 5000


async def chain_audit(conn: Connection, audit_terms: AuditTerms) -> int:
    """Chains what was written since. Tells of it where there is more than a batch, to be called again at once.

    A smaller number would be told of every second: whatever is done here is written down.
    """
    left = _CHAINED_AT_ONCE
    for log in COLUMNS:
        for region_id in await store.regions_to_chain(conn, log):
            if left:
                left -= await usecases.chain_log(conn, Chain(audit_terms.key, region_id, log), left)
    return 0 if left else _CHAINED_AT_ONCE


async def forget_accesses(conn: Connection, audit_terms: AuditTerms, clock: Clock) -> int:
    """Forgets who was shown what when its term is over."""
    return await _forget(conn, "accesses", audit_terms, clock())


async def forget_trail(conn: Connection, audit_terms: AuditTerms, clock: Clock) -> int:
    """Forgets what was done when its term is over."""
    return await _forget(conn, "audit_trail", audit_terms, clock())


async def _forget(conn: Connection, log: Log, terms: AuditTerms, now: datetime) -> int:
    regions = await store.regions_to_forget(conn, log, now - terms.keep[log])
    return sum([await usecases.forget_log(conn, region_id, log, terms, now) for region_id in regions])


async def look_at_chains(conn: Connection, audit_terms: AuditTerms, looked: Looked, clock: Clock) -> int:
    """Seals so many entries anew, and tells where one is not what was written. Does nothing that could be counted."""
    await store.see_one_moment(conn)
    for found in await usecases.look_on(conn, audit_terms.key, looked, clock(), _LOOKED_AT_ONCE):
        if found.broken:
            chain = found.chain
            events.tell(events.CHAIN_BROKEN, region=chain.region_id, log=chain.log, what=found.broken)
    return 0


JOBS = (
    Job("forget_accesses", 3600, forget_accesses),
    Job("forget_trail", 3600, forget_trail),
    Job("look_at_chains", 30, look_at_chains),
    Job("chain_audit", 5, chain_audit),
)
