"""Pure rules of the reception desk: how a ticket's status moves, which rules staff may go over, the live queue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

DeskStatus = Literal["booked", "arrived", "fulfilled", "noshow"]

# Status -> what it may come from on the ticket's own day. A mistake at the desk is mended by the way back; from
# cancelled and orphaned nothing leads here.
MOVES: Mapping[DeskStatus, tuple[DeskStatus, ...]] = {
    "booked": ("arrived", "noshow"),
    "arrived": ("booked", "noshow", "fulfilled"),
    "fulfilled": ("booked", "arrived"),
    "noshow": ("booked", "arrived"),
}
# The same when the day is over: what happened on it can still be written down, and nothing is undone any more.
MOVES_AFTERWARDS: Mapping[DeskStatus, tuple[DeskStatus, ...]] = {
    "booked": (),
    "arrived": (),
    "fulfilled": ("booked", "arrived"),
    "noshow": ("booked", "arrived"),
}
# By a scan at the door. A patient who was seen is not brought back into the queue by scanning their ticket again.
CHECK_IN_FROM: tuple[DeskStatus, ...] = ("booked", "noshow")

# Refusals that staff go over with a reason. So may a second ticket to one specialty be made: one with a reason does not
# count there. Never: a time that is taken or has passed, a person who is elsewhere at that time, a referral that was
# used, and whatever says that something does not exist; those are not rules but facts.
OVERRIDABLE = frozenset(
    {
        "another_channel",
        "not_attached",
        "referral_needed",
        "referral_unknown",
        "slot_for_another_age",
        "slot_for_another_sex",
    }
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One of a doctor's tickets of the day that is not seen yet: booked or arrived."""

    id: UUID
    starts_at: datetime
    minutes: float
    arrived_at: datetime | None
    number: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the live queue: how many are before, and when the turn may come."""

    before: int
    expected_at: datetime


def position_of(visit_id: UUID, visits: Iterable[Visit], delay_minutes: int, now: datetime) -> Position | None:
    """The place of one of `visits` in its doctor's queue; None where it is not among them.

    The queue goes by the booked time; of those booked for one time who came first is first. The turn comes not before
    the booked time and the delay, and not before those ahead were seen, each in their own minutes. Who should have been
    in by now and is not at the clinic is ahead (they may still walk in), but nobody's forecast waits for them.
    """
    queue = sorted(visits, key=_turn)
    delay = timedelta(minutes=delay_minutes)
    place = next((number for number, visit in enumerate(queue) if visit.id == visit_id), None)
    if place is None:
        return None
    expected_at = now
    for visit in queue[:place]:
        due = visit.starts_at + delay
        if visit.arrived_at is not None or due > now:
            expected_at = max(expected_at, due) + timedelta(minutes=visit.minutes)
    return Position(place, max(expected_at, queue[place].starts_at + delay))


def _turn(visit: Visit) -> tuple[datetime, bool, datetime, str]:
    return visit.starts_at, visit.arrived_at is None, visit.arrived_at or visit.starts_at, visit.number
