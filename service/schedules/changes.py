"""Pure rules of changing a schedule: what becomes of each slot, and of the tickets to it. Nobody is lost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from service.schedules.rules import PlannedSlot
from service.scheduling.rules import merge, overlaps

Reason = Literal["time_gone", "practitioner_changed", "capacity_lowered", "room_changed"]


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot as it stands in the database. `taken` counts its tickets, and places that are held."""

    id: UUID
    slot: PlannedSlot
    taken: int
    tickets: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What becomes of a slot; None in place of `wanted`: it is taken away. `reason`: why its tickets are hit."""

    kept: KeptSlot
    wanted: PlannedSlot | None
    orphans: int = 0
    reason: Reason | None = None

    @property
    def empties(self) -> bool:
        """All who have the slot, or hold it, lose it."""
        return self.wanted is None or _is_anothers(self.kept, self.wanted)

    @property
    def shrinks(self) -> bool:
        return self.wanted is not None and not self.empties and self.wanted.capacity < self.kept.taken

    @property
    def room_changes(self) -> bool:
        return self.wanted is not None and self.wanted.location_id != self.kept.slot.location_id


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. `added`: slots that are not there yet."""

    added: list[PlannedSlot]
    changes: list[SlotChange]
    unchanged: int


def plan_change(
    kept: Iterable[KeptSlot], wanted: Iterable[PlannedSlot], now: datetime, *, release_changed: bool = False
) -> Plan:
    """How to come from `kept` to `wanted` without losing anybody.

    What has begun stays as it is. What is booked, or held, is an instant with a length: where slots get another length,
    or the clocks of a zone other rules, it stays in its time, and what would overlap it is not made.
    When a place opens stays as it is too, for a rest or a draw may have changed it, unless the release's rules changed.
    """
    by_name = {found.slot.external_id: found for found in kept}
    asked = {slot.external_id: slot for slot in wanted if slot.starts_at > now}
    begun = {name: found for name, found in by_name.items() if found.slot.starts_at <= now}
    booked = {
        name: found
        for name, found in by_name.items()
        if name in asked and name not in begun and _keeps_its_time(found, asked[name])
    }
    asked |= {name: _in_its_time(found, asked[name]) for name, found in booked.items()}
    busy = merge(found.slot.time for found in (*begun.values(), *booked.values()) if found.is_open)
    added: list[PlannedSlot] = []
    changes: list[SlotChange] = []
    unchanged = len(begun)
    for name, slot in asked.items():
        if name in begun or (name not in booked and any(overlaps(slot.time, time) for time in busy)):
            continue
        found = by_name.pop(name, None)
        if found is None:
            added.append(slot)
            continue
        kept_opening = slot if release_changed else _opening_as(found, slot)
        if found.is_open and found.slot == kept_opening:
            unchanged += 1
        else:
            changes.append(_change(found, kept_opening))
    changes += [taken_away(found) for name, found in by_name.items() if found.is_open and name not in begun]
    return Plan(added, changes, unchanged)


def taken_away(found: KeptSlot) -> SlotChange:
    """The slot goes, and all who have it lose it."""
    return SlotChange(found, None, found.tickets, "time_gone" if found.tickets else None)


def _keeps_its_time(found: KeptSlot, wanted: PlannedSlot) -> bool:
    """Somebody has it, or holds it and may go on with that."""
    return not _is_anothers(found, wanted) and bool(found.tickets or 0 < found.taken <= wanted.capacity)


def _is_anothers(found: KeptSlot, wanted: PlannedSlot) -> bool:
    return (found.slot.practitioner_id, found.slot.specialty_code) != (wanted.practitioner_id, wanted.specialty_code)


def _in_its_time(found: KeptSlot, wanted: PlannedSlot) -> PlannedSlot:
    return replace(wanted, starts_at=found.slot.starts_at, ends_at=found.slot.ends_at)


def _opening_as(found: KeptSlot, wanted: PlannedSlot) -> PlannedSlot:
    old = found.slot
    alike = (old.channels, old.access, old.starts_at) == (wanted.channels, wanted.access, wanted.starts_at)
    return replace(wanted, internet_at=old.internet_at) if found.is_open and alike else wanted


def _change(found: KeptSlot, wanted: PlannedSlot) -> SlotChange:
    if not found.tickets:
        return SlotChange(found, wanted)
    if _is_anothers(found, wanted):
        return SlotChange(found, wanted, found.tickets, "practitioner_changed")
    orphans = max(0, found.tickets - wanted.capacity)
    if orphans:
        return SlotChange(found, wanted, orphans, "capacity_lowered")
    return SlotChange(found, wanted, 0, "room_changed" if found.slot.location_id != wanted.location_id else None)
