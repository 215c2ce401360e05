"""Teachers, lessons that are not as planned, attendance, messages."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from schemas.registers import TeacherBody
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id
from service.core.operations import IdempotencyKey
from service.core.queries import beside
from service.registers.rules import MOST_MESSAGES_A_DAY, LessonKey

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "too_many_messages": problems.TOO_MANY_MESSAGES,
    "too_many_attempts": problems.TOO_MANY_ATTEMPTS,
    "teachers_by_code": Collision,
    # Somebody was booked elsewhere between the look and the move.
    "engagements_one_place_at_a_time": Collision,
}
_TRIAL_VIOLATIONS = VIOLATIONS | {
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "applying_paused": problems.APPLYING_PAUSED,
    "too_many_today": problems.TOO_MANY_TODAY,
    "group_not_found": problems.GROUP_NOT_FOUND,
    "group_locked": problems.GROUP_LOCKED,
    "trials_not_offered": problems.TRIALS_NOT_OFFERED,
    "too_young": problems.TOO_YOUNG,
    "too_old": problems.TOO_OLD,
    "already_applied": problems.ALREADY_APPLIED,
    "trials_once_a_group": problems.TRIAL_EXISTS,
    "trial_full": problems.TRIAL_FULL,
    "trial_not_found": problems.TRIAL_NOT_FOUND,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    **{
        refusal.code: refusal
        for refusal in (
            problems.LESSON_NOT_FOUND,
            problems.LESSON_CANCELLED,
            problems.LESSON_BEGUN,
            problems.TRIAL_TOO_EARLY,
        )
    },
}


# Teachers ----------------------------------------------------------------------------------------------------------


async def find_register(
    conn: Connection, region_id: int, institution_id: UUID, group_id: str, citizen_id: UUID
) -> Record | None:
    """The group with its programme and zone, its id null where there is none; whether the citizen teaches it.

    None where there is no institution.
    """
    return await conn.fetchrow(SQL.find_register, region_id, institution_id, group_id, citizen_id)


async def list_my_groups(
    conn: Connection, region_id: int, institution_id: UUID, citizen_id: UUID | None, after: str | None, limit: int
) -> list[Record]:
    """By their own ids; of one citizen who teaches, or all."""
    return await conn.fetch(SQL.list_my_groups, region_id, institution_id, citizen_id, after, limit)


async def put_teacher(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, body: TeacherBody
) -> UUID:
    names = body.last_name, body.first_name, body.patronymic
    return await conn.fetchval(SQL.put_teacher, region_id, new_id(), institution_id, external_id, *names)


async def find_teacher(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> Record | None:
    """With the own ids of their groups."""
    return await conn.fetchrow(SQL.find_teacher, region_id, institution_id, external_id)


async def list_teachers(
    conn: Connection, region_id: int, institution_id: UUID, after: str | None, limit: int
) -> list[Record]:
    """By their own ids, with those of their groups."""
    return await conn.fetch(SQL.list_teachers, region_id, institution_id, after, limit)


async def delete_teacher(conn: Connection, region_id: int, teacher_id: UUID) -> None:
    """Their groups have them no more."""
    groups = await conn.fetch(SQL.groups_of_teacher, region_id, teacher_id)
    await conn.execute(SQL.delete_teacher, region_id, teacher_id)
    await conn.execute(SQL.publish_teachers, region_id, [row["group_id"] for row in groups])


async def publish_teacher(conn: Connection, region_id: int, teacher_id: UUID) -> None:
    """The teacher's groups are published with the names as they are now."""
    groups = await conn.fetch(SQL.groups_of_teacher, region_id, teacher_id)
    await conn.execute(SQL.publish_teachers, region_id, [row["group_id"] for row in groups])


async def find_teachers(
    conn: Connection, region_id: int, institution_id: UUID, external_ids: Sequence[str]
) -> dict[str, UUID]:
    rows = await conn.fetch(SQL.find_teachers, region_id, institution_id, external_ids)
    return {row["external_id"]: row["id"] for row in rows}


async def put_group_teachers(conn: Connection, region_id: int, group_id: UUID, teacher_ids: Sequence[UUID]) -> None:
    await conn.execute(SQL.clear_group_teachers, region_id, group_id)
    await conn.execute(SQL.add_group_teachers, region_id, group_id, teacher_ids)
    await conn.execute(SQL.publish_teachers, region_id, [group_id])


async def invite_teacher(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    key: IdempotencyKey,
    teacher_id: UUID,
    code_hash: bytes,
    result: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Keeps the code's hash, and gives the result that the key has."""
    encoded = orjson.dumps(result).decode()
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.invite_teacher, region_id, actor_id, key.key, key.request_hash, teacher_id, code_hash, encoded, now
        )
    return orjson.loads(kept)


