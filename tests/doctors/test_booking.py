"""Booking and cancelling through the live service: every rule at its very border."""

from datetime import datetime, timedelta
from typing import Any

from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.live import Api
from tests.people.test_rules import with_snils_check
from tests.provocation import someone, surname
from tests.world import PAEDIATRICIAN, SURGEON, World

WHAT_IS_WRITTEN = ("appointments", "engagements", "audit_trail", "outbox", "idempotency_keys")


def counts(world: World) -> dict[str, int]:
    return {table: len(world.live.sql(f"TABLE {table}")) for table in WHAT_IS_WRITTEN}


def family(world: World, **child: Any) -> tuple[Api, str]:
    parent = world.parent(someone())
    return parent, world.child(parent, **{"last_name": surname(), **child})


def test_one_booking_writes_one_of_everything_and_a_refused_one_nothing(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot()
    asked, late = stranger(world, slot), stranger(world, slot)
    before = counts(world)
    ticket = asked.answer("ru").ok()
    after = counts(world)
    assert {table: after[table] - before[table] for table in after} == dict.fromkeys(WHAT_IS_WRITTEN, 1)
    assert late.answer("ru").code == "time_taken"
    assert counts(world) == after
    told = world.live.sql("SELECT o.event, o.subject_id FROM outbox o")
    assert [(row["event"], str(row["subject_id"])) for row in told] == [("appointment_booked", ticket["id"])]
    assert asked.api.post(f"/v1/appointments/{ticket['id']}/cancel").ok()["status"] == "cancelled"
    assert counts(world)["engagements"] == after["engagements"] - 1


def test_a_taken_slot_names_up_to_three_nearest_free_ones(world: World) -> None:
    """Of the same doctor first; none that is taken, closed, past, of another specialty or for others."""
    clinic = Clinic(world)
    slots = [
        world.slot("taken", hours=24),
        world.slot("other-doctor", hours=24.25, practitioner_id="d2"),
        world.slot("far", hours=60),
        world.slot("near", hours=20),
        world.slot("nearer", hours=26),
        world.slot("for-adults", hours=24.5, age_from=18),
        world.slot("for-boys", hours=24.75, sex="male"),
        world.slot("surgeon", hours=24.25, practitioner_id="d3", specialty_code=SURGEON),
        world.slot("past", hours=1),
        world.slot("closed", hours=25),
    ]
    clinic.publish(*slots).ok()
    clinic.publish(*slots[:-1]).ok()
    Clinic(world).slot("elsewhere", hours=24.25)
    ids = {slot["external_id"]: clinic.slot_id(slot["external_id"]) for slot in slots}
    assert stranger(world, ids["taken"]).answer("ru").status == 201
    world.live.clock.now += timedelta(hours=2)
    asked = stranger(world, ids["taken"])

    def alternatives() -> list[Any]:
        refused = asked.answer("ru")
        assert refused.code == "time_taken"
        return refused.json["alternatives"]

    assert alternatives() == [
        {"slot_id": ids["nearer"], "starts_at": "2026-09-08T10:00:00+07:00"},
        {"slot_id": ids["near"], "starts_at": "2026-09-08T04:00:00+07:00"},
        {"slot_id": ids["far"], "starts_at": "2026-09-09T20:00:00+07:00"},
    ]
    assert stranger(world, ids["far"]).answer("ru").status == 201
    assert [item["slot_id"] for item in alternatives()] == [ids["nearer"], ids["near"], ids["other-doctor"]]
    for name in ("nearer", "near", "other-doctor"):
        assert stranger(world, ids[name]).answer("ru").status == 201
    assert alternatives() == []
    # A closed slot is as good as taken.
    assert stranger(world, ids["closed"]).answer("ru").code == "time_taken"


def test_a_slot_has_as_many_tickets_as_places(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot(capacity=3)
    for free in (3, 2, 1):
        parent, child = family(world)
        assert [item["free"] for item in clinic.free(parent)] == [free]
        ticket = world.book(parent, slot, child).ok()
        # The same child again, in the same slot.
        assert world.book(parent, slot, child).code == ("already_has_ticket" if free > 1 else "time_taken")
    assert clinic.free(parent) == []
    assert stranger(world, slot).answer("ru").code == "time_taken"
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert [item["free"] for item in clinic.free(parent)] == [1]
    numbers = [row["number"] for row in world.live.sql("SELECT number FROM appointments")]
    assert len(set(numbers)) == 3


def test_one_ticket_a_specialty_until_the_visit_is_over(world: World) -> None:
    clinic = Clinic(world)
    first, second = clinic.slot("s1"), clinic.slot("s2", hours=48, practitioner_id="d2")
    surgeon = clinic.slot("s3", hours=30, practitioner_id="d3", specialty_code=SURGEON)
    elsewhere = Clinic(world).slot(hours=40)
    parent = world.parent()
    child = world.child(parent)
    ticket = world.book(parent, first, child).ok()
    assert world.book(parent, second, child).code == "already_has_ticket"
    assert world.book(parent, surgeon, child).status == 201
    assert world.book(parent, elsewhere, child).status == 201
    # While the visit lasts the ticket is active; from its last instant on it is not.
    ends_at = datetime.fromisoformat(ticket["ends_at"])
    for now, status in ((ends_at - timedelta(seconds=1), 409), (ends_at, 201)):
        world.live.clock.now = now
        parent = world.parent()
        assert world.book(parent, second, child).status == status
    # The past ticket is still the citizen's, as it was.
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok() == ticket


def test_a_person_is_at_one_place_at_a_time_in_the_whole_region(world: World) -> None:
    """The first visit is from hour 24 on for 15 minutes: what only touches it is free."""
    parent, child = family(world)
    assert world.book(parent, Clinic(world).slot(), child).status == 201
    for hours, minutes in ((24, 15), (23.8, 15), (24.2, 15), (23.5, 60), (24.1, 5)):
        answer = world.book(parent, Clinic(world).slot(hours=hours, duration_minutes=minutes), child)
        assert answer.code == "person_busy", (hours, minutes)
    for hours in (23.75, 24.25):
        assert world.book(parent, Clinic(world).slot(hours=hours), child).status == 201


def test_a_lesson_keeps_the_doctors_time_too(world: World) -> None:
    """The lesson is on Tuesdays from 16:30 to 18:00: what only touches it is free."""
    parent, child = family(world)
    group = world.publish_group(starts_on="2026-09-08").ok()
    application = world.apply(parent, group["id"], child).ok()
    clinics = {hours: Clinic(world).slot(hours=hours) for hours in (32.25, 32.3, 33.9, 34)}
    statuses = {hours: world.book(parent, slot, child).status for hours, slot in clinics.items()}
    assert statuses == {32.25: 201, 32.3: 409, 33.9: 409, 34: 201}
    parent.post(f"/v1/applications/{application['id']}/withdraw").ok()
    assert world.book(parent, clinics[33.9], child).code == "person_busy"
    assert world.book(parent, clinics[32.3], child).code == "person_busy"
    assert world.book(parent, Clinic(world).slot(hours=33), child).status == 201


def test_ages_and_sex(world: World) -> None:
    limits: dict[str, Any]
    # It is the 8th on the clinic's wall clock, and still the 7th in UTC.
    night = "2026-09-08T02:00:00+07:00"
    for starts_at, birth_date, limits, code in (
        # A birthday counts from the morning of its day.
        (night, "2018-09-08", {"age_from": 8}, None),
        (night, "2018-09-09", {"age_from": 8}, "slot_for_another_age"),
        (night, "2018-09-08", {"age_to": 7}, "slot_for_another_age"),
        (night, "2018-09-09", {"age_to": 7}, None),
        (night, "2018-09-09", {"age_from": 7, "age_to": 7}, None),
        (night, "2026-09-07", {"age_from": 0, "age_to": 0}, None),
        (night, "1906-09-08", {"age_from": 120}, None),
        (night, "1906-09-09", {"age_from": 120}, "slot_for_another_age"),
        # Who was born on 29 February is a year older on 1 March.
        ("2027-02-28T10:00:00+07:00", "2020-02-29", {"age_from": 7}, "slot_for_another_age"),
        ("2027-03-01T10:00:00+07:00", "2020-02-29", {"age_from": 7}, None),
        (night, "2018-09-08", {"sex": "female"}, None),
        (night, "2018-09-08", {"sex": "male"}, "slot_for_another_sex"),
    ):
        slot = Clinic(world).slot(starts_at=starts_at, **limits)
        answer = stranger(world, slot, birth_date=birth_date).answer("ru")
        assert (None if answer.status == 201 else answer.code) == code, (birth_date, limits)


def test_a_referral_is_asked_for_where_the_clinic_says_so(world: World) -> None:
    clinic = Clinic(world)
    slots = [clinic.slot(f"s{number}", hours=24 + number) for number in range(3)]
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "referral"})
    asked = stranger(world, slots[0])
    assert asked.answer("ru").code == "referral_needed"
    asked.body["referral_number"] = "42-А/1089"
    ticket = asked.answer("ru").ok()
    assert ticket["referral_number"] == "42-А/1089"
    assert ticket["bring"][-1] == "Направление"
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "closed"})
    closed = stranger(world, slots[1])
    closed.body["referral_number"] = "1"
    assert closed.answer("ru").code == "specialty_closed"
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "self"})
    assert stranger(world, slots[2]).answer("ru").ok()["bring"][-1] == "СНИЛС"


