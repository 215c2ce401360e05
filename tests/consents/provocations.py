"""How to be refused for the want of a consent."""

from tests.applications.people import Family
from tests.consents.people import consent, withdraw
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import booking
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def consent_missing(world: World) -> Asked:
    family = Family(world)
    consent(world, family.api, family.child).ok()
    withdraw(family.api, family.child).ok()
    return booking(family.api, Clinic(world).slot(), family.child)


@PROVOCATIONS.status(404)
def consent_not_found(world: World) -> Asked:
    family = Family(world)
    return Asked(family.api, "DELETE", f"/v1/consents/booking?person_id={family.child}")


@PROVOCATIONS.status(409)
def consent_text_changed(world: World) -> Asked:
    family = Family(world)
    body = {"person_id": family.child, "version": 1, "text_hash": "0" * 64}
    return Asked(family.api, "PUT", "/v1/consents/booking", body)
