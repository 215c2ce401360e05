"""What goes on by itself: a campaign is closed when wishes are no longer taken, matched, and its matches applied.

Each step is a transaction. The record is kept before anything comes of it, and applied wish by wish in its order:
whoever is killed in the middle leaves a campaign with which the next one goes on, and which comes to the same.
"""

from datetime import timedelta
from uuid import UUID

from service.campaigns import rules, store
from service.campaigns.processes import in_a_process
from service.campaigns.usecases import seed_row
from service.core.clock import Clock
from service.core.database import Connection
from service.core.jobs import Job
from service.core.journal import journal
from service.core.sealing import Sealer

# Who made it happen where nobody did, as by_itself() in SQL.
_BY_ITSELF = UUID(int=0)
# The digest of the wishes is public for so long before the seed is.
_MATCHED_AFTER = timedelta(minutes=1)
# Wishes that become applications in one transaction: their groups are locked for as long.
_AT_ONCE = 100
# Wishes that are told their match by one statement: a whole region is over none's time limit.
_KEPT_AT_ONCE = 1000


async def close_campaigns(conn: Connection, clock: Clock) -> int:
    """Closes a campaign that takes no more wishes: from now on nothing of what takes part in it changes."""
    now = clock()
    row = await store.next_to_close(conn, now)
    if row is None:
        return 0
    region_id, campaign_id = row["region_id"], row["id"]
    await store.compute_long(conn)
    parts = await store.campaign_parts(conn, region_id, campaign_id)
    closing = await in_a_process(rules.close_text, campaign_id, row["seed_hash"], parts)
    await store.close_campaign(conn, region_id, campaign_id, closing, now)
    _, digest, wishes = closing
    await journal(
        conn, region_id, _BY_ITSELF, "campaign_closed", campaign_id, now, tell=True, wishes=wishes, wishes_digest=digest
    )
    return 1


async def match_campaigns(conn: Connection, sealer: Sealer, clock: Clock) -> int:
    """Matches a campaign that is closed, and keeps the record; what comes of it is the next job's."""
    now = clock()
    row = await store.next_to_match(conn, now - _MATCHED_AFTER)
    if row is None:
        return 0
    region_id, campaign_id = row["region_id"], row["id"]
    await store.compute_long(conn)
    seed = bytes.fromhex(sealer.open(row["seed_sealed"], seed_row(region_id, campaign_id)))
    record, parts = await in_a_process(rules.match_text, row["closing"], seed, _KEPT_AT_ONCE)
    for number, part in enumerate(parts):
        await store.keep_matches(conn, region_id, part, number * _KEPT_AT_ONCE + 1)
    await store.keep_record(conn, region_id, campaign_id, record, now)
    await journal(conn, region_id, _BY_ITSELF, "campaign_matched", campaign_id, now, tell=True, seed=seed.hex())
    return 1


async def apply_matches(conn: Connection, clock: Clock) -> int:
    """Makes applications of some matches: offered to who was matched, waiting for who was not.

    With the last of them the groups are first come, behind those who wait.
    """
    now = clock()
    row = await store.next_to_apply(conn)
    if row is None:
        return 0
    region_id, campaign_id = row["region_id"], row["id"]
    if row["applied"] < row["wishes"]:
        return await store.apply_matches(conn, region_id, campaign_id, _AT_ONCE, now) - row["applied"]
    await store.end_matching(conn, region_id, campaign_id, now)
    await journal(conn, region_id, _BY_ITSELF, "campaign_filled", campaign_id, now, tell=True)
    return 1


JOBS = (
    Job("close_campaigns", 5, close_campaigns),
    Job("match_campaigns", 5, match_campaigns),
    Job("apply_matches", 5, apply_matches),
)
