"""How to be refused by a clinic."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from service.core.ids import new_id
from tests.doctors.clinic import Clinic
from tests.live import Api
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import PAEDIATRICIAN, SURGEON, World

PROVOCATIONS = Provocations()


def booking(parent: Api, slot_id: str, person_id: str, **more: Any) -> Asked:
    body = {"slot_id": slot_id, "person_id": person_id, **more}
    return Asked(parent, "POST", "/v1/appointments", body, key=str(new_id()))


def stranger(world: World, slot_id: str, **child: Any) -> Asked:
    """A booking by somebody who was never here, for a child."""
    parent = world.parent(someone())
    return booking(parent, slot_id, world.child(parent, **{"last_name": surname(), **child}))


def siblings(clinic: Clinic, *, apart_minutes: int = 15) -> Asked:
    """Two children side by side, by somebody who was never here."""
    world, parent = clinic.world, clinic.world.parent(someone())
    slots = [clinic.slot("one"), clinic.slot("next", hours=24 + apart_minutes / 60)]
    items = [{"slot_id": slot, "person_id": world.child(parent, last_name=surname())} for slot in slots]
    return Asked(parent, "POST", "/v1/family-appointments", {"items": items}, key=str(new_id()))


def publishing(clinic: Clinic, *slots: dict[str, Any]) -> Asked:
    return Asked(clinic.world.operator, "PUT", f"{clinic.path}/slots", clinic.window(*slots))


@PROVOCATIONS.status(404)
def slot_not_found(world: World) -> Asked:
    return stranger(world, str(new_id()))


@PROVOCATIONS.status(409)
def time_taken(world: World) -> Asked:
    slot = Clinic(world).slot()
    assert stranger(world, slot).answer("ru").status == 201
    return stranger(world, slot)


@PROVOCATIONS.status(409)
def time_passed(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(hours=0))


@PROVOCATIONS.status(409)
def already_has_ticket(world: World) -> Asked:
    clinic = Clinic(world)
    first, second = clinic.slot("s1"), clinic.slot("s2", hours=48)
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    world.book(parent, first, child).ok()
    return booking(parent, second, child)


@PROVOCATIONS.status(409)
def person_busy(world: World) -> Asked:
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    world.book(parent, Clinic(world).slot(), child).ok()
    return booking(parent, Clinic(world).slot(hours=24.1), child)


@PROVOCATIONS.status(409)
def slot_for_another_age(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(age_from=8, age_to=12))


@PROVOCATIONS.status(409)
def slot_for_another_sex(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(sex="male"))


@PROVOCATIONS.status(409)
def referral_needed(world: World) -> Asked:
    clinic = Clinic(world)
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "referral"})
    return stranger(world, clinic.slot())


@PROVOCATIONS.status(409)
def specialty_closed(world: World) -> Asked:
    clinic = Clinic(world)
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "closed"})
    return stranger(world, clinic.slot())


@PROVOCATIONS.status(409)
def not_attached(world: World) -> Asked:
    return stranger(world, Clinic(world, require_attachment=True).slot())


@PROVOCATIONS.status(404)
def appointment_not_found(world: World) -> Asked:
    return Asked(world.parent(someone()), "POST", f"/v1/appointments/{new_id()}/cancel")


@PROVOCATIONS.status(409)
def cancellation_closed(world: World) -> Asked:
    slot = Clinic(world, cancel_until_minutes=24 * 60).slot()
    parent = world.parent(someone())
    ticket = world.book(parent, slot, world.child(parent, last_name=surname())).ok()
    return Asked(parent, "POST", f"/v1/appointments/{ticket['id']}/cancel")


@PROVOCATIONS.status(409)
def specialty_unknown(world: World) -> Asked:
    return Asked(world.operator, "PUT", f"{Clinic(world).path}/specialties/9999", {"access": "self"})


@PROVOCATIONS.status(409)
def specialty_in_use(world: World) -> Asked:
    clinic = Clinic(world)
    clinic.slot()
    body = {"last_name": "Белова", "first_name": "Анна", "specialty_codes": [SURGEON]}
    return Asked(world.operator, "PUT", f"{clinic.path}/practitioners/d1", body)


@PROVOCATIONS.status(409)
def ages_crossed(world: World) -> Asked:
    return publishing(Clinic(world), world.slot(age_from=18, age_to=17))


@PROVOCATIONS.status(409)
def slot_outside_window(world: World) -> Asked:
    return publishing(Clinic(world), world.slot(hours=24 * 30))


@PROVOCATIONS.status(409)
def slot_twice(world: World) -> Asked:
    return publishing(Clinic(world), world.slot("s1"), world.slot("s1", hours=25))


@PROVOCATIONS.status(409)
def reference_unknown(world: World) -> Asked:
    return publishing(Clinic(world), world.slot(specialty_code=SURGEON))


# Ways to a place ---------------------------------------------------------------------------------------------------


@PROVOCATIONS.status(409)
def not_online(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(channels=["desk", "doctor"]))


@PROVOCATIONS.status(409)
def not_released(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(internet_at=(world.now + timedelta(hours=1)).isoformat()))


@PROVOCATIONS.status(409)
def too_late_online(world: World) -> Asked:
    clinic = Clinic(world)
    slot = clinic.slot()
    world.live.sql("UPDATE slots SET min_lead_minutes = 1440 WHERE id = $1", UUID(slot))
    return stranger(world, slot)


@PROVOCATIONS.status(409)
def referral_unknown(world: World) -> Asked:
    clinic = Clinic(world, check_referrals=True)
    parent = world.parent(someone())
    return booking(parent, clinic.slot(), world.child(parent, last_name=surname()), referral_number="Н-1")


@PROVOCATIONS.status(409)
def referral_used(world: World) -> Asked:
    clinic = Clinic(world)
    parent = world.parent(someone())
    world.book(parent, clinic.slot("s1"), world.child(parent, last_name=surname()), referral_number="Н-2").ok()
    sister = world.child(parent, last_name=surname())
    return booking(parent, clinic.slot("s2", hours=30), sister, referral_number="Н-2")


@PROVOCATIONS.status(409)
def home_address_needed(world: World) -> Asked:
    return stranger(world, Clinic(world).slot(purpose="home_visit"))


@PROVOCATIONS.status(409)
def too_many_tickets(world: World) -> Asked:
    clinic = Clinic(world, most_tickets=1)
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    world.book(parent, clinic.slot("s1"), child).ok()
    surgery = clinic.slot("s2", hours=30, practitioner_id="d3", specialty_code=SURGEON)
    return booking(parent, surgery, child)


@PROVOCATIONS.status(409)
def too_many_bookings(world: World) -> Asked:
    clinic = Clinic(world, most_bookings=1)
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    ticket = world.book(parent, clinic.slot(), child).ok()
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    return booking(parent, ticket["slot_id"], child)


@PROVOCATIONS.status(409)
def paused_for_no_shows(world: World) -> Asked:
    clinic = Clinic(world, noshow_limit=1)
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    missed = world.book(parent, clinic.slot("s1"), child).ok()
    world.live.sql(
        "UPDATE appointments SET status = 'noshow', active = false, starts_at = $2 WHERE id = $1",
        UUID(missed["id"]),
        world.now - timedelta(days=1),
    )
    return booking(parent, clinic.slot("s2", hours=30), child)


@PROVOCATIONS.status(429)
def too_many_today(world: World) -> Asked:
    clinic = Clinic(world)
    parent, slot = world.parent(someone()), clinic.slot()
    child = world.child(parent, last_name=surname())
    for _ in range(10):
        ticket = world.book(parent, slot, child).ok()
        parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    return booking(parent, slot, child)


@PROVOCATIONS.status(429)
def hold_paused(world: World) -> Asked:
    asked = Asked(world.parent(someone()), "POST", "/v1/holds", {"slot_id": Clinic(world).slot()})
    for _ in range(11):
        asked.api.create(asked.path, asked.body).ok()
    asked.key = str(new_id())
    return asked


def rescheduling(parent: Api, ticket: Any, slot_id: str) -> Asked:
    return Asked(parent, "POST", f"/v1/appointments/{ticket['id']}/reschedule", {"slot_id": slot_id})


@PROVOCATIONS.status(409)
def appointment_over(world: World) -> Asked:
    clinic = Clinic(world)
    parent = world.parent(someone())
    ticket = world.book(parent, clinic.slot("s1"), world.child(parent, last_name=surname())).ok()
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    return rescheduling(parent, ticket, clinic.slot("s2", hours=30))


@PROVOCATIONS.status(409)
def slot_elsewhere(world: World) -> Asked:
    parent = world.parent(someone())
    ticket = world.book(parent, Clinic(world).slot(), world.child(parent, last_name=surname())).ok()
    return rescheduling(parent, ticket, Clinic(world).slot(hours=30))
