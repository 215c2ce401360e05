"""How to be refused when one confirms who one is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from service.core.ids import new_id
from tests.confirmation.citizens import begins, confirmed, logged_in
from tests.live import Api, Live
from tests.provocation import Asked, Provocations, someone
from tests.world import World

PROVOCATIONS = Provocations()


def completing(begun: Any, code: str, api: Api) -> Asked:
    return Asked(api, "POST", f"/v1/confirmations/{begun['id']}/complete", {"code": code})


def beginning_at(world: World, **settings: Any) -> Asked:
    """At a service of other settings."""
    asked = Asked(world.parent(someone()), "POST", "/v1/confirmations", key=str(new_id()))

    @contextmanager
    def elsewhere() -> Iterator[None]:
        with Live(world.live.dsn, world.live.settings.data_dir, **settings) as live:
            asked.api.base = live.base
            yield

    asked.during = elsewhere
    return asked


@PROVOCATIONS.status(409)
def confirmation_unavailable(world: World) -> Asked:
    return beginning_at(world, oidc_issuer=None)


@PROVOCATIONS.status(503)
def provider_away(world: World) -> Asked:
    return beginning_at(world, oidc_issuer="http://127.0.0.1:9")


@PROVOCATIONS.status(404)
def confirmation_not_found(world: World) -> Asked:
    return Asked(world.parent(someone()), "GET", f"/v1/confirmations/{new_id()}")


@PROVOCATIONS.status(409)
def confirmation_over(world: World) -> Asked:
    citizen = world.parent(someone())
    begun, code = logged_in(world.live, citizen)
    for _ in range(5):
        completing(begun, "0000-0000", citizen).answer("ru")
    return completing(begun, code, citizen)


@PROVOCATIONS.status(409)
def confirmation_code_wrong(world: World) -> Asked:
    citizen = world.parent(someone())
    return completing(begins(citizen), "0000-0000", citizen)


@PROVOCATIONS.status(409)
def confirmed_as_another(world: World) -> Asked:
    citizen = world.parent(someone())
    confirmed(world.live, citizen)
    return completing(*logged_in(world.live, citizen, "oleg"), citizen)


@PROVOCATIONS.status(409)
def self_is_another(world: World) -> Asked:
    citizen = world.parent(someone())
    world.child(citizen, kinship="self")
    return completing(*logged_in(world.live, citizen), citizen)


@PROVOCATIONS.status(409)
def person_verified(world: World) -> Asked:
    citizen = world.parent(someone())
    confirmed(world.live, citizen)
    own = citizen.get("/v1/persons").ok()["items"][0]["id"]
    return Asked(citizen, "PATCH", f"/v1/persons/{own}", {"first_name": "Вера"})
