"""Parents who apply."""

from typing import Any

from service.core.ids import new_id
from tests.live import Api
from tests.provocation import Asked, someone, surname
from tests.world import World


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