def test_attachment(world: World) -> None:
    """By СНИЛС, to this very clinic; a child whose СНИЛС is not known can't be found attached."""
    snils, other = with_snils_check(110_000_001), with_snils_check(110_000_002)
    clinic, elsewhere = Clinic(world, require_attachment=True), Clinic(world)
    slot = clinic.slot(capacity=9)
    body = {"items": [{"snils": snils, "section": "12", "since": "2020-01-01"}]}
    assert elsewhere.put("attachments", body) == {"attached": 1}
    parent, child = family(world)
    assert world.book(parent, slot, child).code == "not_attached"
    parent.call("PATCH", f"/v1/persons/{child}", {"snils": snils}).ok()
    assert world.book(parent, slot, child).code == "not_attached"

    wrong = {"items": [*body["items"], {"snils": "11223344596", "since": "2020-01-01"}]}
    refused = world.operator.put(f"{clinic.path}/attachments", wrong)
    assert refused.code == "snils_invalid"
    assert [error["pointer"] for error in refused.json["errors"]] == ["/items/1/snils"]
    assert "11223344596" not in refused.content.decode()
    assert world.book(parent, slot, child).code == "not_attached"

    twice = {"items": [*body["items"], *body["items"], {"snils": other, "since": "2020-01-01"}]}
    assert clinic.put("attachments", twice) == {"attached": 2}
    assert clinic.put("attachments", twice) == {"attached": 2}
    assert world.book(parent, slot, child).status == 201
    stored = world.live.sql("SELECT a::text FROM attachments a")
    assert len(stored) == 3
    assert not any(number in row["a"] for row in stored for number in (snils, other))
    # What a clinic does not ask for is not looked at.
    assert stranger(world, elsewhere.slot()).answer("ru").status == 201


