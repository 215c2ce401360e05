"""Each purpose has its term: what is past it is forgotten, what is not stays, and nothing is forgotten early."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.core.jobs import Job
from service.worker import JOBS
from tests import locks
from tests.applications.people import Family, group
from tests.contract.scene import set_scene
from tests.doctors.clinic import Clinic
from tests.live import Live
from tests.personal_data.test_erasure import id_of
from tests.provocation import surname
from tests.reception.desk import patient
from tests.world import CLINIC, World

# Table -> how its rows are made to have ended at an instant, the setting of their term, the job.
TERMS = {
    "trials": ("ends_at = $1, begins_at = $1::timestamptz - interval '1 hour'", "keep_trials_days", "forget_trials"),
    "messages": ("sent_at = $1", "keep_messages_days", "forget_messages"),
    "outbox": ("at = $1", "keep_told_days", "forget_told"),
    "invitations": ("expires_at = $1", "keep_codes_days", "forget_codes"),
    "identity_codes": ("expires_at = $1", "keep_codes_days", "forget_codes"),
    "places_let_go": ("at = $1", "keep_let_go_days", "forget_let_go"),
    "wrong_codes": ("at = $1", "keep_codes_days", "forget_codes"),
    "waiting_entries": ("ended_at = $1, status = 'left'", "keep_waiting_days", "forget_waiting"),
}


def run(live: Live, name: str) -> int:
    """One batch of that job and nothing else."""
    (job,) = [job for job in JOBS if job.name == name]
    return live.batch(job)


def count(live: Live, table: str) -> int:
    return live.sql(f"SELECT count(*) FROM {table}")[0]["count"]  # noqa: S608


@pytest.fixture
def family(world: World) -> Family:
    return Family(world)


def some_of_each(world: World) -> None:
    scene = set_scene(world)
    body = {"text": "Сбор в 9:00"}
    scene.teacher.create(f"/v1/institutions/{CLINIC}/groups/r1/messages", body).ok()
    scene.parent.create("/v1/identities/codes", None).ok()
    scene.parent.create(f"/v1/persons/{scene.person_id}/invitations", None).ok()
    scene.parent.post("/v1/guardianships", {"code": "00000000", "kinship": "other"})
    for _ in range(2):
        scene.parent.create("/v1/holds", {"slot_id": scene.free_slot_id}).ok()


def test_what_is_past_its_term_goes_and_nothing_before(world: World) -> None:
    some_of_each(world)
    live = world.live
    # What is waited for is not offered any more.
    live.sql("DELETE FROM holds WHERE offer_id IS NOT NULL")
    for table, (change, setting, job) in TERMS.items():
        term, there = timedelta(days=getattr(live.settings, setting)), count(live, table)
        assert there > 0, table
        update = f"UPDATE {table} SET {change}"  # noqa: S608 - names of ours
        live.sql(update, world.now - term)
        assert run(live, job) == 0, table
        live.sql(update, world.now - term - timedelta(seconds=1))
        assert run(live, job) == there, table
        assert count(live, table) == 0, table


def test_requests_and_wishes_go_when_they_were_carried_out(world: World) -> None:
    some_of_each(world)
    live = world.live
    term = timedelta(days=live.settings.keep_requests_days, seconds=1)
    for table, column, what, done in (
        ("draw_requests", "created_at", "draws", "drawn_at"),
        ("campaign_wishes", "updated_at", "campaigns", "filled_at"),
    ):
        live.sql(f"UPDATE {table} SET {column} = $1", world.now - term)  # noqa: S608 - names of ours
        live.sql(f"UPDATE {what} SET {done} = NULL")  # noqa: S608
        there = count(live, table)
        assert run(live, "forget_requests") == 0
        live.sql(f"UPDATE {what} SET {done} = $1", world.now - term)  # noqa: S608
        assert run(live, "forget_requests") == there > 0
        assert count(live, table) == 0
        # The record stays.
        assert live.sql(f"SELECT FROM {what} WHERE record IS NOT NULL") != []


def test_a_visit_is_nobodys_after_its_term_and_is_still_counted(world: World, family: Family) -> None:
    ticket = world.book(family.api, Clinic(world).slot(), family.child, referral_number=None).ok()
    live = world.live
    live.sql("UPDATE appointments SET appeal = 'Болели', referral_number = 'Н-1'")
    ends_at = live.sql("SELECT ends_at FROM appointments")[0]["ends_at"]
    live.clock.now = ends_at + timedelta(days=live.settings.keep_tickets_days)
    assert run(live, "forget_tickets") == 0
    live.clock.now += timedelta(seconds=1)
    assert run(live, "forget_tickets") == 1
    assert run(live, "forget_tickets") == 0
    (kept,) = live.sql("SELECT * FROM appointments")
    assert (str(kept["id"]), kept["citizen_id"], kept["appeal"], kept["referral_number"]) == (ticket["id"],) + (
        None,
    ) * 3
    assert str(kept["person_id"]) != family.child
    family.come_again()
    assert family.api.get("/v1/appointments").ok()["items"] == []
    # The child, whom somebody looks after, stays.
    assert [item["id"] for item in family.api.get("/v1/persons").ok()["items"]] == [family.child]


def test_whom_only_a_desk_knows_goes_with_the_last_visit(world: World) -> None:
    live = world.live
    world.publish_slots(world.slot("s1"), world.slot("s2", hours=30)).ok()
    body: dict[str, Any] = {"source": "desk", "patient": patient(last_name=surname())}
    booked = {"slot_id": world.slot_id("s1"), **body}
    world.operator.create(f"/v1/institutions/{CLINIC}/appointments", booked).ok()
    assert len(live.sql("SELECT FROM persons")) == 1
    live.clock.now += timedelta(days=live.settings.keep_tickets_days + 2)
    assert run(live, "forget_tickets") == 1
    assert [row["last_name"] for row in live.sql("SELECT last_name FROM persons")] == [""]


@pytest.mark.parametrize("status", ["withdrawn", "enrolled", "submitted"])
def test_an_application_is_nobodys_after_its_term(world: World, family: Family, status: str) -> None:
    wanted = group(world, instant=status == "enrolled")
    application = family.applies(wanted).ok()
    if status == "withdrawn":
        family.move(application, "withdraw").ok()
    live = world.live
    # An enrolled child is in the group until its end, nine months later.
    days = live.settings.keep_applications_days + (270 if status == "enrolled" else 0)
    live.clock.now += timedelta(days=days - (10 if status == "enrolled" else 0))
    assert run(live, "forget_applications") == 0
    live.clock.now += timedelta(days=11)
    gone = status != "submitted"
    assert run(live, "forget_applications") == int(gone)
    assert run(live, "forget_applications") == 0
    (kept,) = live.sql("SELECT * FROM applications")
    assert (str(kept["person_id"]) != family.child) == gone
    assert kept["status"] == status
    assert (live.sql("SELECT FROM engagements") == []) == gone


def test_what_somebody_works_on_is_left_to_them(world: World) -> None:
    first, second = Family(world), Family(world)
    clinic = Clinic(world)
    tickets = [
        world.book(one.api, clinic.slot(f"s{number}", hours=24 + number), one.child).ok()["id"]
        for number, one in enumerate((first, second))
    ]
    live = world.live
    live.clock.now += timedelta(days=live.settings.keep_tickets_days + 3)
    with locks.holding(live, f"SELECT FROM appointments WHERE id = '{tickets[0]}' FOR UPDATE"):
        assert run(live, "forget_tickets") == 1
    assert run(live, "forget_tickets") == 1


def test_an_account_that_nobody_uses_is_erased(world: World) -> None:
    live = world.live
    idle, comes, busy = Family(world), Family(world), Family(world)
    live.clock.now += timedelta(days=200)
    comes.come_again()
    live.clock.now += timedelta(days=live.settings.keep_accounts_days - 200)
    assert run(live, "erase_unused") == 0
    live.sql("UPDATE citizens SET seen_at = $1", world.now - timedelta(days=1200))
    comes.come_again()
    live.sql(
        """INSERT INTO waiting_entries (region_id, id, institution_id, specialty_code, citizen_id, day_from, day_to,
               time_from, time_to, status, queued_at, created_at)
           VALUES (42, gen_random_uuid(), $1, '58', $2, '2040-01-01', '2040-01-02', '08:00', '09:00', 'waiting',
               $3, $3)""",
        CLINIC,
        id_of(live, busy.user),
        world.now,
    )
    assert run(live, "erase_unused") == 1
    assert run(live, "erase_unused") == 0
    users = {row["external_id"] for row in live.sql("SELECT external_id FROM citizens WHERE platform = 'vk'")}
    assert users == {str(comes.user), str(busy.user)}
    (stub,) = live.sql("SELECT * FROM audit_trail WHERE event = 'account_erased'")
    assert stub["actor_id"].int == 0
    assert str(idle.user) not in users


def test_an_account_is_used_by_any_of_its_platforms(world: World) -> None:
    live = world.live
    here, there = Family(world), Family(world)
    code = here.api.create("/v1/identities/codes", None).ok()["code"]
    there.api.post("/v1/identities/join", {"code": code}).ok()
    live.clock.now += timedelta(days=live.settings.keep_accounts_days + 1)
    there.come_again()
    assert run(live, "erase_unused") == 0
    live.clock.now += timedelta(days=live.settings.keep_accounts_days + 1)
    assert run(live, "erase_unused") == 1
    assert [row["platform"] for row in live.sql("SELECT platform FROM citizens")] == ["erased"]


def test_coming_is_written_down_once_a_day(world: World) -> None:
    family = Family(world, 0)
    seen = [world.now]
    for hours, written in ((23, False), (2, True), (1, False)):
        world.live.clock.now += timedelta(hours=hours)
        family.come_again()
        seen.append(world.now if written else seen[-1])
        assert world.live.sql("SELECT seen_at FROM citizens")[0]["seen_at"] == seen[-1]


def test_every_job_that_forgets_is_in_the_table_of_terms() -> None:
    told = (Path(__file__).parents[2] / "docs/personal-data.md").read_text(encoding="utf-8")
    jobs: list[Job] = [job for job in JOBS if job.name.startswith(("forget_", "erase_"))]
    assert len(jobs) > 9
    assert [job.name for job in jobs if f"`{job.name}`" not in told] == []
