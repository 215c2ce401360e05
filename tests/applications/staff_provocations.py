"""How to be refused as the institution that decides."""

from datetime import timedelta

from tests.applications.people import group
from tests.applications.staff import ORDER, deciding, invitation, received
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def test_in_the_past(world: World) -> Asked:
    return deciding(world, received(world, group(world))["id"], invitation(world.now.isoformat()))


@PROVOCATIONS.status(409)
def test_not_held(world: World) -> Asked:
    application = received(world, group(world), invitation())
    return deciding(world, application["id"], "record_test", result="missed")


@PROVOCATIONS.status(409)
def test_not_passed(world: World) -> Asked:
    return deciding(world, received(world, group(world), invitation())["id"], "approve")


@PROVOCATIONS.status(409)
def order_written(world: World) -> Asked:
    return deciding(world, received(world, group(world), ORDER)["id"], ORDER, order_number="113-К")


@PROVOCATIONS.status(409)
def start_outside_group(world: World) -> Asked:
    return deciding(world, received(world, group(world))["id"], ORDER, starts_on="2026-09-30")


@PROVOCATIONS.status(409)
def documents_missing(world: World) -> Asked:
    return deciding(world, received(world, group(world, documents=["medical_certificate"]))["id"], ORDER)


@PROVOCATIONS.status(409)
def benefit_not_claimed(world: World) -> Asked:
    return deciding(world, received(world, group(world))["id"], "check_benefits", confirmed=["large_family"])


@PROVOCATIONS.status(409)
def group_not_filled(world: World) -> Asked:
    until = (world.now + timedelta(days=3)).isoformat()
    return deciding(world, received(world, group(world, filling="draw", collect_until=until))["id"], "take")
