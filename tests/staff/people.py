"""People of an institution, whom it gives a role."""

from typing import Any

from tests.live import Api
from tests.provocation import someone
from tests.world import World

JOIN = "/v1/staff/join"


def written_down(world: World, institution_id: str, own_id: str, practitioner_id: str | None = None) -> dict[str, Any]:
    """A registrar, or the doctor who is that practitioner."""
    body = {"last_name": "Белова", "first_name": "Анна", "practitioner_id": practitioner_id}
    return world.put(f"/v1/institutions/{institution_id}/staff/{own_id}", body)


def staff_code(world: World, institution_id: str, own_id: str) -> str:
    return world.operator.create(f"/v1/institutions/{institution_id}/staff/{own_id}/invitations", None).ok()["code"]


def doctor_of(world: World, page: int, institution_id: str, user: int, own_id: str, practitioner_id: str | None) -> Api:
    """An account that has taken the role, in its next session."""
    written_down(world, institution_id, own_id, practitioner_id)
    code = staff_code(world, institution_id, own_id)
    world.live.citizen(page, user).post(JOIN, {"code": code}).ok()
    return world.live.citizen(page, user)


def session_of(world: World, page: int, user: int, role: str = "none") -> dict[str, Any]:
    body = {"platform": "vk", "parameters": world.live.launch(page, user, role)}
    return world.live.api().post("/v1/sessions", body).ok()


def page_of(world: World, institution_id: str) -> int:
    """A new page of the institution."""
    page = someone()
    world.put(f"/v1/pages/vk/{page}", {"institution_id": institution_id, "mini_apps": ["doctor"]})
    return page
