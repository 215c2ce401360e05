"""Parents who apply."""

from typing import Any

from service.core.ids import new_id
from tests.live import Answer, Api
from tests.provocation import Asked, someone, surname
from tests.world import CLUB, World


def applying(parent: Api, group_id: str, person_id: str) -> Asked:
    body = {"group_id": group_id, "person_id": person_id}
    return Asked(parent, "POST", "/v1/applications", body, key=str(new_id()))


def stranger(world: World, group_id: str, **child: Any) -> Asked:
    """An application by somebody who was never here, for a child."""
    parent = world.parent(someone())
    return applying(parent, group_id, world.child(parent, **{"last_name": surname(), **child}))


def group(world: World, **more: Any) -> str:
    """The id of a new group."""
    return world.publish_group(f"g{someone()}", **more).ok()["id"]


class Family:
    """Somebody who was never here, with children that nobody else has."""

    def __init__(self, world: World, children: int = 1, **child: Any) -> None:
        self.world = world
        self.user = someone()
        self.api = world.parent(self.user)
        self.children = [world.child(self.api, **{"last_name": surname(), **child}) for _ in range(children)]

    @property
    def child(self) -> str:
        return self.children[0]

    def body(self, group_id: str, **more: Any) -> dict[str, Any]:
        return {"group_id": group_id, "person_id": self.child, **more}

    def applies(self, group_id: str, **more: Any) -> Answer:
        return self.api.create("/v1/applications", self.body(group_id, **more))

    def waits(self, group_id: str, **more: Any) -> dict[str, Any]:
        application = self.applies(group_id, wait=True, **more).ok()
        assert application["status"] == "waiting"
        return application

    def drafts(self, group_id: str, **more: Any) -> Answer:
        return self.api.create("/v1/application-drafts", self.body(group_id, **more))

    def together(self, *group_ids: str, wait: bool = False) -> Answer:
        """One child to each group."""
        items = [
            {"group_id": group_id, "person_id": child} for group_id, child in zip(group_ids, self.children, strict=True)
        ]
        return self.api.create("/v1/family-applications", {"items": items, "wait": wait})

    def move(self, application: dict[str, Any], verb: str) -> Answer:
        return self.api.post(f"/v1/applications/{application['id']}/{verb}")

    def now_is(self, application: dict[str, Any]) -> dict[str, Any]:
        return self.api.get(f"/v1/applications/{application['id']}").ok()

    def statuses(self, applications: list[dict[str, Any]]) -> list[str]:
        return [self.now_is(application)["status"] for application in applications]

    def come_again(self) -> None:
        """With a new token, for the clock moves."""
        self.api = self.world.parent(self.user)


def on(weekday: int, starts: str = "16:30", **more: Any) -> dict[str, Any]:
    """The lessons of a group."""
    return {"weekly_lessons": [{"weekday": weekday, "starts": starts, "academic_hours": 1}], **more}


def settle(world: World, **columns: Any) -> None:
    """How the club enrols."""
    for column, value in columns.items():
        world.live.sql(f"UPDATE institutions SET {column} = $1 WHERE id = $2", value, CLUB)  # noqa: S608
