"""Who may call what: every operation, asked by everyone, does what the table says."""

from collections import Counter
from typing import Any

import asyncpg
import pytest

from schemas.problems import REFUSALS, Kind
from service.app import OPERATIONS
from service.core.ids import new_id
from service.core.roles import SCOPES_OF, role_may, role_may_all
from service.launch.clients import SCOPES
from tests.contract.access import REGISTRARS, table
from tests.contract.scene import REGISTER
from tests.contract.stage import set_stage
from tests.live import Answer
from tests.world import CLINIC, CLUB, World

# There is no such thing as somebody else's: a hold or a page that is not there is let go as well, and what is brought
# in under an id is brought into the caller's own region.
OF_NOBODY = {"releaseHold", "deletePage", "putPage", "putInstitution", "putCampaign"}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the service has asked its database for, as it asks."""
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        method = getattr(asyncpg.Connection, name)

        def noted(connection: Any, query: str, *arguments: Any, _method: Any = method, **options: Any) -> Any:
            # Whose eyes a connection had before is chance, and when a worker looks after its keys and sessions.
            if not any(by_chance in query for by_chance in ("zapis.reach", "data_keys", "ended_sessions(")):
                asked.append(query)
            return _method(connection, query, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, name, noted)
    return asked


def test_a_director_has_every_scope_and_a_registrar_publishes_nothing() -> None:
    assert all(role_may("director", scope) for scope in SCOPES)
    assert SCOPES_OF["registrar"] == REGISTRARS
    assert SCOPES_OF["none"] == set()
    assert not any(role_may("admin", scope) for scope in SCOPES), "a role of old tokens opens nothing"


def test_a_doctor_is_let_in_only_where_an_operation_says_so() -> None:
    assert SCOPES_OF["doctor"] == {"appointments:read", "appointments:write"}
    assert not any(role_may_all("doctor", scope) for scope in SCOPES)
    open_to_doctors = {operation.id for operation in OPERATIONS if operation.access.doctors}
    assert open_to_doctors == {"getDaySheet", "putDelay", "checkIn", "setAppointmentStatus"}


def test_the_table_has_a_row_for_each_operation() -> None:
    assert Counter(expected.operation.id for expected in table()) == {operation.id: 17 for operation in OPERATIONS}


def test_everyone_gets_what_the_table_says(world: World) -> None:
    stage = set_stage(world)
    wrong: list[str] = []
    for expected in table():
        name = f"{expected.operation.id} {expected.caller}"
        for api in stage.who(expected):
            answer = stage.ask(expected.operation).put_to(expected.operation, api)
            if not expected.fits(answer):
                wrong.append(f"{name}: {answer.status} {answer.content.decode(errors='replace')}")
            if not expected.may_know and any(told.encode() in answer.content for told in stage.scene.private):
                wrong.append(f"{name} is told of what is not theirs: {answer.content.decode()}")
    assert not wrong, "\n".join(wrong)
    # The other region has put an institution of the same id: into itself.
    assert world.operator.get(f"/v1/institutions/{CLINIC}").ok()["phone"] is None
    assert stage.callers["elsewhere"][0].get(f"/v1/institutions/{CLINIC}").status == 200


def test_what_is_not_theirs_and_what_is_not_there_answer_alike(world: World, statements: list[str]) -> None:
    """By the answer, and by what it takes: a clock would tell who may not know that it is there."""
    stage = set_stage(world)
    scene = stage.scene
    ids = {*scene.private, str(CLINIC), scene.page_invitation_id, scene.draws.open_id, scene.draws.drawn_id}
    ids |= {scene.client_id, scene.leaving_client_id}
    ids |= {scene.campaigns.open_id, scene.campaigns.matched_id, scene.confirmation[0]}
    guarded = [expected for expected in table() if expected.code and REFUSALS[expected.code].kind is Kind.absent]
    wrong: list[str] = []
    compared: set[str] = set()
    for expected in guarded:
        ask = stage.ask(expected.operation)
        absent = ask.absent({REGISTER} if expected.code == "group_not_found" else ids)
        if absent == ask:
            # It names nothing but a code.
            continue
        compared.add(expected.operation.id)
        for api in stage.who(expected):
            told: list[tuple[Any, list[str]]] = []
            for one in (ask, absent):
                statements.clear()
                answer = one.put_to(expected.operation, api)
                told.append((without_names(answer), list(statements)))
            if told[0] != told[1]:
                wrong.append(f"{expected.operation.id} {expected.caller}: {told}")
    assert not wrong, "\n".join(wrong)
    # Whatever has an id in its path, but for those of which there is nothing that is somebody else's.
    named = {one.id for one in OPERATIONS if "_id}" in one.path and not one.access.public}
    assert named - compared == OF_NOBODY


def test_what_is_named_inside_a_request_is_guarded_too(world: World) -> None:
    stage = set_stage(world)
    scene, system, stranger = stage.scene, stage.callers["their_system"][0], stage.callers["stranger"][0]
    club = f"/v1/institutions/{CLUB}"
    decision = {"decision": {"decision": "refuse", "reason": "other"}}
    for application_id in (scene.application_id, new_id()):
        answer = system.post(f"{club}/applications/{application_id}/decide", decision)
        assert (answer.status, answer.code) == (404, "application_not_found")
    for group_id in (scene.group_id, new_id()):
        assert system.get(f"{club}/applications", group_id=group_id).ok()["items"] == []
    for person_id in (scene.person_id, new_id()):
        assert stranger.get("/v1/appointments", person_id=person_id).ok()["items"] == []
    # The clinic's doctor is not the club's, though both have a d1 and an l1.
    only_the_clinics = {"external_id": "x", "practitioner_id": "d2", "specialty_code": "122", "location_id": "l1"}
    slot = {**only_the_clinics, "starts_at": world.now.isoformat(), "duration_minutes": 15}
    answer = system.put(f"{club}/slots", {"window_from": world.now.isoformat(), "window_days": 1, "slots": [slot]})
    assert (answer.status, answer.code) == (409, "reference_unknown")
    assert scene.parent.get(f"/v1/applications/{scene.application_id}").ok()["status"] == "submitted"


def without_names(answer: Answer) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Without what names this one answer."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Date")}
    return answer.status, headers, {**answer.json, "request_id": None}
