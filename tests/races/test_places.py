"""Many callers for few places, over real HTTP, on two worker processes."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.conftest import fresh_database
from tests.races.processes import WORKERS, Call, Served
from tests.races.town import OTHER_CLINIC, Town, outcomes


@pytest.fixture(scope="module")
def town(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with fresh_database(server_dsn) as dsn, Served(dsn, tmp_path_factory.mktemp("served")) as served:
        yield Town(served)


@pytest.fixture(scope="module")
def unguarded(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town whose database has lost its guards. What is checked before a place is taken is still checked."""
    with fresh_database(server_dsn) as dsn, Served(dsn, tmp_path_factory.mktemp("unguarded")) as served:
        _take_out(served, "take_place", " AND capacity - taken > 0")
        # Whoever applies to a group counts its places behind this lock.
        _take_out(
            served,
            "apply_to_groups",
            "PERFORM FROM groups WHERE region_id = p_region AND id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE;",
        )
        for table, constraint in (
            ("slots", "slots_not_oversold"),
            ("groups", "groups_not_oversold"),
            ("engagements", "engagements_one_place_at_a_time"),
        ):
            served.sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        yield Town(served)


def _take_out(served: Served, function: str, guard: str) -> None:
    definition: str = served.sql("SELECT pg_get_functiondef($1::text::regproc)", function)[0][0]
    assert definition.count(guard) == 1
    served.sql(definition.replace(guard, ""))


def many_for_one_slot(town: Town, count: int) -> None:
    parents = town.parents(count)
    (slot_id,) = town.slots(town.tomorrow)
    answers = town.race([parent.books(slot_id) for parent in parents])
    assert outcomes(answers) == {"booked": 1, "time_taken": count - 1}
    assert _written(town, "slots", "appointments", slot_id) == (1, 1, 1, 1, 1)


def many_for_a_group(town: Town, count: int, places: int = 15) -> None:
    parents = town.parents(count)
    group_id, _ = town.group("g1", places)
    answers = town.race([parent.applies(group_id) for parent in parents])
    assert outcomes(answers) == {"booked": places, "group_full": count - places}
    assert _written(town, "groups", "applications", group_id) == (places,) * 5


def one_child_at_two_clinics(town: Town, count: int) -> None:
    couples = town.couples(count)
    here = town.slots(*[town.tomorrow + timedelta(hours=number) for number in range(count)])
    there = town.slots(
        *[town.tomorrow + timedelta(hours=number, minutes=10) for number in range(count)], clinic=OTHER_CLINIC
    )
    calls = [
        call
        for (mother, father), slot_id, other_slot_id in zip(couples, here, there, strict=True)
        for call in (mother.books(slot_id), father.books(other_slot_id))
    ]
    _exactly_one_of_each_pair(town, calls)


def one_child_in_a_lesson_and_at_a_clinic(town: Town, count: int) -> None:
    couples = town.couples(count)
    group_id, first_lesson = town.group("g2", count)
    slots = town.slots(*[first_lesson + timedelta(minutes=number) for number in range(count)], clinic=OTHER_CLINIC)
    calls = [
        call
        for (mother, father), slot_id in zip(couples, slots, strict=True)
        for call in (mother.applies(group_id), father.books(slot_id))
    ]
    _exactly_one_of_each_pair(town, calls)


def _exactly_one_of_each_pair(town: Town, calls: list[Call]) -> None:
    answers = town.race(calls)
    for pair in zip(answers[::2], answers[1::2], strict=True):
        assert outcomes(pair) == {"booked": 1, "person_busy": 1}
    persons = [call.body["person_id"] for call in calls]
    assert town.served.sql(_BOOKINGS_OF, persons)[0]["count"] == len(calls) // 2


_BOOKINGS_OF = """
    SELECT count(*) FROM (
        SELECT id FROM appointments WHERE active AND person_id = ANY ($1::uuid[])
        UNION ALL
        SELECT id FROM applications WHERE status = 'submitted' AND person_id = ANY ($1::uuid[])
    ) AS bookings JOIN engagements ON booking_id = bookings.id
"""


def _written(town: Town, places: str, bookings: str, place_id: str) -> tuple[int, ...]:
    """Places taken, and rows of bookings, of where the booked are, of the audit trail and of the outbox."""
    column = {"slots": "slot_id", "groups": "group_id"}[places]
    (row,) = town.served.sql(
        f"""
        SELECT (SELECT taken FROM {places} WHERE id = $1),
               (SELECT count(*) FROM {bookings} WHERE {column} = $1),
               (SELECT count(*) FROM engagements JOIN {bookings} AS b ON booking_id = b.id WHERE b.{column} = $1),
               count(*), count(outbox.id)
        FROM audit_trail AS a LEFT JOIN outbox ON outbox.id = a.id
        WHERE a.details ->> '{column}' = $1::text
        """,  # noqa: S608 - names of tables
        place_id,
    )
    return tuple(row)


def test_one_of_200_gets_the_slot(town: Town) -> None:
    many_for_one_slot(town, 200)
    # Otherwise nothing was tried here: the requests came to both processes, a good part to each.
    assert len(town.served.workers()) == WORKERS
    assert min(town.served.answered_by_workers("bookAppointment")) > 20


def test_15_of_500_get_into_the_group(town: Town) -> None:
    many_for_a_group(town, 500)
    assert min(town.served.answered_by_workers("applyToGroup")) > 50


def test_one_key_50_times_is_one_booking(town: Town) -> None:
    (parent,) = town.parents(1)
    (slot_id,) = town.slots(town.tomorrow, capacity=50)
    answers = town.race([parent.books(slot_id)] * 50)
    assert outcomes(answers) == {"booked": 50}
    assert len({answer.content for answer in answers}) == 1
    assert _written(town, "slots", "appointments", slot_id) == (1, 1, 1, 1, 1)


def test_a_child_is_at_one_clinic_at_a_time(town: Town) -> None:
    one_child_at_two_clinics(town, 40)


def test_a_child_is_in_the_lesson_or_at_the_clinic(town: Town) -> None:
    one_child_in_a_lesson_and_at_a_clinic(town, 20)


_OVERSOLD_SLOTS = "SELECT FROM slots WHERE taken > capacity"
_OVERSOLD_GROUPS = "SELECT FROM groups WHERE taken > capacity"
_IN_TWO_PLACES = """
    SELECT FROM engagements AS one JOIN engagements AS other
    ON one.identity = other.identity AND one.times && other.times AND one.booking_id < other.booking_id
"""


@pytest.mark.parametrize(
    ("race", "count", "evidence"),
    [
        (many_for_one_slot, 60, _OVERSOLD_SLOTS),
        (many_for_a_group, 60, _OVERSOLD_GROUPS),
        (one_child_at_two_clinics, 20, _IN_TWO_PLACES),
        (one_child_in_a_lesson_and_at_a_clinic, 20, _IN_TWO_PLACES),
    ],
    ids=["slot", "group", "clinics", "lesson"],
)
def test_without_the_guards_the_race_is_lost(
    unguarded: Town, race: Callable[[Town, int], None], count: int, evidence: str
) -> None:
    before = len(unguarded.served.sql(evidence))
    with pytest.raises(AssertionError):
        race(unguarded, count)
    # Lost by overselling, and not by an error on the way.
    assert len(unguarded.served.sql(evidence)) > before
