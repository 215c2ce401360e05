"""How to be refused by a campaign."""

from uuid import UUID

from service.core.ids import new_id
from tests.campaigns.region import Child, RegionsCampaign
from tests.provocation import Asked, Provocations, someone, surname
from tests.world import CLUB, World

PROVOCATIONS = Provocations()


def wishing(campaign: RegionsCampaign, child: Child, *group_ids: str, campaign_id: str | None = None) -> Asked:
    path = f"/v1/campaigns/{campaign_id or campaign.id}/persons/{child.person_id}/wishes"
    return Asked(child.api, "PUT", path, {"group_ids": group_ids})


def shifted(campaign: RegionsCampaign, days: int) -> None:
    """When wishes are taken, while the clock stands still."""
    campaign.world.live.sql(
        "UPDATE campaigns SET wishes_from = wishes_from + $2 * interval '1 day', "
        "wishes_until = wishes_until + $2 * interval '1 day', confirm_until = confirm_until + $2 * interval '1 day' "
        "WHERE id = $1",
        UUID(campaign.id),
        days,
    )


@PROVOCATIONS.status(404)
def campaign_not_found(world: World) -> Asked:
    return Asked(world.operator, "GET", f"/v1/campaigns/{new_id()}")


@PROVOCATIONS.status(409)
def campaign_unknown(world: World) -> Asked:
    body = world.group(filling="matching", campaign_id="never")
    return Asked(world.operator, "PUT", f"/v1/institutions/{CLUB}/groups/g{someone()}", body)


@PROVOCATIONS.status(409)
def campaign_held(world: World) -> Asked:
    campaign = RegionsCampaign(world)
    shifted(campaign, -4)
    return Asked(world.operator, "PUT", f"/v1/campaigns/{campaign.own_id}", campaign.terms)


@PROVOCATIONS.status(404)
def campaign_not_matched(world: World) -> Asked:
    return Asked(world.operator, "GET", f"/v1/campaigns/{RegionsCampaign(world).id}/record")


@PROVOCATIONS.status(404)
def wishes_not_found(world: World) -> Asked:
    campaign = RegionsCampaign(world)
    child = campaign.child()
    return Asked(child.api, "GET", campaign.path(child))


@PROVOCATIONS.status(409)
def wishes_not_open(world: World) -> Asked:
    campaign = RegionsCampaign(world)
    wanted = campaign.group(1)
    shifted(campaign, 1)
    return wishing(campaign, campaign.child(), wanted)


@PROVOCATIONS.status(409)
def wishes_closed(world: World) -> Asked:
    campaign = RegionsCampaign(world)
    wanted = campaign.group(1)
    shifted(campaign, -4)
    return wishing(campaign, campaign.child(), wanted)


@PROVOCATIONS.status(409)
def too_many_wishes(world: World) -> Asked:
    campaign = RegionsCampaign(world, most_wishes=1)
    return wishing(campaign, campaign.child(), campaign.group(1), campaign.group(1))


@PROVOCATIONS.status(409)
def wish_not_in_campaign(world: World) -> Asked:
    campaign, other = RegionsCampaign(world), RegionsCampaign(world)
    return wishing(campaign, campaign.child(), other.group(1))


@PROVOCATIONS.status(409)
def already_wishing(world: World) -> Asked:
    campaign, name = RegionsCampaign(world), surname()
    wanted = campaign.group(1)
    campaign.wish(campaign.child(last_name=name), wanted).ok()
    return wishing(campaign, campaign.child(last_name=name), wanted)
