"""Every refusal the API knows is provoked over HTTP: status, code, both titles, and its place in the document."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from schemas.problems import REFUSALS
from service.app import OPERATIONS, document
from service.core.ids import new_id
from service.core.limits import CLASSES
from tests import locks
from tests.applications import provocations as applications
from tests.applications import staff_provocations as staff
from tests.campaigns import provocations as campaigns
from tests.certificates import provocations as certificates
from tests.clubs import provocations as clubs
from tests.confirmation import provocations as confirmation
from tests.conftest import fresh_database
from tests.consents import provocations as consents
from tests.doctors import provocations as doctors
from tests.doctors.clinic import Clinic
from tests.documents import provocations as documents
from tests.draws import provocations as draws
from tests.filling import provocations as filling
from tests.institutions import provocations as institutions
from tests.launch import provocations as launch
from tests.launch.credentials import credentials
from tests.live import Live
from tests.people import provocations as people
from tests.personal_data import provocations as personal_data
from tests.provocation import Asked, Provocations, someone
from tests.reception import provocations as reception
from tests.registers import provocations as registers
from tests.schedules import provocations as schedules
from tests.staff import provocations as people_of_institutions
from tests.waiting import provocations as waiting
from tests.world import CLINIC, CLINIC_PAGE, World, person

PROVOCATIONS = Provocations()
RETRY_AFTER = {
    "in_progress": "1",
    "outcome_unknown": "1",
    "unavailable": "5",
    "storage_full": "60",
    "provider_away": "60",
    # So long is the hour of the clock that stands still.
    "too_many_requests": "3600",
    "too_many_today": str(24 * 3600),
    "hold_paused": "60",
    "applying_paused": "60",
}
# No other provocation tries so many.
CODES = 30
# The router's own: they belong to no operation.
OF_NO_OPERATION = {"not_found", "method_not_allowed"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all provocations: each has its own people, institutions and groups in it."""
    limits = dict.fromkeys(CLASSES, "off") | {"codes": f"1/h burst {CODES}"}
    with (
        fresh_database(server_dsn) as dsn,
        Live(dsn, tmp_path_factory.mktemp("keys"), lock_timeout_ms=500, upload_chunk_seconds=2, limits=limits) as live,
    ):
        yield World(live)


