"""Two parents of one child, joined by a one-time code."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.people import Invitation
from service.core.ids import new_id
from tests.applications.people import Family, group, on
from tests.doctors.clinic import Clinic
from tests.live import Answer
from tests.waiting.people import waiting
from tests.world import World, person

CHILD: dict[str, Any] = {"last_name": "Ястребова", "first_name": "Зоя"}
BOTH = (
    "appointments",
    "applications",
    "waiting_persons",
    "draw_requests",
    "documents",
    "campaign_wishes",
    "trials",
    "consents",
)


def invites(family: Family, key: str | None = None) -> dict[str, Any]:
    return family.api.create(f"/v1/persons/{family.child}/invitations", None, key).ok()


def joins(family: Family, code: str, kinship: str = "child") -> Answer:
    return family.api.post("/v1/guardianships", {"code": code, "kinship": kinship})


def stranger(world: World) -> Family:
    return Family(world, 0)


def test_a_second_guardian_sees_all_that_is_booked(world: World) -> None:
    mother, father = Family(world), stranger(world)
    application = mother.applies(group(world)).ok()
    ticket = world.book(mother.api, Clinic(world).slot(), mother.child).ok()
    invitation = invites(mother)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", invitation["code"])
    assert invitation["expires_at"] == "2026-09-08T01:00:00Z"
    joined = joins(father, invitation["code"]).ok()
    assert joined == mother.api.get("/v1/persons").ok()["items"][0]
    assert father.api.get("/v1/persons").ok()["items"] == [joined]
    assert father.api.get("/v1/applications").ok()["items"] == [application]
    assert [item["id"] for item in father.api.get("/v1/appointments").ok()["items"]] == [ticket["id"]]
    assert father.move(application, "withdraw").ok()["status"] == "withdrawn"
    for family, own in ((mother, [True, False]), (father, [False, True])):
        guardians = family.api.get(f"/v1/persons/{mother.child}/guardians").ok()["items"]
        assert [guardian["own"] for guardian in guardians] == own
        assert all(guardian.keys() == {"kinship", "since", "own"} for guardian in guardians)
    # Once more is no error; to anybody else the code is used.
    assert joins(father, invitation["code"].lower()).ok() == joined
    assert joins(stranger(world), invitation["code"]).code == "invitation_not_found"


def test_how_a_code_may_be_written(world: World) -> None:
    mother = Family(world)
    for written in (str.lower, lambda code: f"{code[:4]}-{code[4:]}", lambda code: code.replace("1", "l")):
        code = invites(mother)["code"].replace("0", "O")
        assert joins(stranger(world), written(code)).status == 200


def test_a_code_is_good_once_for_a_day_and_until_the_next(world: World) -> None:
    mother = Family(world)
    old, new = invites(mother)["code"], invites(mother)["code"]
    assert joins(stranger(world), old).code == "invitation_not_found"
    world.live.clock.now += timedelta(hours=24) - timedelta(seconds=1)
    late, later = stranger(world), stranger(world)
    assert joins(late, new).status == 200
    mother.come_again()
    newest = invites(mother)["code"]
    world.live.clock.now += timedelta(hours=24)
    later.come_again()
    assert joins(later, newest).code == "invitation_not_found"


def test_the_code_is_kept_nowhere(world: World) -> None:
    """And a repeated request is told it all the same."""
    mother, key = Family(world), str(new_id())
    first = invites(mother, key)
    assert invites(mother, key) == first
    for table in ("invitations", "idempotency_keys", "audit_trail", "outbox"):
        rows = world.live.sql(f"SELECT t::text AS row FROM {table} t")  # noqa: S608 - names of tables
        assert not any(first["code"] in row["row"] for row in rows), table
    assert world.live.sql("SELECT count(*) FROM invitations")[0][0] == 1
    assert Invitation.model_validate(first, strict=False)


def test_nobody_goes_through_all_codes(world: World) -> None:
    code, guesser = invites(Family(world))["code"], stranger(world)
    for _ in range(5):
        assert joins(guesser, "ZZZZZZZZ").code == "invitation_not_found"
    assert joins(guesser, code).code == "too_many_attempts"
    # Another is not kept from it; and after an hour it is forgotten.
    world.live.clock.now += timedelta(minutes=59)
    guesser.come_again()
    assert joins(guesser, code).code == "too_many_attempts"
    world.live.clock.now += timedelta(minutes=1)
    guesser.come_again()
    assert joins(guesser, code).status == 200


def test_who_may_invite(world: World) -> None:
    mother, other = Family(world), stranger(world)
    path = f"/v1/persons/{mother.child}"
    assert other.api.create(f"{path}/invitations", None).code == "person_not_found"
    assert other.api.get(f"{path}/guardians").code == "person_not_found"
    # Whoever is no guardian any more has invited nobody; whoever joined may invite.
    father, grandmother = stranger(world), stranger(world)
    joins(father, invites(mother)["code"]).ok()
    code = father.api.create(f"{path}/invitations", None).ok()["code"]
    father.api.call("DELETE", path)
    assert joins(grandmother, code).code == "invitation_not_found"
    joins(grandmother, invites(mother)["code"], "other").ok()


def test_whoever_leaves_leaves_the_bookings_to_the_others(world: World) -> None:
    mother, father = Family(world), stranger(world)
    application = mother.applies(group(world)).ok()
    joins(father, invites(mother)["code"]).ok()
    path = f"/v1/persons/{mother.child}"
    assert father.api.call("DELETE", path).status == 204
    assert father.api.get("/v1/applications").ok()["items"] == []
    assert mother.statuses([application]) == ["submitted"]
    assert mother.api.call("DELETE", path).code == "person_has_bookings"


def test_whoever_waits_for_the_person_does_not_leave(world: World) -> None:
    """The entry is that account's own, and nobody else could answer what is offered."""
    mother, father = Family(world), stranger(world)
    joins(father, invites(mother)["code"]).ok()
    entry = father.api.create("/v1/waiting-list", waiting(Clinic(world), mother.child)).ok()
    path = f"/v1/persons/{mother.child}"
    assert father.api.call("DELETE", path).code == "person_has_bookings"
    father.api.post(f"/v1/waiting-list/{entry['id']}/leave").ok()
    assert father.api.call("DELETE", path).status == 204


