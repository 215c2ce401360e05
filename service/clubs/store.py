"""Programmes, groups and applications."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg
import orjson

from schemas import problems
from schemas.clubs import GroupBody, GroupFilter, ProgrammeBody
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_number
from service.core.operations import IdempotencyKey
from service.core.queries import beside
from service.scheduling.rules import Interval

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "group_not_found": problems.GROUP_NOT_FOUND,
    "enrolment_not_open": problems.ENROLMENT_NOT_OPEN,
    "enrolment_closed": problems.ENROLMENT_CLOSED,
    "too_young": problems.TOO_YOUNG,
    "too_old": problems.TOO_OLD,
    "already_applied": problems.ALREADY_APPLIED,
    "applications_person_once_a_group": problems.ALREADY_APPLIED,
    "group_full": problems.GROUP_FULL,
    "groups_not_oversold": problems.GROUP_FULL,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "applications_number": Collision,
    "application_not_found": problems.APPLICATION_NOT_FOUND,
    "application_illegal_move": problems.APPLICATION_ILLEGAL_MOVE,
}


# The institution's side --------------------------------------------------------------------------------------------


async def put_programme(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, body: ProgrammeBody
) -> UUID:
    return await conn.fetchval(
        SQL.put_programme,
        region_id,
        new_id(),
        institution_id,
        external_id,
        body.name,
        body.direction,
        body.level,
        body.description,
    )


async def find_programme(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> Record | None:
    return await conn.fetchrow(SQL.find_programme, region_id, institution_id, external_id)


async def lock_group(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> Record | None:
    """The group as it stands, locked: applications wait for what is being published."""
    return await conn.fetchrow(SQL.lock_group, region_id, institution_id, external_id)


async def put_group(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    external_id: str,
    programme_id: UUID,
    body: GroupBody,
    age_months: tuple[int, int],
    lessons: Sequence[Interval],
) -> Record:
    """The group with its programme, as find_group gives it. `age_months`: from (inclusive), until (exclusive)."""
    await conn.execute(
        SQL.put_group,
        region_id,
        new_id(),
        institution_id,
        external_id,
        programme_id,
        body.name,
        str(body.age_from),
        str(body.age_to),
        *age_months,
        body.capacity,
        body.starts_on,
        body.ends_on,
        body.enrolment_opens_at,
        body.enrolment_closes_at,
        orjson.dumps([lesson.model_dump(mode="json") for lesson in body.weekly_lessons]).decode(),
        [asyncpg.Range(begin, end) for begin, end in lessons],
        body.address,
        body.teachers,
        body.price_month_roubles,
    )
    row = await conn.fetchrow(SQL.find_group, region_id, institution_id, external_id)
    assert row is not None
    return row


async def list_received_applications(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    status: str | None,
    group_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[Record]:
    """In the order they were made."""
    return await conn.fetch(SQL.list_received_applications, region_id, institution_id, status, group_id, after, limit)


async def find_received_application(
    conn: Connection, region_id: int, institution_id: UUID, application_id: UUID
) -> Record | None:
    return await conn.fetchrow(SQL.find_received_application, region_id, institution_id, application_id)


# The citizen's side ------------------------------------------------------------------------------------------------


async def list_programmes(
    conn: Connection,
    region_id: int,
    institution_id: UUID | None,
    direction: str | None,
    after: list[str] | None,
    limit: int,
) -> list[Record]:
    """By name; `after` is the name and the id of the last one of the page before."""
    return await conn.fetch(SQL.list_programmes, region_id, institution_id, direction, *(after or (None, None)), limit)


async def list_groups(
    conn: Connection,
    region_id: int,
    wanted: GroupFilter,
    now: datetime,
    after: tuple[date | None, UUID | None],
    limit: int,
) -> list[Record]:
    """By their first day, behind the position `after`."""
    return await conn.fetch(
        SQL.list_groups,
        region_id,
        wanted.institution_id,
        wanted.programme_id,
        wanted.municipality,
        wanted.direction,
        wanted.born_on,
        wanted.free_only,
        wanted.open_only,
        now,
        *after,
        limit,
    )


async def nearest_free_groups(
    conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, group_id: UUID, now: datetime
) -> list[Record]:
    """Up to three groups of the institution in place of one: open, with places, and the child fits and is free then."""
    return await conn.fetch(SQL.nearest_free_groups, region_id, citizen_id, person_id, group_id, now)


async def apply_to_group(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    key: IdempotencyKey,
    group_id: UUID,
    person_id: UUID,
    now: datetime,
) -> str:
    """One round trip: takes the place and writes the application, or gives what the key brought about before. JSON."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.apply_to_group,
            region_id,
            citizen_id,
            key.key,
            key.request_hash,
            group_id,
            person_id,
            new_id(),
            new_number(),
            new_id(),
            now,
        )


async def move_application(
    conn: Connection,
    region_id: int,
    actor_id: UUID,
    application_id: UUID,
    moved_from: Sequence[str],
    moved_to: str,
    now: datetime,
    *,
    citizen_id: UUID | None = None,
    institution_id: UUID | None = None,
    decision: str | None = None,
) -> None:
    """By the citizen whose application it is, or by the institution that received it. `decision` is JSON."""
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.move_application,
            region_id,
            citizen_id,
            institution_id,
            application_id,
            moved_from,
            moved_to,
            decision,
            new_id(),
            actor_id,
            now,
        )


async def list_applications(
    conn: Connection, region_id: int, citizen_id: UUID, status: str | None, before: UUID | None, limit: int
) -> list[Record]:
    """Latest first."""
    return await conn.fetch(SQL.list_applications, region_id, citizen_id, status, before, limit)


async def find_application(conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID) -> Record | None:
    return await conn.fetchrow(SQL.find_application, region_id, citizen_id, application_id)
