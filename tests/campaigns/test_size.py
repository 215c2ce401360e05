"""A campaign of the size of a region: no statement comes near its limit, and all is applied."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from service.collaborators import make_database
from service.worker import make_jobs
from tests.campaigns.region import MINUTE, RegionsCampaign
from tests.world import World

GROUPS, WISHES = 3000, 5
CROWD = """
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
SELECT 42, gen_random_uuid(), sha256(number::text::bytea), 'Толпа', 'Вера', '2019-05-14', 'female', $1, $1
FROM generate_series(1, $2::integer) number
"""
# Of the one that is published there are as many as a region has.
COPIES = """
INSERT INTO groups SELECT (jsonb_populate_record(g, jsonb_build_object(
    'id', gen_random_uuid(), 'external_id', 'copy' || number))).*
FROM groups g, generate_series(2, $2::integer) number WHERE g.id = $1
"""
WISHING = """
INSERT INTO campaign_wishes (region_id, id, campaign_id, citizen_id, person_id, identity, group_ids, weights,
                             created_at, updated_at)
SELECT 42, gen_random_uuid(), $1::uuid, (SELECT id FROM citizens LIMIT 1), p.id, p.identity, wished.ids,
       array_fill(0::smallint, ARRAY[cardinality(wished.ids)]), $2::timestamptz, $2
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM persons WHERE last_name = 'Толпа') p,
     (SELECT array_agg(id) AS ids FROM groups WHERE campaign_id = $1) all_groups,
     LATERAL (SELECT array_agg(DISTINCT all_groups.ids[
                  1 + (get_byte(p.identity, nth) * 256 + get_byte(p.identity, nth + 10)) % cardinality(all_groups.ids)
              ]) AS ids FROM generate_series(0, $3::integer - 1) nth) wished
"""


@pytest.mark.parametrize("children", [500, pytest.param(20_000, marks=pytest.mark.soak)])
def test_a_campaign_of_many_children(world: World, children: int) -> None:
    campaign, live = RegionsCampaign(world), world.live
    groups = GROUPS * children // 20_000
    first = campaign.group(6, waiting_list=True)
    campaign.child()
    live.sql(CROWD, world.now, children)
    live.sql(COPIES, UUID(first), groups)
    live.sql(WISHING, UUID(campaign.id), world.now, WISHES)

    async def work() -> None:
        database = make_database(live.settings, live.dsn)
        async with database.opened():
            await make_jobs(live.settings, database, live.clock).run_until_idle()

    for now in (campaign.until, campaign.until + MINUTE, campaign.until + MINUTE + timedelta(seconds=1)):
        live.clock.now = now
        asyncio.run(work())
    world.operator = live.client(42)
    shown = campaign.shown()
    assert (shown["phase"], shown["wishes"], shown["groups"]) == ("confirmation", children, groups)
    counts = {row["status"]: row["count"] for row in live.sql("SELECT status, count(*) FROM applications GROUP BY 1")}
    assert counts.get("offered") == shown["matched"]
    waiting = "SELECT count(DISTINCT person_id) AS children FROM applications WHERE status = 'waiting'"
    assert live.sql(waiting)[0]["children"] == children - shown["matched"]
    assert live.sql("SELECT sum(taken) AS taken FROM groups")[0]["taken"] == shown["matched"]
