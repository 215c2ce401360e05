"""Regions, institutions, and the pages their mini-apps are installed in."""

from typing import Any
from uuid import UUID

from schemas import problems
from schemas.institutions import (
    DayLimits,
    Institution,
    InstitutionBody,
    InstitutionFilter,
    InstitutionList,
    Page,
    PageBody,
    Region,
    RegionList,
)
from schemas.sessions import PageId, Platform
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor, Language
from service.institutions import store


async def list_regions(conn: Connection, language: Language) -> RegionList:
    """All regions of the country with their codes and time zones."""
    rows = await store.list_regions(conn)
    return RegionList(items=[Region(code=row["code"], name=row[f"name_{language}"], zone=row["zone"]) for row in rows])


async def get_day_limits(conn: Connection, actor: Actor) -> DayLimits:
    """What a person may take online within 24 hours in the caller's region."""
    return DayLimits(**await store.find_day_limits(conn, actor.region_id))


async def put_day_limits(conn: Connection, actor: Actor, body: DayLimits, clock: Clock) -> DayLimits:
    """Sets what a person may take online within 24 hours in the region. What is left out is as it is by default."""
    await store.put_day_limits(conn, actor.region_id, body)
    await journal(conn, actor.region_id, actor.id, "day_limits_put", actor.id, clock(), **body.model_dump())
    return body


async def list_institutions(
    conn: Connection, actor: Actor, query: InstitutionFilter, cursors: Cursors
) -> InstitutionList:
    """Institutions of the caller's region by name."""
    scope = f"institutions:{actor.region_id}"
    after = cursors.position(scope, query)
    rows = await store.list_institutions(conn, actor.region_id, query.kind, query.municipality, after, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["name"], row["id"]))
    return InstitutionList(items=[_institution(row) for row in page], next_cursor=cursor)


async def get_institution(conn: Connection, actor: Actor, institution_id: UUID) -> Institution:
    """One institution of the caller's region."""
    return _institution(await find_institution(conn, actor.region_id, institution_id))


async def put_institution(
    conn: Connection, actor: Actor, institution_id: UUID, body: InstitutionBody, clock: Clock
) -> Institution:
    """Brings an institution in, or corrects it. Make its UUID once and keep it: one id is one institution."""
    await store.put_institution(conn, actor.region_id, institution_id, body)
    await journal(conn, actor.region_id, actor.id, "institution_put", institution_id, clock())
    return Institution(id=institution_id, **body.model_dump())


async def put_page(
    conn: Connection, actor: Actor, platform: Platform, page_id: PageId, body: PageBody, clock: Clock
) -> Page:
    """Connects a page (a community in VK or OK, a bot's page in MAX or Telegram) to its institution.

    Says which mini-apps are installed in it, too. Where it was another institution's, its administrators' sessions end
    within seconds.
    """
    await find_institution(conn, actor.region_id, body.institution_id)
    mini_apps = list(dict.fromkeys(body.mini_apps))
    before = await store.lock_page(conn, platform, page_id, actor.region_id)
    if not await store.put_page(conn, platform, page_id, actor.region_id, body.institution_id, list(mini_apps)):
        raise DomainError(problems.PAGE_TAKEN)
    now = clock()
    if before not in (None, body.institution_id):
        await store.end_work_from(conn, actor.region_id, platform, page_id, now)
    await store.end_claims(conn, actor.region_id, platform, page_id, body.institution_id, now)
    await journal(
        conn, actor.region_id, actor.id, "page_put", body.institution_id, now, platform=platform, page=page_id
    )
    return Page(institution_id=body.institution_id, mini_apps=mini_apps, platform=platform, external_id=page_id)


async def find_region(conn: Connection, region_code: int) -> Record:
    """The region's row. Raises DomainError `region_not_found`."""
    row = await store.find_region(conn, region_code)
    if row is None:
        raise DomainError(problems.REGION_NOT_FOUND)
    return row


async def find_institution(conn: Connection, region_id: int, institution_id: UUID) -> Record:
    """The institution's row. Raises DomainError `institution_not_found`."""
    row = await store.find_institution(conn, region_id, institution_id)
    if row is None:
        raise DomainError(problems.INSTITUTION_NOT_FOUND)
    return row


async def lock_institution(conn: Connection, region_id: int, institution_id: UUID) -> Record:
    """The institution's row, locked until the transaction ends. Raises DomainError `institution_not_found`.

    For what is published by comparing with what is there: of two publications at once the second sees what the first
    has done. Bookings do not wait for it.
    """
    row = await store.lock_institution(conn, region_id, institution_id)
    if row is None:
        raise DomainError(problems.INSTITUTION_NOT_FOUND)
    return row


def _institution(row: Record) -> Institution:
    fields: dict[str, Any] = {name: row[name] for name in Institution.model_fields}
    return Institution(**fields)
