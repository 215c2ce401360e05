"""A citizen takes out all that is kept of them, and nothing of anybody else."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.personal_data.shapes import KINDS
from tests.applications.people import Family, group
from tests.consents.people import consent
from tests.contract.scene import set_scene
from tests.doctors.clinic import Clinic
from tests.live import Live
from tests.people.test_guardians import invites, joins, stranger
from tests.personal_data.archives import Archive
from tests.world import CLINIC, World, person

SNILS, POLICY = "11223344595", "7700001234567895"
FUNCTIONS = Path(__file__).parents[2] / "service/migrations/functions/export.sql"
# Tables that are about somebody by one of these columns.
ABOUT = {"citizen_id", "person_id", "identity", "caller_id", "actor_id", "subject_id", "application_id", "entry_id"}
# Of those, what is not taken out, and why.
NOT_TAKEN_OUT = {
    "attachments": "the clinic's own list, by people's names and numbers: whoever only typed those would be told of it",
    "referrals": "the clinic's own, as attachments",
    "engagements": "when a booking is, once more: tickets, trials, applications and the calendar tell it",
    "identity_codes": "a secret that is good for ten minutes",
    "idempotency_keys": "copies of answers, for three days",
    "outbox": "that something is to be told, by its id",
}


def tables_about_people(live: Live) -> set[str]:
    statement = """
        SELECT DISTINCT c.table_name FROM information_schema.columns c
        JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = ANY ($1)"""
    return {row["table_name"] for row in live.sql(statement, sorted(ABOUT))}


def test_every_table_about_people_is_taken_out_or_named(world: World) -> None:
    """Whoever adds a table adds it to a function of functions/export.sql, or to NOT_TAKEN_OUT with the reason."""
    exporting = FUNCTIONS.read_text(encoding="utf-8")
    taken_out = {name for name in tables_about_people(world.live) if f" {name} " in exporting}
    unknown = tables_about_people(world.live) - taken_out - NOT_TAKEN_OUT.keys()
    assert unknown == set(), f"{unknown}: add to functions/export.sql, or to NOT_TAKEN_OUT with a reason"
    assert taken_out >= {"appointments", "applications", "guardians", "audit_trail"}


def test_all_that_there_is_comes_out(world: World) -> None:
    scene = set_scene(world)
    world.live.sql("INSERT INTO wrong_codes SELECT region_id, id, gen_random_uuid(), $1 FROM citizens", world.now)
    scene.parent.create(f"/v1/persons/{scene.person_id}/invitations", None).ok()
    for _ in range(2):
        scene.parent.create("/v1/holds", {"slot_id": scene.free_slot_id}).ok()
    clinic = f"/v1/institutions/{CLINIC}"
    message = {"text": "Завтра приносим форму"}
    scene.teacher.create(f"{clinic}/groups/r1/messages", message).ok()
    scene.teacher.put(
        f"{clinic}/groups/r1/lessons/2026-09-07T0700/attendance",
        {"marks": [{"application_id": scene.pupil_application_id, "mark": "present"}]},
    ).ok()
    certificate = {"number": "4207000123", "snils": "11223344595", "municipality": "Кемерово", "year": 2026}
    certificate |= {"unit": "roubles", "nominal": 20000, "most_programmes": 3, "status": "active"}
    world.put("/v1/certificates", {"items": [certificate]})
    consent(world, scene.parent, scene.person_id).ok()
    archive = Archive(scene.parent)
    data = archive.data
    assert data.keys() == KINDS.keys() | {"made_at", "region"}
    # All but what only a teacher and who works there has.
    assert [kind for kind in KINDS if not data[kind]] == ["teaching", "working"]
    assert [teacher["last_name"] for teacher in Archive(scene.teacher).data["teaching"]] == ["Орлов"]
    assert set(scene.private) - {scene.todays_id, scene.movable_id, scene.spare_document_id} <= {
        part for kind in KINDS for row in data[kind] for part in map(str, row.values())
    }
    assert [row["text"] for row in data["messages"]] == [message["text"]]
    assert data["documents"][0]["name"] == "Справка.pdf"
    assert data["certificates"][0]["number"] == "******0123"
    assert all(f"  {kind}: " in archive.readme for kind in KINDS)
    assert archive.readme.index("Ваши данные") < archive.readme.index("Your data")
    for secret in ("_sealed", "_hash", "identity"):
        assert f'{secret}"' not in archive.text
    strangers = {row["id"] for row in Archive(scene.stranger).data["persons"]}
    assert strangers == {scene.shared_person_id}
    assert not any(one in archive.text for one in strangers)


def test_the_calendar_holds_what_is_to_come(world: World) -> None:
    family = Family(world)
    ticket = world.book(family.api, Clinic(world).slot(), family.child).ok()
    family.applies(group(world, instant=True)).ok()
    events = Archive(family.api).events
    titles = [str(event["SUMMARY"]) for event in events]
    assert titles[0] == "Запись на приём"
    assert set(titles[1:]) == {"Занятие: Группа 1"}
    assert len(events) > 20
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert events[0]["DTSTART"].dt == datetime.fromisoformat(ticket["starts_at"])
    assert "Соколова" not in str(events)
    world.live.clock.now += timedelta(days=365)
    assert Archive(world.parent()).events == []


def test_identifiers_come_whole_to_who_is_alone_with_them(world: World) -> None:
    mother, father = Family(world, 0), stranger(world)
    child = mother.api.create("/v1/persons", person(snils=SNILS, policy=POLICY)).ok()["id"]
    mother.children = [child]
    (whole,) = Archive(mother.api).data["persons"]
    assert (whole["snils"], whole["policy"], whole["alone"]) == (SNILS, POLICY, True)
    joins(father, invites(mother)["code"]).ok()
    for family in (mother, father):
        (masked,) = Archive(family.api).data["persons"]
        assert masked["alone"] is False
        assert {SNILS, POLICY}.isdisjoint(masked.values())
        assert masked["snils"].endswith("95")


def test_a_second_guardian_is_told_what_is_booked_and_not_by_whom(world: World) -> None:
    mother, father = Family(world), stranger(world)
    ticket = world.book(mother.api, Clinic(world).slot(), mother.child).ok()
    joins(father, invites(mother)["code"]).ok()
    archive = Archive(father.api)
    (kept,) = archive.data["tickets"]
    assert (kept["id"], kept["own"]) == (ticket["id"], False)
    mothers = world.live.sql("SELECT citizen_id FROM appointments")[0]["citizen_id"]
    assert str(mothers) not in archive.text
    assert "appointment_booked" in {event["event"] for event in archive.data["events"]}
    assert not any(event["own"] for event in archive.data["events"] if event["subject_id"] == ticket["id"])


@pytest.mark.parametrize("hours", [23.9, 24.1])
def test_a_few_times_a_day(world: World, hours: float) -> None:
    parent = world.parent()
    for _ in range(world.live.settings.max_exports_a_day):
        Archive(parent)
    assert parent.post("/v1/account/export").code == "exports_too_many"
    # It is told that it was done.
    world.live.clock.now += timedelta(hours=hours)
    again = world.parent()
    if hours < 24:
        assert again.post("/v1/account/export").code == "exports_too_many"
    else:
        events = [event["event"] for event in Archive(again).data["events"]]
        assert events.count("account_exported") == world.live.settings.max_exports_a_day + 1


def test_however_much_there_is_it_comes_out_whole(world: World) -> None:
    """Ten thousand events, more than a megabyte of them."""
    parent = world.parent()
    Archive(parent)
    (citizen,) = world.live.sql("SELECT id FROM citizens")
    world.live.sql(
        "INSERT INTO audit_trail "
        "SELECT 42, gen_random_uuid(), $1, $2, 'tried', $2, '{}' FROM generate_series(1, 10000)",
        world.now,
        citizen["id"],
    )
    archive = Archive(parent)
    assert len(archive.data["events"]) == 10002
    assert len(archive.text) > 1024 * 1024
