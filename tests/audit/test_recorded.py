"""Whoever but the family is shown a person's data is written down, before they are shown it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel

from schemas.accesses import AccessRole
from schemas.sessions import StaffRole
from service.app import OPERATIONS
from service.audit.shapes import LOOKED_AT
from service.core.disclosure import ids_at, kind_of, recording
from service.core.operations import Operation, Rendered, Streamed
from service.core.signatures import signature_of
from tests.applications.people import group
from tests.contract.scene import Scene
from tests.contract.stage import set_stage
from tests.documents.people import applicant
from tests.live import Answer, Live
from tests.reception.desk import Desk
from tests.waiting.test_rebooking import close
from tests.world import CLINIC, CLUB, CLUB_PAGE, World

# What tells of a person, or could.
PERSONAL = {
    "last_name", "birth_date", "snils_masked", "policy_masked", "number_masked", "home_address", "referral_number",
    "phone", "email",
}  # fmt: skip
# Of whom an institution tells in public: its doctors, its teachers, itself.
PUBLISHED = {"practitioner", "teachers", "institution"}
# Open to others than the family, with such fields, and all the same nothing of a person's.
SHOWN_TO_ALL = {
    "listInstitutions": "phones of institutions",
    "getInstitution": "the phone of the institution",
    "putInstitution": "the phone of the institution",
    "putPractitioner": "a doctor, as published",
    "listPractitioners": "doctors, as published",
    "putTeacher": "a teacher, as the institution has written them down",
    "listTeachers": "teachers, as the institution has written them down",
    "putStaffMember": "who works there, as the institution has written them down",
    "listStaff": "who works there, as the institution has written them down",
    "inviteInstitutions": "institutions, and codes for their pages",
}
FRIDAYS = [{"weekday": 5, "starts": "16:30", "academic_hours": 2}]
DISCLOSING = [operation for operation in OPERATIONS if operation.discloses]
UUIDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def personal_fields(part: Any, defs: dict[str, Any], at: str = "") -> Iterator[str]:
    """Addresses of all personal fields in a JSON Schema; nothing of it holds itself."""
    if isinstance(part, list):
        for one in part:
            yield from personal_fields(one, defs, at)
    if not isinstance(part, dict):
        return
    if "$ref" in part:
        yield from personal_fields(defs[part["$ref"].rpartition("/")[2]], defs, at)
    for name, inner in part.get("properties", {}).items():
        if name in PERSONAL:
            yield at + name
        if name not in PUBLISHED:
            yield from personal_fields(inner, defs, f"{at}{name}.")
    for name in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
        yield from personal_fields(part.get(name), defs, at)


def undisclosed(operation: Operation) -> list[str]:
    """What the answer shows that no record would tell of."""
    returns = signature_of(operation).returns
    if returns is None or operation.id in SHOWN_TO_ALL:
        return []
    if any(address.startswith("{") for address in operation.discloses):
        return []
    if not issubclass(returns, BaseModel):
        assert issubclass(returns, Rendered | Streamed)
        return [] if operation.discloses else ["what is not JSON"]
    schema = returns.model_json_schema(mode="serialization")
    found = personal_fields(schema, schema.get("$defs", {}))
    # Whose it is has to stand beside it, or within the same item.
    return [
        field for field in found if not any(one.startswith(field.rpartition(".")[0]) for one in operation.discloses)
    ]


def test_whatever_shows_a_person_to_others_is_marked() -> None:
    open_to_others = [o for o in OPERATIONS if o.access.staff or o.access.system or o.access.teachers]
    assert len(open_to_others) > 50
    assert {operation.id: fields for operation in open_to_others if (fields := undisclosed(operation))} == {}
    assert {operation.id for operation in DISCLOSING} <= {operation.id for operation in open_to_others}
    assert SHOWN_TO_ALL.keys() <= {operation.id for operation in open_to_others}


def test_a_field_of_a_person_is_found_wherever_it_stands() -> None:
    """The negative control of the test above: without their marks these would be found."""
    unmarked = {operation.id for operation in DISCLOSING if undisclosed(replace(operation, discloses=()))}
    # What these show is no field that tells of a person by its name.
    assert {operation.id for operation in DISCLOSING} - unmarked == {"decideAppeal", "listReceivedDocuments"}


def test_what_cannot_be_recorded_is_found_out_at_the_start() -> None:
    def marked(like: str, *addresses: str) -> Operation:
        (operation,) = (operation for operation in OPERATIONS if operation.id == like)
        return replace(operation, discloses=addresses)

    for operation in (marked("createToken", "person.id"), marked("listSlots", "items.person.id")):
        with pytest.raises(TypeError, match="can't be recorded"):
            recording(operation, None)
    with pytest.raises(TypeError, match="does not tell whose"):
        recording(marked("getDaySheet", "slots.tickets.id"), None)


def test_each_has_a_text_for_the_citizen_and_each_role_a_name() -> None:
    assert {operation.id for operation in DISCLOSING} <= LOOKED_AT.keys()
    assert {role for role in get_args(StaffRole) if role != "none"} <= set(get_args(AccessRole))


@pytest.mark.parametrize("operation", DISCLOSING, ids=lambda operation: operation.id)
def test_every_address_leads_to_ids_in_the_example(operation: Operation) -> None:
    returns = signature_of(operation).returns
    for address in operation.discloses:
        kind_of(operation, address)
        if address.startswith("{"):
            assert address in operation.path
        elif returns is not None and issubclass(returns, BaseModel):
            # Lists of items have no example of their own: their items have.
            parts = address.split(".")
            model = returns
            if (
                parts[0] == "items"
                and "items" in model.model_fields
                and not model.model_config.get("json_schema_extra")
            ):
                model = get_args(model.model_fields["items"].annotation)[0]
                parts = parts[1:]
            extra: Any = model.model_config.get("json_schema_extra")
            example = model.model_validate(extra["examples"][0], strict=False)
            found = list(ids_at(".".join(parts), example, {}))
            assert found or parts[0] == "trials", address
            assert all(isinstance(one, UUID) for one in found)


def records(live: Live, operation: str) -> list[Any]:
    return live.sql("SELECT * FROM accesses WHERE operation = $1 ORDER BY at, id", operation)


# What the scene has none of; and whose data are shown without their id, as SQL tells.
NOBODY_THERE = {"listRebookings", "listUsedCertificates"}
OF_APPLICATION, OF_MISSED = (
    f"SELECT person_id FROM {table} WHERE id = $1"  # noqa: S608 - written above
    for table in ("applications", "appointments")
)


def shown_by(operation: Operation, answer: Answer, scene: Scene) -> set[UUID]:
    """Of every person in the world, those whose ids are in the answer; or whom it is about, where ids are not told."""
    live = scene.world.live
    match operation.id:
        case "listReceivedDocuments" | "getReceivedDocument":
            return {row["person_id"] for row in live.sql(OF_APPLICATION, UUID(scene.application_id))}
        case "decideAppeal":
            return {row["person_id"] for row in live.sql(OF_MISSED, UUID(scene.missed_id))}
        case "getGroupListXlsx" | "getGroupListHtml":
            return set(records(live, "getGroupList")[-1]["person_ids"])
        case _:
            persons = {row["id"] for row in live.sql("SELECT id FROM persons")}
            return {UUID(found.decode()) for found in UUIDS.findall(answer.content)} & persons


def test_each_is_recorded_with_exactly_whom_it_showed(world: World) -> None:
    stage = set_stage(world)
    live, admin = world.live, stage.callers["admin"][0]
    # What is cancelled can't be moved.
    for operation in sorted(DISCLOSING, key=lambda one: one.id == "cancelForPatient"):
        before = records(live, operation.id)
        ask = stage.ask(operation)
        answer = ask.put_to(operation, admin)
        assert answer.status in (200, 201), f"{operation.id}: {answer.content.decode()}"
        *earlier, record = records(live, operation.id)
        assert earlier == before
        shown = shown_by(operation, answer, stage.scene)
        assert record["person_ids"] == sorted(shown), operation.id
        assert bool(shown) != (operation.id in NOBODY_THERE), operation.id
        assert (record["actor_kind"], record["role"], record["institution_id"]) == ("citizen", "director", CLINIC)
        assert record["request_id"] == answer.headers["X-Request-Id"]
        assert record["path"] == operation.path.format(**ask.path)
    told = "\n".join(row["row"] for row in live.sql("SELECT a::text AS row FROM accesses a"))
    names = {row["last_name"] for row in live.sql("SELECT last_name FROM persons") if row["last_name"]}
    assert len(names) > 5
    assert not any(name in told for name in names)


def test_tickets_that_wait_for_another_time_are_recorded(world: World) -> None:
    """Which are not in the scene."""
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot(hours=30))
    close(desk.clinic, "s1")
    (waits,) = desk.staff.get(f"{desk.path}/rebookings").ok()["items"]
    assert waits["appointment_id"] == ticket["id"]
    (record,) = records(world.live, "listRebookings")
    assert record["person_ids"] == [UUID(ticket["person"]["id"])]


def test_applications_and_tickets_stand_for_their_persons(world: World) -> None:
    """Each once, though two applications are one person's. What certificates pay for is told by applications alone."""
    desk, found = Desk(world), applicant(world)
    _, ticket = desk.ticket(desk.slot())
    again = world.apply(found.api, group(world, weekly_lessons=FRIDAYS), found.person_id).ok()["id"]
    world.live.sql(
        "SELECT record_access(42::smallint, $1, $2, 'x', '', 'system', $1, 'system', NULL, '{}', $3, $4, '')",
        UUID(int=0), world.now, [UUID(found.application_id), UUID(again)], [UUID(ticket["id"])],
    )  # fmt: skip
    (record,) = records(world.live, "x")
    assert record["person_ids"] == sorted([UUID(found.person_id), UUID(ticket["person"]["id"])])


