"""Schedules through the live service: slots that are made, changes that lose nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.doctors.provocations import stranger
from tests.provocation import someone
from tests.schedules.office import Office, effects, hours
from tests.world import PAEDIATRICIAN, World

TUESDAY_0900 = "c1:20260908T0900"
DAY_BY_DAY = [
    f"c1:202609{day}T{clock}" for day in ("07", "08", "09", "10") for clock in ("0900", "0930", "1000", "1030")
]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def test_a_schedule_becomes_slots_and_the_second_click_changes_nothing(office: Office) -> None:
    assert office.put_schedule().ok() == effects(added=16)
    assert office.slots("external_id") == DAY_BY_DAY
    before = office.world.live.sql("SELECT s.*, s.xmin FROM slots s ORDER BY id")
    assert office.put_schedule().ok() == effects(unchanged=16)
    assert office.world.live.work() == 0
    assert [dict(row) for row in office.world.live.sql("SELECT s.*, s.xmin FROM slots s ORDER BY id")] != []
    assert [row["id"] for row in before] == [
        row["id"] for row in office.world.live.sql("SELECT * FROM slots ORDER BY id")
    ]
    # Of the days that are near enough citizens see the slots; the day after is made, and opens at midnight.
    parent = office.world.parent(someone())
    assert [item["starts_at"][:10] for item in office.free(parent)][::4] == ["2026-09-07", "2026-09-08", "2026-09-09"]
    kept = office.world.operator.get(f"{office.path}/schedules/c1").ok()
    assert (kept["external_id"], kept["made_until"], kept["hours"][0]["begins"]) == ("c1", "2026-09-10", "09:00")
    listed = office.world.operator.get(f"{office.path}/schedules", practitioner_id="d1", limit=1).ok()
    assert listed == {"items": [kept], "next_cursor": None}


def test_slots_are_made_day_by_day(office: Office) -> None:
    office.put_schedule().ok()
    live = office.world.live
    live.clock.now += timedelta(days=1)
    assert live.work() == 1
    assert office.slots("external_id")[-4:] == [name.replace("0910T", "0911T") for name in DAY_BY_DAY[-4:]]
    assert live.work() == 0
    # A week without a worker: what is behind stays behind, the rest is made at once. Saturday is off.
    live.clock.now += timedelta(days=7)
    live.work()
    days = sorted({name[9:11] for name in office.slots("external_id")})
    assert days == ["07", "08", "09", "10", "11", "15", "16", "17", "18"]


def test_two_workers_at_once_make_each_slot_once(office: Office) -> None:
    live = office.world.live
    for number in range(6):
        office.put_schedule(f"c{number}", valid_from="2026-09-08").ok()
    live.sql("UPDATE slots SET status = 'closed'")
    live.sql("DELETE FROM slots WHERE external_id LIKE 'c3%'")
    live.sql("UPDATE schedules SET made_until = NULL")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: live.work(), range(4)))
    assert sum(done) == 6
    assert len(office.slots("id")) == 6 * 12
    assert len(live.sql("SELECT FROM slots")) == 6 * 12


def test_a_schedule_published_several_times_at_once_is_there_once(office: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: office.put_schedule().ok(), range(4)))
    assert sorted((answer["added"], answer["unchanged"]) for answer in answers) == [(0, 16)] * 3 + [(16, 0)]
    assert office.slots("external_id") == DAY_BY_DAY


def test_the_same_hours_under_another_id_are_pointed_out(office: Office) -> None:
    office.put_schedule().ok()
    tried = office.put_schedule("c2", dry_run=True, hours=[hours("10:00", "12:00")]).ok()
    assert tried == effects(dry_run=True, added=16, overlapping=8)
    assert office.put_schedule("c2", practitioner_id="d2").ok() == effects(added=16)


def test_a_booking_and_a_change_at_once_leave_a_ticket_with_a_time_or_orphaned(office: Office) -> None:
    """Whoever of the two comes first: nobody has a ticket to a slot that is gone."""
    office.put_schedule(capacity=20).ok()
    asked = [stranger(office.world, office.slot_id(TUESDAY_0900)) for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        booked = [pool.submit(one.answer, "ru") for one in asked[:4]]
        change = pool.submit(office.put_schedule, hours=[hours("10:00", "11:00")], capacity=20)
        booked += [pool.submit(one.answer, "ru") for one in asked[4:]]
    hit = change.result().ok()["appointments"]
    statuses = [answer.result().status for answer in booked]
    tickets = office.world.live.sql("SELECT status FROM appointments")
    assert set(statuses) <= {201, 409}
    assert [row["status"] for row in tickets] == ["orphaned"] * statuses.count(201)
    assert len(hit) == len(tickets)
    assert office.taken(TUESDAY_0900) == 0


def test_a_dry_run_changes_nothing_and_says_what_then_happens(office: Office) -> None:
    assert office.put_schedule(dry_run=True).ok() == effects(dry_run=True, added=16)
    assert office.slots("id") == []
    assert office.ask("GET", "schedules/c1").code == "schedule_not_found"
    office.put_schedule().ok()
    parent, ticket = office.ticket(TUESDAY_0900)
    _, kept = office.ticket("c1:20260908T1000")
    everything = "SELECT * FROM slots ORDER BY id"
    before = office.world.live.sql(everything)
    later: dict[str, Any] = {"hours": [hours("10:00", "12:00")]}
    tried = office.put_schedule(dry_run=True, **later).ok()
    hit = {
        "appointment_id": ticket["id"],
        "number": ticket["number"],
        "starts_at": "2026-09-08T09:00:00+07:00",
        "reason": "time_gone",
        "effect": "orphaned",
    }
    assert tried == effects(dry_run=True, added=8, removed=8, unchanged=8, appointments=[hit])
    assert office.world.live.sql(everything) == before
    assert office.ticket_now(parent, ticket) == ticket
    assert office.put_schedule(**later).ok() == tried | {"dry_run": False}
    assert office.ticket_now(parent, ticket)["status"] == "orphaned"
    statement = "SELECT status FROM offers WHERE appointment_id = $1"
    assert [row["status"] for row in office.world.live.sql(statement, ticket["id"])] == ["open"]
    assert office.world.live.sql("SELECT status FROM appointments WHERE id = $1", kept["id"])[0]["status"] == "booked"
    assert office.put_schedule(**later).ok() == effects(unchanged=16)


def test_a_slot_in_another_room_takes_its_tickets_along(office: Office) -> None:
    office.put_schedule().ok()
    parent, ticket = office.ticket(TUESDAY_0900)
    moved = office.put_schedule(location_id="l2").ok()
    hit = {"appointment_id": ticket["id"], "number": ticket["number"], "starts_at": ticket["starts_at"]}
    assert moved == effects(changed=16, moved=16, appointments=[{**hit, "reason": "room_changed", "effect": "moved"}])
    now = office.ticket_now(parent, ticket)
    assert (now["status"], now["location"]["room"]) == ("booked", "12")
    rows = office.world.live.sql("SELECT sequence FROM appointments WHERE id = $1", ticket["id"])
    assert rows[0]["sequence"] == 1
    told = office.world.live.sql("SELECT event FROM outbox WHERE subject_id = $1 ORDER BY id", ticket["id"])
    assert "appointment_moved" in [row["event"] for row in told]


def test_less_capacity_orphans_who_booked_last(office: Office) -> None:
    office.put_schedule(capacity=3).ok()
    booked = [office.ticket(TUESDAY_0900) for _ in range(3)]
    for minute, (_, ticket) in enumerate(booked):
        statement = "UPDATE appointments SET created_at = created_at + $2 WHERE id = $1"
        office.world.live.sql(statement, ticket["id"], timedelta(minutes=minute))
    found = office.put_schedule(capacity=1).ok()
    assert [hit["reason"] for hit in found["appointments"]] == ["capacity_lowered"] * 2
    assert {hit["number"] for hit in found["appointments"]} == {ticket["number"] for _, ticket in booked[1:]}
    assert [office.ticket_now(*one)["status"] for one in booked] == ["booked", "orphaned", "orphaned"]
    assert (office.taken(TUESDAY_0900), set(office.slots("capacity"))) == (1, {1})


def test_another_doctor_orphans_the_tickets(office: Office) -> None:
    office.put_schedule().ok()
    one = office.ticket(TUESDAY_0900)
    found = office.put_schedule(practitioner_id="d2").ok()
    assert [(hit["reason"], hit["effect"]) for hit in found["appointments"]] == [("practitioner_changed", "orphaned")]
    assert office.ticket_now(*one)["status"] == "orphaned"
    assert office.taken(TUESDAY_0900) == 0
    assert len(office.slots("id")) == 16


def test_a_schedule_ends(office: Office) -> None:
    office.put_schedule().ok()
    one = office.ticket("c1:20260909T0900")
    until = office.put_schedule(valid_to="2026-09-08").ok()
    assert (until["removed"], until["unchanged"], len(until["appointments"])) == (8, 8, 1)
    assert office.ticket_now(*one)["status"] == "orphaned"
    assert office.ask("DELETE", "schedules/c1", dry_run=True).ok() == effects(dry_run=True, removed=8)
    assert office.ask("DELETE", "schedules/c1").ok() == effects(removed=8)
    assert office.slots("id") == []
    assert office.ask("DELETE", "schedules/c1").code == "schedule_not_found"
    # It may come back, under the ids it had.
    assert office.put_schedule().ok() == effects(added=16)
    assert office.slots("external_id") == DAY_BY_DAY


def test_a_system_that_publishes_a_window_does_not_close_what_schedules_made(office: Office) -> None:
    office.put_schedule().ok()
    assert office.publish(office.world.slot("mis-1", hours=30)).ok()["added"] == 1
    assert office.publish().ok()["closed"] == 1
    assert office.slots("external_id") == DAY_BY_DAY


def test_exceptions_breaks_channels_and_limits(office: Office) -> None:
    found = office.put_schedule(
        exceptions=[
            {"day_from": "2026-09-08", "closed": True, "extra_hours": [{"begins": "18:00", "ends": "19:00"}]},
            {"day_from": "2026-09-09", "location_id": "l2", "slot_minutes": 60},
        ],
        breaks=[{"weekdays": [1, 4], "begins": "09:30", "ends": "10:00"}],
        shares={"internet": 50, "desk": 50},
        passes_hours=1,
        age_from=3,
        sex="female",
    ).ok()
    assert found["added"] == 3 + 2 + 2 + 3
    assert [name[3:] for name in office.slots("external_id")] == [
        "20260907T0900", "20260907T1000", "20260907T1030", "20260908T1800", "20260908T1830", "20260909T0900",
        "20260909T1000", "20260910T0900", "20260910T1000", "20260910T1030",
    ]  # fmt: skip
    assert sorted({channel for channels in office.slots("channels") for channel in channels}) == ["desk", "internet"]
    assert set(office.slots("age_from", "sex")) == {(3, "female")}
    of_desk = office.world.live.sql("SELECT starts_at - internet_at AS before FROM slots WHERE channels = '{desk}'")
    assert {row["before"] for row in of_desk} == {timedelta(hours=1)}


def test_slots_of_other_channels_stay_closed_to_the_internet(office: Office) -> None:
    office.put_schedule(channels=["desk"]).ok()
    assert office.free(office.world.parent(someone())) == []
    assert office.world.live.sql("SELECT FROM slots WHERE internet_at <> 'infinity'") == []
    assert office.put_schedule(channels=["desk"]).ok() == effects(unchanged=16)
    assert office.put_schedule(channels=["desk", "internet"]).ok() == effects(changed=16)
    assert len(office.free(office.world.parent(someone()))) == 12


def test_a_changed_zone_does_not_move_what_is_booked(office: Office) -> None:
    office.put_schedule(hours=[hours("09:00", "15:00")]).ok()
    booked = [office.ticket(name) for name in (TUESDAY_0900, "c1:20260908T1130")]
    office.settle(zone="Asia/Omsk")
    assert office.put_schedule(hours=[hours("09:00", "15:00")]).ok()["appointments"] == []
    for parent, ticket in booked:
        assert office.ticket_now(parent, ticket)["status"] == "booked"
        (slot,) = office.world.live.sql("SELECT starts_at FROM slots WHERE id = $1", ticket["slot_id"])
        assert slot["starts_at"] == datetime.fromisoformat(ticket["starts_at"])
    overlaps: list[Any] = office.world.live.sql(
        "SELECT FROM slots a JOIN slots b ON a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
        " WHERE a.status = 'open' AND b.status = 'open'"
    )
    assert overlaps == []


def test_releases_are_announced(office: Office) -> None:
    office.put_schedule(
        release={"policy": "jittered", "horizon_days": 2, "release_time": "08:30", "window_minutes": 60}
    ).ok()
    parent = office.world.parent(someone())
    (found,) = parent.get("/v1/releases", institution_id=office.id, specialty_code=PAEDIATRICIAN).ok()["items"]
    assert (found["policy"], found["horizon_days"], len(found["days"])) == ("jittered", 2, 7)
    assert found["days"][0] == {
        "day": "2026-09-09",
        "opens_at": "2026-09-07T08:30:00+07:00",
        "last_opens_at": "2026-09-07T09:30:00+07:00",
    }
    assert [day["day"] for day in found["days"][:4]] == ["2026-09-09", "2026-09-10", "2026-09-11", "2026-09-14"]
    # Nothing of the window is open before it, all of it after; the moments are the slots' own.
    assert [item["starts_at"][:10] for item in office.free(parent)] == ["2026-09-07"] * 4 + ["2026-09-08"] * 4
    moments = office.world.live.sql("SELECT DISTINCT internet_at FROM slots WHERE external_id LIKE 'c1:20260909%'")
    assert len(moments) == 4
    office.world.live.clock.now += timedelta(minutes=90)
    parent = office.world.parent(someone())
    assert len(office.free(parent)) == 3 * 4 - 2
    assert parent.get("/v1/releases", institution_id=office.id, specialty_code="122").ok()["items"] == []


def test_a_specialty_that_a_schedule_needs_stays(office: Office) -> None:
    office.put_schedule(valid_from="2030-01-01").ok()
    body = {"last_name": "Белова", "first_name": "Анна", "specialty_codes": ["122"]}
    assert office.ask("PUT", "practitioners/d1", body).code == "specialty_in_use"
