"""The citizen's family through the live service."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from service.core.ids import new_id
from tests import locks
from tests.applications.people import applying, group
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import booking, stranger
from tests.live import Api
from tests.people.test_rules import with_luhn, with_snils_check
from tests.provocation import Asked, someone, surname
from tests.world import World, person

SNILS, OTHER_SNILS = with_snils_check(212_233_445), with_snils_check(212_233_446)
POLICY = with_luhn("420000123456789")


def patch(api: Api, person_id: str, **fields: Any) -> Any:
    return api.call("PATCH", f"/v1/persons/{person_id}", fields)


def row(world: World, person_id: str) -> Any:
    return world.live.sql("SELECT * FROM persons WHERE id = $1", person_id)[0]


def everything(world: World) -> str:
    """All that the database holds, in whatever table."""
    tables = [row["tablename"] for row in world.live.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return "\n".join(repr(row) for table in tables for row in world.live.sql(f"TABLE {table}"))


def test_identifiers_are_masked_in_answers_and_sealed_at_rest(world: World) -> None:
    parent = world.parent()
    made = parent.create("/v1/persons", person(snils=SNILS, policy=POLICY)).ok()
    assert made["snils_masked"] == f"***-***-*{SNILS[7:9]} {SNILS[9:]}"
    assert made["policy_masked"] == f"**** **** **** {POLICY[-4:]}"
    assert parent.get("/v1/persons").ok()["items"] == [made]
    answers = [parent.get("/v1/persons"), patch(parent, made["id"], first_name="Вероника")]
    assert not any(number.encode() in answer.content for number in (SNILS, POLICY) for answer in answers)

    stored = everything(world)
    assert "Вероника" in stored
    assert not any(number in stored for number in (SNILS, POLICY))

    kept = row(world, made["id"])
    name = f"persons:42:{made['id']}"
    assert world.live.sealer.open(kept["snils_sealed"], f"{name}:snils") == SNILS
    assert world.live.sealer.open(kept["policy_sealed"], f"{name}:policy") == POLICY
    for other in (f"{name}:policy", f"persons:42:{someone()}:snils", f"persons:54:{made['id']}:snils", ""):
        with pytest.raises(InvalidTag):
            world.live.sealer.open(kept["snils_sealed"], other)


def test_what_is_sealed_in_one_row_is_not_shown_in_another(world: World) -> None:
    """Whoever writes to the database can't read a number by moving it to a row of their own."""
    parent = world.parent()
    one = parent.create("/v1/persons", person(snils=SNILS)).ok()["id"]
    other = parent.create("/v1/persons", person(first_name="Анна")).ok()["id"]
    sealed = row(world, one)["snils_sealed"]
    world.live.sql("UPDATE persons SET snils_sealed = $1 WHERE id = $2", sealed, other)
    assert parent.get("/v1/persons").code == "internal"


def test_what_can_not_be_is_refused_at_writing_down_and_at_correcting(world: World) -> None:
    parent = world.parent()
    child = world.child(parent)
    before = row(world, child)
    for name, value, code in (
        ("snils", SNILS[:-1] + str((int(SNILS[-1]) + 1) % 10), "snils_invalid"),
        ("snils", "00000000000", "snils_invalid"),
        ("snils", "212-233-445", "invalid"),
        ("policy", POLICY[:-1] + str((int(POLICY[-1]) + 1) % 10), "policy_invalid"),
        ("policy", POLICY[:-1], "invalid"),
        ("birth_date", "2026-09-09", "birth_date_impossible"),
        ("birth_date", "1899-12-31", "invalid"),
        ("last_name", "Со1олова", "invalid"),
        ("last_name", " Соколова", "invalid"),
        ("sex", "other", "invalid"),
        ("kinship", "friend", "invalid"),
    ):
        for answer in (parent.create("/v1/persons", person(**{name: value})), patch(parent, child, **{name: value})):
            assert answer.code == code, (name, value)
            # The value is not said again: it might end up in somebody's log.
            assert value not in answer.content.decode()
    assert row(world, child) == before
    assert len(parent.get("/v1/persons").ok()["items"]) == 1


def test_a_child_born_today_is_written_down_all_over_the_country(world: World) -> None:
    """It is 7 September in Kamchatka when it still is the 6th by UTC."""
    world.live.clock.now = datetime(2026, 9, 6, 13, tzinfo=UTC)
    parent = world.parent()
    assert parent.create("/v1/persons", person(birth_date="2026-09-07")).status == 201
    assert parent.create("/v1/persons", person(birth_date="2026-09-08")).code == "birth_date_impossible"
    assert parent.create("/v1/persons", person(birth_date="1900-01-01")).status == 201


