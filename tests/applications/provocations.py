"""How to be refused a club's place."""

from datetime import timedelta

from service.core.ids import new_id
from tests.applications.people import group, stranger
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(404)
def group_not_found(world: World) -> Asked:
    return stranger(world, str(new_id()))


@PROVOCATIONS.status(409)
def group_full(world: World) -> Asked:
    full = group(world, capacity=1)
    assert stranger(world, full).answer("ru").status == 201
    return stranger(world, full)


@PROVOCATIONS.status(409)
def enrolment_not_open(world: World) -> Asked:
    return stranger(world, group(world, enrolment_opens_at=(world.now + timedelta(minutes=1)).isoformat()))


@PROVOCATIONS.status(409)
def enrolment_closed(world: World) -> Asked:
    return stranger(world, group(world, enrolment_closes_at=world.now.isoformat()))


@PROVOCATIONS.status(409)
def too_young(world: World) -> Asked:
    return stranger(world, group(world, age_from=8))


@PROVOCATIONS.status(409)
def too_old(world: World) -> Asked:
    return stranger(world, group(world, age_to=6))


@PROVOCATIONS.status(409)
def already_applied(world: World) -> Asked:
    wanted, name = group(world), surname()
    assert stranger(world, wanted, last_name=name).answer("ru").status == 201
    return stranger(world, wanted, last_name=name)


@PROVOCATIONS.status(404)
def application_not_found(world: World) -> Asked:
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{new_id()}/decide", body)


@PROVOCATIONS.status(409)
def application_illegal_move(world: World) -> Asked:
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    application = world.apply(parent, group(world), child).ok()
    parent.post(f"/v1/applications/{application['id']}/withdraw").ok()
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{application['id']}/decide", body)
