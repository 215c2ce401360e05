"""A club with teachers, groups that are under way, and children in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import CLUB, CLUB_PAGE, World

PATH = f"/v1/institutions/{CLUB}"
# World's day is Monday the 7th of September, 08:00: a lesson of an academic hour has just ended.
MONDAYS = [{"weekday": 1, "starts": "07:00", "academic_hours": 1}]


@dataclass
class Teacher:
    own_id: str
    user: int
    school: "School"

    @property
    def api(self) -> Api:
        """With a token of this minute."""
        return self.school.world.live.citizen(CLUB_PAGE, self.user)


@dataclass
class Pupil:
    user: int
    application: dict[str, Any]
    school: "School"

    @property
    def id(self) -> str:
        return self.application["id"]

    @property
    def parent(self) -> Api:
        return self.school.world.parent(self.user)

    def leave(self) -> None:
        self.parent.post(f"/v1/applications/{self.id}/withdraw").ok()


class School:
    def __init__(self, world: World) -> None:
        self.world = world
        self._director = someone()

    @property
    def director(self) -> Api:
        return self.world.live.citizen(CLUB_PAGE, self._director, "admin")

    def group(self, **more: Any) -> str:
        """The own id of a group that enrols at once, since the 1st of August, on Mondays at 07:00."""
        own_id = f"r{someone()}"
        terms = {"instant": True, "starts_on": "2026-08-01", "weekly_lessons": MONDAYS, "skip_holidays": False}
        self.world.publish_group(own_id, **terms | more).ok()
        return own_id

    def group_row(self, group: str) -> Any:
        return self.world.live.sql("SELECT * FROM groups WHERE external_id = $1", group)[0]

    def teacher(self, *groups: str, last_name: str = "Орлов") -> Teacher:
        """Somebody who has given their code, and teaches these groups alone with them."""
        teacher = Teacher(f"t{someone()}", someone(), self)
        body = {"last_name": last_name, "first_name": "Пётр", "patronymic": "Ильич"}
        self.director.put(f"{PATH}/teachers/{teacher.own_id}", body).ok()
        teacher.api.post("/v1/teachers/join", {"code": self.code(teacher.own_id)}).ok()
        for group in groups:
            self.teaches(group, teacher)
        return teacher

    def teaches(self, group: str, *teachers: Teacher) -> None:
        body = {"teacher_ids": [teacher.own_id for teacher in teachers]}
        self.director.put(f"{PATH}/groups/{group}/teachers", body).ok()

    def code(self, teacher: str) -> str:
        return self.director.create(f"{PATH}/teachers/{teacher}/invitations", None).ok()["code"]

    def pupil(self, group: str, **child: Any) -> Pupil:
        """A child of a parent of their own, in the group from today on."""
        user = someone()
        parent = self.world.parent(user)
        person_id = self.world.child(parent, **{"last_name": surname(), **child})
        application = self.world.apply(parent, str(self.group_row(group)["id"]), person_id).ok()
        return Pupil(user, application, self)

    def mark(self, api: Api, group: str, lesson: str, *pupils: Pupil, mark: str = "present") -> Answer:
        body = {"marks": [{"application_id": pupil.id, "mark": mark} for pupil in pupils]}
        return api.put(f"{PATH}/groups/{group}/lessons/{lesson}/attendance", body)

    def sheet(self, group: str, lesson: str) -> dict[str, Any]:
        """Application -> mark."""
        items = self.director.get(f"{PATH}/groups/{group}/lessons/{lesson}").ok()["items"]
        return {item["application_id"]: item["mark"] for item in items}


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00")


def change(school: School, group: str, lesson: str, moved_to: str | None = None, **more: Any) -> Any:
    body: dict[str, Any] = {"reason": "Педагог болеет"}
    if moved_to:
        body["moved_to"] = {"day": moved_to[:10], "starts": f"{moved_to[11:13]}:{moved_to[13:]}", **more}
    return school.director.post(f"{PATH}/groups/{group}/lessons/{lesson}/cancel", body)
