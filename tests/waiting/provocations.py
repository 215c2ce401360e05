"""How to be refused by a waiting list, and by an offer."""

from typing import Any

from service.core.ids import new_id
from tests.doctors.clinic import Clinic
from tests.provocation import Asked, Provocations, someone
from tests.waiting.people import Waiter, book, join, parent, waiting
from tests.world import CARDIOLOGIST, PAEDIATRICIAN, World

PROVOCATIONS = Provocations()


def joining(clinic: Clinic, waiter: Waiter, **more: Any) -> Asked:
    body = {**waiting(clinic, *waiter.children), **more}
    return Asked(waiter.api, "POST", "/v1/waiting-list", body, key=str(new_id()))


def offered(world: World) -> Waiter:
    """Somebody with an open offer."""
    clinic = Clinic(world)
    clinic.slot()
    waiter = join(clinic)
    world.live.work()
    return waiter


def answering(waiter: Waiter, move: str = "accept") -> Asked:
    return Asked(waiter.api, "POST", f"/v1/offers/{waiter.offers()[0]['id']}/{move}")


@PROVOCATIONS.status(409)
def already_waiting(world: World) -> Asked:
    clinic = Clinic(world)
    return joining(clinic, join(clinic))


@PROVOCATIONS.status(409)
def specialty_not_offered(world: World) -> Asked:
    return joining(Clinic(world), parent(world), specialty_code=CARDIOLOGIST)


@PROVOCATIONS.status(409)
def referral_of_several(world: World) -> Asked:
    clinic = Clinic(world)
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "referral"})
    return joining(clinic, parent(world, {}, {}), referral_number="Н-1042")


@PROVOCATIONS.status(404)
def entry_not_found(world: World) -> Asked:
    return Asked(world.parent(someone()), "GET", f"/v1/waiting-list/{new_id()}")


@PROVOCATIONS.status(404)
def offer_not_found(world: World) -> Asked:
    return Asked(world.parent(someone()), "POST", f"/v1/offers/{new_id()}/accept")


@PROVOCATIONS.status(409)
def offer_lapsed(world: World) -> Asked:
    asked = answering(offered(world))
    world.live.sql("UPDATE offers SET expires_at = created_at WHERE id = $1", asked.path.split("/")[3])
    return asked


@PROVOCATIONS.status(409)
def offer_closed(world: World) -> Asked:
    waiter = offered(world)
    asked = answering(waiter, "decline")
    waiter.accept().ok()
    return asked


@PROVOCATIONS.status(409)
def offer_without_time(world: World) -> Asked:
    clinic = Clinic(world)
    holder, _ = book(clinic, clinic.slot())
    clinic.put("slots", {**clinic.window(), "booked": "rebook"})
    return answering(holder)
