"""What it costs an account to apply and withdraw, again and again."""

from datetime import timedelta

import pytest

from tests.applications.people import Family, group
from tests.doctors.clinic import Clinic
from tests.doctors.takers import DAY, MINUTE, let_go, limits, passes, refused
from tests.registers.school import School
from tests.registers.test_trials import Tried, cancel
from tests.world import World


@pytest.fixture
def family(world: World) -> Family:
    return Family(world)


def applies_and_withdraws(family: Family, group_id: str, times: int) -> None:
    for _ in range(times):
        family.move(family.applies(group_id).ok(), "withdraw").ok()


def test_who_applies_and_withdraws_waits_longer_each_time(world: World, family: Family) -> None:
    wanted = group(world)
    applies_and_withdraws(family, wanted, 11)
    for minutes in (1, 2, 4):
        answer = family.applies(wanted)
        assert refused(answer, "applying_paused", world.now + minutes * MINUTE)
        assert answer.headers["Retry-After"] == str(minutes * 60)
        passes(world, minutes * MINUTE)
        family.come_again()
        applies_and_withdraws(family, wanted, 1)
    limits(world, let_go_freely=None, let_go_a_day=14)
    assert refused(family.applies(wanted), "too_many_today", world.now - 7 * MINUTE + DAY)
    limits(world, let_go_freely=None, let_go_a_day=None)
    assert family.applies(wanted).status == 201
    # Another family has nothing to do with it.
    assert Family(world).applies(wanted).status == 201


def test_drafts_are_no_way_round(world: World, family: Family) -> None:
    """A draft keeps no place: it is its submission that waits."""
    limits(world, let_go_freely=0)
    wanted, other = group(world), group(world)
    family.move(family.drafts(wanted).ok(), "withdraw").ok()
    assert let_go(world) == 0
    first = family.drafts(wanted).ok()
    family.move(first, "submit").ok()
    family.move(first, "withdraw").ok()
    second = family.drafts(other).ok()
    assert family.move(second, "submit").code == "applying_paused"
    assert family.now_is(second)["status"] == "draft"
    # Submitting what is submitted is no error in a pause, nor is a repetition.
    assert family.move(first, "withdraw").status == 200


def test_only_a_place_that_was_taken_is_let_go(world: World, family: Family) -> None:
    """Not one that was waited for, or offered and declined; and it is the club's, not the clinic's."""
    limits(world, let_go_freely=0)
    full = group(world, capacity=1)
    other = Family(world)
    taken = other.applies(full).ok()
    waiting = family.waits(full)
    family.move(waiting, "withdraw").ok()
    waiting = family.waits(full)
    other.move(taken, "withdraw").ok()
    assert let_go(world) == 1
    assert family.now_is(waiting)["status"] == "offered"
    family.move(waiting, "decline").ok()
    assert let_go(world) == 1
    clinic = Clinic(world)
    slot = clinic.slot(hours=100)
    kept = family.api.create("/v1/holds", {"slot_id": slot}).ok()
    family.api.call("DELETE", f"/v1/holds/{kept['id']}")
    assert family.api.create("/v1/holds", {"slot_id": slot}).code == "hold_paused"
    applies_and_withdraws(family, group(world), 1)
    assert family.applies(group(world)).code == "applying_paused"


def test_a_repetition_is_answered_as_before(world: World, family: Family) -> None:
    limits(world, let_go_freely=0)
    wanted = group(world)
    body = family.body(wanted)
    first = family.api.create("/v1/applications", body, "once").ok()
    family.move(first, "withdraw").ok()
    assert family.applies(wanted).code == "applying_paused"
    assert family.api.create("/v1/applications", body, "once").ok() == first
    passes(world, timedelta(minutes=1))
    family.come_again()
    assert family.applies(wanted).status == 201


def test_trial_lessons_count_too(world: World) -> None:
    limits(world, let_go_freely=1)
    family, tried = Family(world), Tried(School(world))
    for _ in range(2):
        trial = tried.by(family).ok()
        for _ in range(2):
            cancel(family, trial).ok()
    assert refused(tried.by(family), "applying_paused", world.now + MINUTE)
    assert tried.by(Family(world)).status == 201
