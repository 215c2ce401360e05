"""Groups that are collected for and then filled by priority, with the clock moved and the jobs run."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from service.collaborators import make_database
from service.worker import make_jobs
from tests.applications.people import group
from tests.filling.people import COLLECTED_FOR, Applicant, applicant, collecting, crowd, later, weigh
from tests.provocation import someone
from tests.world import World


def crowd_of(world: World, group_id: str, weights: list[int]) -> list[Applicant]:
    made = [applicant(world, group_id, wait=True) for _ in weights]
    for one, weight in zip(made, weights, strict=True):
        weigh(world, one, weight)
    return made


def test_while_it_is_collected_for_nobody_has_a_place_and_nobody_is_decided_on(world: World) -> None:
    wanted = collecting(world, "priority", capacity=1)
    one = applicant(world, wanted)
    assert one.outcome == ("submitted", False, None)
    assert one.application["decide_by"] is None
    path = f"/v1/institutions/{one.application['institution']['id']}/applications/{one.id}/decide"
    assert world.operator.post(path, {"decision": {"decision": "approve"}}).code == "group_not_filled"
    assert world.live.work() == 0
    world.live.clock.now += COLLECTED_FOR
    late = Applicant(world, someone(), "")
    late.person_id = world.child(late.api)
    assert world.apply(late.api, wanted, late.person_id).code == "group_being_filled"


def test_by_priority_then_by_order_the_first_have_places_and_the_others_wait_in_that_order(world: World) -> None:
    wanted = collecting(world, "priority", capacity=2)
    people = crowd_of(world, wanted, [0, 0, 5, 0, 9, 5])
    later(world, COLLECTED_FOR)
    outcomes = [one.outcome for one in people]
    assert [outcome[:2] for outcome in outcomes] == [
        ("waiting", False), ("waiting", False), ("submitted", True), ("waiting", False), ("submitted", True),
        ("waiting", False),
    ]  # fmt: skip
    assert [outcome[2] for outcome in outcomes] == [2, 3, None, 4, None, 1]
    placed = people[2].application
    # Seven working days from Monday the 14th.
    assert placed["decide_by"] == "2026-09-24T00:00:00+07:00"
    (shown,) = [one for one in world.parent().get("/v1/groups").ok()["items"] if one["id"] == wanted]
    assert (shown["free"], shown["waiting"]) == (0, 4)
    assert shown["filled_at"] == "2026-09-14T08:00:00+07:00"
    # Everybody was told, once.
    told = "SELECT event, count(*) FROM outbox WHERE event = ANY ($1) GROUP BY 1"
    events = ["application_placed", "application_waiting", "group_filled"]
    assert {row["event"]: row["count"] for row in world.live.sql(told, events)} == {
        "application_placed": 2, "application_waiting": 4, "group_filled": 1,
    }  # fmt: skip
    assert world.live.work() == 0


def test_afterwards_it_is_first_come_behind_those_who_wait(world: World) -> None:
    wanted = collecting(world, "priority", capacity=1)
    first, second = crowd_of(world, wanted, [0, 0])
    later(world, COLLECTED_FOR)
    third = applicant(world, wanted, wait=True)
    assert [one.outcome for one in (first, second, third)] == [
        ("submitted", True, None), ("waiting", False, 1), ("waiting", False, 2),
    ]  # fmt: skip
    first.api.post(f"/v1/applications/{first.id}/withdraw").ok()
    assert [one.outcome for one in (second, third)] == [("offered", True, None), ("waiting", False, 1)]


def test_a_group_that_enrols_at_once_does_so_when_it_is_filled(world: World) -> None:
    wanted = collecting(world, "priority", capacity=1, instant=True)
    one, other = crowd_of(world, wanted, [0, 0])
    later(world, COLLECTED_FOR)
    assert one.outcome == ("enrolled", True, None)
    assert one.application["order"]["enrolled_on"] == "2026-10-01"
    assert one.application["decide_by"] is None
    assert other.outcome == ("waiting", False, 1)


def test_without_a_waiting_list_who_finds_no_place_is_refused(world: World) -> None:
    wanted = collecting(world, "priority", capacity=1, waiting_list=False)
    one, other = crowd_of(world, wanted, [0, 0])
    later(world, COLLECTED_FOR)
    assert one.outcome == ("submitted", True, None)
    found = other.application
    assert (found["status"], found["decision"]) == (
        "refused", {"decision": "refuse", "reason": "no_places", "comment": None},
    )  # fmt: skip


def test_who_can_not_be_placed_any_more_waits_and_the_next_has_the_place(world: World) -> None:
    wanted = collecting(world, "priority", capacity=1)
    busy, gone, free = crowd_of(world, wanted, [9, 8, 0])
    gone.api.post(f"/v1/applications/{gone.id}/withdraw").ok()
    # Elsewhere at the same hour, meanwhile.
    world.apply(busy.api, group(world), busy.person_id).ok()
    later(world, COLLECTED_FOR)
    assert [one.outcome for one in (busy, gone, free)] == [
        ("waiting", False, 1), ("withdrawn", False, None), ("submitted", True, None),
    ]  # fmt: skip


def test_filling_that_is_broken_off_leaves_everything_as_it_was(world: World) -> None:
    wanted = collecting(world, "priority", capacity=2)
    people = crowd_of(world, wanted, [0] * 4)
    world.live.clock.now += COLLECTED_FOR
    # After the second has a place.
    world.live.sql("ALTER TABLE applications ADD CONSTRAINT none_waits CHECK (status <> 'waiting') NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        world.live.work()
    assert {one.outcome for one in people} == {("submitted", False, None)}
    world.live.sql("ALTER TABLE applications DROP CONSTRAINT none_waits")
    later(world, timedelta())
    assert [one.outcome[0] for one in people] == ["submitted", "submitted", "waiting", "waiting"]


def test_several_workers_fill_each_group_once(world: World) -> None:
    groups = [collecting(world, filling, capacity=2) for filling in ("priority", "draw") for _ in range(3)]
    for wanted in groups:
        crowd_of(world, wanted, [0] * 5)
    world.live.work()
    live = world.live

    async def work() -> None:
        database = make_database(live.settings, live.dsn)
        async with database.opened():
            jobs = make_jobs(live.settings, database, live.clock)
            await asyncio.gather(*(jobs.run_until_idle() for _ in range(3)))

    for delay in (COLLECTED_FOR, timedelta(minutes=1)):
        live.clock.now += delay
        live.run(work())
    rows = live.sql("SELECT taken, waiting, filled_at IS NOT NULL AS filled FROM groups WHERE filling <> 'first_come'")
    assert [tuple(row) for row in rows] == [(2, 3, True)] * len(groups)
    assert live.sql("SELECT count(*) FROM outbox WHERE event = 'group_filled'")[0]["count"] == len(groups)


@pytest.mark.parametrize("filling", ["priority", "draw"])
@pytest.mark.parametrize("others", [1000, pytest.param(5000, marks=pytest.mark.soak)])
def test_a_group_with_thousands_of_applications_is_filled(world: World, filling: str, others: int) -> None:
    """By statements of which none comes near its limit of five seconds, or the job would fail."""
    wanted = collecting(world, filling, capacity=30)
    applicant(world, wanted)
    crowd(world, wanted, others)
    world.live.work()
    later(world, COLLECTED_FOR)
    later(world, timedelta(minutes=1))
    row = world.live.sql("SELECT taken, waiting, serial FROM groups WHERE id = $1", UUID(wanted))[0]
    assert tuple(row) == (30, others - 29, others + 1)
    serials = "SELECT count(DISTINCT serial) AS different, max(serial) AS last FROM applications WHERE group_id = $1"
    assert tuple(world.live.sql(serials, UUID(wanted))[0]) == (others + 1, others + 1)
