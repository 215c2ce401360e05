"""The citizen's side: the live queue, and what to say about a no-show."""

from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.reception import AppealBody, AppealOutcome, QueuePosition
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.operations import Actor
from service.reception import store
from service.reception.rules import Visit, position_of
from service.reception.shapes import appeal_status
from service.scheduling.rules import local_day_bounds


async def get_queue_position(conn: Connection, actor: Actor, appointment_id: UUID, clock: Clock) -> QueuePosition:
    """How many are before in the doctor's queue, how late the doctor runs, and when the turn may come.

    On the day of the visit alone. It tells of others no more than their number.
    """
    ticket = await store.find_place_in_queue(conn, actor.region_id, actor.id, appointment_id)
    if ticket is None:
        raise DomainError(problems.APPOINTMENT_NOT_FOUND)
    now, zone = clock(), ZoneInfo(ticket["zone"])
    bounds = local_day_bounds(ticket["starts_at"].astimezone(zone).date(), zone)
    if ticket["status"] not in ("booked", "arrived") or now >= bounds[1]:
        return QueuePosition(state="over", before=None, delay_minutes=0, expected_at=None)
    if now < bounds[0]:
        starts_at = ticket["starts_at"].astimezone(zone)
        return QueuePosition(state="later", before=None, delay_minutes=ticket["delay"], expected_at=starts_at)
    rows = await store.list_queue(conn, actor.region_id, ticket["practitioner_id"], bounds)
    visits = [
        Visit(row["id"], row["starts_at"], float(row["minutes"]), row["arrived_at"], row["number"]) for row in rows
    ]
    place = position_of(appointment_id, visits, ticket["delay"], now)
    return QueuePosition(
        state="waiting",
        # A home visit has no queue at a door.
        before=place.before if place else None,
        delay_minutes=ticket["delay"],
        expected_at=place.expected_at.astimezone(zone) if place else None,
    )


async def appeal_no_show(
    conn: Connection, actor: Actor, appointment_id: UUID, body: AppealBody, clock: Clock
) -> AppealOutcome:
    """Tells the institution why a no-show was not the patient's fault. Until it is decided the last word counts."""
    await store.appeal_no_show(conn, actor.region_id, actor.id, appointment_id, body.text, clock())
    row = await store.find_appeal(conn, actor.region_id, appointment_id)
    return AppealOutcome(appointment_id=appointment_id, text=row["appeal"], status=appeal_status(row))
