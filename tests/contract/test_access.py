"""Who may call what: every operation, asked by everyone, does what the table says."""

from collections import Counter
from typing import Any

from schemas.problems import REFUSALS, Kind
from service.app import OPERATIONS
from service.core.ids import new_id
from service.core.roles import SCOPES_OF, role_may
from service.launch.usecases import SCOPES
from tests.contract.access import REGISTRARS, table
from tests.contract.scene import REGISTER
from tests.contract.stage import set_stage
from tests.live import Answer
from tests.world import CLINIC, CLUB, World


def test_a_director_has_every_scope_and_a_registrar_publishes_nothing() -> None:
    assert all(role_may("director", scope) for scope in SCOPES)
    assert SCOPES_OF["registrar"] == REGISTRARS
    assert SCOPES_OF["none"] == set()
    assert not any(role_may("admin", scope) for scope in SCOPES), "a role of old tokens opens nothing"


def test_the_table_has_a_row_for_each_operation() -> None:
    assert Counter(expected.operation.id for expected in table()) == {operation.id: 12 for operation in OPERATIONS}


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
    assert wrong == []
    # The other region has put an institution of the same id: into itself.
    assert world.operator.get(f"/v1/institutions/{CLINIC}").ok()["phone"] is None
    assert stage.callers["elsewhere"][0].get(f"/v1/institutions/{CLINIC}").status == 200


def test_what_is_not_theirs_and_what_is_not_there_answer_alike(world: World) -> None:
    stage = set_stage(world)
    ids = {*stage.scene.private, str(CLINIC)}
    guarded = [expected for expected in table() if expected.code and REFUSALS[expected.code].kind is Kind.absent]
    assert len(guarded) > 50
    for expected in guarded:
        for api in stage.who(expected):
            ask = stage.ask(expected.operation)
            named = {REGISTER} if expected.code == "group_not_found" else ids
            theirs, absent = (one.put_to(expected.operation, api) for one in (ask, ask.absent(named)))
            assert without_names(theirs) == without_names(absent), expected


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