def test_correcting_changes_what_is_given_and_null_removes(world: World) -> None:
    parent = world.parent()
    made = parent.create("/v1/persons", person(snils=SNILS, policy=POLICY)).ok()
    world.live.clock.now = datetime(2026, 9, 7, 1, 5, tzinfo=UTC)
    corrected = patch(parent, made["id"], last_name="Орлова", birth_date="2019-05-15").ok()
    assert corrected == {
        **made,
        "last_name": "Орлова",
        "birth_date": "2019-05-15",
        "updated_at": corrected["updated_at"],
    }
    assert datetime.fromisoformat(corrected["updated_at"]) == world.now
    assert parent.get("/v1/persons").ok()["items"] == [corrected]
    assert patch(parent, made["id"]).ok() == corrected
    # What everybody has can't be removed, so null says nothing.
    assert patch(parent, made["id"], last_name=None, birth_date=None, sex=None).ok() == corrected
    bare = patch(parent, made["id"], patronymic=None, snils=None, policy=None).ok()
    assert bare == {**corrected, "patronymic": None, "snils_masked": None, "policy_masked": None}
    kept = row(world, made["id"])
    assert (kept["snils_sealed"], kept["policy_sealed"], kept["patronymic"]) == (None, None, None)
    assert patch(parent, made["id"], kinship="ward").code == "invalid"
    fields = world.live.sql("SELECT details::text FROM audit_trail WHERE event = 'person_updated' ORDER BY id")
    assert fields[0]["details"] == '{"fields": ["birth_date", "last_name"]}'


def test_the_same_human_being_twice_in_one_family(world: World) -> None:
    parent = world.parent()
    first = parent.create("/v1/persons", person(snils=SNILS)).ok()["id"]
    assert parent.create("/v1/persons", person(snils=SNILS, last_name="Иначе")).code == "person_exists"
    second = world.child(parent, last_name="Ёлкина")
    assert parent.create("/v1/persons", person(last_name="ЕЛКИНА")).code == "person_exists"
    assert patch(parent, second, snils=SNILS).code == "person_exists"
    before = row(world, second)
    assert patch(parent, second, first_name="Надежда", snils=SNILS).code == "person_exists"
    assert row(world, second) == before
    # Oneself is written down once; in another family all of them may be again.
    assert parent.create("/v1/persons", person(first_name="Мария", kinship="self")).status == 201
    assert parent.create("/v1/persons", person(first_name="Дарья", kinship="self")).code == "self_exists"
    assert world.parent(someone()).create("/v1/persons", person(snils=SNILS)).status == 201
    assert first in {item["id"] for item in parent.get("/v1/persons").ok()["items"]}


def test_somebody_elses_person_does_not_exist(world: World) -> None:
    parent, other = world.parent(), world.parent(someone())
    child = world.child(parent)
    slot = Clinic(world).slot()
    assert patch(other, child, first_name="Анна").code == "person_not_found"
    assert other.call("DELETE", f"/v1/persons/{child}").code == "person_not_found"
    assert booking(other, slot, child).answer("ru").code == "person_not_found"
    assert applying(other, group(world), child).answer("ru").code == "person_not_found"
    assert other.get("/v1/persons").ok()["items"] == []
    # A system has no family.
    assert world.operator.get("/v1/persons").code == "forbidden"


def test_bookings_go_along_with_a_correction(world: World) -> None:
    """Under the new identity the child is still busy, still has the ticket, and is still found to be one child."""
    parent = world.parent()
    child = world.child(parent)
    first, second = Clinic(world), Clinic(world)
    ticket = world.book(parent, first.slot(), child).ok()
    application = world.apply(parent, group(world), child).ok()
    assert patch(parent, child, snils=SNILS, last_name="Орлова").status == 200
    identity = row(world, child)["identity"]
    for table in ("appointments", "applications", "engagements", "guardians"):
        kept = {found["identity"] for found in world.live.sql(f"TABLE {table}")}
        assert kept == {identity}, table
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok()["person"]["last_name"] == "Орлова"

    father = world.parent(someone())
    same = world.child(father, snils=SNILS, last_name="Иначе")
    assert booking(father, second.slot(hours=24.1), same).answer("ru").code == "person_busy"
    assert booking(father, first.slot("s2", hours=48), same).answer("ru").code == "already_has_ticket"
    assert applying(father, application["group_id"], same).answer("ru").code == "already_applied"
    # Under the old one there is nobody any more.
    assert stranger(world, second.slot("s2", hours=24.2), last_name="Соколова").answer("ru").status == 201


@pytest.mark.parametrize("collision", ["person_busy", "already_has_ticket", "already_applied"])
def test_a_correction_that_would_book_one_child_twice_is_undone(world: World, collision: str) -> None:
    mother, father = world.parent(), world.parent(someone())
    child = world.child(mother)
    misspelt = world.child(father, last_name="Сокалова")
    clinic, wanted = Clinic(world), group(world)
    if collision == "person_busy":
        world.book(mother, clinic.slot(), child).ok()
        world.book(father, Clinic(world).slot(hours=24.1), misspelt).ok()
    elif collision == "already_has_ticket":
        world.book(mother, clinic.slot(), child).ok()
        world.book(father, clinic.slot("s2", hours=30), misspelt).ok()
    else:
        world.apply(mother, wanted, child).ok()
        world.apply(father, wanted, misspelt).ok()
    state = "SELECT * FROM persons", "SELECT * FROM guardians", "SELECT * FROM engagements", "SELECT * FROM audit_trail"
    before = [world.live.sql(statement) for statement in state]
    refused = patch(father, misspelt, last_name="Соколова", sex="male")
    assert refused.code in {collision, "person_busy"}
    assert collision != "already_has_ticket" or refused.code == collision
    assert [world.live.sql(statement) for statement in state] == before
    assert father.get("/v1/persons").ok()["items"][0]["last_name"] == "Сокалова"


