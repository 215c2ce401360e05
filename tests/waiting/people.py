"""People who wait at a clinic of the test's own, and what comes of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.doctors.clinic import Clinic
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import PAEDIATRICIAN, World


@dataclass
class Waiter:
    """A parent who waits for a paediatrician with children."""

    world: World
    user: int
    children: list[str] = field(default_factory=list[str])
    entry_id: str = ""

    @property
    def api(self) -> Api:
        """With a new token, for the clock may have been moved."""
        return self.world.parent(self.user)

    def entry(self) -> Any:
        return self.api.get(f"/v1/waiting-list/{self.entry_id}").ok()

    @property
    def status(self) -> str:
        return self.entry()["status"]

    def offers(self) -> list[Any]:
        return self.api.get("/v1/offers").ok()["items"]

    def offered(self) -> list[str]:
        """The slots of the one open offer; none where there is none."""
        offers = self.offers()
        assert len(offers) <= 1
        return [place["slot_id"] for offer in offers for place in offer["places"]]

    def accept(self) -> Answer:
        return self.api.post(f"/v1/offers/{self.offers()[0]['id']}/accept")

    def decline(self) -> Answer:
        return self.api.post(f"/v1/offers/{self.offers()[0]['id']}/decline")

    def leave(self) -> Answer:
        return self.api.post(f"/v1/waiting-list/{self.entry_id}/leave")


def waiting(clinic: Clinic, *persons: str, **more: Any) -> dict[str, Any]:
    """The body of joinWaitingList: any time of the next two weeks, where nothing else is said."""
    today = (clinic.world.now + timedelta(hours=7)).date()
    return {
        "institution_id": clinic.id,
        "specialty_code": PAEDIATRICIAN,
        "person_ids": persons,
        "day_from": today.isoformat(),
        "day_to": (today + timedelta(days=14)).isoformat(),
        "time_from": "00:00",
        "time_to": "23:59",
        **more,
    }


def parent(world: World, *children: dict[str, Any]) -> Waiter:
    """Somebody who was never here, with those children, or with one; not waiting yet."""
    waiter = Waiter(world, someone())
    api = waiter.api
    waiter.children = [world.child(api, **{"last_name": surname(), **child}) for child in children or ({},)]
    return waiter


def join(clinic: Clinic, *children: dict[str, Any], **more: Any) -> Waiter:
    """A new parent who waits. A moment later than whoever came before."""
    world = clinic.world
    world.live.clock.now += timedelta(seconds=1)
    waiter = parent(world, *children)
    body = waiting(clinic, *waiter.children, **more)
    waiter.entry_id = waiter.api.create("/v1/waiting-list", body).ok()["id"]
    return waiter


def book(clinic: Clinic, slot_id: str) -> tuple[Waiter, str]:
    """Somebody takes the slot: they, and their ticket."""
    taker = parent(clinic.world)
    return taker, clinic.world.book(taker.api, slot_id, taker.children[0]).ok()["id"]


def cancel(taker: Waiter, ticket_id: str) -> None:
    taker.api.post(f"/v1/appointments/{ticket_id}/cancel").ok()


def full(clinic: Clinic, *own_ids: str, step: float = 0.25, hours: float = 24, **more: Any) -> list[Any]:
    """Slots one behind the other, each taken by somebody: (slot, taker, ticket)."""
    slots = [clinic.slot(own_id, hours=hours + step * number, **more) for number, own_id in enumerate(own_ids)]
    return [(slot, *book(clinic, slot)) for slot in slots]


def later(world: World, **time: float) -> None:
    world.live.clock.now += timedelta(**time)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# What is always true of places, offers and tickets: each row is what is not.
WRONG_AT_ANY_MOMENT = """
SELECT 'taken is not tickets and holds' AS wrong, s.id FROM slots s
WHERE s.taken <> (SELECT count(*) FROM appointments a WHERE a.region_id = s.region_id AND a.slot_id = s.id
                  AND a.status IN ('booked', 'arrived', 'fulfilled', 'noshow'))
               + (SELECT count(*) FROM holds h WHERE h.region_id = s.region_id AND h.slot_id = s.id)
UNION ALL SELECT 'more than there is room for', s.id FROM slots s
WHERE s.capacity < (SELECT count(*) FROM offers o CROSS JOIN LATERAL jsonb_to_recordset(o.places) AS p (slot_id uuid)
                    WHERE o.status = 'open' AND p.slot_id = s.id)
                 + (SELECT count(*) FROM appointments a WHERE a.slot_id = s.id AND a.status IN ('booked', 'arrived'))
UNION ALL SELECT 'a hold of no open offer', h.id FROM holds h JOIN offers o ON o.id = h.offer_id
WHERE o.status <> 'open'
UNION ALL SELECT 'an open offer that does not hold what it offers', o.id FROM offers o
WHERE o.status = 'open' AND jsonb_array_length(o.places) <> (SELECT count(*) FROM holds h WHERE h.offer_id = o.id)
UNION ALL SELECT 'an orphan without an open offer', a.id FROM appointments a
WHERE a.status = 'orphaned' AND NOT EXISTS (SELECT FROM offers o WHERE o.appointment_id = a.id AND o.status = 'open')
UNION ALL SELECT 'an offer to a ticket that has a time', o.id FROM offers o
JOIN appointments a ON a.id = o.appointment_id WHERE o.status = 'open' AND a.status <> 'orphaned'
UNION ALL SELECT 'an entry that is not what its offer says', e.id FROM waiting_entries e
WHERE (e.status = 'offered') <> EXISTS (SELECT FROM offers o WHERE o.entry_id = e.id AND o.status = 'open')
UNION ALL SELECT 'a place offered twice to the same', o.entry_id FROM offers o
CROSS JOIN LATERAL (SELECT DISTINCT p.slot_id FROM jsonb_to_recordset(o.places) AS p (slot_id uuid)) AS p
WHERE o.entry_id IS NOT NULL GROUP BY o.entry_id, p.slot_id HAVING count(*) > 1
"""
# The same by the clock of the service, where one thing happens after the other.
OVERLAPPING = """
SELECT 'two offers of a place at the same time' AS wrong, p.slot_id FROM (
    SELECT o.id, p.slot_id, tstzrange(o.created_at, o.closed_at) AS open, s.capacity FROM offers o
    CROSS JOIN LATERAL (SELECT DISTINCT p.slot_id FROM jsonb_to_recordset(o.places) AS p (slot_id uuid)) AS p
    JOIN slots s ON s.id = p.slot_id WHERE o.entry_id IS NOT NULL AND s.capacity = 1) AS p
JOIN (
    SELECT o.id, p.slot_id, tstzrange(o.created_at, o.closed_at) AS open FROM offers o
    CROSS JOIN LATERAL (SELECT DISTINCT p.slot_id FROM jsonb_to_recordset(o.places) AS p (slot_id uuid)) AS p
    WHERE o.entry_id IS NOT NULL) AS q ON q.slot_id = p.slot_id AND q.id <> p.id AND q.open && p.open
"""


def wrong(world: World) -> list[str]:
    """What is not as it must always be."""
    return [row["wrong"] for statement in (WRONG_AT_ANY_MOMENT, OVERLAPPING) for row in world.live.sql(statement)]
