"""How to be refused when keeping schedules."""

from typing import Any

from tests.provocation import Asked, Provocations
from tests.schedules.office import Office, hours
from tests.world import World

PROVOCATIONS = Provocations()


def publishing(world: World, **more: Any) -> Asked:
    office = Office(world)
    return Asked(world.operator, "PUT", f"{office.path}/schedules/c1", office.schedule(**more))


@PROVOCATIONS.status(404)
def schedule_not_found(world: World) -> Asked:
    return Asked(world.operator, "GET", f"{Office(world).path}/schedules/nobodys")


@PROVOCATIONS.status(404)
def practitioner_not_found(world: World) -> Asked:
    times = {"begins_at": "2026-09-08T00:00:00+07:00", "ends_at": "2026-09-09T00:00:00+07:00"}
    return Asked(world.operator, "POST", f"{Office(world).path}/practitioners/nobody/block", times)


@PROVOCATIONS.status(409)
def hours_crossed(world: World) -> Asked:
    return publishing(world, hours=[hours("09:00", "11:00"), hours("10:30", "12:00")])


@PROVOCATIONS.status(409)
def shares_not_whole(world: World) -> Asked:
    return publishing(world, shares={"internet": 70, "desk": 20})


@PROVOCATIONS.status(409)
def release_incomplete(world: World) -> Asked:
    return publishing(world, release={"policy": "draw", "release_time": "08:00"})


@PROVOCATIONS.status(409)
def too_many_slots(world: World) -> Asked:
    around_the_clock = [hours("00:00", "00:00", (1, 2, 3, 4, 5, 6, 7))]
    return publishing(world, hours=around_the_clock, slot_minutes=3, release={"horizon_days": 90})
