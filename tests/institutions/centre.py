"""A regional centre that invites institutions, and administrators who claim their pages."""

from typing import Any

from service.core.ids import new_id
from tests.live import Answer
from tests.provocation import someone
from tests.world import World

CLAIM = "/v1/pages/claim"
INVITATIONS = "/v1/page-invitations"


def institution(world: World, **more: Any) -> str:
    """The id of an institution without a page."""
    own = str(new_id())
    body = {"name": "Школа № 7", "kind": "school", "municipality": "Тайга", "address": "г. Тайга, ул. Мира, 1"}
    world.put(f"/v1/institutions/{own}", body | {"zone": "Asia/Novokuznetsk"} | more)
    return own


def invited(world: World, institution_id: str, **more: Any) -> dict[str, Any]:
    """An invitation with its code."""
    path = f"/v1/institutions/{institution_id}/page-invitations"
    return world.operator.create(path, {"mini_apps": ["club"], **more}).ok()


def claim_of(world: World, page: int, code: str, user: int = 77, role: str = "admin") -> dict[str, str]:
    return {"platform": "vk", "parameters": world.live.launch(page, user, role), "code": code}


def claim(world: World, page: int, code: str, user: int | None = None, role: str = "admin") -> Answer:
    """By an administrator of the page, whom nobody knows yet."""
    return world.live.api().post(CLAIM, claim_of(world, page, code, user or someone(), role))


def session(world: World, page: int, role: str = "admin") -> Answer:
    body = {"platform": "vk", "parameters": world.live.launch(page, someone(), role)}
    return world.live.api().post("/v1/sessions", body)
