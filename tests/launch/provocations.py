"""How to be refused when accounts are joined."""

from service.core.ids import new_id
from tests.provocation import Asked, Provocations, someone
from tests.world import World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def identity_first(world: World) -> Asked:
    return Asked(world.parent(someone()), "POST", "/v1/identities/vk/leave")


@PROVOCATIONS.status(409)
def identity_joined(world: World) -> Asked:
    """With its token of before, an account joins once more."""
    first, second = world.parent(someone()), world.parent(someone())
    codes = [first.post("/v1/identities/codes", key=str(new_id())).ok()["code"]]
    second.post("/v1/identities/join", {"code": codes[0]}).ok()
    codes.append(first.post("/v1/identities/codes", key=str(new_id())).ok()["code"])
    return Asked(second, "POST", "/v1/identities/join", {"code": codes[1]})
