"""Campaigns, and the wishes in them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from schemas import problems
from schemas.campaigns import MOST_WISHES, CampaignBody
from service.core.database import Collision, Connection, Record, refusing
from service.core.ids import new_id, new_number
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "campaign_not_found": problems.CAMPAIGN_NOT_FOUND,
    "campaigns_in_order": problems.DATES_CROSSED,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "wishes_not_open": problems.WISHES_NOT_OPEN,
    "wishes_closed": problems.WISHES_CLOSED,
    "too_many_wishes": problems.TOO_MANY_WISHES,
    "wish_not_in_campaign": problems.WISH_NOT_IN_CAMPAIGN,
    "already_wishing": problems.ALREADY_WISHING,
    "group_locked": problems.GROUP_LOCKED,
    "too_young": problems.TOO_YOUNG,
    "too_old": problems.TOO_OLD,
    "already_applied": problems.ALREADY_APPLIED,
    "too_many_applications": problems.TOO_MANY_APPLICATIONS,
    "too_many_groups": problems.TOO_MANY_GROUPS,
    "benefit_unknown": problems.BENEFIT_UNKNOWN,
    "applications_number": Collision,
}


# Of the region -----------------------------------------------------------------------------------------------------


async def lock_campaign(conn: Connection, region_id: int, external_id: str) -> Record | None:
    return await conn.fetchrow(SQL.lock_campaign, region_id, external_id)


async def put_campaign(
    conn: Connection, region_id: int, external_id: str, body: CampaignBody, campaign_id: UUID, seed: tuple[str, str]
) -> UUID:
    """`campaign_id`, `seed` (as it is sealed, and its hash): where it is new."""
    terms = body.name, body.wishes_from, body.wishes_until, body.confirm_until, body.most_wishes
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.put_campaign, region_id, campaign_id, external_id, *terms, *seed)


async def find_campaign(conn: Connection, region_id: int, campaign_id: UUID) -> Record | None:
    """With the region's zone, and how many groups take part."""
    return await conn.fetchrow(SQL.find_campaign, region_id, campaign_id)


async def list_campaigns(
    conn: Connection, region_id: int, before: tuple[datetime | None, UUID | None], limit: int
) -> list[Record]:
    """The latest first, behind the position `before`."""
    return await conn.fetch(SQL.list_campaigns, region_id, *before, limit)


async def find_record(conn: Connection, region_id: int, campaign_id: UUID) -> Record | None:
    """The record in JSON, null until it is matched; None where there is no such campaign."""
    return await conn.fetchrow(SQL.find_record, region_id, campaign_id)


async def joinable(conn: Connection, region_id: int, external_id: str) -> Record | None:
    """A campaign by the region's own id, locked against being closed."""
    return await conn.fetchrow(SQL.joinable, region_id, external_id)


# Of a child --------------------------------------------------------------------------------------------------------


async def put_wishes(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    campaign_id: UUID,
    person_id: UUID,
    group_ids: Sequence[UUID],
    benefits: Sequence[str],
    wish_id: UUID,
    now: datetime,
) -> str:
    """`wish_id`: where the child had none. JSON."""
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.put_wishes, region_id, citizen_id, campaign_id, person_id, group_ids, benefits, wish_id, now
        )


async def withdraw_wishes(
    conn: Connection, region_id: int, citizen_id: UUID, campaign_id: UUID, person_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.withdraw_wishes, region_id, citizen_id, campaign_id, person_id, now)


async def find_wishes(
    conn: Connection, region_id: int, citizen_id: UUID, campaign_id: UUID, person_id: UUID
) -> str | None:
    """JSON."""
    return await conn.fetchval(SQL.find_wishes, region_id, citizen_id, campaign_id, person_id)


async def is_ward(conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID) -> bool:
    """Whether the citizen looks after the person."""
    return await conn.fetchval(SQL.is_ward, region_id, citizen_id, person_id)


# Closed, matched and applied by the jobs -----------------------------------------------------------------------------


async def next_to_close(conn: Connection, now: datetime) -> Record | None:
    """A campaign that takes no more wishes, locked."""
    return await conn.fetchrow(SQL.next_to_close, now)


async def campaign_parts(conn: Connection, region_id: int, campaign_id: UUID) -> str:
    """Its groups with their free places, and its wishes. JSON."""
    return await conn.fetchval(SQL.campaign_parts, region_id, campaign_id)


async def close_campaign(
    conn: Connection, region_id: int, campaign_id: UUID, closing: tuple[str, str, int], now: datetime
) -> None:
    """`closing`: in JSON; its digest; how many children take part."""
    text, digest, wishes = closing
    await conn.execute(SQL.close_campaign, region_id, campaign_id, now, wishes, digest, text)


async def next_to_match(conn: Connection, closed_by: datetime) -> Record | None:
    """A campaign that was closed by then and is not matched, locked, with its closing in JSON."""
    return await conn.fetchrow(SQL.next_to_match, closed_by)


async def compute_long(conn: Connection) -> None:
    """This transaction may be idle for some minutes."""
    await conn.execute(SQL.compute_long)


async def keep_matches(conn: Connection, region_id: int, matches: str, first: int) -> None:
    """Tells wishes, in JSON with what they are matched to, their places in the lot; the first of them has `first`."""
    await conn.execute(SQL.keep_matches, region_id, matches, first)


async def keep_record(conn: Connection, region_id: int, campaign_id: UUID, record: str, now: datetime) -> None:
    await conn.execute(SQL.keep_record, region_id, campaign_id, record, now)


async def next_to_apply(conn: Connection) -> Record | None:
    """A campaign that is matched, and whose matches are not applications yet, locked."""
    return await conn.fetchrow(SQL.next_to_apply)


async def apply_matches(conn: Connection, region_id: int, campaign_id: UUID, limit: int, now: datetime) -> int:
    """Makes applications of the next `limit` wishes in the order of the lot; gives through which it is done."""
    most = limit * MOST_WISHES
    ids, numbers = [new_id() for _ in range(most)], [new_number() for _ in range(most)]
    with refusing(VIOLATIONS):
        return await conn.fetchval(SQL.apply_matches, region_id, campaign_id, limit, ids, numbers, now)


async def end_matching(conn: Connection, region_id: int, campaign_id: UUID, now: datetime) -> None:
    await conn.execute(SQL.end_matching, region_id, campaign_id, now)
