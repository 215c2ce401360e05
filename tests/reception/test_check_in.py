"""Who has come, was seen, or has not come."""

from datetime import timedelta

import jwt

from service.launch.tokens import Tokens
from tests.doctors.provocations import stranger
from tests.reception.desk import Desk
from tests.world import World


def test_a_scan_marks_a_patient_as_come_and_a_second_one_changes_nothing(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.wait(minutes=100)
    scanned = desk.check_in(ticket=ticket["qr_token"]).ok()
    assert (scanned["id"], scanned["status"], scanned["number"]) == (ticket["id"], "arrived", ticket["number"])
    assert scanned["arrived_at"] == "2026-09-07T09:40:00+07:00"
    assert (scanned["location"]["room"], scanned["practitioner"]["last_name"]) == ("7", "Белова")
    assert scanned["person"]["birth_date"] == "2019-05-14"
    before = desk.events(ticket)
    desk.wait(minutes=5)
    assert desk.check_in(number=ticket["number"]).ok() == scanned
    assert desk.events(ticket) == before == ["appointment_booked", "appointment_arrived"]
    assert desk.clinic.taken() == 1
    assert desk.engaged(ticket)


def test_what_is_no_ticket_of_here_and_today_is_refused(world: World) -> None:
    desk, elsewhere = Desk(world), Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    _, other = elsewhere.ticket(elsewhere.slot())
    _, tomorrow = desk.ticket(desk.slot("s2", hours=26))
    assert desk.check_in(ticket=other["qr_token"]).code == "ticket_of_another_institution"
    assert desk.check_in(number=other["number"]).code == "appointment_not_found"
    assert desk.check_in(ticket=tomorrow["qr_token"]).code == "ticket_of_another_day"
    forged = ticket["qr_token"][:-8] + "AAAAAAAA"
    for wrong in (forged, parent.token, "x" * 30):
        assert desk.check_in(ticket=wrong).code == "ticket_invalid"
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert desk.check_in(ticket=ticket["qr_token"]).code == "ticket_cancelled"
    for body in ({}, {"number": ticket["number"], "ticket": ticket["qr_token"]}, {"number": None}):
        assert desk.check_in(**body).code == "invalid"
    # The day is the clinic's, and lasts until its midnight.
    desk.wait(hours=16, seconds=-1)
    assert desk.check_in(ticket=tomorrow["qr_token"]).code == "ticket_of_another_day"
    desk.wait(seconds=1)
    assert desk.check_in(ticket=tomorrow["qr_token"]).status == 200
    desk.wait(hours=24)
    assert desk.check_in(ticket=tomorrow["qr_token"]).code == "ticket_of_another_day"


def test_a_mistake_is_mended_on_the_day_and_not_after_it(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.begins(ticket)
    for status in ("arrived", "fulfilled", "arrived", "noshow", "booked", "fulfilled", "arrived", "booked", "noshow"):
        assert desk.set_status(ticket, status).ok()["status"] == status
        assert desk.engaged(ticket) == (status in ("booked", "arrived"))
        row = desk.row(ticket)
        assert row["active"] == (status in ("booked", "arrived"))
        assert (row["fulfilled_at"] is not None, row["noshow_at"] is not None) == (
            status == "fulfilled",
            status == "noshow",
        )
        assert desk.clinic.taken() == 1
    # From a no-show one comes in first; who was seen is not brought back by a scan.
    assert desk.set_status(ticket, "fulfilled").code == "appointment_illegal_move"
    desk.set_status(ticket, "arrived").ok()
    desk.set_status(ticket, "fulfilled").ok()
    assert desk.check_in(number=ticket["number"]).code == "appointment_illegal_move"
    desk.wait(days=1)
    assert desk.set_status(ticket, "arrived").code == "ticket_of_another_day"
    assert desk.set_status(ticket, "fulfilled").ok()["status"] == "fulfilled"
    assert desk.set_status(ticket, "noshow").code == "appointment_illegal_move"


def test_what_happened_can_be_written_down_later_and_never_before_the_day(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot(hours=26))
    for status in ("arrived", "fulfilled", "noshow"):
        assert desk.set_status(ticket, status).code == "ticket_of_another_day"
    desk.wait(days=3)
    assert desk.set_status(ticket, "fulfilled").ok()["status"] == "fulfilled"


def test_a_no_show_gives_its_place_back_only_before_its_time(world: World) -> None:
    desk = Desk(world)
    slots = [desk.slot("s1"), desk.slot("s2", hours=3)]
    tickets = [desk.ticket(slot)[1] for slot in slots]
    # The first one's time has begun; the second one has telephoned.
    desk.begins(tickets[0])
    for ticket in tickets:
        desk.set_status(ticket, "noshow").ok()
    assert (desk.clinic.taken("s1"), desk.clinic.taken("s2")) == (1, 0)
    # Taken back while the place is free, and refused when it is not.
    desk.set_status(tickets[1], "booked").ok()
    assert desk.clinic.taken("s2") == 1
    desk.set_status(tickets[1], "noshow").ok()
    assert stranger(world, slots[1]).answer("ru").status == 201
    refused = desk.set_status(tickets[1], "booked")
    assert refused.code == "time_taken"
    assert desk.row(tickets[1])["status"] == "noshow"
    # Late, and let in all the same.
    desk.wait(minutes=40)
    assert desk.check_in(number=tickets[0]["number"]).ok()["status"] == "arrived"
    assert (desk.clinic.taken("s1"), desk.clinic.taken("s2")) == (1, 1)


def test_the_way_back_is_closed_to_who_has_another_ticket_by_now(world: World) -> None:
    desk = Desk(world)
    first, second = desk.slot("s1"), desk.slot("s2", hours=5)
    parent, ticket = desk.ticket(first)
    desk.begins(ticket)
    desk.set_status(ticket, "noshow").ok()
    world.book(desk.back(parent), second, ticket["person"]["id"]).ok()
    assert desk.set_status(ticket, "booked").code == "already_has_ticket"
    assert desk.clinic.taken("s1") == 1


def test_the_clinic_took_the_time_away_so_there_is_nothing_to_come_to(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    body = {**desk.clinic.window(since=world.now, days=1), "booked": "rebook"}
    desk.staff.put(f"{desk.path}/slots", body).ok()
    assert desk.row(ticket)["status"] == "orphaned"
    assert desk.check_in(number=ticket["number"]).code == "ticket_without_time"
    world.live.clock.now += timedelta(hours=2)
    assert desk.set_status(ticket, "noshow").code == "ticket_without_time"


def test_who_had_come_when_the_time_was_taken_away_has_none_to_go_back_to(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.wait(minutes=100)
    desk.check_in(number=ticket["number"]).ok()
    body = {**desk.clinic.window(since=world.now, days=1), "booked": "rebook"}
    desk.staff.put(f"{desk.path}/slots", body).ok()
    assert desk.row(ticket)["status"] == "arrived"
    assert desk.set_status(ticket, "booked").code == "ticket_without_time"
    assert desk.set_status(ticket, "fulfilled").ok()["status"] == "fulfilled"


def test_the_way_back_is_closed_where_the_referral_was_used_again(world: World) -> None:
    desk = Desk(world)
    first, second = desk.slot("s1"), desk.slot("s2", hours=3)
    ticket = desk.book(first, referral_number="Н-7").ok()
    assert desk.book(second, referral_number="Н-7").code == "referral_used"
    desk.set_status(ticket, "noshow").ok()
    desk.book(second, referral_number="Н-7").ok()
    assert desk.set_status(ticket, "arrived").code == "referral_used"
    assert desk.clinic.taken("s1") == 0


def test_a_code_is_for_those_who_check_tickets(world: World) -> None:
    """One that was shown before codes had an audience is good for as long as it lives; one for others is none."""
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.wait(minutes=100)
    tokens = Tokens(world.live.settings.keys().signing, world.live.clock)
    claims = jwt.decode(ticket["qr_token"], options={"verify_signature": False})
    assert claims["aud"] == "zapis-ticket"
    for wrong in ("zapis-api", "zapis-statistics", ["zapis-ticket"], None, ""):
        assert desk.check_in(ticket=tokens.sign(claims | {"aud": wrong}, "ticket+jwt")).code == "ticket_invalid"
    assert desk.check_in(ticket=tokens.sign(claims, "at+jwt")).code == "ticket_invalid"
    del claims["aud"]
    printed = tokens.sign(claims, "ticket+jwt")
    assert desk.check_in(ticket=printed).ok()["id"] == ticket["id"]
    # Neither opens the API.
    assert {world.live.api(code).get("/v1/persons").code for code in (printed, ticket["qr_token"])} == {
        "unauthenticated"
    }
