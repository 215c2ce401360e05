"""How to be refused by a club."""

from datetime import timedelta
from typing import Any

from service.core.ids import new_id
from tests.live import Api
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


def applying(parent: Api, group_id: str, person_id: str) -> Asked:
    body = {"group_id": group_id, "person_id": person_id}
    return Asked(parent, "POST", "/v1/applications", body, key=str(new_id()))


def stranger(world: World, group_id: str, **child: Any) -> Asked:
    """An application by somebody who was never here, for a child."""
    parent = world.parent(someone())
    return applying(parent, group_id, world.child(parent, **{"last_name": surname(), **child}))


def group(world: World, **more: Any) -> str:
    """The id of a new group."""
    return world.publish_group(f"g{someone()}", **more).ok()["id"]


def publishing(world: World, own_id: str = "refused", **more: Any) -> Asked:
    return Asked(world.operator, "PUT", f"/v1/institutions/{CLUB}/groups/{own_id}", world.group(**more))


def group_of_two(world: World) -> str:
    """The own id of a group where two places are taken."""
    own_id = f"g{someone()}"
    group_id = world.publish_group(own_id).ok()["id"]
    for _ in range(2):
        assert stranger(world, group_id).answer("ru").status == 201
    return own_id


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


@PROVOCATIONS.status(409)
def programme_unknown(world: World) -> Asked:
    return publishing(world, programme_id="draughts")


@PROVOCATIONS.status(409)
def dates_crossed(world: World) -> Asked:
    return publishing(world, starts_on="2026-10-02", ends_on="2026-10-01")


@PROVOCATIONS.status(409)
def group_times_held(world: World) -> Asked:
    return publishing(
        world, group_of_two(world), weekly_lessons=[{"weekday": 3, "starts": "16:30", "academic_hours": 2}]
    )


@PROVOCATIONS.status(409)
def group_over_capacity(world: World) -> Asked:
    return publishing(world, group_of_two(world), capacity=1)
