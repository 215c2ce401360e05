"""How whoever gives roles is refused."""

from service.core.ids import new_id
from tests.provocation import Asked, Provocations, someone
from tests.world import CLINIC, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(404)
def staff_member_not_found(world: World) -> Asked:
    path = f"/v1/institutions/{CLINIC}/staff/s{someone()}/invitations"
    return Asked(world.operator, "POST", path, key=str(new_id()))
