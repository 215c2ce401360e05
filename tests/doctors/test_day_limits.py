"""How many tickets are booked online within a day: for a human being, and by an account."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import locks
from tests.doctors.clinic import Clinic
from tests.doctors.takers import DAY, MINUTE, Family, at_once, let_go, limits, passes, refused
from tests.live import Api
from tests.provocation import someone, surname
from tests.reception.desk import patient
from tests.waiting.people import waiting
from tests.world import SURGEON, World


@pytest.fixture
def family(world: World) -> Family:
    return Family(world)


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world)


def test_a_human_being_is_booked_ten_times_within_a_day(world: World, clinic: Clinic, family: Family) -> None:
    """By default; for a region it is another number, or none. Whoever books, and though it was cancelled."""
    first, slot = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    begun = world.now
    family.books_and_cancels(first, 1)
    passes(world, timedelta(hours=3))
    family.books_and_cancels(slot, 8)
    father = family.joined()
    passes(world, timedelta(hours=3))
    father.books_and_cancels(slot, 1)
    for parent in (family, father):
        answer = parent.books(slot)
        assert refused(answer, "too_many_today", begun + DAY)
        assert answer.headers["Retry-After"] == str(18 * 3600)
    # The day rolls: what is older does not count, and one at a time comes free.
    passes(world, timedelta(hours=18) - timedelta(seconds=1))
    assert family.books(slot).code == "too_many_today"
    passes(world, timedelta(seconds=1))
    family.books_and_cancels(slot, 1)
    assert refused(family.books(slot), "too_many_today", begun + timedelta(hours=3) + DAY)
    limits(world, person_bookings_a_day=11)
    family.books_and_cancels(slot, 1)
    assert family.books(slot).code == "too_many_today"
    limits(world, person_bookings_a_day=None)
    assert family.books(slot).status == 201


def test_an_account_books_thirty_times_within_a_day(world: World, clinic: Clinic) -> None:
    family = Family(world, 5)
    slot = clinic.slot(hours=100)
    begun = world.now
    for child in range(3):
        family.books_and_cancels(slot, 9, child)
        passes(world, MINUTE)
    family.books_and_cancels(slot, 3, 3)
    assert refused(family.books(slot, 4), "too_many_today", begun + DAY)
    # Children that are given up and written down again are new human beings, and the account is the same.
    family.api.call("DELETE", f"/v1/persons/{family.children[0]}")
    family.children[0] = world.child(family.api, last_name=surname())
    assert family.books(slot).code == "too_many_today"
    limits(world, account_bookings_a_day=31)
    assert family.books(slot, 4).status == 201


def test_a_family_is_counted_whole_and_told_where(world: World, clinic: Clinic) -> None:
    limits(world, person_bookings_a_day=2, account_bookings_a_day=3)
    slots = [clinic.slot(f"s{number}", hours=100 + number) for number in range(2)]
    family = Family(world, 2)
    family.books_and_cancels(slots[0], 2, 1)
    items = [{"slot_id": slot, "person_id": child} for slot, child in zip(slots, family.children, strict=True)]
    answer = family.api.create("/v1/family-appointments", {"items": items})
    assert answer.code == "too_many_today"
    assert [error["pointer"] for error in answer.json["errors"]] == ["/items/1"]
    assert (clinic.taken("s0"), clinic.taken("s1")) == (0, 0)
    limits(world, person_bookings_a_day=3, account_bookings_a_day=3)
    assert family.api.create("/v1/family-appointments", {"items": items}).code == "too_many_today"
    limits(world, person_bookings_a_day=3, account_bookings_a_day=4)
    assert family.api.create("/v1/family-appointments", {"items": items}).status == 201


def test_staff_book_as_often_as_they_need_and_offers_are_accepted(world: World, clinic: Clinic, family: Family) -> None:
    limits(world, person_bookings_a_day=1, account_bookings_a_day=1, let_go_freely=0, let_go_a_day=1)
    surgery = clinic.slot("s9", hours=90, practitioner_id="d3", specialty_code=SURGEON)
    family.books_and_cancels(surgery, 1)
    assert family.books(surgery).code == "too_many_today"
    taken, other = clinic.slot("s1", hours=100), Family(world)
    ticket = other.books(taken).ok()
    family.api.create("/v1/waiting-list", waiting(clinic, family.children[0])).ok()
    other.cancels(ticket).ok()
    (offer,) = family.api.get("/v1/offers").ok()["items"]
    family.api.post(f"/v1/offers/{offer['id']}/accept").ok()
    # One human being at the desk, for whom it books and cancels all day, is nobody's count.
    body = {"slot_id": surgery, "source": "desk", "patient": patient(last_name=surname())}
    for _ in range(3):
        booked = world.operator.create(f"{clinic.path}/appointments", body).ok()
        world.operator.post(f"{clinic.path}/appointments/{booked['id']}/cancel", {"reason": "Просили"}).ok()
    assert let_go(world) == 2


def test_bookings_at_once_do_not_all_find_room_in_the_day(world: World, clinic: Clinic, family: Family) -> None:
    """Of one child, by two parents, to times that do not stand in each other's way."""
    limits(world, person_bookings_a_day=12)
    slots = [Clinic(world).slot(hours=100 + number) for number in range(20)]
    family.books_and_cancels(clinic.slot(hours=90), 8)
    father = family.joined()
    mother, child = family.api, family.children[0]
    answers = at_once([
        lambda api=api, slot=slot: world.book(Api(api.base, api.token), slot, child)
        for slot, api in zip(slots, [mother, father.api] * 10, strict=True)
    ])  # fmt: skip
    assert sorted(answer.status for answer in answers) == [201] * 4 + [429] * 16
    assert {answer.code for answer in answers if answer.status == 429} == {"too_many_today"}


def test_without_turns_they_do(world: World, clinic: Clinic, family: Family) -> None:
    """The race of the test above is there where nobody waits for their turn."""
    turns = "take_turns(p_region smallint, p_citizen uuid, p_identities bytea[]) RETURNS void LANGUAGE sql"
    world.live.sql(f"CREATE OR REPLACE FUNCTION {turns} AS ''")
    limits(world, person_bookings_a_day=1)
    slots = [Clinic(world).slot(hours=100 + number) for number in range(4)]
    api, child = family.api, family.children[0]
    with ThreadPoolExecutor(4) as crowd, locks.holding(world.live, "LOCK TABLE outbox IN SHARE MODE"):
        asked = [crowd.submit(world.book, Api(api.base, api.token), slot, child) for slot in slots]
        locks.wait_until_blocked(world.live, 4)
        world.live.sql("SELECT pg_sleep(0.1)")
        # They have all counted by now.
    assert [done.result().status for done in asked] == [201] * 4


def test_a_region_says_what_may_be_taken(world: World) -> None:
    usual = {"person_bookings_a_day": 10, "account_bookings_a_day": 30, "let_go_freely": 10, "let_go_a_day": 40}
    parent = world.parent(someone())
    assert parent.get("/v1/day-limits").ok() == usual
    changed = usual | {"person_bookings_a_day": 5, "let_go_freely": 0, "let_go_a_day": None}
    assert world.operator.put("/v1/day-limits", changed).ok() == changed
    assert world.parent(someone()).get("/v1/day-limits").ok() == changed
    assert world.operator.put("/v1/day-limits", {}).ok() == usual
    for wrong in ({"person_bookings_a_day": 0}, {"let_go_freely": -1}, {"let_go_a_day": 1001}):
        assert world.operator.put("/v1/day-limits", wrong).code == "invalid"
