"""Offers to those who wait: to whom, in which order, for how long, and what becomes of them."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from service.waiting.store import lapse_an_offer, offer_a_free_place
from tests.doctors.clinic import Clinic
from tests.provocation import someone
from tests.waiting.people import Waiter, book, cancel, full, instant, join, later, wrong
from tests.world import SURGEON, World


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world)


def test_a_freed_place_is_offered_to_the_first_alone(clinic: Clinic) -> None:
    world = clinic.world
    ((slot, taker, ticket),) = full(clinic, "s1")
    first, second = join(clinic), join(clinic)
    cancel(taker, ticket)
    (offer,) = first.offers()
    assert (offer["kind"], offer["status"], offer["entry_id"]) == ("waiting", "open", first.entry_id)
    (place,) = offer["places"]
    assert (place["slot_id"], place["person_id"]) == (slot, first.children[0])
    assert place["practitioner"]["last_name"] == "Белова"
    assert place["starts_at"] == "2026-09-08T08:00:00+07:00"
    assert instant(offer["expires_at"]) - instant(offer["created_at"]) == timedelta(hours=1)
    entry = first.entry()
    assert (entry["status"], entry["offer_id"], entry["place"]) == ("offered", offer["id"], None)
    # Nobody else sees it or gets it.
    assert second.offers() == []
    assert second.entry()["place"] == 1
    assert clinic.free(second.api) == []
    assert world.book(second.api, slot, second.children[0]).code == "time_taken"
    assert wrong(world) == []


def test_accepting_is_one_tap_and_twice_is_no_error(clinic: Clinic) -> None:
    ((slot, taker, ticket),) = full(clinic, "s1")
    waiter = join(clinic)
    cancel(taker, ticket)
    path = f"/v1/offers/{waiter.offers()[0]['id']}"
    accepted = waiter.api.post(f"{path}/accept").ok()
    (booked,) = accepted["items"]
    assert (booked["slot_id"], booked["status"], booked["person"]["id"]) == (slot, "booked", waiter.children[0])
    assert waiter.api.post(f"{path}/accept").ok()["items"][0]["id"] == booked["id"]
    assert waiter.api.get("/v1/appointments").ok()["items"] == accepted["items"]
    assert waiter.api.post(f"{path}/decline").code == "offer_closed"
    assert (waiter.status, waiter.offers(), clinic.taken()) == ("served", [], 1)
    assert wrong(clinic.world) == []


def test_who_gives_up_what_was_offered_is_not_offered_again(clinic: Clinic) -> None:
    ((slot, taker, ticket),) = full(clinic, "s1")
    first, second = join(clinic), join(clinic)
    cancel(taker, ticket)
    booked = first.accept().ok()["items"][0]["id"]
    cancel(first, booked)
    assert (first.status, first.offers()) == ("served", [])
    assert second.offered() == [slot]


def test_declining_ends_the_waiting_and_gives_the_place_on(clinic: Clinic) -> None:
    ((slot, taker, ticket),) = full(clinic, "s1")
    first, second = join(clinic), join(clinic)
    cancel(taker, ticket)
    path = f"/v1/offers/{first.offers()[0]['id']}/decline"
    assert first.api.post(path).ok()["status"] == "declined"
    assert second.offered() == [slot]
    assert first.api.post(path).ok()["status"] == "declined"
    assert (first.status, first.offers()) == ("declined", [])
    # The last one declines too: it is everybody's now.
    second.decline().ok()
    assert [free["id"] for free in clinic.free(first.api)] == [slot]
    assert wrong(clinic.world) == []


def test_what_lapses_goes_to_the_next_and_sends_to_the_end(clinic: Clinic) -> None:
    world = clinic.world
    ((slot, taker, ticket),) = full(clinic, "s1", hours=100)
    first, second, third = (join(clinic) for _ in range(3))
    cancel(taker, ticket)
    path = f"/v1/offers/{first.offers()[0]['id']}"
    later(world, minutes=61)
    # Too late, also before any worker has looked.
    assert first.api.post(f"{path}/accept").code == "offer_lapsed"
    assert first.api.post(f"{path}/decline").code == "offer_lapsed"
    assert first.offers() == []
    world.live.work()
    assert first.api.post(f"{path}/accept").code == "offer_lapsed"
    assert second.offered() == [slot]
    entry = first.entry()
    assert (entry["status"], entry["place"], entry["lapses"]) == ("waiting", 2, 1)
    assert third.entry()["place"] == 1
    # The same place is not offered to the same entry again: after all three it is everybody's.
    for _ in range(3):
        later(world, minutes=61)
        world.live.work()
    assert [waiter.offers() for waiter in (first, second, third)] == [[], [], []]
    assert [free["id"] for free in clinic.free(first.api)] == [slot]
    assert wrong(world) == []


def test_the_third_lapse_ends_the_waiting(clinic: Clinic) -> None:
    world = clinic.world
    waiter = join(clinic)
    for number in range(4):
        clinic.slot(f"s{number}", hours=100 + number)
    for lapses in range(3):
        world.live.work()
        assert (waiter.status, waiter.entry()["lapses"]) == ("offered", lapses)
        later(world, minutes=61)
    world.live.work()
    entry = waiter.entry()
    assert (entry["status"], entry["lapses"]) == ("expired", 3)
    assert wrong(world) == []


def test_an_offer_ends_when_the_place_can_no_longer_be_booked(clinic: Clinic) -> None:
    clinic.slot("s1", hours=0.5)
    waiter = join(clinic)
    clinic.world.live.work()
    (offer,) = waiter.offers()
    assert offer["expires_at"] == offer["places"][0]["starts_at"]


def test_the_time_to_answer_is_the_institutions(world: World) -> None:
    clinic = Clinic(world, offer_minutes=15)
    clinic.slot()
    waiter = join(clinic)
    world.live.work()
    (offer,) = waiter.offers()
    assert instant(offer["expires_at"]) - instant(offer["created_at"]) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("wanted", "suits"),
    [
        ({}, True),
        ({"day_from": "2026-09-08", "day_to": "2026-09-08"}, True),
        ({"day_from": "2026-09-09"}, False),
        ({"time_from": "08:00", "time_to": "08:01"}, True),
        ({"time_from": "07:00", "time_to": "07:59"}, False),
        ({"time_from": "08:01"}, False),
    ],
)
def test_only_what_is_waited_for_is_offered(clinic: Clinic, wanted: dict[str, str], suits: bool) -> None:
    """On the wall clock of the clinic: the slot is on 8 September, at 08:00 there, at 01:00 by UTC."""
    slot = clinic.slot()
    waiter = join(clinic, **wanted)
    clinic.world.live.work()
    assert waiter.offered() == ([slot] if suits else [])


def test_only_who_may_have_it_is_offered_a_place(clinic: Clinic) -> None:
    world = clinic.world
    late = clinic.slot("s0", hours=200)
    doctor = world.live.sql("SELECT id FROM practitioners WHERE institution_id = $1 AND external_id = 'd2'", clinic.id)[
        0
    ]["id"]
    others = [
        join(clinic, {"birth_date": "2012-05-14"}),
        join(clinic, {"sex": "male", "first_name": "Илья"}),
        join(clinic, practitioner_id=str(doctor)),
    ]
    busy = join(clinic)
    world.book(busy.api, Clinic(world).slot("b1", hours=24.1), busy.children[0]).ok()
    has_ticket = join(clinic)
    world.book(has_ticket.api, late, has_ticket.children[0]).ok()
    right = join(clinic)
    slot = clinic.slot("s1", age_from=3, age_to=10, sex="female")
    world.live.work()
    assert [waiter.offers() for waiter in (*others, busy, has_ticket)] == [[]] * 5
    assert right.offered() == [slot]


def test_a_new_place_is_offered_before_it_opens_to_everybody_but_not_one_that_never_will(clinic: Clinic) -> None:
    world = clinic.world
    waiters = [join(clinic) for _ in range(3)]
    clinic.slot("s1", channels=["desk"])
    clinic.slot("s2", hours=30, internet_at=(world.now + timedelta(hours=5)).isoformat())
    clinic.slot("s3", hours=31, channels=["desk"])
    world.live.sql(
        "UPDATE slots SET policy = 'draw', channels = '{internet}', internet_at = $1 WHERE external_id = 's3'",
        world.now + timedelta(hours=5),
    )
    world.live.work()
    assert [waiter.offered() for waiter in waiters] == [[clinic.slot_id("s2")], [], []]
    waiters[0].accept().ok()
    # What the draw has left over opens.
    world.live.sql("UPDATE slots SET internet_at = $1 WHERE external_id = 's3'", world.now)
    world.live.work()
    assert waiters[1].offered() == [clinic.slot_id("s3")]


# Several persons ---------------------------------------------------------------------------------------------------


def slots_of(offers: list[Any]) -> list[str]:
    return [place["slot_id"] for offer in offers for place in offer["places"]]


def test_children_are_offered_places_one_behind_the_other(clinic: Clinic) -> None:
    world = clinic.world
    taken = full(clinic, "s1", "s2", "s3", "s4")
    family, single = join(clinic, {}, {}), join(clinic)
    # Apart from each other they are of no use to the family.
    cancel(*taken[0][1:])
    assert (family.offers(), single.offered()) == ([], [taken[0][0]])
    cancel(*taken[2][1:])
    assert family.offers() == []
    cancel(*taken[3][1:])
    (offer,) = family.offers()
    assert slots_of([offer]) == [taken[2][0], taken[3][0]]
    assert {place["person_id"] for place in offer["places"]} == set(family.children)
    tickets = family.accept().ok()["items"]
    assert [ticket["slot_id"] for ticket in tickets] == [taken[2][0], taken[3][0]]
    assert {ticket["person"]["id"] for ticket in tickets} == set(family.children)
    assert wrong(world) == []


def test_each_child_gets_a_place_that_is_for_it(clinic: Clinic) -> None:
    small, big = clinic.slot("s1", age_to=8), clinic.slot("s2", hours=24.25, age_from=9)
    family = join(clinic, {"birth_date": "2014-05-14"}, {"birth_date": "2020-05-14"})
    clinic.world.live.work()
    (offer,) = family.offers()
    seats = {place["person_id"]: place["slot_id"] for place in offer["places"]}
    assert seats == {family.children[0]: big, family.children[1]: small}


def test_children_fit_in_one_slot_that_has_room(clinic: Clinic) -> None:
    slot = clinic.slot("s1", capacity=3)
    family = join(clinic, {}, {}, {})
    clinic.world.live.work()
    assert family.offered() == [slot] * 3
    assert clinic.taken() == 3
    later(clinic.world, minutes=61)
    clinic.world.live.work()
    assert clinic.taken() == 0
    assert wrong(clinic.world) == []


def test_a_family_books_all_or_nothing(clinic: Clinic) -> None:
    world = clinic.world
    for number in (1, 2):
        clinic.slot(f"s{number}", hours=23.75 + number / 4)
    family = join(clinic, {}, {})
    world.live.work()
    # One of them got a ticket elsewhere for that time meanwhile.
    world.book(family.api, Clinic(world).slot("b1", hours=24.1), family.children[0]).ok()
    assert family.accept().code == "person_busy"
    assert (len(family.offers()), clinic.taken("s1"), clinic.taken("s2")) == (1, 1, 1)
    assert len(family.api.get("/v1/appointments").ok()["items"]) == 1
    assert wrong(world) == []


def test_an_offer_is_its_own_citizens(clinic: Clinic) -> None:
    clinic.slot()
    waiter, stranger = join(clinic), Waiter(clinic.world, someone())
    clinic.world.live.work()
    path = f"/v1/offers/{waiter.offers()[0]['id']}"
    for move in ("accept", "decline"):
        answer = stranger.api.post(f"{path}/{move}")
        assert (answer.status, answer.code) == (404, "offer_not_found")
    assert stranger.offers() == []


def test_a_place_that_is_taken_away_ends_its_offer_and_leaves_the_waiter_where_they_were(clinic: Clinic) -> None:
    world = clinic.world
    kept = world.slot("s1")
    for number in (1, 2):
        clinic.slot(f"s{number}", hours=23.75 + number / 4)
    family, single = join(clinic, {}, {}), join(clinic)
    world.live.work()
    assert len(family.offered()) == 2
    path = f"/v1/offers/{family.offers()[0]['id']}/accept"
    body = {**clinic.window(kept), "booked": "rebook"}
    world.put(f"{clinic.path}/slots", body)
    assert (family.offers(), family.status, family.entry()["place"]) == ([], "waiting", 1)
    assert family.api.post(path).code == "offer_closed"
    assert wrong(world) == []
    # What is left suits the other one.
    world.live.work()
    assert single.offered() == [clinic.slot_id("s1")]


def test_booking_goes_on_beside(clinic: Clinic) -> None:
    """A place with room for two: one is offered, the other is anybody's."""
    slot = clinic.slot("s1", capacity=2)
    waiter = join(clinic)
    clinic.world.live.work()
    assert waiter.offered() == [slot]
    book(clinic, slot)
    assert clinic.taken() == 2
    waiter.accept().ok()
    assert wrong(clinic.world) == []


