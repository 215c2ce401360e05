from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.doctors.rules import Conflict, KeptSlot, Plan, SlotTerms, plan_publication

NAMES = [f"s{number}" for number in range(6)]
EIGHT = datetime(2026, 9, 8, 1, tzinfo=UTC)

Slots = dict[str, KeptSlot]
Wanted = dict[str, SlotTerms]


def slot_id(name: str) -> UUID:
    return UUID(int=NAMES.index(name))


@st.composite
def terms(draw: st.DrawFn, name: str) -> SlotTerms:
    begin = EIGHT + timedelta(minutes=15 * draw(st.integers(0, 1)))
    return SlotTerms(
        external_id=name,
        practitioner_id=UUID(int=draw(st.integers(0, 1))),
        specialty_code="58",
        location_id=UUID(int=0),
        starts_at=begin,
        ends_at=begin + timedelta(minutes=15),
        capacity=draw(st.integers(1, 3)),
        age_from=draw(st.sampled_from([None, 3])),
        age_to=None,
        sex=None,
    )


@st.composite
def kept_slots(draw: st.DrawFn) -> Slots:
    """As the database holds them: never oversold, and a slot with tickets is open."""
    kept = {}
    for name in draw(st.sets(st.sampled_from(NAMES))):
        slot = draw(terms(name))
        taken = draw(st.integers(0, slot.capacity))
        kept[name] = KeptSlot(slot_id(name), slot, taken, is_open=taken > 0 or draw(st.booleans()))
    return kept


@st.composite
def publications(draw: st.DrawFn) -> tuple[Slots, Wanted]:
    """What is kept, and what is wanted: much of it as it is, some with more or less room."""
    kept = draw(kept_slots())
    wanted = {}
    for name in draw(st.sets(st.sampled_from(NAMES))):
        choices = [terms(name)]
        if name in kept:
            choices += [st.just(kept[name].terms), st.just(replace(kept[name].terms, capacity=draw(st.integers(1, 3))))]
        wanted[name] = draw(st.one_of(choices))
    return kept, wanted


def applied(kept: Slots, plan: Plan) -> Slots:
    """What the database holds after the plan."""
    after = dict(kept)
    for slot in plan.added:
        assert slot.external_id not in after
        after[slot.external_id] = KeptSlot(slot_id(slot.external_id), slot, 0, is_open=True)
    for slot in plan.changed:
        after[slot.external_id] = replace(after[slot.external_id], terms=slot, is_open=True)
    names = {slot.id: name for name, slot in kept.items()}
    for closed in plan.closed:
        after[names[closed]] = replace(after[names[closed]], is_open=False)
    return after


@given(publications())
def test_a_plan_brings_about_what_is_wanted_but_for_its_conflicts(publication: tuple[Slots, Wanted]) -> None:
    kept, wanted = publication
    plan = plan_publication(kept.values(), wanted)
    after = applied(kept, plan)
    conflicts = {found.external_id for found in plan.conflicts}
    assert {name: after[name].terms for name in wanted if name not in conflicts} == {
        name: slot for name, slot in wanted.items() if name not in conflicts
    }
    assert {name for name, slot in after.items() if slot.is_open} == wanted.keys() | conflicts
    # Each slot is spoken of once.
    spoken = [slot.external_id for slot in plan.added + plan.changed] + [found.external_id for found in plan.conflicts]
    ids = plan.closed + plan.unchanged + [slot_id(name) for name in spoken]
    closed_before = {slot.id for name, slot in kept.items() if not slot.is_open and name not in wanted}
    assert len(ids) == len(set(ids))
    assert set(ids) | closed_before == {slot_id(name) for name in kept.keys() | wanted.keys()}


@given(publications())
def test_no_ticket_is_lost_or_changed(publication: tuple[Slots, Wanted]) -> None:
    kept, wanted = publication
    after = applied(kept, plan_publication(kept.values(), wanted))
    for name, before in kept.items():
        if before.taken:
            assert after[name].is_open
            assert replace(after[name].terms, capacity=before.terms.capacity) == before.terms
            assert after[name].terms.capacity >= before.taken


@given(publications())
def test_publishing_twice_changes_nothing(publication: tuple[Slots, Wanted]) -> None:
    kept, wanted = publication
    first = plan_publication(kept.values(), wanted)
    after = applied(kept, first)
    second = plan_publication(after.values(), wanted)
    assert (second.added, second.changed, second.closed) == ([], [], [])
    assert second.conflicts == first.conflicts
    assert set(second.unchanged) == {slot_id(name) for name in wanted} - {
        slot_id(found.external_id) for found in first.conflicts
    }


@given(publications())
def test_a_conflict_is_only_where_a_ticket_would_suffer_and_says_why(publication: tuple[Slots, Wanted]) -> None:
    kept, wanted = publication
    expected = set()
    for name, slot in kept.items():
        want = wanted.get(name)
        if not slot.taken or want == slot.terms:
            continue
        if want is None:
            expected.add(Conflict(slot.id, name, "booked_missing", slot.taken, None))
        elif replace(want, capacity=slot.terms.capacity) != slot.terms:
            expected.add(Conflict(slot.id, name, "booked_changed", slot.taken, want))
        elif want.capacity < slot.taken:
            expected.add(Conflict(slot.id, name, "capacity_below_booked", slot.taken, want))
    found = plan_publication(kept.values(), wanted).conflicts
    assert len(found) == len(expected)
    assert set(found) == expected
