"""Booking, moving and cancelling by staff: what a reason goes over, and what nothing does."""

import json
from typing import Any

from tests.doctors.provocations import stranger
from tests.people.test_rules import with_snils_check
from tests.reception.desk import WHY, Desk, patient
from tests.world import PAEDIATRICIAN, SURGEON, World


def test_a_patient_without_an_account_is_booked_and_found_again_by_their_papers(world: World) -> None:
    desk = Desk(world)
    slots = [desk.slot("s1"), desk.slot("s2", hours=5, practitioner_id="d3", specialty_code=SURGEON)]
    papers = patient(snils=with_snils_check(112233446))
    ticket = desk.book(slots[0], patient=papers).ok()
    assert ticket["status"] == "booked"
    assert (ticket["person"]["last_name"], ticket["purpose"]) == (papers["last_name"], "routine")
    row = desk.row(ticket)
    assert (row["source"], row["citizen_id"], row["override_reason"]) == ("desk", None, None)
    assert desk.clinic.taken() == 1
    assert desk.engaged(ticket)
    # By the same СНИЛС, however the name is spelled this time.
    again = desk.book(slots[1], source="call_centre", patient=papers | {"first_name": "НИНА"}).ok()
    assert again["person"]["id"] == ticket["person"]["id"]
    assert not world.live.sql("SELECT FROM guardians WHERE person_id = $1", ticket["person"]["id"])
    assert desk.check_in(ticket=ticket["qr_token"]).status == 200


def test_one_key_books_once(world: World) -> None:
    desk = Desk(world)
    slot, papers = desk.slot(capacity=3), patient()
    first = desk.book(slot, key="one", patient=papers).ok()
    assert desk.book(slot, key="one", patient=papers).ok() == first
    assert desk.clinic.taken() == 1
    assert desk.book(slot, key="one", patient=patient()).code == "idempotency_key_reused"


def test_wrong_papers_are_refused(world: World) -> None:
    desk = Desk(world)
    slot = desk.slot()
    for wrong, code in (
        ({"snils": "11223344596"}, "snils_invalid"),
        ({"policy": "7700001234567896"}, "policy_invalid"),
        ({"birth_date": "2026-09-09"}, "birth_date_impossible"),
    ):
        assert desk.book(slot, patient=patient(**wrong)).code == code
    assert desk.book(slot, patient=patient(), ticket_number="7K2M-9QXT").code == "invalid"
    assert not world.live.sql("SELECT FROM persons")
    assert desk.clinic.taken() == 0


def test_the_doctor_books_a_repeat_visit_by_the_ticket_and_the_parent_sees_it(world: World) -> None:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    later = desk.slot("s2", hours=50)
    # The first visit is not over yet: until then it is one ticket a specialty.
    assert desk.book(later, source="doctor", ticket_number=ticket["number"]).code == "already_has_ticket"
    desk.begins(ticket)
    desk.set_status(ticket, "fulfilled").ok()
    repeat = desk.book(later, source="doctor", ticket_number=ticket["number"]).ok()
    assert (repeat["purpose"], repeat["person"]) == ("repeat", ticket["person"])
    assert (desk.row(repeat)["source"], desk.row(repeat)["purpose"]) == ("doctor", "repeat")
    assert desk.row(repeat)["citizen_id"] == desk.row(ticket)["citizen_id"]
    seen = desk.back(parent).get("/v1/appointments").ok()["items"]
    assert [item["id"] for item in seen] == [repeat["id"], ticket["id"]]
    assert desk.book(later, ticket_number="0000-0000").code == "appointment_not_found"


def refusal(desk: Desk, slot_id: str, **more: Any) -> str | None:
    answer = desk.book(slot_id, **more)
    return None if answer.status == 201 else answer.code


