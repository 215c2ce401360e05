"""What goes on by itself: groups that were collected for are filled by priority. Those of draws are, when drawn.

Each group is one transaction: whoever is killed in the middle leaves it as it was, and the next one does it anew.
"""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.filling import store
from service.filling.usecases import fill_group


async def fill_groups(conn: Connection, clock: Clock) -> int:
    """Fills a group whose collecting is over: by weight of benefits, then by order of applying."""
    now = clock()
    row = await store.next_to_fill(conn, now)
    if row is None:
        return 0
    await fill_group(conn, row["region_id"], row["institution_id"], row["id"], None, now)
    return 1


JOBS = (Job("fill_groups", 5, fill_groups),)