def test_deleting_waits_for_bookings_and_then_erases(world: World) -> None:
    parent = world.parent()
    child = world.child(parent, snils=SNILS, policy=POLICY, last_name="Стираемая")
    path = f"/v1/persons/{child}"
    ticket = world.book(parent, Clinic(world).slot(), child).ok()
    application = world.apply(parent, group(world), child).ok()
    assert parent.call("DELETE", path).code == "person_has_bookings"
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert parent.call("DELETE", path).code == "person_has_bookings"
    parent.post(f"/v1/applications/{application['id']}/withdraw").ok()
    answer = parent.call("DELETE", path)
    assert (answer.status, answer.content) == (204, b"")
    assert parent.call("DELETE", path).code == "person_not_found"
    assert patch(parent, child, first_name="Анна").code == "person_not_found"
    for listed in ("persons", "appointments", "applications"):
        assert parent.get(f"/v1/{listed}").ok()["items"] == []
    assert not re.search("Стираемая|Ильинична|2019-05-14|2019, 5, 14", everything(world))
    # That there was somebody stays in the audit trail, who it was does not; the same child is a new person.
    events = world.live.sql("SELECT event FROM audit_trail WHERE subject_id = $1 ORDER BY id", child)
    assert [found["event"] for found in events] == ["person_created", "person_deleted"]
    again = world.child(parent, snils=SNILS, last_name="Стираемая")
    assert again != child
    identities = {found["identity"] for found in world.live.sql("SELECT identity FROM appointments")}
    assert row(world, again)["identity"] not in identities


def test_a_past_ticket_does_not_keep_a_person(world: World) -> None:
    parent = world.parent()
    child = world.child(parent)
    ticket = world.book(parent, Clinic(world).slot(), child).ok()
    ends_at = datetime.fromisoformat(ticket["ends_at"])
    for now, status in ((datetime.fromisoformat(ticket["starts_at"]), 409), (ends_at, 204)):
        world.live.clock.now = now
        assert world.parent().call("DELETE", f"/v1/persons/{child}").status == status


def trying(parent: Api, group_id: str, person_id: str) -> Asked:
    body = {"group_id": group_id, "person_id": person_id, "lesson_id": "2026-10-06T1630"}
    return Asked(parent, "POST", "/v1/trials", body, key=str(new_id()))


@pytest.mark.parametrize("what", ["book", "apply", "try", "correct"])
def test_nothing_is_done_for_a_person_who_is_just_being_deleted(world: World, what: str) -> None:
    """It waits for the deletion, and then there is nobody."""
    parent = world.parent()
    child = world.child(parent)
    slot, wanted = Clinic(world).slot(), group(world, trial_places=1)
    citizen = world.live.sql("SELECT citizen_id FROM guardians WHERE person_id = $1", child)[0]["citizen_id"]
    deletion = f"SELECT delete_person(42::smallint, '{citizen}', '{child}', gen_random_uuid(), now())"
    asked = {
        "book": lambda: booking(parent, slot, child).answer("ru"),
        "apply": lambda: applying(parent, wanted, child).answer("ru"),
        "try": lambda: trying(parent, wanted, child).answer("ru"),
        "correct": lambda: patch(parent, child, last_name=surname()),
    }[what]
    with ThreadPoolExecutor(1) as background:
        with locks.holding(world.live, deletion, end="COMMIT"):
            answer = background.submit(asked)
            locks.wait_until_blocked(world.live)
        assert answer.result().code == "person_not_found"
    assert row(world, child)["last_name"] == ""
    assert world.live.sql("SELECT FROM engagements") == []


@pytest.mark.parametrize("what", ["book", "apply", "try"])
def test_a_booking_during_a_correction_is_made_under_the_new_identity(world: World, what: str) -> None:
    parent = world.parent()
    child = world.child(parent)
    slot, wanted = Clinic(world).slot(), group(world, trial_places=1)
    asked = {
        "book": booking(parent, slot, child),
        "apply": applying(parent, wanted, child),
        "try": trying(parent, wanted, child),
    }[what]
    with ThreadPoolExecutor(1) as background:
        correction = (
            "SELECT FROM persons FOR UPDATE",
            f"SELECT change_identity(42::smallint, '{child}', sha256('another'))",
            "UPDATE persons SET identity = sha256('another'), last_name = 'Орлова'",
        )
        with locks.holding(world.live, *correction, end="COMMIT"):
            answer = background.submit(asked.answer, "ru")
            locks.wait_until_blocked(world.live)
        assert answer.result().ok()["person"]["last_name"] == "Орлова"
    identities = [found["identity"] for found in world.live.sql("SELECT identity FROM engagements")]
    assert identities == [row(world, child)["identity"]]
