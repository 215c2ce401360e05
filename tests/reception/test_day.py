"""A doctor's day, what is free today, how late a doctor runs, and the live queue."""

from typing import Any

from tests.doctors.provocations import stranger
from tests.live import Api
from tests.reception.desk import WHY, Desk, patient
from tests.world import SURGEON, World


def test_a_day_sheet_shows_the_day_and_is_written_down_as_read(world: World) -> None:
    desk = Desk(world)
    first, second = desk.slot("s1", hours=0.5, capacity=2), desk.slot("s2", hours=1)
    desk.slot("tomorrow", hours=17)
    desk.slot("other", hours=1, practitioner_id="d2")
    third = desk.slot("s3", hours=15.9)
    _, ticket = desk.ticket(first)
    parent, _ = desk.family()
    parent.create("/v1/holds", {"slot_id": second}).ok()
    by_staff = desk.book(third, override=WHY).ok()
    parent, gone = desk.ticket(first)
    parent.post(f"/v1/appointments/{gone['id']}/cancel").ok()
    desk.check_in(number=ticket["number"]).ok()
    world.live.sql("UPDATE slots SET status = 'closed' WHERE external_id = 's3'")
    sheet = desk.day()
    assert (sheet["day"], sheet["delay_minutes"], sheet["practitioner"]["last_name"]) == ("2026-09-07", 0, "Белова")
    shown = [(slot["starts_at"][11:16], slot["free"], slot["held"], len(slot["tickets"])) for slot in sheet["slots"]]
    assert shown == [("08:30", 1, 0, 1), ("09:00", 0, 1, 0), ("23:54", 0, 0, 1)]
    assert [slot["status"] for slot in sheet["slots"]] == ["open", "open", "closed"]
    assert sheet["slots"][0]["tickets"] == [
        {
            "id": ticket["id"],
            "number": ticket["number"],
            "status": "arrived",
            "source": "internet",
            "purpose": "routine",
            "person": {**ticket["person"], "birth_date": "2019-05-14", "sex": "female"},
            "referral_number": None,
            "override_reason": None,
            "arrived_at": "2026-09-07T08:00:00+07:00",
        }
    ]
    assert sheet["slots"][2]["tickets"][0]["id"] == by_staff["id"]
    assert sheet["slots"][2]["tickets"][0]["override_reason"] == WHY
    (read,) = world.live.sql("SELECT path FROM accesses WHERE operation = 'getDaySheet'")
    assert read["path"] == f"{desk.path}/practitioners/d1/day"
    assert len(desk.day(day="2026-09-08")["slots"]) == 1
    Desk(world).clinic.put("practitioners/d9", {"last_name": "Чужая", "first_name": "Анна", "specialty_codes": ["58"]})
    answer = desk.staff.get(f"{desk.path}/practitioners/d9/day")
    assert answer.code == "practitioner_not_found"


def places(desk: Desk) -> list[dict[str, Any]]:
    return desk.staff.get(f"{desk.path}/places").ok()["items"]


def test_what_is_free_today_and_tomorrow_by_doctor_and_channel(world: World) -> None:
    desk = Desk(world)
    first = desk.slot("s1", capacity=3)
    desk.slot("s2", hours=3)
    desk.slot("tomorrow", hours=25)
    desk.slot("after", hours=41)
    desk.slot("surgeon", hours=4, practitioner_id="d3", specialty_code=SURGEON)
    world.live.sql("UPDATE slots SET channels = '{desk}', internet_at = 'infinity' WHERE external_id = 's2'")
    assert stranger(world, first).answer("ru").status == 201
    found = places(desk)
    assert [(item["day"], item["practitioner"]["last_name"], item["free"]) for item in found] == [
        ("2026-09-07", "Белова", 3),
        ("2026-09-07", "Громов", 1),
        ("2026-09-08", "Белова", 1),
    ]
    assert found[0]["by_channel"] == {"internet": 2, "desk": 3, "call_centre": 2, "doctor": 2, "other_clinic": 2}
    assert (found[0]["first_slot_id"], found[0]["first_starts_at"]) == (first, "2026-09-07T10:00:00+07:00")
    desk.wait(hours=2)
    assert places(desk)[0]["free"] == 1


def queue(desk: Desk, parent: Api, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.back(parent).get(f"/v1/appointments/{ticket['id']}/queue").ok()


def late(desk: Desk, minutes: int, day: str = "2026-09-07") -> Any:
    path = f"{desk.path}/practitioners/d1/delay"
    return desk.staff.put(path, {"day": day, "minutes": minutes}).ok()


def test_who_waits_sees_how_many_are_before_and_when_the_turn_may_come(world: World) -> None:
    desk = Desk(world)
    slots = [desk.slot(f"s{number}", hours=2 + number / 4) for number in range(3)]
    tickets = [desk.ticket(slot) for slot in slots]
    parent, mine = tickets[2]
    assert queue(desk, parent, mine) == {
        "state": "waiting",
        "before": 2,
        "delay_minutes": 0,
        "expected_at": "2026-09-07T10:30:00+07:00",
    }
    late(desk, 20)
    assert queue(desk, parent, mine)["expected_at"] == "2026-09-07T10:50:00+07:00"
    assert queue(desk, parent, mine)["delay_minutes"] == 20
    desk.wait(hours=2)
    late(desk, 0)
    desk.check_in(number=tickets[0][1]["number"]).ok()
    desk.set_status(tickets[0][1], "fulfilled").ok()
    assert queue(desk, parent, mine)["before"] == 1
    desk.wait(minutes=20)
    # The second one is not here: still before, and nobody's forecast waits for them.
    assert queue(desk, parent, mine) == {
        "state": "waiting",
        "before": 1,
        "delay_minutes": 0,
        "expected_at": "2026-09-07T10:30:00+07:00",
    }
    desk.set_status(tickets[1][1], "noshow").ok()
    assert queue(desk, parent, mine)["before"] == 0
    desk.set_status(mine, "arrived").ok()
    desk.set_status(mine, "fulfilled").ok()
    assert queue(desk, parent, mine) == {"state": "over", "before": None, "delay_minutes": 0, "expected_at": None}


def test_before_the_day_there_is_no_queue_and_after_it_none_any_more(world: World) -> None:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot(hours=26))
    assert queue(desk, parent, ticket) == {
        "state": "later",
        "before": None,
        "delay_minutes": 0,
        "expected_at": "2026-09-08T10:00:00+07:00",
    }
    late(desk, 30, "2026-09-08")
    assert queue(desk, parent, ticket)["delay_minutes"] == 30
    desk.wait(hours=16)
    assert queue(desk, parent, ticket)["state"] == "waiting"
    desk.wait(hours=24)
    assert queue(desk, parent, ticket)["state"] == "over"
    stranger_to_it = world.parent(9)
    assert stranger_to_it.get(f"/v1/appointments/{ticket['id']}/queue").code == "appointment_not_found"


def test_a_home_visit_stands_in_nobodys_queue(world: World) -> None:
    desk = Desk(world)
    home = desk.slot("home", hours=1, purpose="home_visit")
    parent, ticket = desk.ticket(desk.slot("s1"))
    desk.book(home, home_address="г. Прокопьевск", patient=patient()).ok()
    assert queue(desk, parent, ticket)["before"] == 0
