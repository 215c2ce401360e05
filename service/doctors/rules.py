"""Pure rules of slots: what a new publication changes and may not touch, and which times follow each other."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

ConflictReason = Literal["booked_missing", "booked_changed", "booked_moved", "capacity_below_booked"]
CHANNELS = ("internet", "desk", "call_centre", "doctor", "other_clinic")


@dataclass(frozen=True, slots=True)
class SlotTerms:
    """What a slot is, under the institution's own id."""

    external_id: str
    practitioner_id: UUID
    specialty_code: str
    location_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    age_from: int | None
    age_to: int | None
    sex: str | None
    purpose: str = "routine"
    channels: tuple[str, ...] = CHANNELS
    # None: as the specialty is booked at the institution.
    access: str | None = None
    policy: str = "first_come"
    min_lead_minutes: int = 0
    schedule_id: UUID | None = None
    # From then on citizens may take it by themselves; None: at once where `channels` has the internet, else never. It
    # goes on living after the publication, so it makes no difference between two of them.
    internet_at: datetime | None = field(default=None, compare=False)


# What a ticket says, but for the place where to come.
_TOLD = ("practitioner_id", "specialty_code", "starts_at", "ends_at", "purpose", "age_from", "age_to", "sex")


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot as it stands in the database."""

    id: UUID
    terms: SlotTerms
    taken: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A slot with tickets or holds, `taken` together, that would lose or change them; `wanted` where it is to stay."""

    slot_id: UUID
    external_id: str
    reason: ConflictReason
    taken: int
    wanted: SlotTerms | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write: `added` and `changed` by terms, `closed` and `unchanged` by slot ids; `conflicts` stay."""

    added: list[SlotTerms] = field(default_factory=list[SlotTerms])
    changed: list[SlotTerms] = field(default_factory=list[SlotTerms])
    closed: list[UUID] = field(default_factory=list[UUID])
    unchanged: list[UUID] = field(default_factory=list[UUID])
    conflicts: list[Conflict] = field(default_factory=list[Conflict])


def plan_publication(kept: Iterable[KeptSlot], wanted: Mapping[str, SlotTerms]) -> Plan:
    """How to come from `kept` (all of the window, and all that have a wanted id) to `wanted`, losing nobody's ticket.

    A booked slot may get more room, and other ways to be booked: whatever else changes would change a ticket, so it is
    a conflict. A slot that is not wanted any more is closed where it has no tickets.
    """
    by_id = {slot.terms.external_id: slot for slot in kept}
    plan = Plan()
    for name, terms in wanted.items():
        slot = by_id.get(name)
        if slot is None:
            plan.added.append(terms)
        elif slot.terms == terms and slot.is_open:
            plan.unchanged.append(slot.id)
        elif (reason := _conflict(slot, terms)) is not None:
            plan.conflicts.append(Conflict(slot.id, name, reason, slot.taken, terms))
        else:
            plan.changed.append(terms)
    for name, slot in by_id.items():
        if name not in wanted and slot.is_open:
            if slot.taken:
                plan.conflicts.append(Conflict(slot.id, name, "booked_missing", slot.taken, None))
            else:
                plan.closed.append(slot.id)
    return plan


def _conflict(slot: KeptSlot, terms: SlotTerms) -> ConflictReason | None:
    if not slot.taken:
        return None
    if any(getattr(slot.terms, name) != getattr(terms, name) for name in _TOLD):
        return "booked_changed"
    if terms.capacity < slot.taken:
        return "capacity_below_booked"
    return "booked_moved" if slot.terms.location_id != terms.location_id else None


class Timed(Protocol):
    """A visit that may be had: when, and with whom."""

    @property
    def id(self) -> UUID: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def practitioner(self) -> Any: ...


Visit = TypeVar("Visit", bound=Timed)


def times_together(
    wanted: Sequence[Sequence[Visit]], *, wait: timedelta, one_practitioner: bool, limit: int
) -> list[list[Visit]]:
    """One visit out of each list, so that each begins when another ends, or at most `wait` later; the earliest first.

    The visits may come in any order; each list is in order of time.
    """
    found: dict[frozenset[UUID], list[Visit]] = {}
    for order in permutations(range(len(wanted))):
        for chain in _chains((), [wanted[index] for index in order], wait, one_practitioner):
            placed = dict(zip(order, chain, strict=True))
            found.setdefault(frozenset(visit.id for visit in chain), [placed[index] for index in range(len(wanted))])
    return sorted(found.values(), key=lambda visits: sorted((visit.starts_at, visit.id) for visit in visits))[:limit]


def _chains(
    chain: tuple[Visit, ...], wanted: Sequence[Sequence[Visit]], wait: timedelta, one_practitioner: bool
) -> Iterator[tuple[Visit, ...]]:
    """All ways to go on with one visit out of each of the lists, in their order."""
    if not wanted:
        yield chain
        return
    first, last = (chain[-1].ends_at, chain[-1].ends_at + wait) if chain else (None, None)
    begin = bisect_left(wanted[0], first, key=lambda visit: visit.starts_at) if first else 0
    for visit in wanted[0][begin:]:
        if last is not None and visit.starts_at > last:
            return
        if not one_practitioner or not chain or visit.practitioner.id == chain[0].practitioner.id:
            yield from _chains((*chain, visit), wanted[1:], wait, one_practitioner)