def test_who_has_reached_a_limit_is_passed_over(world: World) -> None:
    clinic = Clinic(world, most_tickets=1)
    limited = join(clinic)
    surgeon = clinic.slot("o1", hours=90, practitioner_id="d3", specialty_code=SURGEON)
    world.book(limited.api, surgeon, limited.children[0]).ok()
    other = join(clinic)
    slot = clinic.slot()
    world.live.work()
    assert (limited.offers(), other.offered()) == ([], [slot])


# Several workers ---------------------------------------------------------------------------------------------------


def test_of_two_workers_one_makes_the_offer_and_nobody_waits(clinic: Clinic) -> None:
    """The first is in the middle of it when the second comes; and when the first dies, the next one does it."""
    world = clinic.world
    clinic.slot()
    for _ in range(2):
        join(clinic)

    async def work() -> list[int]:
        one, two = [await asyncpg.connect(world.live.dsn) for _ in range(2)]
        await two.execute("SET lock_timeout = '1ms'")
        begun = one.transaction()
        await begun.start()
        done = [await offer_a_free_place(one, world.now), await offer_a_free_place(two, world.now)]
        await begun.rollback()
        done += [await offer_a_free_place(two, world.now), await offer_a_free_place(one, world.now)]
        await one.execute("UPDATE offers SET expires_at = created_at")
        await (begun := one.transaction()).start()
        done += [await lapse_an_offer(one, world.now), await lapse_an_offer(two, world.now)]
        await begun.rollback()
        done += [await lapse_an_offer(two, world.now), await lapse_an_offer(one, world.now)]
        await asyncio.gather(one.close(), two.close())
        return done

    assert world.live.run(work()) == [1, 0, 1, 0, 1, 0, 1, 0]
    assert wrong(world) == []
