"""How a teacher, or who would be one, is refused."""

from service.core.ids import new_id
from tests.applications.people import Family
from tests.provocation import Asked, Provocations, someone
from tests.registers.school import PATH, School
from tests.world import CLUB_PAGE, World

PROVOCATIONS = Provocations()
TODAY, NEXT, LONG_AGO = "2026-09-07T0700", "2026-09-14T0700", "2026-08-17T0700"


def marking(school: School, group: str, lesson: str, application_id: object) -> Asked:
    body = {"marks": [{"application_id": str(application_id), "mark": "present"}]}
    return Asked(school.director, "PUT", f"{PATH}/groups/{group}/lessons/{lesson}/attendance", body)


def cancelling(school: School, group: str, lesson: str) -> Asked:
    return Asked(
        school.director, "POST", f"{PATH}/groups/{group}/lessons/{lesson}/cancel", {"reason": "Педагог болеет"}
    )


def joining(world: World) -> Asked:
    return Asked(world.live.citizen(CLUB_PAGE, someone()), "POST", "/v1/teachers/join", {"code": "00000000"})


@PROVOCATIONS.status(404)
def teacher_not_found(world: World) -> Asked:
    return Asked(
        School(world).director, "POST", f"{PATH}/teachers/t{someone()}/invitations", key=str(new_id())
    )  # fmt: skip


@PROVOCATIONS.status(409)
def teacher_unknown(world: World) -> Asked:
    school = School(world)
    return Asked(school.director, "PUT", f"{PATH}/groups/{school.group()}/teachers", {"teacher_ids": ["nobody"]})


@PROVOCATIONS.status(404)
def teacher_code_not_found(world: World) -> Asked:
    return joining(world)


@PROVOCATIONS.status(404)
def lesson_not_found(world: World) -> Asked:
    school = School(world)
    return Asked(school.director, "GET", f"{PATH}/groups/{school.group()}/lessons/2026-09-08T0700")


@PROVOCATIONS.status(409)
def lesson_not_begun(world: World) -> Asked:
    school = School(world)
    return marking(school, school.group(), NEXT, new_id())


@PROVOCATIONS.status(409)
def lesson_begun(world: World) -> Asked:
    school = School(world)
    return cancelling(school, school.group(), TODAY)


@PROVOCATIONS.status(409)
def lesson_cancelled(world: World) -> Asked:
    school = School(world)
    group = school.group()
    assert cancelling(school, group, NEXT).answer("ru").status == 200
    return marking(school, group, NEXT, new_id())


@PROVOCATIONS.status(409)
def attendance_closed(world: World) -> Asked:
    school = School(world)
    group = school.group()
    asked = marking(school, group, LONG_AGO, new_id())
    asked.api = school.teacher(group).api
    return asked


@PROVOCATIONS.status(409)
def not_in_group(world: World) -> Asked:
    school = School(world)
    return marking(school, school.group(), TODAY, new_id())


@PROVOCATIONS.status(409)
def too_many_messages(world: World) -> Asked:
    school = School(world)
    path, body = f"{PATH}/groups/{school.group()}/messages", {"text": "Сбор в 9:00"}
    for _ in range(10):
        assert school.director.create(path, body).status == 201
    return Asked(school.director, "POST", path, body, key=str(new_id()))


def trying(world: World, lesson: str = NEXT, places: int = 1) -> tuple[Asked, Asked]:
    """Two children to one lesson of a group."""
    school = School(world)
    group = school.group_row(school.group(trial_places=places))["id"]
    asked: list[Asked] = []
    for family in (Family(world), Family(world)):
        body = {"group_id": str(group), "person_id": family.child, "lesson_id": lesson}
        asked.append(Asked(family.api, "POST", "/v1/trials", body, key=str(new_id())))
    return asked[0], asked[1]


@PROVOCATIONS.status(409)
def trials_not_offered(world: World) -> Asked:
    return trying(world, places=0)[0]


@PROVOCATIONS.status(409)
def trial_too_early(world: World) -> Asked:
    return trying(world, "2026-10-12T0700")[0]


@PROVOCATIONS.status(409)
def trial_full(world: World) -> Asked:
    first, second = trying(world)
    first.answer("ru").ok()
    return second


@PROVOCATIONS.status(409)
def trial_exists(world: World) -> Asked:
    asked, _ = trying(world)
    asked.answer("ru").ok()
    return Asked(asked.api, "POST", "/v1/trials", asked.body, key=str(new_id()))


@PROVOCATIONS.status(404)
def trial_not_found(world: World) -> Asked:
    return Asked(Family(world, 0).api, "POST", f"/v1/trials/{new_id()}/cancel")