async def join_as_teacher(
    conn: Connection, region_id: int, citizen_id: UUID, institution_id: UUID, code_hash: bytes, now: datetime
) -> str | None:
    """The teacher's own id; None where the code leads nowhere, which is remembered."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.join_as_teacher, region_id, citizen_id, institution_id, code_hash, now)


# Lessons -----------------------------------------------------------------------------------------------------------


async def lesson_changes(
    conn: Connection, region_id: int, group_id: UUID, first: date, last: date
) -> dict[LessonKey, Record]:
    rows = await conn.fetch(SQL.lesson_changes, region_id, group_id, first, last)
    return {(row["day"], row["starts"]): row for row in rows}


async def change_lesson(conn: Connection, change: dict[str, Any], on: date) -> dict[str, Any]:
    """{told, conflicts}; `change` are the columns of lesson_changes, and `on` is the day whose children are told."""
    encoded = orjson.dumps(change, default=str).decode()
    with refusing(VIOLATIONS):
        return orjson.loads(await conn.fetchval(SQL.change_lesson, encoded, on))


async def members(conn: Connection, region_id: int, group_id: UUID, first: date, last: date) -> list[Record]:
    """Who was in the group on one of the days, by name; once for each time that they were."""
    return await conn.fetch(SQL.members, region_id, group_id, first, last)


async def attendance(conn: Connection, region_id: int, group_id: UUID, first: date, last: date) -> list[Record]:
    return await conn.fetch(SQL.attendance, region_id, group_id, first, last)


async def put_attendance(
    conn: Connection,
    region_id: int,
    group_id: UUID,
    lesson: LessonKey,
    marks: dict[UUID, str],
    actor_id: UUID,
    now: datetime,
) -> list[str]:
    """Gives the applications whose mark is another than before."""
    given = list(marks), list(marks.values())
    rows = await conn.fetch(SQL.put_attendance, region_id, group_id, *lesson, *given, actor_id, now)
    return [str(row["application_id"]) for row in rows]


async def is_childs(conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID) -> bool:
    """Whether the application is for somebody whom the citizen looks after."""
    return await conn.fetchval(SQL.find_child, region_id, citizen_id, application_id) is not None


async def spells_of_child(
    conn: Connection, region_id: int, application_id: UUID, first: date, last: date
) -> list[Record]:
    """The groups that the child was in on one of the days, with from when and until when."""
    return await conn.fetch(SQL.spells_of_child, region_id, application_id, first, last)


async def attendance_of_child(
    conn: Connection, region_id: int, application_id: UUID, first: date, last: date
) -> list[Record]:
    return await conn.fetch(SQL.attendance_of_child, region_id, application_id, first, last)


# Trial lessons -----------------------------------------------------------------------------------------------------


async def lock_for_trial(
    conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, group_id: UUID
) -> Record | None:
    """The group, if there is one. A child is locked before a group, always."""
    return await conn.fetchrow(SQL.lock_for_trial, region_id, citizen_id, person_id, group_id)


async def book_trial(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    trial: dict[str, Any],
    lesson_refusal: str | None,
    now: datetime,
) -> str:
    """JSON; after lock_for_trial(). `lesson_refusal`: what is wrong with the lesson."""
    encoded = orjson.dumps(trial).decode()
    with refusing(_TRIAL_VIOLATIONS):
        return await conn.fetchval(
            SQL.book_trial, region_id, citizen_id, key.key, key.request_hash, encoded, lesson_refusal, now
        )


async def cancel_trial(conn: Connection, region_id: int, citizen_id: UUID, trial_id: UUID, now: datetime) -> str:
    """JSON."""
    with refusing(_TRIAL_VIOLATIONS):
        return await conn.fetchval(SQL.cancel_trial, region_id, citizen_id, trial_id, now)


async def list_trials(
    conn: Connection, region_id: int, citizen_id: UUID, before: UUID | None, limit: int
) -> list[Record]:
    """The latest first."""
    return await conn.fetch(SQL.list_trials, region_id, citizen_id, before, limit)


async def trials_of_lesson(conn: Connection, region_id: int, group_id: UUID, lesson: LessonKey) -> list[Record]:
    """Who comes to try the lesson, by name."""
    return await conn.fetch(SQL.trials_of_lesson, region_id, group_id, *lesson)


# Messages ----------------------------------------------------------------------------------------------------------


async def send_message(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    key: IdempotencyKey,
    message: dict[str, Any],
    day_from: datetime,
    now: datetime,
) -> dict[str, Any]:
    encoded = orjson.dumps(message, default=str).decode()
    with refusing(VIOLATIONS):
        kept = await conn.fetchval(
            SQL.send_message,
            region_id,
            actor_id,
            key.key,
            key.request_hash,
            encoded,
            day_from,
            MOST_MESSAGES_A_DAY,
            now,
        )
    return orjson.loads(kept)


async def list_group_messages(
    conn: Connection, region_id: int, group_id: UUID, after: tuple[datetime | None, UUID | None], limit: int
) -> list[Record]:
    """The latest first."""
    return await conn.fetch(SQL.list_group_messages, region_id, group_id, *after, limit)


async def list_messages(
    conn: Connection, region_id: int, application_id: UUID, before: UUID | None, limit: int
) -> list[Record]:
    """The latest first."""
    return await conn.fetch(SQL.list_messages, region_id, application_id, before, limit)