def test_one_of_many_joins_by_one_code(world: World) -> None:
    mother, others = Family(world), [stranger(world) for _ in range(8)]
    code = invites(mother)["code"]
    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(lambda other: joins(other, code).status, others))
    assert answers == {200: 1, 404: 7}
    assert len(mother.api.get(f"/v1/persons/{mother.child}/guardians").ok()["items"]) == 2


def test_two_records_of_one_child_become_one(world: World) -> None:
    mother, father = Family(world, **CHILD), Family(world, **CHILD)
    clinic, one = Clinic(world), group(world)
    theirs = mother.applies(one).ok()
    fathers_group = group(world, **on(4))
    mine = father.applies(fathers_group).ok()
    drafts = [family.drafts(group_id).ok() for family in (mother, father) for group_id in (one,)]
    other_draft = father.drafts(group(world, **on(5))).ok()
    ticket = world.book(father.api, clinic.slot(), father.child).ok()
    joined = joins(father, invites(mother)["code"]).ok()
    assert joined["id"] == mother.child
    assert [item["id"] for item in father.api.get("/v1/persons").ok()["items"]] == [mother.child]
    expected = {theirs["id"]: "submitted", mine["id"]: "submitted", other_draft["id"]: "draft"}
    expected |= {drafts[0]["id"]: "draft", drafts[1]["id"]: "withdrawn"}
    for family in (mother, father):
        applications = family.api.get("/v1/applications").ok()["items"]
        assert {item["id"]: item["status"] for item in applications} == expected
        assert {item["person"]["id"] for item in applications} == {mother.child}
        assert [item["id"] for item in family.api.get("/v1/appointments").ok()["items"]] == [ticket["id"]]
    (twin,) = world.live.sql("SELECT last_name, deleted_at FROM persons WHERE id = $1", father.child)
    assert (twin["last_name"], twin["deleted_at"]) == ("", world.now)
    # One child, as before.
    assert father.api.create("/v1/applications", mother.body(fathers_group)).code == "already_applied"


def test_what_is_offered_to_the_twin_is_offered_to_the_child(world: World) -> None:
    mother, father = Family(world, **CHILD), Family(world, **CHILD)
    clinic = Clinic(world)
    father.api.create("/v1/waiting-list", waiting(clinic, father.child)).ok()
    clinic.slot("late", hours=30)
    world.live.work()
    (offer,) = father.api.get("/v1/offers").ok()["items"]
    joins(father, invites(mother)["code"]).ok()
    ticket = father.api.post(f"/v1/offers/{offer['id']}/accept").ok()["items"][0]
    assert ticket["person"]["id"] == mother.child


def test_a_guardian_of_oneself(world: World) -> None:
    mother, grown = Family(world, birth_date="2010-01-01"), stranger(world)
    grown.api.create("/v1/persons", person(kinship="self", last_name="Галкина", birth_date="1999-01-01")).ok()
    code = invites(mother)["code"]
    assert joins(grown, code, "self").code == "self_exists"
    assert joins(grown, code, "child").status == 200


def test_all_that_names_a_person_goes_over(world: World) -> None:
    """Whoever adds a table that points at a person adds it to merge_persons()."""
    columns = world.live.sql(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'person_id' AND table_schema = 'public'"
    )
    functions = Path(__file__).parents[2] / "service/migrations/functions/guardians.sql"
    merging = functions.read_text().partition("FUNCTION merge_persons")[2]
    assert {row["table_name"] for row in columns} == {*BOTH, "guardians", "invitations"}
    assert all(f" {row['table_name']} " in merging for row in columns)
