"""How to be refused by a clinic."""

from typing import Any

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
