"""How to find that a certificate does not pay."""

from service.core.ids import new_id
from tests.applications.staff import ORDER, decide, deciding
from tests.certificates.purse import holder, paid_group
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def certificate_suspended(world: World) -> Asked:
    return holder(world, status="suspended").asking(paid_group(world))


@PROVOCATIONS.status(409)
def certificate_spent(world: World) -> Asked:
    return deciding(world, holder(world, nominal=5999).applies(paid_group(world)).ok()["id"], "approve")


@PROVOCATIONS.status(409)
def certificate_programmes_spent(world: World) -> Asked:
    child = holder(world, most_programmes=1)
    first, second = (child.applies(paid_group(world, 10)).ok()["id"] for _ in range(2))
    decide(world, first, ORDER).ok()
    return deciding(world, second, "approve")


@PROVOCATIONS.status(409)
def certificate_of_another_year(world: World) -> Asked:
    return holder(world, year=2025).asking(paid_group(world))


@PROVOCATIONS.status(409)
def certificate_age(world: World) -> Asked:
    return holder(world, child={"birth_date": "2022-01-01"}).asking(paid_group(world, age_from=0))


@PROVOCATIONS.status(404)
def certificate_not_found(world: World) -> Asked:
    return holder(world).asking(paid_group(world), certificate_id=str(new_id()))


@PROVOCATIONS.status(409)
def certificate_needed(world: World) -> Asked:
    return holder(world).asking(paid_group(world), certificate_id=None)
