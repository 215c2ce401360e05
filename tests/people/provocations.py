"""How to be refused in what guardians do."""

from tests.applications.people import Family
from tests.consents.people import texts
from tests.provocation import Asked, Provocations
from tests.world import World

PROVOCATIONS = Provocations()


def joining(world: World) -> Asked:
    """With a code that nobody has."""
    body = {"code": "ZZZZ-ZZZZ", "kinship": "child"}
    return Asked(Family(world, 0).api, "POST", "/v1/guardianships", body)


@PROVOCATIONS.status(404)
def invitation_not_found(world: World) -> Asked:
    return joining(world)


@PROVOCATIONS.status(403)
def guardian_may_not(world: World) -> Asked:
    """A grandmother does not consent for her daughter's child."""
    grandmother, text = Family(world, kinship="other"), texts(world)["booking"]
    body = {"person_id": grandmother.child, "version": text["version"], "text_hash": text["text_hash"]}
    return Asked(grandmother.api, "PUT", "/v1/consents/booking", body)


@PROVOCATIONS.status(409)
def too_many_attempts(world: World) -> Asked:
    asked = joining(world)
    for _ in range(5):
        assert asked.answer("ru").status == 404
    return asked
