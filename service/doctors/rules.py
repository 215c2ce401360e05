"""Pure rules of publishing slots: what a new publication changes, and what it may not touch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

ConflictReason = Literal["booked_missing", "booked_changed", "capacity_below_booked"]


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


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot as it stands in the database."""

    id: UUID
    terms: SlotTerms
    taken: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    external_id: str
    reason: ConflictReason
    appointments: int


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

    A booked slot may only get more room: whatever else changes would change a ticket, so it is a conflict. A slot
    that is not wanted any more is closed where it has no tickets.
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
            plan.conflicts.append(Conflict(name, reason, slot.taken))
        else:
            plan.changed.append(terms)
    for name, slot in by_id.items():
        if name not in wanted and slot.is_open:
            if slot.taken:
                plan.conflicts.append(Conflict(name, "booked_missing", slot.taken))
            else:
                plan.closed.append(slot.id)
    return plan


def _conflict(slot: KeptSlot, terms: SlotTerms) -> ConflictReason | None:
    if not slot.taken:
        return None
    if replace(slot.terms, capacity=terms.capacity) != terms:
        return "booked_changed"
    return "capacity_below_booked" if terms.capacity < slot.taken else None
