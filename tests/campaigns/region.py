"""A campaign of the region, with groups of the club and parents who wish."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.filling.people import later
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import World

WISHED_FOR, CONFIRMED_FOR, MINUTE = timedelta(days=3), timedelta(days=5), timedelta(minutes=1)


@dataclass
class Child:
    """A child and a parent of it. Tokens do not last as long as a campaign."""

    world: World
    user: int
    person_id: str

    @property
    def api(self) -> Api:
        return self.world.parent(self.user)

    @property
    def applications(self) -> dict[str, Any]:
        """By their groups."""
        return {found["group_id"]: found for found in self.api.get("/v1/applications").ok()["items"]}

    def statuses(self, *group_ids: str) -> list[str | None]:
        found = self.applications
        return [found[one]["status"] if one in found else None for one in group_ids]

    def answer(self, group_id: str, verb: str) -> Answer:
        """`accept` or `decline` the place there."""
        return self.api.post(f"/v1/applications/{self.applications[group_id]['id']}/{verb}")


class RegionsCampaign:
    """Takes wishes from now on, for three days; then five days are for confirmation."""

    def __init__(self, world: World, **terms: Any) -> None:
        self.world = world
        self.own_id = f"c{someone()}"
        self.until = world.now + WISHED_FOR
        self.confirm_until = self.until + CONFIRMED_FOR
        self.terms = {
            "name": "Запись в кружки",
            "wishes_from": world.now.isoformat(),
            "wishes_until": self.until.isoformat(),
            "confirm_until": self.confirm_until.isoformat(),
            **terms,
        }
        self.id = self.put().ok()["id"]
        self.weekdays = 0

    def put(self, **more: Any) -> Answer:
        return self.world.operator.put(f"/v1/campaigns/{self.own_id}", self.terms | more)

    def group(self, capacity: int, own_id: str | None = None, **more: Any) -> str:
        """The id of a new group, each on another weekday."""
        self.weekdays = self.weekdays % 7 + 1
        lesson = {"weekday": self.weekdays, "starts": "16:30", "academic_hours": 2}
        terms = {"capacity": capacity, "weekly_lessons": [lesson], "filling": "matching", "campaign_id": self.own_id}
        return self.world.publish_group(own_id or f"g{someone()}", **terms | more).ok()["id"]

    def child(self, **more: Any) -> Child:
        user = someone()
        return Child(self.world, user, self.world.child(self.world.parent(user), **{"last_name": surname(), **more}))

    def wish(self, child: Child, *group_ids: str, **more: Any) -> Answer:
        body = {"group_ids": list(group_ids), **more}
        return child.api.put(self.path(child), body)

    def wishing(self, *group_ids: str, **more: Any) -> Child:
        child = self.child()
        self.wish(child, *group_ids, **more).ok()
        return child

    def path(self, child: Child) -> str:
        return f"/v1/campaigns/{self.id}/persons/{child.person_id}/wishes"

    def shown(self) -> Any:
        return self.world.operator.get(f"/v1/campaigns/{self.id}").ok()

    def record(self) -> Answer:
        return self.world.operator.get(f"/v1/campaigns/{self.id}/record")

    def match(self) -> None:
        """Wishes are over, and all that follows by itself is done."""
        later(self.world, self.until - self.world.now)
        later(self.world, MINUTE)
