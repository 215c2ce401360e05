"""A whole draw through the API, with the clock moved and the jobs run."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.core.ids import new_id
from service.draws.rules import replay
from tests.doctors.clinic import Clinic
from tests.draws.clinic import WINDOW, DrawingClinic
from tests.draws.test_verify import verify
from tests.provocation import someone, surname
from tests.world import World


@pytest.fixture
def clinic(world: World) -> DrawingClinic:
    return DrawingClinic(world)


def test_a_draw_is_made_of_a_days_slots_and_is_announced_with_the_hash_of_its_seed(clinic: DrawingClinic) -> None:
    world = clinic.world
    (listed,) = clinic.listed()
    assert listed["status"] == "open"
    assert (listed["day"], listed["slots"], listed["requests"]) == ("2026-09-10", 3, None)
    assert listed["opens_at"] == "2026-09-07T08:00:00+07:00"
    assert listed["closes_at"] == "2026-09-08T08:00:00+07:00"
    assert len(listed["seed_hash"]) == 64
    found = clinic.shown()
    assert [time["id"] for time in found.pop("times")] == clinic.times()
    assert found == listed
    # Nothing more is to be done, and nobody books in the meantime.
    assert world.live.work() == 0
    assert clinic.free(world.parent()) == []
    parent = world.parent()
    answer = world.book(parent, clinic.times()[0], world.child(parent, last_name=surname()))
    assert (answer.status, answer.code) == (409, "not_released")


def test_a_whole_draw(clinic: DrawingClinic) -> None:
    world, times = clinic.world, clinic.times()
    announced = clinic.shown()
    asked = [clinic.ask([times[number % 3], times[(number + 1) % 3]]) for number in range(8)]
    assert clinic.record().code == "draw_not_drawn"
    clinic.close()
    closed = clinic.shown()
    assert (closed["status"], closed["requests"], closed["drawn_at"]) == ("closed", 8, None)
    assert clinic.record().code == "draw_not_drawn"
    clinic.later(timedelta(minutes=1))
    answer = clinic.record()
    record = answer.ok()
    assert (record["seed_hash"], record["requests_digest"]) == (announced["seed_hash"], closed["requests_digest"])
    assert sorted(request["id"] for request in record["requests"]) == sorted(asker.request["id"] for asker in asked)
    published = ("--seed-hash", announced["seed_hash"], "--requests-digest", closed["requests_digest"])
    outcome = verify("-", *published, given=answer.content)
    assert outcome.stdout == b"The record is right: 8 requests, 3 places, 3 of them drawn.\n", outcome.stderr

    won = {result["request_id"]: result["slot_id"] for result in record["results"]}
    for asker in asked:
        (found,), tickets = asker.requests(), asker.tickets()
        if won[found["id"]] is None:
            assert (found["status"], found["reason"], found["appointment_id"]) == ("lost", "no_place_left", None)
            assert tickets == []
        else:
            (ticket,) = tickets
            assert (found["status"], found["reason"], found["appointment_id"]) == ("booked", None, ticket["id"])
            assert (ticket["slot_id"], ticket["status"]) == (won[found["id"]], "booked")
    assert [clinic.taken(f"t{number}") for number in range(3)] == [1, 1, 1]
    assert clinic.shown()["status"] == "drawn"
    assert world.live.work() == 0


def test_what_nobody_drew_can_be_booked_by_anyone(clinic: DrawingClinic) -> None:
    times = clinic.times()
    for _ in range(2):
        clinic.ask([times[0]])
    record = clinic.draw()
    assert sorted(str(result["slot_id"]) for result in record["results"]) == sorted([times[0], "None"])
    parent = clinic.world.parent()
    assert {slot["id"] for slot in clinic.free(parent)} == set(times[1:])
    clinic.world.book(parent, times[1], clinic.world.child(parent, last_name=surname())).ok()


def test_everyone_is_told_and_the_audit_trail_knows(clinic: DrawingClinic) -> None:
    for _ in range(2):
        clinic.ask([clinic.times()[0]])
    clinic.draw()
    told = [row["event"] for row in clinic.world.live.sql("SELECT event FROM outbox ORDER BY at, id")]
    expected = ["draw_made", "draw_closed", "draw_request_booked", "draw_request_lost", "appointment_booked"]
    assert {name: told.count(name) for name in (*expected, "draw_drawn")} == dict.fromkeys((*expected, "draw_drawn"), 1)


def test_the_seed_can_not_be_read_before_it_is_drawn(clinic: DrawingClinic) -> None:
    clinic.ask(clinic.times())
    clinic.close()
    (kept,) = clinic.world.live.sql("SELECT seed_sealed, seed_hash, record::text FROM draws")
    assert "seed" not in json.loads(kept["record"]).keys() - {"seed_hash"}
    assert kept["seed_sealed"].count(".") == 1
    clinic.later(timedelta(minutes=1))
    assert clinic.record().ok()["seed"] not in kept["seed_sealed"]


def test_the_same_human_being_takes_part_once_whoever_asks(clinic: DrawingClinic) -> None:
    times = clinic.times()
    child = {"last_name": surname(), "snils": "11223344595"}
    one, other = clinic.asker(**child), clinic.asker(**child)
    key = str(new_id())
    asked = clinic.request(one, times, key)
    assert clinic.request(one, times, key).content == asked.content
    for asker in (one, other):
        answer = clinic.request(asker, times[:1])
        assert (answer.status, answer.code) == (409, "already_requested")
    # What is withdrawn does not stand in the way; withdrawing twice is no error, and nobody else can.
    path = f"/v1/draw-requests/{asked.ok()['id']}/withdraw"
    assert other.api.post(path).code == "draw_request_not_found"
    assert [one.api.post(path).ok()["status"] for _ in range(2)] == ["withdrawn"] * 2
    again = clinic.request(other, times[:1]).ok()
    assert [request["id"] for request in other.requests()] == [again["id"]]
    assert [request["status"] for request in one.requests(draw_id=clinic.draw_id())] == ["withdrawn"]
    record = clinic.draw()
    assert [request["id"] for request in record["requests"]] == [again["id"]]


def test_a_request_stands_once_the_draw_is_closed(clinic: DrawingClinic) -> None:
    asker, late = clinic.ask(clinic.times()), clinic.asker()
    # Also in the moment between the end of the window and the job that closes it.
    clinic.world.live.clock.now += WINDOW
    for _ in range(2):
        assert asker.api.post(f"/v1/draw-requests/{asker.request['id']}/withdraw").code == "draw_closed"
        assert clinic.request(late, clinic.times()).code == "draw_closed"
        clinic.later(timedelta())


@pytest.mark.parametrize("reason", ["already_has_ticket", "person_busy", "time_taken", "not_attached"])
def test_a_winner_who_can_not_have_it_any_more_is_told_why_and_the_place_is_left(world: World, reason: str) -> None:
    clinic = DrawingClinic(world, times=1)
    (slot,) = clinic.times()
    asker = clinic.ask([slot])
    if reason == "already_has_ticket":
        # To another day, which came up meanwhile.
        other_day = world.now + timedelta(days=8)
        assert clinic.publish(world.slot("s9", hours=24 * 8), since=other_day, days=1).ok()["added"] == 1
        world.book(asker.api, clinic.slot_id("s9"), asker.child_id).ok()
    elif reason == "person_busy":
        world.book(asker.api, Clinic(world).slot(hours=72), asker.child_id).ok()
    clinic.close()
    if reason == "time_taken":
        world.live.sql("UPDATE slots SET taken = capacity WHERE id = $1", UUID(slot))
    elif reason == "not_attached":
        clinic.settle(require_attachment=True)
    clinic.later(timedelta(minutes=1))
    assert clinic.record().ok()["results"][0]["slot_id"] == slot
    (found,) = asker.requests()
    assert (found["status"], found["reason"], found["appointment_id"]) == ("lost", reason, None)
    if reason != "time_taken":
        assert clinic.taken("t0") == 0
        assert slot in {one["id"] for one in clinic.free(world.parent())}


def test_a_slot_that_was_taken_away_is_drawn_for_nobody(clinic: DrawingClinic) -> None:
    times = clinic.times()
    asker = clinic.ask([times[0]])
    assert clinic.publish(clinic.time(1), clinic.time(2)).ok()["closed"] == 1
    record = clinic.draw()
    assert {slot["id"]: slot["places"] for slot in record["slots"]}[times[0]] == 0
    assert asker.requests()[0]["reason"] == "no_place_left"
    assert replay(clinic.record().content)


def test_a_slot_that_comes_later_joins_the_draw_and_one_published_anew_stays_in_it(clinic: DrawingClinic) -> None:
    world = clinic.world
    # The third has more room now, and would open at once.
    more = world.slot("t2", hours=74, duration_minutes=30, capacity=2)
    late = clinic.time(3)
    assert clinic.publish(clinic.time(0), clinic.time(1), more, late).ok()["added"] == 1
    world.live.sql("UPDATE slots SET policy = 'draw' WHERE institution_id = $1", UUID(clinic.id))
    world.live.work()
    assert clinic.free(world.parent()) == []
    assert [(time["id"], time["places"]) for time in clinic.shown()["times"]] == list(
        zip(clinic.times(), [1, 1, 2, 1], strict=True)
    )
    assert world.live.work() == 0


def test_a_slot_that_comes_after_the_draw_opens_by_itself(clinic: DrawingClinic) -> None:
    clinic.draw()
    world = clinic.world
    late = world.slot("t9", hours=50, internet_at=(world.now + timedelta(hours=1)).isoformat())
    clinic.publish(late, since=world.now + timedelta(hours=49), days=1).ok()
    world.live.sql("UPDATE slots SET policy = 'draw' WHERE external_id = 't9'")
    assert world.live.work() == 0
    clinic.later(timedelta(hours=1))
    assert clinic.slot_id("t9") in {slot["id"] for slot in clinic.free(world.parent())}


def test_a_draw_is_announced_before_its_window_and_listed_for_two_weeks_after(world: World) -> None:
    clinic = DrawingClinic(world, times=0)
    clinic.release(world.slot("t0", hours=24 * 7, internet_at=(world.now + timedelta(days=3)).isoformat()))
    clinic.later(timedelta())
    assert clinic.shown()["status"] == "announced"
    assert clinic.shown()["opens_at"] == "2026-09-09T08:00:00+07:00"
    assert clinic.request(clinic.asker(), clinic.times()).code == "draw_not_open"
    clinic.later(timedelta(days=16))
    assert [one["status"] for one in clinic.listed()] == ["closed"]
    clinic.later(timedelta(days=2))
    assert clinic.listed() == []
    assert clinic.shown()["status"] == "drawn"


def test_lists_have_pages(world: World) -> None:
    clinic = DrawingClinic(world, times=0)
    opens = (world.now + timedelta(hours=12)).isoformat()
    clinic.release(*(world.slot(f"d{day}", hours=48 + 24 * day, internet_at=opens) for day in range(3)))
    clinic.later(timedelta())
    api = world.parent(someone())

    def pages(path: str, **query: Any) -> list[Any]:
        first = api.get(path, **query).ok()
        rest = api.get(path, cursor=first["next_cursor"], **query).ok()
        assert rest["next_cursor"] is None
        return first["items"] + rest["items"]

    draws = pages("/v1/draws", institution_id=clinic.id, limit=2)
    assert [one["day"] for one in draws] == ["2026-09-09", "2026-09-10", "2026-09-11"]
    path = f"/v1/draws/{draws[0]['id']}/requests"
    asked = [
        api.create(path, {"person_id": world.child(api, last_name=surname()), "wishes": clinic.times()[:1]}).ok()
        for _ in range(2)
    ]
    assert {one["id"] for one in pages("/v1/draw-requests", limit=1)} == {one["id"] for one in asked}
