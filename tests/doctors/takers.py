"""Who takes places and lets them go, and what a day has room for."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import World

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Family:
    """A parent with children; they come anew where the clock has moved."""

    def __init__(self, world: World, children: int = 1) -> None:
        self.world, self.user = world, someone()
        self.children = [world.child(self.api, last_name=surname()) for _ in range(children)]

    @property
    def api(self) -> Api:
        return self.world.parent(self.user)

    def joined(self) -> "Family":
        """Another parent of the first child."""
        code = self.api.create(f"/v1/persons/{self.children[0]}/invitations", None).ok()["code"]
        other = Family(self.world, 0)
        other.api.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
        other.children = self.children[:1]
        return other

    def hold(self, slot_id: str, key: str | None = None) -> Answer:
        return self.api.create("/v1/holds", {"slot_id": slot_id}, key)

    def holds(self, slot_id: str, times: int) -> None:
        """One after the other, each in place of the one before."""
        for _ in range(times):
            self.hold(slot_id).ok()

    def books(self, slot_id: str, child: int = 0, key: str | None = None) -> Answer:
        return self.world.book(self.api, slot_id, self.children[child], key)

    def cancels(self, ticket: Any) -> Answer:
        return self.api.post(f"/v1/appointments/{ticket['id']}/cancel")

    def moves(self, ticket: Any, slot_id: str) -> Answer:
        return self.api.post(f"/v1/appointments/{ticket['id']}/reschedule", {"slot_id": slot_id})

    def books_and_cancels(self, slot_id: str, times: int, child: int = 0) -> None:
        for _ in range(times):
            self.cancels(self.books(slot_id, child).ok()).ok()


def limits(world: World, **changed: int | None) -> None:
    """Sets them, as the region does; the others are as they are without it."""
    assert world.live.client(42).put("/v1/day-limits", changed).status == 200


def passes(world: World, time: timedelta) -> None:
    world.live.clock.now += time
    world.operator = world.live.client(42)


def refused(answer: Answer, code: str, until: datetime) -> bool:
    """It says when it is possible again, to people and to programs; by the region's clock."""
    assert (answer.status, answer.code) == (429, code), answer.content.decode()
    assert answer.json["possible_at"].endswith("+07:00")
    told = datetime.fromisoformat(answer.json["possible_at"])
    return told == until


def let_go(world: World) -> int:
    return world.live.sql("SELECT count(*) FROM places_let_go")[0]["count"]


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as crowd:
        return [done.result() for done in [crowd.submit(call) for call in calls]]