@contextmanager
def without_function(live: Live, name: str) -> Iterator[None]:
    live.sql(f"ALTER FUNCTION {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        live.sql(f"ALTER FUNCTION {name}_away RENAME TO {name}")


# Any operation -----------------------------------------------------------------------------------------------------


def writing_down(world: World, **more: Any) -> Asked:
    return Asked(world.parent(someone()), "POST", "/v1/persons", person(**more), key=str(new_id()))


@PROVOCATIONS.status(400)
def malformed(world: World) -> Asked:
    return Asked(world.live.api(), "POST", "/v1/oauth/token", options={"data": "scope=a&scope=b", "headers": FORM})


@PROVOCATIONS.status(422)
def invalid(world: World) -> Asked:
    return writing_down(world, nickname="Верочка")


@PROVOCATIONS.status(400)
def idempotency_key_missing(world: World) -> Asked:
    return Asked(world.parent(someone()), "POST", "/v1/persons", person())


@PROVOCATIONS.status(422)
def idempotency_key_reused(world: World) -> Asked:
    asked = writing_down(world)
    assert asked.answer("ru").status == 201
    asked.body = person(first_name="Надежда")
    return asked


@PROVOCATIONS.status(409)
def in_progress(world: World) -> Asked:
    clinic = Clinic(world)
    asked = doctors.stranger(world, clinic.slot())
    row = f"SELECT FROM slots WHERE institution_id = '{clinic.id}' FOR UPDATE"
    asked.during = lambda: locks.holding(world.live, row)
    return asked


@PROVOCATIONS.status(401)
def unauthenticated(world: World) -> Asked:
    return Asked(world.live.api("a.b.c"), "GET", "/v1/persons")


@PROVOCATIONS.status(403)
def forbidden(world: World) -> Asked:
    return Asked(world.parent(someone()), "GET", f"/v1/institutions/{CLINIC}/applications")


@PROVOCATIONS.status(404)
def not_found(world: World) -> Asked:
    return Asked(world.operator, "GET", "/v1/nothing")


@PROVOCATIONS.status(404)
def cursor_unknown(world: World) -> Asked:
    return Asked(world.operator, "GET", "/v1/institutions?cursor=" + "A" * 40)


@PROVOCATIONS.status(405)
def method_not_allowed(world: World) -> Asked:
    return Asked(world.operator, "DELETE", "/v1/regions")


@PROVOCATIONS.status(413)
def too_large(world: World) -> Asked:
    return writing_down(world, last_name="a" * 1024 * 1024)


@PROVOCATIONS.status(415)
def media_type(world: World) -> Asked:
    asked = writing_down(world)
    asked.body, asked.options = None, {"data": "{}", "headers": {"Content-Type": "text/plain"}}
    return asked


@PROVOCATIONS.status(429)
def too_many_requests(world: World) -> Asked:
    asked = Asked(world.parent(someone()), "POST", "/v1/identities/join", {"code": "AAAAAAAA"})
    while asked.answer("ru").status != 429:
        pass
    return asked


def in_a_rush(world: World, proof: str | None = None) -> Asked:
    """A hold, where each attempt has to be paid for: by another service over the same database."""
    asked = Asked(world.parent(someone()), "POST", "/v1/holds", {"slot_id": str(new_id())}, key=str(new_id()))
    asked.options = {"headers": {"Proof": proof}} if proof else {}

    @contextmanager
    def pressed() -> Iterator[None]:
        limits = dict.fromkeys(CLASSES, "off") | {"pressure": "1/h burst 1"}
        with Live(world.live.dsn, world.live.settings.data_dir, limits=limits) as service:
            asked.api = service.api(asked.api.token)
            yield

    asked.during = pressed
    return asked


@PROVOCATIONS.status(428)
def proof_needed(world: World) -> Asked:
    return in_a_rush(world)


@PROVOCATIONS.status(428)
def proof_wrong(world: World) -> Asked:
    return in_a_rush(world, "bm8gcHJvb2Y=")


@PROVOCATIONS.status(503)
def outcome_unknown(world: World) -> Asked:
    clinic = Clinic(world)
    asked = doctors.stranger(world, clinic.slot())
    row = f"SELECT FROM slots WHERE institution_id = '{clinic.id}' FOR UPDATE"
    asked.during = lambda: locks.terminated_when_blocked(world.live, row)
    return asked


@PROVOCATIONS.status(503)
def unavailable(world: World) -> Asked:
    asked = Asked(world.live.api(), "GET", "/v1/regions")
    asked.during = lambda: locks.terminated_when_blocked(world.live, "LOCK TABLE regions")
    return asked


@PROVOCATIONS.status(500)
def internal(world: World) -> Asked:
    asked = Asked(world.parent(someone()), "DELETE", f"/v1/persons/{new_id()}")
    asked.during = lambda: without_function(world.live, "delete_person")
    return asked


# Entering ----------------------------------------------------------------------------------------------------------


def launching(world: World, parameters: str) -> Asked:
    return Asked(world.live.api(), "POST", "/v1/sessions", {"platform": "vk", "parameters": parameters})


def token_request(world: World, **form: str) -> Asked:
    return Asked(world.live.api(), "POST", "/v1/oauth/token", options={"data": form, "headers": FORM})


@PROVOCATIONS.status(401)
def launch_invalid(world: World) -> Asked:
    return launching(world, world.live.launch(CLINIC_PAGE, someone()).replace("vk_language=ru", "vk_language=en"))


@PROVOCATIONS.status(401)
def launch_stale(world: World) -> Asked:
    return launching(world, world.live.launch(CLINIC_PAGE, someone(), vk_ts="1000000000"))


@PROVOCATIONS.status(409)
def page_missing(world: World) -> Asked:
    return launching(world, world.live.launch(0, someone()))


@PROVOCATIONS.status(404)
def page_unknown(world: World) -> Asked:
    return launching(world, world.live.launch(someone(), someone()))


@PROVOCATIONS.status(401)
def client_invalid(world: World) -> Asked:
    return token_request(world, grant_type="client_credentials", client_id=f"42.{new_id()}", client_secret="x")


@PROVOCATIONS.status(400)
def scope_invalid(world: World) -> Asked:
    client_id, secret = credentials(world.live, 42)
    return token_request(
        world, grant_type="client_credentials", client_id=client_id, client_secret=secret, scope="all:write"
    )


@PROVOCATIONS.status(400)
def grant_unsupported(world: World) -> Asked:
    return token_request(world, grant_type="password")


# Institutions, people ----------------------------------------------------------------------------------------------


@PROVOCATIONS.status(404)
def institution_not_found(world: World) -> Asked:
    return Asked(world.operator, "GET", f"/v1/institutions/{new_id()}")


@PROVOCATIONS.status(409)
def page_taken(world: World) -> Asked:
    neighbour = world.live.client(54)
    institution = {
        "name": "Школа",
        "kind": "school",
        "municipality": "Бердск",
        "address": "г. Бердск",
        "zone": "Asia/Novosibirsk",
    }
    own = new_id()
    neighbour.put(f"/v1/institutions/{own}", institution).ok()
    body = {"institution_id": str(own), "mini_apps": ["club"]}
    return Asked(neighbour, "PUT", f"/v1/pages/vk/{CLINIC_PAGE}", body)


@PROVOCATIONS.status(404)
def person_not_found(world: World) -> Asked:
    return Asked(world.parent(someone()), "PATCH", f"/v1/persons/{new_id()}", {})


@PROVOCATIONS.status(409)
def person_exists(world: World) -> Asked:
    asked = writing_down(world)
    world.child(asked.api)
    return asked


@PROVOCATIONS.status(409)
def self_exists(world: World) -> Asked:
    asked = writing_down(world, kinship="self")
    world.child(asked.api, kinship="self", first_name="Надежда")
    return asked


@PROVOCATIONS.status(409)
def person_has_bookings(world: World) -> Asked:
    asked = doctors.stranger(world, Clinic(world).slot())
    assert asked.answer("ru").status == 201
    return Asked(asked.api, "DELETE", f"/v1/persons/{asked.body['person_id']}")


@PROVOCATIONS.status(422)
def snils_invalid(world: World) -> Asked:
    return writing_down(world, snils="11223344596")


@PROVOCATIONS.status(422)
def policy_invalid(world: World) -> Asked:
    return writing_down(world, policy="7700001234567896")


@PROVOCATIONS.status(409)
def birth_date_impossible(world: World) -> Asked:
    return writing_down(world, birth_date="2026-09-09")


# The test of them all ----------------------------------------------------------------------------------------------

PROVOCATIONS |= doctors.PROVOCATIONS | schedules.PROVOCATIONS | waiting.PROVOCATIONS | draws.PROVOCATIONS
PROVOCATIONS |= reception.PROVOCATIONS | clubs.PROVOCATIONS | applications.PROVOCATIONS
PROVOCATIONS |= launch.PROVOCATIONS | people.PROVOCATIONS | documents.PROVOCATIONS
PROVOCATIONS |= registers.PROVOCATIONS | personal_data.PROVOCATIONS
PROVOCATIONS |= registers.PROVOCATIONS | institutions.PROVOCATIONS | people_of_institutions.PROVOCATIONS
PROVOCATIONS |= campaigns.PROVOCATIONS | filling.PROVOCATIONS
PROVOCATIONS |= staff.PROVOCATIONS | certificates.PROVOCATIONS | consents.PROVOCATIONS
PROVOCATIONS |= staff.PROVOCATIONS | certificates.PROVOCATIONS
PROVOCATIONS |= confirmation.PROVOCATIONS


def documented(asked: Asked, status: int) -> str:
    """What the document says of that status of the operation that was asked."""
    whole, path = document(), asked.path.partition("?")[0]
    for operation in OPERATIONS:
        pattern = re.sub(r"\{\w+\}", "[^/]+", operation.path)
        if operation.method == asked.method and re.fullmatch(pattern, path):
            response = whole["paths"][operation.path][asked.method.lower()]["responses"][str(status)]
            if "$ref" in response:
                response = reduce(getitem, response["$ref"].removeprefix("#/").split("/"), whole)
            return response["description"]
    raise AssertionError(f"no operation has {asked.method} {path}")


def test_each_refusal_has_a_provocation() -> None:
    assert PROVOCATIONS.keys() == REFUSALS.keys()


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_refusal(code: str, world: World) -> None:
    status, provoke = PROVOCATIONS[code]
    asked = provoke(world)
    refusal = REFUSALS[code]
    for language, title in (("ru", refusal.ru), ("en-GB, ru;q=0.5", refusal.en)):
        answer = asked.answer(language)
        assert (answer.status, answer.code) == (status, code), answer.content.decode()
        problem = answer.json
        assert problem["type"] == f"urn:zapis:problem:{code}"
        assert (problem["status"], problem["title"]) == (status, title)
        assert answer.headers["Content-Language"] == language[:2]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-Id"] == problem["request_id"]
        assert answer.headers.get("Retry-After") == RETRY_AFTER.get(code)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    if code not in OF_NO_OPERATION:
        assert f"`{code}`" in documented(asked, status)


def test_the_titles_are_in_their_languages() -> None:
    for refusal in REFUSALS.values():
        assert re.search("[а-яё]{3}", refusal.ru), refusal.code
        assert re.search("[a-z]{3}", refusal.en), refusal.code
        assert not re.search("[а-яё]", refusal.en.replace("СНИЛС", "")), refusal.code
        assert not refusal.ru.endswith(".")
        assert not refusal.en.endswith(".")
