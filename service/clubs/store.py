"""Programmes and groups."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from schemas import problems
from schemas.clubs import GroupBody, GroupTerms, LessonPlan, ProgrammeBody
from schemas.enrolment import Benefit, EnrolmentRules
from service.clubs.rules import Lesson, age_window_months, school_year
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id
from service.core.queries import beside
from service.scheduling.rules import Interval

SQL = beside(__file__)
VIOLATIONS = {
    "person_not_found": problems.PERSON_NOT_FOUND,
    # Somebody was booked elsewhere after it was looked: tried again, it is found out who.
    "engagements_one_place_at_a_time": Collision,
}
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
    """Its id, and the JSON that is shown."""
    return await conn.fetchrow(SQL.find_group, region_id, institution_id, external_id)


async def follow_group(
    conn: Connection, region_id: int, group_id: UUID, moved: bool, actor_id: UUID, now: datetime
) -> int:
    """Takes the group's children along to its lessons as they are now; gives how many parents are told."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.follow_group, region_id, group_id, moved, actor_id, now)


async def list_placed(conn: Connection, region_id: int, group_id: UUID) -> list[Record]:
    """Applications that hold a place, with the names of their persons."""
    return await conn.fetch(SQL.list_placed, region_id, group_id)


async def list_busy(conn: Connection, region_id: int, group_id: UUID, lessons: Sequence[Interval]) -> list[Record]:
    """The same of those whose person is booked elsewhere in the time of these lessons."""
    times = [asyncpg.Range(begin, end) for begin, end in lessons]
    return await conn.fetch(SQL.list_busy, region_id, group_id, times)


async def has_groups_not_of_sports(conn: Connection, region_id: int, programme_id: UUID) -> bool:
    """Whether some group of the programme is not paid by the budget alone, or has no entrance test."""
    return await conn.fetchval(SQL.has_groups_not_of_sports, region_id, programme_id)


async def add_group_lock(
    conn: Connection, region_id: int, group_id: UUID, reason: str, actor_id: UUID, now: datetime
) -> None:
    await conn.execute(SQL.add_group_lock, region_id, group_id, new_id(), reason, now, actor_id)


async def end_group_lock(
    conn: Connection, region_id: int, group_id: UUID, reason: str, actor_id: UUID, now: datetime
) -> None:
    await conn.execute(SQL.end_group_lock, region_id, group_id, reason, now, actor_id)


async def list_group_locks(
    conn: Connection, region_id: int, institution_id: UUID, external_id: str, before: UUID | None, limit: int
) -> list[Record]:
    """The latest first, with the institution's zone."""
    return await conn.fetch(SQL.list_group_locks, region_id, institution_id, external_id, before, limit)


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


async def find_groups(
    conn: Connection,
    region_id: int,
    wanted: dict[str, Any],
    after: dict[str, str] | None,
    limit: int,
    facets: bool,
    now: datetime,
    looked_at_for: tuple[UUID, UUID] | None = None,
) -> dict[str, Any]:
    """`items` and, where asked for, `facets`, as find_groups() makes them; `looked_at_for`: a citizen and a person."""
    encoded = orjson.dumps(wanted).decode()
    position = orjson.dumps(after).decode() if after else None
    with refusing(VIOLATIONS):
        found = await conn.fetchval(
            SQL.find_groups, region_id, encoded, position, limit, facets, *(looked_at_for or (None, None)), now
        )
    return orjson.loads(found)


# How an institution enrols -----------------------------------------------------------------------------------------


async def put_enrolment_rules(conn: Connection, region_id: int, institution_id: UUID, rules: EnrolmentRules) -> None:
    await conn.execute(SQL.put_enrolment_rules, region_id, institution_id, *rules.model_dump().values())


async def list_benefits(conn: Connection, region_id: int, institution_id: UUID) -> list[Record]:
    """The greatest weight first."""
    return await conn.fetch(SQL.list_benefits, region_id, institution_id)


async def put_benefits(conn: Connection, region_id: int, institution_id: UUID, benefits: Sequence[Benefit]) -> None:
    """These and no others."""
    codes = [item.code for item in benefits]
    await conn.execute(SQL.delete_other_benefits, region_id, institution_id, codes)
    names, weights = [item.name for item in benefits], [item.weight for item in benefits]
    await conn.execute(SQL.put_benefits, region_id, institution_id, codes, names, weights)
