"""What goes on by itself: what was written is chained, and what has served its term is forgotten."""

from service.audit import store, usecases
from service.audit.rules import COLUMNS, AuditTerms, Chain
from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job

_CHAINED_AT_ONCE = 1000


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
    now = clock()
    regions = await store.regions_to_forget(conn, now - audit_terms.keep)
    return sum([await usecases.forget_accesses(conn, region_id, audit_terms, now) for region_id in regions])


JOBS = (
    Job("forget_accesses", 3600, forget_accesses),
    Job("chain_audit", 5, chain_audit),
)
