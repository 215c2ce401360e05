"""How to be refused by a group that is not filled yet."""

from uuid import UUID

from tests.applications.people import stranger
from tests.campaigns.region import RegionsCampaign
from tests.filling.people import applicant, collecting
from tests.provocation import Asked, Provocations
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def group_being_filled(world: World) -> Asked:
    wanted = collecting(world, "priority")
    # While the clock stands still.
    world.live.sql("UPDATE groups SET collect_until = $2 WHERE id = $1", UUID(wanted), world.now)
    return stranger(world, wanted)


@PROVOCATIONS.status(409)
def group_not_filled(world: World) -> Asked:
    collected = applicant(world, collecting(world, "priority"))
    body = {"decision": {"decision": "approve"}}
    return Asked(world.operator, "POST", f"/v1/institutions/{CLUB}/applications/{collected.id}/decide", body)


@PROVOCATIONS.status(409)
def group_by_wishes(world: World) -> Asked:
    return stranger(world, RegionsCampaign(world).group(1))
