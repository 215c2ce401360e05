"""Campaigns: the region's operator publishes them, groups join them, parents rank what they wish for their children."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID, uuid4

from schemas import problems
from schemas.campaigns import (
    Campaign,
    CampaignBody,
    CampaignFilter,
    CampaignList,
    CampaignRecord,
    CampaignWishes,
    WishesBody,
)
from schemas.common import ExternalId
from service.campaigns import store
from service.campaigns.shapes import campaign_of, wishes_of
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor
from service.core.sealing import Sealer

_SEED_BYTES = 32


def seed_row(region_id: int, campaign_id: UUID) -> str:
    """What a campaign's seed is sealed for."""
    return f"campaigns:{region_id}:{campaign_id}:seed"


async def put_campaign(
    conn: Connection, actor: Actor, campaign_id: ExternalId, body: CampaignBody, sealer: Sealer, clock: Clock
) -> Campaign:
    """Publishes a campaign under the region's own id, with the hash of the seed that the lot will be drawn by.

    Publishing the same twice changes nothing. Once wishes are no longer taken its terms stand.
    """
    now = clock()
    kept = await store.lock_campaign(conn, actor.region_id, campaign_id)
    if kept is not None and (kept["closed_at"] is not None or kept["wishes_until"] <= now):
        if any(kept[name] != value for name, value in body.model_dump().items()):
            raise DomainError(problems.CAMPAIGN_HELD)
        return await get_campaign(conn, actor, kept["id"], clock)
    new, seed = new_id(), secrets.token_bytes(_SEED_BYTES)
    sealed = sealer.seal(seed.hex(), seed_row(actor.region_id, new)), hashlib.sha256(seed).hexdigest()
    found = await store.put_campaign(conn, actor.region_id, campaign_id, body, new, sealed)
    await journal(conn, actor.region_id, actor.id, "campaign_put", found, now)
    return await get_campaign(conn, actor, found, clock)


async def list_campaigns(
    conn: Connection, actor: Actor, query: CampaignFilter, cursors: Cursors, clock: Clock
) -> CampaignList:
    """Campaigns of the region, the latest first."""
    now = clock()
    scope = f"campaigns:{actor.region_id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_campaigns(conn, actor.region_id, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["wishes_from"].isoformat(), row["id"]))
    return CampaignList(items=[campaign_of(row, now) for row in page], next_cursor=cursor)


async def get_campaign(conn: Connection, actor: Actor, campaign_id: UUID, clock: Clock) -> Campaign:
    """A campaign, and how far it is.

    Keep `seed_hash` while wishes are taken, and `wishes_digest` when they no longer are: `zapis campaign verify`
    compares the record with them.
    """
    row = await store.find_campaign(conn, actor.region_id, campaign_id)
    if row is None:
        raise DomainError(problems.CAMPAIGN_NOT_FOUND)
    return campaign_of(row, clock())


async def get_campaign_record(conn: Connection, actor: Actor, campaign_id: UUID) -> CampaignRecord:
    """All wishes, the lot and what came of it: whoever wants to matches it anew.

    It says nothing of persons. A child's wishes are found in it by their id, which its parents alone are shown.
    """
    row = await store.find_record(conn, actor.region_id, campaign_id)
    if row is None:
        raise DomainError(problems.CAMPAIGN_NOT_FOUND)
    if row["record"] is None:
        raise DomainError(problems.CAMPAIGN_NOT_MATCHED)
    return CampaignRecord.model_validate_json(row["record"])


async def put_wishes(
    conn: Connection, actor: Actor, campaign_id: UUID, person_id: UUID, body: WishesBody, clock: Clock
) -> CampaignWishes:
    """Writes down which groups a child wishes for, in place of what was wished for before.

    It makes no difference when it is done, as long as wishes are taken. Rank the groups as they are wished for: no
    other list gets the child a better place. Each human being has one list, whichever of the parents gives it.
    """
    # By its id the list stands in the public record: one made of the time would tell when it came.
    shown = await store.put_wishes(
        conn, actor.region_id, actor.id, campaign_id, person_id, body.group_ids, body.benefits, uuid4(), clock()
    )
    return wishes_of(shown)


async def get_wishes(conn: Connection, actor: Actor, campaign_id: UUID, person_id: UUID) -> CampaignWishes:
    """What a child wishes for, and what came of it."""
    await _find_ward(conn, actor, campaign_id, person_id)
    shown = await store.find_wishes(conn, actor.region_id, actor.id, campaign_id, person_id)
    if shown is None:
        raise DomainError(problems.WISHES_NOT_FOUND)
    return wishes_of(shown)


async def withdraw_wishes(conn: Connection, actor: Actor, campaign_id: UUID, person_id: UUID, clock: Clock) -> None:
    """Takes a child's wishes back, as long as wishes are taken. Twice is no error."""
    await store.withdraw_wishes(conn, actor.region_id, actor.id, campaign_id, person_id, clock())


async def _find_ward(conn: Connection, actor: Actor, campaign_id: UUID, person_id: UUID) -> None:
    if not await store.is_ward(conn, actor.region_id, actor.id, person_id):
        raise DomainError(problems.PERSON_NOT_FOUND)
    if await store.find_campaign(conn, actor.region_id, campaign_id) is None:
        raise DomainError(problems.CAMPAIGN_NOT_FOUND)


# For groups --------------------------------------------------------------------------------------------------------


async def join_campaign(
    conn: Connection, region_id: int, external_id: str | None, joined: UUID | None, now: datetime
) -> UUID | None:
    """The id of the campaign that a group is published into, by the region's own id.

    `joined`: the one it is in already. Once wishes are no longer taken no group joins, and none leaves until its places
    are given.
    """
    if joined is not None:
        row = await store.find_campaign(conn, region_id, joined)
        assert row is not None, "a foreign key holds it"
        if row["external_id"] == external_id:
            return joined
        is_over = row["closed_at"] is not None or row["wishes_until"] <= now
        if is_over and row["filled_at"] is None:
            raise DomainError(problems.WISHES_CLOSED)
    if external_id is None:
        return None
    found = await store.joinable(conn, region_id, external_id)
    if found is None:
        raise DomainError(problems.CAMPAIGN_UNKNOWN)
    if found["closed_at"] is not None or found["wishes_until"] <= now:
        raise DomainError(problems.WISHES_CLOSED)
    return found["id"]