def test_a_reason_goes_over_the_rules_and_is_kept(world: World) -> None:
    desk = Desk(world)
    desk.clinic.put(f"specialties/{SURGEON}", {"access": "referral"})
    surgeon = {"practitioner_id": "d3", "specialty_code": SURGEON}
    cases = (
        (desk.slot("age", age_from=18), {}, "slot_for_another_age"),
        (desk.slot("sex", hours=3, sex="male"), {}, "slot_for_another_sex"),
        (desk.slot("channel", hours=4), {"source": "other_clinic"}, "another_channel"),
        (desk.slot("referral", hours=5, **surgeon), {}, "referral_needed"),
    )
    world.live.sql("UPDATE slots SET channels = '{internet,desk}' WHERE external_id = 'channel'")
    for slot, more, code in cases:
        assert refusal(desk, slot, **more) == code
        ticket = desk.book(slot, override=WHY, **more).ok()
        row = desk.row(ticket)
        assert row["override_reason"] == WHY
        trail = "SELECT details FROM audit_trail WHERE subject_id = $1 AND event = 'rules_gone_over'"
        (told,) = world.live.sql(trail, ticket["id"])
        assert json.loads(told["details"]) == {"reason": WHY, "rule": code}
    # The doctor needs no referral to themself.
    assert refusal(desk, desk.slot("own", hours=6, **surgeon), source="doctor") is None
    desk.clinic.settle(require_attachment=True)
    slot = desk.slot("attached", hours=7)
    assert refusal(desk, slot) == "not_attached"
    assert refusal(desk, slot, override=WHY) is None
    desk.clinic.settle(require_attachment=False, check_referrals=True)
    slot = desk.slot("unknown", hours=8, **surgeon)
    assert refusal(desk, slot, referral_number="Н-1") == "referral_unknown"
    assert refusal(desk, slot, referral_number="Н-1", override=WHY) is None


def test_a_reason_allows_a_second_ticket_to_a_specialty(world: World) -> None:
    desk = Desk(world)
    slots = [desk.slot(f"s{number}", hours=2 + number) for number in range(3)]
    papers = patient()
    desk.book(slots[0], patient=papers).ok()
    assert refusal(desk, slots[1], patient=papers) == "already_has_ticket"
    assert refusal(desk, slots[1], patient=papers, override=WHY) is None
    assert refusal(desk, slots[2], patient=papers) == "already_has_ticket"


def test_no_reason_goes_over_places_time_and_being_elsewhere(world: World) -> None:
    desk = Desk(world)
    full, papers = desk.slot("full"), patient()
    desk.book(full, patient=papers).ok()
    assert refusal(desk, full, override=WHY) == "time_taken"
    same_time = desk.slot("same", practitioner_id="d3", specialty_code=SURGEON)
    assert refusal(desk, same_time, patient=papers, override=WHY) == "person_busy"
    room = desk.slot("room", hours=2, practitioner_id="d2", capacity=2)
    assert refusal(desk, room, patient=papers, override=WHY) == "person_busy"
    assert desk.clinic.taken("room") == 0
    world.live.sql("UPDATE slots SET status = 'closed' WHERE external_id = 'room'")
    assert refusal(desk, room, override=WHY) == "time_taken"
    desk.wait(hours=2)
    assert refusal(desk, same_time, override=WHY) == "time_passed"
    assert refusal(desk, Desk(world).slot(hours=3), override=WHY) == "slot_not_found"
    assert desk.clinic.taken("full") == 1


def test_the_internets_places_are_open_to_the_desk_and_not_the_other_way_round(world: World) -> None:
    """Not yet released, for nobody online, and a specialty that is closed online: staff book all of them."""
    desk = Desk(world)
    slots = [desk.slot(f"s{number}", hours=2 + number) for number in range(2)]
    world.live.sql("UPDATE slots SET internet_at = 'infinity' WHERE external_id = 's0'")
    assert stranger(world, slots[0]).answer("ru").code == "not_online"
    assert refusal(desk, slots[0]) is None
    desk.clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "closed"})
    assert stranger(world, slots[1]).answer("ru").code == "specialty_closed"
    assert refusal(desk, slots[1]) is None


def test_a_place_that_a_form_holds_too_long_goes_to_who_stands_at_the_desk(world: World) -> None:
    desk = Desk(world)
    slot = desk.slot()
    parent, _ = desk.family()
    parent.create("/v1/holds", {"slot_id": slot}).ok()
    assert refusal(desk, slot) == "time_taken"
    desk.wait(minutes=11)
    assert refusal(desk, slot) is None


def test_a_home_visit_needs_an_address_and_keeps_it_sealed(world: World) -> None:
    desk = Desk(world)
    slot = desk.slot(purpose="home_visit")
    address = "г. Прокопьевск, пр. Шахтёров, 1"
    assert refusal(desk, slot) == "home_address_needed"
    body = {"home_address": address, "patient": patient()}
    ticket = desk.book(slot, key="once", **body).ok()
    assert (ticket["home_address"], ticket["purpose"]) == (address, "home_visit")
    assert desk.book(slot, key="once", **body).ok() == ticket
    assert "Шахтёров" not in desk.row(ticket)["home_address_sealed"]
    assert not desk.engaged(ticket)


def cancel(desk: Desk, ticket: dict[str, Any], reason: str = WHY) -> Any:
    return desk.staff.post(f"{desk.path}/appointments/{ticket['id']}/cancel", {"reason": reason})


