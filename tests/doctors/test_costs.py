"""What it costs an account to take times and let them go, again and again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from tests import locks
from tests.consents.people import consent, withdraw
from tests.doctors.clinic import Clinic
from tests.doctors.takers import DAY, MINUTE, Family, at_once, let_go, limits, passes, refused
from tests.live import Api
from tests.personal_data.test_erasure import id_of
from tests.world import World


@pytest.fixture
def family(world: World) -> Family:
    return Family(world)


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world)


def test_a_pause_grows_and_ends(world: World) -> None:
    def pause(beyond: int | None) -> Any:
        return world.live.sql("SELECT pause_after($1)", beyond)[0]["pause_after"]

    assert [pause(number) for number in (None, -10, 0)] == [None] * 3
    assert [pause(number) / MINUTE for number in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {pause(number) for number in (40, 1000, 2**62)} == {timedelta(hours=1)}


def test_who_compares_times_is_free_and_who_goes_on_waits(world: World, clinic: Clinic, family: Family) -> None:
    """Eleven times are looked at; for the next one waits, and longer each time."""
    slots = cycle([clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)])
    family.holds(next(slots), 11)
    assert let_go(world) == 10
    for minutes in (1, 2, 4, 8):
        slot = next(slots)
        answer = family.hold(slot)
        assert refused(answer, "hold_paused", world.now + minutes * MINUTE)
        assert answer.headers["Retry-After"] == str(minutes * 60)
        # A refusal costs nothing, and the place before is still theirs.
        assert clinic.taken("s1") + clinic.taken("s2") == 1
        passes(world, minutes * MINUTE - timedelta(seconds=1))
        assert family.hold(slot).headers["Retry-After"] == "1"
        passes(world, timedelta(seconds=1))
        family.hold(slot).ok()
    # Another parent has nothing to do with it, and where the region wants it nobody waits.
    Family(world).hold(clinic.slot("s3", hours=102)).ok()
    limits(world, let_go_freely=None)
    family.holds(slot, 3)


def test_in_a_pause_one_still_books_what_one_needs(world: World, clinic: Clinic, family: Family) -> None:
    """The place that is held, and one that is not. What is booked was not let go."""
    limits(world, let_go_freely=2)
    first, other = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    family.holds(first, 3)
    assert family.hold(other).code == "hold_paused"
    ticket = family.books(other).ok()
    assert clinic.taken("s1") == 1
    family.cancels(ticket).ok()
    assert family.books(first).status == 201
    assert (clinic.taken("s1"), let_go(world)) == (1, 3)


def test_a_repetition_is_answered_as_before_in_a_pause(world: World, clinic: Clinic, family: Family) -> None:
    limits(world, let_go_freely=1, person_bookings_a_day=1)
    slot, other = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    kept = family.hold(slot, "first").ok()
    family.holds(slot, 1)
    ticket = family.books(other, 0, "book").ok()
    assert family.hold(other).code == "hold_paused"
    assert family.books(slot).code == "too_many_today"
    assert family.hold(slot, "first").ok() == kept
    assert family.books(other, 0, "book").ok() == ticket
    # And the twin of what is the last before the pause: it comes while that is under way.
    limits(world, let_go_freely=0)
    twin = Family(world)
    api = twin.api
    wanted = clinic.slot("s3", hours=102)
    with ThreadPoolExecutor(2) as taps:
        with locks.holding(world.live, f"SELECT FROM slots WHERE id = '{wanted}' FOR UPDATE"):
            asked = [
                taps.submit(Api(api.base, api.token).create, "/v1/holds", {"slot_id": wanted}, "tap") for _ in range(2)
            ]
            locks.wait_until_blocked(world.live, 2)
        answers = [done.result() for done in asked]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert twin.hold(wanted).code == "hold_paused"


@pytest.mark.parametrize(
    "way", ["released", "replaced", "left alone", "left alone and taken", "cancelled", "moved", "consent withdrawn"]
)
def test_each_way_of_letting_go_counts_once(world: World, clinic: Clinic, family: Family, way: str) -> None:
    first, second = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    if way == "consent withdrawn":
        consent(world, family.api, family.children[0]).ok()
        family.books(first).ok()
        for _ in range(2):
            withdraw(family.api, family.children[0]).ok()
    elif way in ("cancelled", "moved"):
        ticket = family.books(first).ok()
        # However long ago it was booked: to give it up is what counts.
        passes(world, timedelta(hours=30))
        for _ in range(2):
            (family.cancels(ticket) if way == "cancelled" else family.moves(ticket, second)).ok()
    else:
        kept = family.hold(first).ok()
        assert let_go(world) == 0
        passes(world, 10 * MINUTE)
        if way == "released":
            for _ in range(2):
                family.api.call("DELETE", f"/v1/holds/{kept['id']}")
        elif way == "replaced":
            family.hold(second).ok()
        elif way == "left alone":
            world.live.work()
        else:
            Family(world).books(first).ok()
    (row,) = world.live.sql("SELECT * FROM places_let_go")
    assert (str(row["citizen_id"]), row["at"], row["mini_app"]) == (id_of(world.live, family.user), world.now, "doctor")
    assert clinic.taken("s1") == (way == "left alone and taken")


def test_what_others_take_away_was_not_let_go(world: World, clinic: Clinic, family: Family) -> None:
    """By the clinic's staff, one by one or with the whole schedule; a ticket that has no time is nobody's place."""
    limits(world, let_go_freely=0)
    slot = clinic.slot("s1", hours=100)
    ticket = family.books(slot).ok()
    world.operator.post(f"{clinic.path}/appointments/{ticket['id']}/cancel", {"reason": "Врач болен"}).ok()
    orphan = family.books(slot).ok()
    family.hold(clinic.slot("s2", hours=101)).ok()
    world.operator.put(f"{clinic.path}/slots", clinic.window(days=62) | {"booked": "rebook"}).ok()
    assert world.live.sql("SELECT FROM holds WHERE offer_id IS NULL") == []
    # Another time for it is no taking of places.
    family.hold(Clinic(world).slot(hours=102)).ok()
    family.cancels(orphan).ok()
    assert let_go(world) == 0


def test_a_ticket_does_not_go_round(world: World, clinic: Clinic, family: Family) -> None:
    limits(world, let_go_freely=3)
    slots = cycle([clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)])
    ticket = family.books(next(slots)).ok()
    for _ in range(4):
        family.moves(ticket, next(slots)).ok()
    slot = next(slots)
    assert refused(family.moves(ticket, slot), "hold_paused", world.now + MINUTE)
    passes(world, MINUTE)
    assert family.moves(ticket, slot).ok()["sequence"] == 5


def test_places_that_are_held_everywhere_count_while_they_are_held(world: World, family: Family) -> None:
    """One at each institution: nothing was let go as yet, and the day has an end all the same."""
    limits(world, let_go_freely=3, let_go_a_day=5)
    slots = [Clinic(world).slot(hours=100 + number) for number in range(6)]
    begun = world.now
    for slot in slots[:4]:
        family.hold(slot).ok()
    assert refused(family.hold(slots[4]), "hold_paused", begun + MINUTE)
    passes(world, MINUTE)
    family.hold(slots[4]).ok()
    assert refused(family.hold(slots[5]), "too_many_today", begun + DAY)
    # What is booked is not held in vain.
    assert family.books(slots[0]).status == 201
    passes(world, 2 * MINUTE)
    assert family.hold(slots[5]).status == 201


def test_the_day_of_what_was_let_go_rolls(world: World, clinic: Clinic, family: Family) -> None:
    limits(world, let_go_freely=None, let_go_a_day=4)
    slot = clinic.slot(hours=100)
    begun = world.now
    for _ in range(4):
        kept = family.hold(slot).ok()
        family.api.call("DELETE", f"/v1/holds/{kept['id']}")
        passes(world, timedelta(hours=1))
    assert refused(family.hold(slot), "too_many_today", begun + DAY)
    passes(world, timedelta(hours=20) - timedelta(seconds=1))
    assert family.hold(slot).code == "too_many_today"
    passes(world, timedelta(seconds=1))
    assert family.hold(slot).status == 201


def test_holds_at_once_do_not_all_come_before_the_pause(world: World, family: Family) -> None:
    limits(world, let_go_freely=3)
    slots = [Clinic(world).slot(hours=100) for _ in range(12)]
    api = family.api
    answers = at_once(
        [lambda slot=slot: Api(api.base, api.token).create("/v1/holds", {"slot_id": slot}) for slot in slots]
    )
    assert sorted(answer.status for answer in answers) == [201] * 4 + [429] * 8


def test_accounts_that_join_have_let_go_together(world: World, clinic: Clinic, family: Family) -> None:
    """Nobody becomes somebody new by joining; who is erased is."""
    limits(world, let_go_freely=2)
    slot, second = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    family.holds(slot, 3)
    other = Family(world)
    code = other.api.create("/v1/identities/codes", None).ok()["code"]
    family.api.post("/v1/identities/join", {"code": code}).ok()
    assert let_go(world) == 3
    assert other.hold(second).code == "hold_paused"
    assert other.api.call("DELETE", "/v1/account").status == 204
    assert let_go(world) == 0
