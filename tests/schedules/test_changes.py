"""What becomes of slots and tickets when a schedule changes: pure rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from service.schedules.changes import KeptSlot, Plan, plan_change
from service.schedules.rules import Exceptional, Hours, PlannedSlot, Release, Schedule, planned_slots
from service.scheduling.rules import overlaps

DOCTOR, OTHER_DOCTOR, ROOM, OTHER_ROOM = (UUID(int=number) for number in range(1, 5))
KUZBASS = ZoneInfo("Asia/Novokuznetsk")
MONDAY, FRIDAY = date(2026, 9, 7), date(2026, 9, 11)
NOON = datetime(2026, 9, 7, 5, tzinfo=UTC)
KEY = b"key"

WEEKLY = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from([Hours(time(8), time(10)), Hours(time(10), time(12), capacity=2)])),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    closed = draw(st.sampled_from([None, MONDAY, FRIDAY]))
    return Schedule(
        "s1", draw(st.sampled_from([DOCTOR, OTHER_DOCTOR])), "58", draw(st.sampled_from([ROOM, OTHER_ROOM])),
        date(2026, 1, 1), None, tuple(draw(WEEKLY)), draw(st.sampled_from([15, 20, 30])), draw(st.integers(1, 3)),
        exceptions=(Exceptional(closed, closed, closed=True),) if closed else (),
        release=Release(horizon_days=draw(st.integers(1, 3))),
    )  # fmt: skip


def week_of(schedule: Schedule, zone: ZoneInfo = KUZBASS) -> list[PlannedSlot]:
    return planned_slots(schedule, zone, MONDAY, FRIDAY, {}, KEY)


def kept_of(slot: PlannedSlot, tickets: int, held: int = 0) -> KeptSlot:
    tickets = min(tickets, slot.capacity)
    taken = min(tickets + held, slot.capacity)
    return KeptSlot(uuid5(ROOM, slot.external_id), slot, taken, tickets, is_open=True)


@st.composite
def kept_slots(draw: st.DrawFn) -> list[KeptSlot]:
    """A week as it was made, some of it booked, some held, some closed."""
    kept = [
        kept_of(slot, draw(st.sampled_from([0, 0, 1, 2])), draw(st.integers(0, 1)))
        for slot in week_of(draw(schedules()))
    ]
    return [replace(found, is_open=bool(found.taken) or draw(st.booleans())) for found in kept]


def applied(kept: list[KeptSlot], plan: Plan) -> list[KeptSlot]:
    """The database after the plan."""
    after = {found.slot.external_id: found for found in kept}
    for change in plan.changes:
        name, tickets = change.kept.slot.external_id, change.kept.tickets - change.orphans
        if change.wanted is None:
            after[name] = replace(after[name], tickets=tickets, taken=tickets, is_open=False)
        else:
            held = 0 if change.empties or change.shrinks else change.kept.taken - change.kept.tickets
            after[name] = KeptSlot(change.kept.id, change.wanted, tickets + held, tickets, is_open=True)
    for slot in plan.added:
        assert slot.external_id not in after
        after[slot.external_id] = kept_of(slot, 0)
    return list(after.values())


@settings(max_examples=60)
@given(kept_slots(), schedules())
def test_every_ticket_stays_at_its_instant_or_is_orphaned(kept: list[KeptSlot], schedule: Schedule) -> None:
    plan = plan_change(kept, week_of(schedule), NOON)
    after = {found.slot.external_id: found for found in applied(kept, plan)}
    orphans = {change.kept.id: change.orphans for change in plan.changes}
    for before in kept:
        now = after[before.slot.external_id]
        assert now.tickets + orphans.get(before.id, 0) == before.tickets
        assert now.tickets <= max(now.slot.capacity, 0)
        if now.tickets:
            assert now.is_open
            assert now.slot.time == before.slot.time
            assert now.slot.practitioner_id == before.slot.practitioner_id
    for change in plan.changes:
        assert (change.reason is not None) == bool(change.orphans or (change.kept.tickets and change.room_changes))


@settings(max_examples=60)
@given(kept_slots(), schedules())
def test_no_overlap_and_nothing_that_has_begun_is_touched(kept: list[KeptSlot], schedule: Schedule) -> None:
    plan = plan_change(kept, week_of(schedule), NOON)
    assert all(slot.starts_at > NOON for slot in plan.added)
    assert all(change.kept.slot.starts_at > NOON for change in plan.changes)
    after = sorted(found.slot.time for found in applied(kept, plan) if found.is_open)
    assert not any(overlaps(one, other) for one, other in pairwise(after))


@settings(max_examples=60)
@given(kept_slots(), schedules())
def test_again_changes_nothing(kept: list[KeptSlot], schedule: Schedule) -> None:
    after = applied(kept, plan_change(kept, week_of(schedule), NOON, release_changed=True))
    again = plan_change(after, week_of(schedule), NOON)
    assert (again.added, again.changes) == ([], [])


@settings(max_examples=30)
@given(schedules(), st.data())
def test_other_rules_of_a_zone_do_not_move_what_is_booked(schedule: Schedule, data: st.DataObject) -> None:
    """As if the region went over to the time of its neighbour, after the slots were made."""
    kept = [kept_of(slot, data.draw(st.integers(0, 1))) for slot in week_of(schedule)]
    plan = plan_change(kept, week_of(schedule, ZoneInfo("Asia/Omsk")), NOON)
    assert sum(change.orphans for change in plan.changes) == 0
    after = {found.slot.external_id: found for found in applied(kept, plan)}
    for before in kept:
        if before.tickets:
            assert after[before.slot.external_id].slot.time == before.slot.time
    times = sorted(found.slot.time for found in after.values() if found.is_open)
    assert not any(overlaps(one, other) for one, other in pairwise(times))


def test_a_longer_slot_leaves_what_is_booked_as_long_as_it_was() -> None:
    schedule = Schedule("s1", DOCTOR, "58", ROOM, MONDAY, None, ((2, Hours(time(8), time(9))),), 15)
    kept = [kept_of(slot, int(number == 0)) for number, slot in enumerate(week_of(schedule))]
    plan = plan_change(kept, week_of(replace(schedule, slot_minutes=10)), NOON)
    after = sorted(found.slot.time for found in applied(kept, plan) if found.is_open)
    lengths = [(end - start) // timedelta(minutes=1) for start, end in after]
    assert lengths == [15, 10, 10, 10, 10]
    assert {change.reason for change in plan.changes} == {None}


def test_when_a_place_opens_is_left_alone_unless_the_release_changed() -> None:
    schedule = Schedule("s1", DOCTOR, "58", ROOM, MONDAY, None, ((2, Hours(time(8), time(9))),), 30)
    rests = [
        replace(found, slot=replace(found.slot, internet_at=NOON))
        for found in (kept_of(slot, 0) for slot in week_of(schedule))
    ]
    assert plan_change(rests, week_of(schedule), NOON).changes == []
    changed = plan_change(rests, week_of(schedule), NOON, release_changed=True).changes
    assert [change.wanted for change in changed] == week_of(schedule)
    only_the_desk = plan_change(rests, week_of(replace(schedule, channels=("desk",))), NOON).changes
    assert all(change.wanted and change.wanted.internet_at > NOON + timedelta(days=9999) for change in only_the_desk)


def test_another_specialty_of_the_same_doctor_is_another_doctor() -> None:
    schedule = Schedule("s1", DOCTOR, "58", ROOM, MONDAY, None, ((2, Hours(time(8), time(9))),), 30)
    kept = [kept_of(slot, 1) for slot in week_of(schedule)]
    changes = plan_change(kept, week_of(replace(schedule, specialty_code="59")), NOON).changes
    assert [(change.reason, change.orphans, change.empties) for change in changes] == [
        ("practitioner_changed", 1, True)
    ] * 2
