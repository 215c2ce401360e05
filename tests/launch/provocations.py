"""How to be refused a session, or the joining of accounts."""

from service.core.ids import new_id
from tests.live import session_id
from tests.provocation import Asked, Provocations, someone
from tests.world import CLINIC_PAGE, REGION, World

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
def fresh_launch_needed(world: World) -> Asked:
    """By a session that was refreshed."""
    session = world.live.session(CLINIC_PAGE, someone())
    body = {"refresh_token": session["refresh_token"]}
    refreshed = world.live.api().post("/v1/sessions/refresh", body).ok()
    return Asked(world.live.api(refreshed["access_token"]), "DELETE", "/v1/account")


def client(world: World, *scopes: str) -> str:
    body = {"name": "МИС", "scopes": scopes or ["schedules:write"]}
    return f"/v1/clients/{world.operator.create('/v1/clients', body).ok()['id']}"


@PROVOCATIONS.status(404)
def client_not_found(world: World) -> Asked:
    return Asked(world.operator, "POST", f"/v1/clients/{new_id()}/revoke")


@PROVOCATIONS.status(409)
def client_revoked(world: World) -> Asked:
    path = client(world)
    world.operator.post(f"{path}/revoke").ok()
    return Asked(world.operator, "POST", f"{path}/rotate", {}, key=str(new_id()))


@PROVOCATIONS.status(409)
def client_rotating(world: World) -> Asked:
    path = client(world)
    world.operator.create(f"{path}/rotate", {"keep_hours": 1}).ok()
    return Asked(world.operator, "POST", f"{path}/rotate", {}, key=str(new_id()))


@PROVOCATIONS.status(403)
def scope_not_held(world: World) -> Asked:
    centre = world.live.client(REGION, None, ("clients:write", "applications:read"))
    body = {"name": "МИС", "scopes": ["applications:write"]}
    return Asked(centre, "POST", "/v1/clients", body, key=str(new_id()))


@PROVOCATIONS.status(403)
def launch_spent(world: World) -> Asked:
    body = {"platform": "vk", "parameters": world.live.launch(CLINIC_PAGE, someone())}
    before = [row["launch_hash"] for row in world.live.sql("SELECT launch_hash FROM launch_uses")]
    world.live.api().post("/v1/sessions", body).ok()
    world.live.sql("UPDATE launch_uses SET uses = 10000 WHERE launch_hash <> ALL ($1::bytea[])", before)
    return Asked(world.live.api(), "POST", "/v1/sessions", body)
