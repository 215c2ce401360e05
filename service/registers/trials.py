"""Trial lessons: a child comes to one lesson of a group, to see what it is like."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.common import Paged
from schemas.trials import Trial, TrialBody, TrialList
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.ids import new_id
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.registers import rules, store
from service.registers.checks import look_for_lesson
from service.registers.rules import Held, Register
from service.registers.shapes import trial_of


async def book_trial(conn: Connection, actor: Actor, body: TrialBody, key: IdempotencyKey, clock: Clock) -> Trial:
    """Books a trial lesson for a child: one of a group, at most 30 days ahead.

    It takes no place of the group's, and no application needs it. Where the lesson is cancelled or moved, the trial is
    called off and the parents are told; then another can be booked.
    """
    now = clock()
    group = await store.lock_for_trial(conn, actor.region_id, actor.id, body.person_id, body.group_id)
    lesson = None
    if group is not None:
        # The group is locked, so that its lessons are the same until the trial is written.
        register = Register(dict(group), ZoneInfo(group["zone"]), supervises=False)
        lesson = await look_for_lesson(conn, register, body.lesson_id)
    refused = rules.trial_refusal(lesson, now)
    kept = await store.book_trial(
        conn, actor.region_id, actor.id, key, _trial(body, lesson, now), refused.code if refused else None, now
    )
    return trial_of(kept)


def _trial(body: TrialBody, lesson: Held | None, now: datetime) -> dict[str, Any]:
    """The columns of `trials`."""
    trial: dict[str, Any] = {"id": new_id(), "group_id": body.group_id, "person_id": body.person_id, "created_at": now}
    if lesson is not None:
        day, starts = lesson.key
        trial |= {"day": day, "starts": starts, "begins_at": lesson.begins_at, "ends_at": lesson.ends_at}
        trial["place"] = lesson.place
    return trial


async def list_trials(conn: Connection, actor: Actor, query: Paged, cursors: Cursors) -> TrialList:
    """Trial lessons of the citizen's children, those booked last first."""
    scope = f"trials:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_trials(conn, actor.region_id, actor.id, before, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return TrialList(items=[trial_of(row["shown"]) for row in page], next_cursor=cursor)


async def cancel_trial(conn: Connection, actor: Actor, trial_id: UUID, clock: Clock) -> Trial:
    """Cancels a trial lesson that has not begun; another can be booked then. Twice is no error."""
    return trial_of(await store.cancel_trial(conn, actor.region_id, actor.id, trial_id, clock()))
