"""What schedules need done in the background."""

from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.core.journal import journal
from service.core.sealing import Sealer
from service.schedules import store
from service.schedules.making import Days, carry_out, change_of, plan_of
from service.schedules.shapes import template_of

_SCHEDULES_AT_ONCE = 5


async def make_slots(conn: Connection, clock: Clock, sealer: Sealer) -> int:
    """Makes the slots of schedules as far ahead as they are to be, and brings those that are there into line.

    Takes no input and may run as often, and on as many machines, as one likes. Returns how many schedules it made.
    """
    now = clock()
    due = await store.lock_due_schedules(conn, now, _SCHEDULES_AT_ONCE)
    for row in due:
        template = template_of(row, await store.locations(conn, row["region_id"], row["institution_id"]))
        days = Days(now.astimezone(template.zone).date(), row["make_until"])
        change = change_of(template, await plan_of(conn, template, days, now, sealer))
        await carry_out(conn, change, template.id, now)
        await store.set_made_until(conn, template.region_id, template.id, days.last)
        added, changed = len(change.plan.added), len(change.plan.changes)
        if added or changed:
            await journal(
                conn, template.region_id, template.id, "slots_made", template.id, now, added=added, changed=changed
            )
    return len(due)


JOBS = (Job("make_slots", 60, make_slots),)
