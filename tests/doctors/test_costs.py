"""What a person may take in a day, and what it costs an account to take times and let them go again and again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from tests import locks
from tests.doctors.clinic import Clinic
from tests.live import Answer, Api
from tests.personal_data.test_erasure import id_of
from tests.provocation import someone, surname
from tests.reception.desk import patient
from tests.waiting.people import waiting
from tests.world import SURGEON, World

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Family:
    """A parent with children; they come anew where the clock has moved."""

    def __init__(self, world: World, children: int = 1) -> None:
        self.world, self.user = world, someone()
        self.children = [world.child(self.api, last_name=surname()) for _ in range(children)]

    @property
    def api(self) -> Api:
        return self.world.parent(self.user)

    def joined(self) -> "Family":
        """Another parent of the first child."""
        code = self.api.create(f"/v1/persons/{self.children[0]}/invitations", None).ok()["code"]
        other = Family(self.world, 0)
        other.api.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
        other.children = self.children[:1]
        return other

    def hold(self, slot_id: str, key: str | None = None) -> Answer:
        return self.api.create("/v1/holds", {"slot_id": slot_id}, key)

    def holds(self, slot_id: str, times: int) -> None:
        """One after the other, each in place of the one before."""
        for _ in range(times):
            self.hold(slot_id).ok()

    def books(self, slot_id: str, child: int = 0, key: str | None = None) -> Answer:
        return self.world.book(self.api, slot_id, self.children[child], key)

    def cancels(self, ticket: Any) -> Answer:
        return self.api.post(f"/v1/appointments/{ticket['id']}/cancel")

    def moves(self, ticket: Any, slot_id: str) -> Answer:
        return self.api.post(f"/v1/appointments/{ticket['id']}/reschedule", {"slot_id": slot_id})

    def books_and_cancels(self, slot_id: str, times: int, child: int = 0) -> None:
        for _ in range(times):
            self.cancels(self.books(slot_id, child).ok()).ok()


@pytest.fixture
def family(world: World) -> Family:
    return Family(world)


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world)


def limits(world: World, **changed: int | None) -> None:
    """Sets them, as the region does; the others are as they are without it."""
    assert world.live.client(42).put("/v1/day-limits", changed).status == 200


def passes(world: World, time: timedelta) -> None:
    world.live.clock.now += time
    world.operator = world.live.client(42)


def refused(answer: Answer, code: str, until: datetime) -> bool:
    """It says when it is possible again, to people and to programs; by the region's clock."""
    assert (answer.status, answer.code) == (429, code), answer.content.decode()
    assert answer.json["possible_at"].endswith("+07:00")
    told = datetime.fromisoformat(answer.json["possible_at"])
    return told == until


def let_go(world: World) -> int:
    return world.live.sql("SELECT count(*) FROM places_let_go")[0]["count"]


# Bookings of a day ---------------------------------------------------------------------------------------------------


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


def at_once(calls: list[Any]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as crowd:
        return [done.result() for done in [crowd.submit(call) for call in calls]]


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


# Let go, again and again ---------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("way", ["released", "replaced", "left alone", "left alone and taken", "cancelled", "moved"])
def test_each_way_of_letting_go_counts_once(world: World, clinic: Clinic, family: Family, way: str) -> None:
    first, second = clinic.slot("s1", hours=100), clinic.slot("s2", hours=101)
    if way in ("cancelled", "moved"):
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
