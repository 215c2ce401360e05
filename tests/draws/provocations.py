"""How to be refused by a draw."""

from uuid import UUID

from service.core.ids import new_id
from tests.draws.clinic import Asker, DrawingClinic
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


def requesting(clinic: DrawingClinic, asker: Asker, wishes: list[str], draw_id: str | None = None) -> Asked:
    body = {"person_id": asker.child_id, "wishes": wishes}
    return Asked(asker.api, "POST", f"/v1/draws/{draw_id or clinic.draw_id()}/requests", body, key=str(new_id()))


def shifted(clinic: DrawingClinic, hours: int) -> None:
    """The draw's window, while the clock stands still."""
    clinic.world.live.sql(
        "UPDATE draws SET opens_at = opens_at + $2 * interval '1 hour', closes_at = closes_at + $2 * interval '1 hour' "
        "WHERE institution_id = $1",
        UUID(clinic.id),
        hours,
    )


@PROVOCATIONS.status(404)
def draw_not_found(world: World) -> Asked:
    clinic = DrawingClinic(world)
    return requesting(clinic, clinic.asker(), clinic.times(), str(new_id()))


@PROVOCATIONS.status(404)
def draw_request_not_found(world: World) -> Asked:
    clinic = DrawingClinic(world)
    request = clinic.ask(clinic.times()).request
    return Asked(clinic.asker().api, "POST", f"/v1/draw-requests/{request['id']}/withdraw")


@PROVOCATIONS.status(404)
def draw_not_drawn(world: World) -> Asked:
    return Asked(world.operator, "GET", f"/v1/draws/{DrawingClinic(world).draw_id()}/record")


@PROVOCATIONS.status(409)
def draw_not_open(world: World) -> Asked:
    clinic = DrawingClinic(world)
    shifted(clinic, 1)
    return requesting(clinic, clinic.asker(), clinic.times())


@PROVOCATIONS.status(409)
def draw_closed(world: World) -> Asked:
    clinic = DrawingClinic(world)
    asker = clinic.ask(clinic.times())
    shifted(clinic, -24)
    return Asked(asker.api, "POST", f"/v1/draw-requests/{asker.request['id']}/withdraw")


@PROVOCATIONS.status(409)
def already_requested(world: World) -> Asked:
    clinic = DrawingClinic(world)
    return requesting(clinic, clinic.ask(clinic.times()), clinic.times())


@PROVOCATIONS.status(409)
def wish_not_in_draw(world: World) -> Asked:
    clinic = DrawingClinic(world)
    return requesting(clinic, clinic.asker(), [*clinic.times(), str(new_id())])
