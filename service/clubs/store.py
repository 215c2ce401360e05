"""Programmes and groups."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg
import orjson

from schemas.clubs import GroupBody, GroupFilter, GroupTerms, LessonPlan, ProgrammeBody
from service.clubs.rules import Lesson, age_window_months, school_year
from service.core.database import Connection, Record
from service.core.ids import new_id
from service.core.queries import beside
from service.scheduling.rules import Interval

SQL = beside(__file__)
_COLUMNS = set(GroupTerms.model_fields) - set(LessonPlan.model_fields) - {"school_year"}

# The institution's side --------------------------------------------------------------------------------------------


async def put_programme(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, body: ProgrammeBody
) -> UUID:
    fields = body.model_dump().values()
    return await conn.fetchval(SQL.put_programme, region_id, new_id(), institution_id, external_id, *fields)


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
    continues_id: UUID | None,
    campaign_id: UUID | None,
    body: GroupBody,
    lessons: Sequence[Interval],
) -> Record:
    """Gives the group's row."""
    months_from, months_until = age_window_months(body.age_from, body.age_to)
    fields = body.model_dump(mode="json", include=_COLUMNS) | {
        "id": new_id(),
        "region_id": region_id,
        "institution_id": institution_id,
        "external_id": external_id,
        "programme_id": programme_id,
        "continues_id": continues_id,
        "campaign_id": campaign_id,
        "school_year": body.school_year or school_year(body.starts_on),
        "age_from_months": months_from,
        "age_until_months": months_until,
        "lesson_plan": body.model_dump(mode="json", include=set(LessonPlan.model_fields)),
        "taken": 0,
        "waiting": 0,
        "serial": 0,
    }
    times = [asyncpg.Range(begin, end) for begin, end in lessons]
    row = await conn.fetchrow(SQL.put_group, orjson.dumps(fields, default=str).decode(), times)
    assert row is not None
    return row


async def find_group(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> Record | None:
    """With its programme and the institution's zone."""
    return await conn.fetchrow(SQL.find_group, region_id, institution_id, external_id)


async def days_off(conn: Connection, region_id: int, institution_id: UUID, first: date, last: date) -> set[date]:
    """The days from `first` to `last` on which the nation, or the institution itself, does not work."""
    rows = await conn.fetch(SQL.days_off, region_id, institution_id, first, last)
    return {row["day"] for row in rows}


async def call_off_lost_trials(
    conn: Connection, region_id: int, group_id: UUID, lessons: Sequence[Lesson], actor_id: UUID, now: datetime
) -> None:
    """Trials to come of the group are called off, but for those of the lessons."""
    columns = zip(*((one.day, one.starts, one.begins_at, one.ends_at) for one in lessons), strict=True)
    days, starts, begins, ends = columns if lessons else ((), (), (), ())
    await conn.execute(SQL.call_off_lost_trials, region_id, group_id, days, starts, begins, ends, actor_id, now)


async def offer_group_places(conn: Connection, region_id: int, group_id: UUID, now: datetime) -> None:
    """Offers the group's free places to those who wait."""
    await conn.execute(SQL.offer_group_places, region_id, group_id, now)


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