def test_cancelling_frees_the_place_at_once_and_twice_is_once(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot()
    parent, child = family(world)
    ticket = world.book(parent, slot, child).ok()
    path = f"/v1/appointments/{ticket['id']}"
    world.live.clock.now += timedelta(minutes=1)
    cancelled = parent.post(f"{path}/cancel")
    assert cancelled.ok() == {**ticket, "status": "cancelled", "sequence": 1} | {
        "cancelled_at": "2026-09-07T08:01:00+07:00"
    }
    world.live.clock.now += timedelta(minutes=1)
    before = counts(world)
    assert parent.post(f"{path}/cancel").content == cancelled.content == parent.get(path).content
    assert counts(world) == before
    assert clinic.taken() == 0
    again = world.book(parent, slot, child).ok()
    assert again["id"] != ticket["id"]
    # The old ticket's cancellation does not take the new one's place away.
    assert parent.post(f"{path}/cancel").content == cancelled.content
    assert clinic.taken() == 1
    listed = parent.get("/v1/appointments").ok()["items"]
    assert {item["id"]: item["status"] for item in listed} == {ticket["id"]: "cancelled", again["id"]: "booked"}


def test_cancelling_ends_when_the_clinic_said_at_the_booking(world: World) -> None:
    clinic = Clinic(world, cancel_until_minutes=120)
    parent = world.parent()
    child = world.child(parent)
    ticket = world.book(parent, clinic.slot(), child).ok()
    assert ticket["cancel_until"] == "2026-09-08T06:00:00+07:00"
    # By default, until the visit begins.
    default = world.book(parent, Clinic(world).slot(hours=20), child).ok()
    assert default["cancel_until"] == default["starts_at"]
    # The terms are those of the booking, whatever the clinic says later.
    clinic.settle(cancel_until_minutes=10_000)
    for now, status in (("2026-09-08T06:00:00+07:00", 409), ("2026-09-08T05:59:59+07:00", 200)):
        world.live.clock.now = datetime.fromisoformat(now)
        assert world.parent().post(f"/v1/appointments/{ticket['id']}/cancel").status == status


def test_nobody_else_sees_or_cancels_a_ticket(world: World) -> None:
    clinic = Clinic(world)
    asked = stranger(world, clinic.slot())
    ticket = asked.answer("ru").ok()
    path = f"/v1/appointments/{ticket['id']}"
    # Another parent of the same child, by name and birth date, too: they have a person of their own.
    other = world.parent(someone())
    name = {part: ticket["person"][part] for part in ("last_name", "first_name", "patronymic")}
    world.child(other, **name)
    for method, tail in (("GET", ""), ("GET", "/calendar"), ("GET", "/qr"), ("POST", "/cancel")):
        assert other.call(method, path + tail).code == "appointment_not_found"
        assert world.operator.call(method, path + tail).code == "forbidden"
    assert other.get("/v1/appointments").ok()["items"] == []
    assert other.get("/v1/appointments", person_id=ticket["person"]["id"]).ok()["items"] == []
    foreign = other.create("/v1/appointments", asked.body)
    assert foreign.code == "person_not_found"
    assert clinic.taken() == 1


def test_tickets_are_listed_latest_first_page_by_page(world: World) -> None:
    clinic = Clinic(world)
    parent = world.parent()
    expected = []
    for hours in (30, 24, 48, 24.5, 36):
        child = world.child(parent, last_name=surname())
        ticket = world.book(parent, clinic.slot(f"s{hours}", hours=hours), child).ok()
        expected.append((ticket["starts_at"], ticket["id"], child))
    expected.sort(reverse=True)
    listed, cursor = [], {}
    for _ in range(3):
        page = parent.get("/v1/appointments", limit=2, **cursor).ok()
        listed += page["items"]
        cursor = {"cursor": page["next_cursor"]}
    assert cursor == {"cursor": None}
    assert [item["id"] for item in listed] == [ticket_id for _, ticket_id, _ in expected]
    one = parent.get("/v1/appointments", person_id=expected[0][2]).ok()["items"]
    assert one == listed[:1]
