"""How to be refused one's own data."""

from tests.provocation import Asked, Provocations, someone
from tests.world import World

PROVOCATIONS = Provocations()


@PROVOCATIONS.status(409)
def exports_too_many(world: World) -> Asked:
    asked = Asked(world.parent(someone()), "POST", "/v1/account/export")
    for _ in range(world.live.settings.max_exports_a_day):
        assert asked.answer("ru").status == 200
    return asked