def move(desk: Desk, ticket: dict[str, Any], slot_id: str, **more: Any) -> Any:
    body = {"slot_id": slot_id, "source": "call_centre", "reason": WHY, **more}
    return desk.staff.post(f"{desk.path}/appointments/{ticket['id']}/reschedule", body)


def test_staff_cancel_with_a_reason_whatever_the_citizens_rule_says(world: World) -> None:
    desk = Desk(world, cancel_until_minutes=24 * 60)
    parent, ticket = desk.ticket(desk.slot())
    assert parent.post(f"/v1/appointments/{ticket['id']}/cancel").code == "cancellation_closed"
    assert cancel(desk, ticket).ok()["status"] == "cancelled"
    assert cancel(desk, ticket).ok()["status"] == "cancelled"
    assert desk.clinic.taken() == 0
    assert not desk.engaged(ticket)
    trail = world.live.sql("SELECT details FROM audit_trail WHERE subject_id = $1 ORDER BY at, id", ticket["id"])
    assert [WHY in row["details"] for row in trail] == [False, True]
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "cancelled"
    other = Desk(world)
    assert cancel(other, ticket).code == "appointment_not_found"
    _, seen = desk.ticket(desk.slot("s2", hours=4))
    desk.begins(seen)
    desk.set_status(seen, "fulfilled").ok()
    assert cancel(desk, seen).code == "appointment_over"


def test_staff_move_a_ticket_in_one_step(world: World) -> None:
    desk = Desk(world)
    first, second, full = desk.slot("s1"), desk.slot("s2", hours=5), desk.slot("full", hours=6)
    adults, surgeon = (
        desk.slot("adults", hours=7, age_from=18),
        desk.slot("d3", hours=8, practitioner_id="d3", specialty_code=SURGEON),
    )
    desk.book(full).ok()
    parent, ticket = desk.ticket(first)
    assert move(desk, ticket, full).code == "time_taken"
    assert move(desk, ticket, surgeon).code == "slot_elsewhere"
    assert move(desk, ticket, adults).code == "slot_for_another_age"
    assert move(desk, ticket, Desk(world).slot()).code == "slot_not_found"
    assert (desk.clinic.taken("s1"), desk.row(ticket)["sequence"]) == (1, 0)
    moved = move(desk, ticket, second).ok()
    assert (moved["id"], moved["number"], moved["sequence"]) == (ticket["id"], ticket["number"], 1)
    assert moved["slot_id"] == second
    assert move(desk, ticket, second).ok() == moved
    assert [desk.clinic.taken(name) for name in ("s1", "s2")] == [0, 1]
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok()["starts_at"] == moved["starts_at"]
    assert move(desk, ticket, adults, override=True).ok()["slot_id"] == adults
    assert desk.row(ticket)["override_reason"] == WHY
    assert [desk.clinic.taken(name) for name in ("s1", "s2", "adults")] == [0, 0, 1]
    assert desk.events(ticket)[-2:] == ["rescheduled_by_staff", "appointment_rescheduled"]
    assert desk.engaged(ticket)


def test_who_has_come_and_can_not_be_seen_is_moved_too(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot("s1"))
    later = desk.slot("s2", hours=6)
    desk.check_in(number=ticket["number"]).ok()
    assert move(desk, ticket, later).ok()["status"] == "booked"
    assert desk.row(ticket)["arrived_at"] is None
    assert [desk.clinic.taken(name) for name in ("s1", "s2")] == [0, 1]


def test_a_patient_whose_time_was_taken_away_is_given_another_at_the_desk(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot("s1"))
    window = {**desk.clinic.window(world.slot("s9", hours=9), days=1), "booked": "rebook"}
    desk.staff.put(f"{desk.path}/slots", window).ok()
    assert desk.row(ticket)["status"] == "orphaned"
    assert move(desk, ticket, desk.clinic.slot_id("s9")).ok()["status"] == "booked"
    assert desk.clinic.taken("s9") == 1
    assert not world.live.sql("SELECT FROM offers WHERE status = 'open'")


def test_an_erased_patient_is_not_booked_again(world: World) -> None:
    desk = Desk(world)
    slot = desk.slot()
    parent, ticket = desk.ticket(slot)
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert parent.call("DELETE", f"/v1/persons/{ticket['person']['id']}").status == 204
    assert refusal(desk, slot, ticket_number=ticket["number"]) == "patient_of_ticket_gone"
    assert refusal(desk, slot) is None