def test_nobody_is_shown_what_could_not_be_written_down(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot(hours=1))
    world.live.sql("ALTER TABLE accesses ADD CONSTRAINT broken CHECK (operation = '') NOT VALID")
    name = ticket["person"]["last_name"]
    for answer in (
        desk.staff.get(f"{desk.path}/practitioners/d1/day"),
        desk.staff.get(f"{desk.path}/rebookings"),
        desk.check_in(number=ticket["number"]),
    ):
        assert (answer.status, answer.code) == (500, "internal")
        assert name not in answer.content.decode()
    # What was done is undone with it.
    assert desk.row(ticket)["status"] == "booked"
    world.live.sql("ALTER TABLE accesses DROP CONSTRAINT broken")
    assert desk.check_in(number=ticket["number"]).ok()["person"]["last_name"] == name


def test_who_looked_is_told_by_what_they_are(world: World) -> None:
    found = applicant(world)
    club = f"/v1/institutions/{CLUB}"
    callers = {
        "director": world.live.citizen(CLUB_PAGE, 77, "admin"),
        "registrar": world.live.citizen(CLUB_PAGE, 78, "editor"),
        "system": world.live.client(42, CLUB),
        "operator": world.operator,
    }
    for api in callers.values():
        api.get(f"{club}/applications").ok()
    rows = records(world.live, "listReceivedApplications")
    assert [(row["role"], row["institution_id"]) for row in rows] == [(role, CLUB) for role in callers]
    assert [row["actor_kind"] for row in rows] == ["citizen", "citizen", "system", "system"]
    assert len({row["actor_id"] for row in rows}) == 4
    assert all(row["person_ids"] == [UUID(found.person_id)] for row in rows)


def test_what_the_family_looks_at_and_what_is_refused_is_not_recorded(world: World) -> None:
    found = applicant(world)
    found.upload().ok()
    for path in ("/v1/persons", "/v1/applications", f"/v1/applications/{found.application_id}", found.path):
        found.api.get(path).ok()
    assert world.live.client(42, CLINIC).get(found.received).code == "institution_not_found"
    assert world.operator.get(f"/v1/institutions/{CLINIC}{found.path.removeprefix('/v1')}").status == 404
    assert found.api.get(found.received).status == 403
    assert world.live.sql("SELECT FROM accesses") == []


def test_head_is_recorded_as_get_is(world: World) -> None:
    """It tells as much by its length."""
    found = applicant(world)
    assert world.operator.call("HEAD", found.received).status == 200
    (record,) = records(world.live, "listReceivedDocuments")
    assert record["person_ids"] == [UUID(found.person_id)]
