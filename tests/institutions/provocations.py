"""How an institution, or whoever claims a page for it, is refused."""

from service.core.ids import new_id
from tests.institutions.centre import CLAIM, INVITATIONS, claim, claim_of, institution, invited
from tests.provocation import Asked, Provocations, someone
from tests.world import CLINIC_PAGE, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def page_claimed(world: World) -> Asked:
    """By the clinic already."""
    code = invited(world, institution(world))["code"]
    return Asked(world.live.api(), "POST", CLAIM, claim_of(world, CLINIC_PAGE, code))


@PROVOCATIONS.status(403)
def page_administrator_needed(world: World) -> Asked:
    code = invited(world, institution(world))["code"]
    return Asked(world.live.api(), "POST", CLAIM, claim_of(world, someone(), code, role="editor"))


def tabled(world: World, *rows: str) -> Asked:
    body = "\n".join(("institution_id;mini_apps", *rows)).encode()
    asked = Asked(world.operator, "POST", f"{INVITATIONS}/bulk", body, key=str(new_id()))
    asked.options = {"headers": {"Content-Type": "text/csv"}}
    return asked


@PROVOCATIONS.status(422)
def rows_wrong(world: World) -> Asked:
    return tabled(world, f"{new_id()};club")


@PROVOCATIONS.status(413)
def rows_too_many(world: World) -> Asked:
    return tabled(world, *[f"{institution(world)};club"] * 5001)


@PROVOCATIONS.status(404)
def page_invitation_not_found(world: World) -> Asked:
    return Asked(world.operator, "POST", f"{INVITATIONS}/{new_id()}/revoke")


@PROVOCATIONS.status(409)
def page_invitation_used(world: World) -> Asked:
    made = invited(world, institution(world))
    claim(world, someone(), made["code"]).ok()
    return Asked(world.operator, "POST", f"{INVITATIONS}/{made['invitation_id']}/revoke")
