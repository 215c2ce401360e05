"""How to be refused a session, or the joining of accounts."""

from service.core.ids import new_id
from tests.live import session_id
from tests.provocation import Asked, Provocations, someone
from tests.world import CLINIC_PAGE, World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def identity_first(world: World) -> Asked:
    return Asked(world.parent(someone()), "POST", "/v1/identities/vk/leave")


@PROVOCATIONS.status(409)
def identity_joined(world: World) -> Asked:
    """The code of an account that has joined the one that gives it."""
    first, second = world.parent(someone()), world.parent(someone())
    own, joining = (api.post("/v1/identities/codes", key=str(new_id())).ok()["code"] for api in (second, first))
    second.post("/v1/identities/join", {"code": joining}).ok()
    return Asked(first, "POST", "/v1/identities/join", {"code": own})


@PROVOCATIONS.status(401)
def session_ended(world: World) -> Asked:
    session = world.live.session(CLINIC_PAGE, someone())
    assert world.live.api(session["access_token"]).call("DELETE", "/v1/sessions/current").status == 204
    return Asked(world.live.api(), "POST", "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})


@PROVOCATIONS.status(404)
def session_not_found(world: World) -> Asked:
    """Somebody else's."""
    theirs = session_id(world.parent(someone()))
    return Asked(world.parent(someone()), "POST", f"/v1/sessions/{theirs}/end")


@PROVOCATIONS.status(403)
def launch_spent(world: World) -> Asked:
    body = {"platform": "vk", "parameters": world.live.launch(CLINIC_PAGE, someone())}
    before = [row["launch_hash"] for row in world.live.sql("SELECT launch_hash FROM launch_uses")]
    world.live.api().post("/v1/sessions", body).ok()
    world.live.sql("UPDATE launch_uses SET uses = 10000 WHERE launch_hash <> ALL ($1::bytea[])", before)
    return Asked(world.live.api(), "POST", "/v1/sessions", body)
