"""Two campaigns of the region: one that takes wishes, and one that is matched."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.live import Api
from tests.world import CLUB, World


@dataclass
class Campaigns:
    """The parent has given the wishes of a child in the open one."""

    open_id: str
    group_id: str
    wish_id: str
    matched_id: str


def terms(world: World, **more: Any) -> dict[str, Any]:
    return {
        "name": "Запись в кружки",
        "wishes_from": world.now.isoformat(),
        "wishes_until": (world.now + timedelta(days=3)).isoformat(),
        "confirm_until": (world.now + timedelta(days=8)).isoformat(),
        **more,
    }


def set_campaigns(world: World, parent: Api, child: str) -> Campaigns:
    live = world.live
    taking, over = (world.put(f"/v1/campaigns/{own_id}", terms(world))["id"] for own_id in ("taking", "over"))
    for own_id, weekday in (("taking", 7), ("over", 5)):
        lesson = {"weekday": weekday, "starts": "18:30", "academic_hours": 2}
        group = world.group(filling="matching", campaign_id=own_id, weekly_lessons=[lesson])
        world.put(f"/v1/institutions/{CLUB}/groups/{own_id}", group)
    (wanted,) = live.sql("SELECT id FROM groups WHERE external_id = 'taking'")
    body = {"group_ids": [str(wanted["id"])]}
    wishes = parent.put(f"/v1/campaigns/{taking}/persons/{child}/wishes", body).ok()
    # As if the time had come: to close it, and then to match it.
    for statement in (
        "UPDATE campaigns SET wishes_from = $2::timestamptz - interval '1 day', wishes_until = $2 WHERE id = $1",
        "UPDATE campaigns SET closed_at = $2::timestamptz - interval '1 hour' WHERE id = $1",
    ):
        live.sql(statement, UUID(over), world.now)
        live.work()
    return Campaigns(taking, str(wanted["id"]), wishes["id"], over)
