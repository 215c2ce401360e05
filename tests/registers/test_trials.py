"""Trial lessons: who may come to which, how many, and what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from service.core.ids import new_id
from tests.applications.people import Family
from tests.doctors.clinic import Clinic
from tests.live import Answer, Api
from tests.locks import holding, wait_until_blocked
from tests.registers.school import MONDAYS, PATH, School
from tests.world import REGION, World

NEXT, AFTER = "2026-09-14T0700", "2026-09-21T0700"
CHILD = {"last_name": "Ястребова", "first_name": "Зоя"}


@pytest.fixture
def school(world: World) -> School:
    return School(world)


class Tried:
    """A group that can be tried."""

    def __init__(self, school: School, places: int = 1, **more: Any) -> None:
        self.school = school
        self.own_id = school.group(trial_places=places, **more)
        self.path = f"{PATH}/groups/{self.own_id}"

    @property
    def row(self) -> Any:
        return self.school.group_row(self.own_id)

    @property
    def id(self) -> str:
        return str(self.row["id"])

    def by(self, family: Family, lesson: str = NEXT, person_id: str | None = None, api: Api | None = None) -> Answer:
        body = {"group_id": self.id, "person_id": person_id or family.child, "lesson_id": lesson}
        return (api or family.api).create("/v1/trials", body)

    def codes(self, *lessons: str) -> list[str | None]:
        """Of attempts by a stranger each."""
        answers = (self.by(Family(self.school.world), lesson) for lesson in lessons)
        return [None if answer.status == 201 else answer.code for answer in answers]

    def sheet(self, lesson: str = NEXT) -> list[str]:
        trials = self.school.director.get(f"{self.path}/lessons/{lesson}").ok()["trials"]
        return [trial["trial_id"] for trial in trials]

    def cancel_lesson(self, lesson: str = NEXT, **more: Any) -> Any:
        body = {"reason": "Педагог болеет", **more}
        return self.school.director.post(f"{self.path}/lessons/{lesson}/cancel", body).ok()


def cancel(family: Family, trial: dict[str, Any]) -> Answer:
    return family.api.post(f"/v1/trials/{trial['id']}/cancel")


def trials_of(family: Family) -> dict[str, str]:
    return {item["id"]: item["status"] for item in family.api.get("/v1/trials").ok()["items"]}


def engaged(world: World, family: Family) -> int:
    return len(
        world.live.sql(
            "SELECT FROM engagements e JOIN persons p ON p.identity = e.identity WHERE p.id = $1", family.child
        )
    )


def told(world: World, event: str) -> list[str]:
    return [str(row["subject_id"]) for row in world.live.sql("SELECT subject_id FROM outbox WHERE event = $1", event)]


def test_a_trial_as_it_is_shown(school: School) -> None:
    group, family = Tried(school), Family(school.world, **CHILD)  # pyright: ignore[reportArgumentType]
    trial = group.by(family).ok()
    assert trial == {
        "id": trial["id"],
        "status": "booked",
        "person": {"id": family.child, "patronymic": "Ильинична", **CHILD},
        "group_id": group.id,
        "group_name": "Группа 1",
        "programme_name": "Шахматы",
        "institution_id": PATH.rpartition("/")[2],
        "institution_name": "Дом творчества",
        "lesson_id": NEXT,
        "begins_at": "2026-09-14T07:00:00+07:00",
        "ends_at": "2026-09-14T07:45:00+07:00",
        "address": "г. Кемерово, пр. Советский, 40",
        "created_at": "2026-09-07T08:00:00+07:00",
    }
    assert family.api.get("/v1/trials").ok() == {"items": [trial], "next_cursor": None}
    # It takes no place, and the teacher sees who comes.
    assert group.row["taken"] == 0
    teacher = school.teacher(group.own_id).api
    sheet = teacher.get(f"{group.path}/lessons/{NEXT}").ok()
    person = {"trial_id": trial["id"], "person": trial["person"], "birth_date": "2019-05-14"}
    assert (sheet["items"], sheet["trials"]) == ([], [person])
    assert group.sheet(AFTER) == []
    assert told(school.world, "trial_booked") == [trial["id"]]


def test_the_list_goes_by_pages_the_latest_first(school: School) -> None:
    family = Family(school.world)
    groups = [Tried(school, weekly_lessons=[{**MONDAYS[0], "starts": f"{hour:02}:00"}]) for hour in (9, 11, 13)]
    booked = [group.by(family, f"2026-09-14T{hour:02}00").ok() for group, hour in zip(groups, (9, 11, 13), strict=True)]
    first = family.api.get("/v1/trials", limit=2).ok()
    rest = family.api.get("/v1/trials", limit=2, cursor=first["next_cursor"]).ok()
    assert first["items"] + rest["items"] == booked[::-1]
    assert Family(school.world).api.get("/v1/trials").ok()["items"] == []


def test_lessons_to_come_of_the_next_30_days(school: School) -> None:
    """It is the 7th of September, 08:00."""
    daily = [{"weekday": day, "starts": starts, "academic_hours": 1} for day in (1, 3) for starts in ("08:00", "08:01")]
    group = Tried(school, weekly_lessons=daily)
    lessons = ("2026-09-07T0800", "2026-09-07T0801", "2026-10-07T0800", "2026-10-07T0801", "2026-09-08T0800")
    assert group.codes(*lessons) == ["lesson_begun", None, None, "trial_too_early", "lesson_not_found"]
    assert group.codes("2026-02-30T0800") == ["lesson_not_found"]
    group.cancel_lesson("2026-09-14T0800")
    assert group.codes("2026-09-14T0800") == ["lesson_cancelled"]


def test_which_groups_can_be_tried(school: School) -> None:
    family, untried, locked = Family(school.world), Tried(school, 0), Tried(school)
    assert untried.by(family).code == "trials_not_offered"
    school.world.live.sql("UPDATE groups SET locked_at = now() WHERE external_id = $1", locked.own_id)
    assert locked.by(family).code == "group_locked"
    over = Tried(school, ends_on="2026-09-06")
    assert over.codes("2026-08-31T0700", NEXT) == ["lesson_begun", "lesson_not_found"]
    # Though enrolment is over.
    past = (school.world.now - timedelta(hours=1)).isoformat()
    assert Tried(school, enrolment_closes_at=past).by(family).status == 201
    body = {"group_id": str(new_id()), "person_id": family.child, "lesson_id": NEXT}
    assert family.api.create("/v1/trials", body).code == "group_not_found"
    assert Tried(school).by(family, person_id=Family(school.world).child).code == "person_not_found"


@pytest.mark.parametrize(
    ("born", "code"),
    [("2020-08-01", None), ("2020-08-02", "too_young"), ("2015-08-02", None), ("2015-08-01", "too_old")],
)
def test_the_age_fits_as_for_the_group(school: School, born: str, code: str | None) -> None:
    """6 to 10, on the 1st of August."""
    answer = Tried(school).by(Family(school.world, birth_date=born))
    assert (None if answer.status == 201 else answer.code) == code


def test_each_lesson_has_its_own_places(school: School) -> None:
    group = Tried(school, 2)
    assert group.codes(NEXT, NEXT, NEXT) == [None, None, "trial_full"]
    assert group.codes(AFTER) == [None]
    # What the database holds of itself.
    family = Family(school.world)
    with pytest.raises(asyncpg.PostgresError, match="trial_full"):
        school.world.live.sql(
            "INSERT INTO trials SELECT t.region_id, gen_random_uuid(), t.group_id, t.citizen_id, p.id, p.identity, "
            "t.day, t.starts, t.begins_at, t.ends_at, t.place, 'booked', t.created_at FROM trials t, persons p "
            "WHERE t.group_id = $1 AND t.day = '2026-09-14' AND p.id = $2 LIMIT 1",
            group.row["id"],
            family.child,
        )


def test_the_last_place_is_given_once(school: School) -> None:
    """Both have begun when the group's row is let go. Whoever comes second counts in a statement of its own after the
    lock, and sees the first one's trial.
    """
    group, families = Tried(school), [Family(school.world) for _ in range(2)]
    group_id = group.id
    body = {"group_id": group_id, "lesson_id": NEXT}

    def once(family: Family) -> str | None:
        answer = family.api.create("/v1/trials", body | {"person_id": family.child})
        return None if answer.status == 201 else answer.code

    lock = f"SELECT FROM groups WHERE id = '{group_id}' FOR UPDATE"
    with ThreadPoolExecutor(2) as threads:
        with holding(school.world.live, lock):
            asked = [threads.submit(once, family) for family in families]
            wait_until_blocked(school.world.live, 2)
        codes = {one.result() for one in asked}
    assert codes == {None, "trial_full"}
    assert len(group.sheet()) == 1


def test_a_lesson_that_is_just_being_cancelled_is_not_tried(school: School) -> None:
    """The lesson is looked at when the group is locked, and not before."""
    group, family = Tried(school), Family(school.world)
    group_id = group.id
    body = {"group_id": group_id, "person_id": family.child, "lesson_id": NEXT}
    lock = f"SELECT FROM groups WHERE id = '{group_id}' FOR NO KEY UPDATE"
    change = (
        "INSERT INTO lesson_changes (region_id, group_id, day, starts, planned, reason, changed_by, changed_at) "  # noqa: S608
        "SELECT region_id, id, '2026-09-14', '07:00', '[2026-09-14 00:00Z,2026-09-14 00:45Z)', '', id, now() "
        f"FROM groups WHERE id = '{group_id}'"
    )
    with ThreadPoolExecutor(1) as background:
        with holding(school.world.live, lock, change, end="COMMIT"):
            answer = background.submit(family.api.create, "/v1/trials", body)
            wait_until_blocked(school.world.live)
        assert answer.result().code == "lesson_cancelled"


def test_a_trial_is_cancelled_until_it_begins(school: School) -> None:
    group, family, other = Tried(school), Family(school.world), Family(school.world)
    trial = group.by(family).ok()
    assert cancel(other, trial).code == "trial_not_found"
    for _ in range(2):
        assert cancel(family, trial).ok() == trial | {"status": "cancelled"}
    assert told(school.world, "trial_cancelled") == [trial["id"]]
    assert engaged(school.world, family) == 0
    assert group.sheet() == []
    # Its place is free, and so is the child to try again.
    again = group.by(other).ok()
    later = group.by(family, AFTER).ok()
    begins = school.world.now + timedelta(days=6, hours=23)
    school.world.live.clock.now = begins
    other.come_again()
    assert cancel(other, again).code == "lesson_begun"
    school.world.live.clock.now = begins + timedelta(days=7) - timedelta(seconds=1)
    family.come_again()
    assert cancel(family, later).status == 200
    assert trials_of(family) == {later["id"]: "cancelled", trial["id"]: "cancelled"}


def test_a_child_tries_a_group_once(school: School) -> None:
    """Whoever writes it down."""
    group = Tried(school, 5)
    other = Tried(school)
    mother, father = (Family(school.world, **CHILD) for _ in range(2))  # pyright: ignore[reportArgumentType]
    group.by(mother).ok()
    assert group.by(father, AFTER).code == "trial_exists"
    school.world.live.clock.now += timedelta(days=8)
    mother.come_again()
    assert group.by(mother, AFTER).code == "trial_exists"
    assert other.by(mother, AFTER).status == 201


def test_a_child_is_in_no_two_places(school: School) -> None:
    clinic, group, family = Clinic(school.world), Tried(school), Family(school.world)
    # Monday the 14th, 07:44, and 07:45 when the lesson is over.
    during, then = (clinic.slot(f"s{minute}", hours=24 * 7 - 1 + minute / 60) for minute in (44, 45))
    trial = group.by(family).ok()
    assert school.world.book(family.api, during, family.child).code == "person_busy"
    assert Tried(school).by(family).code == "person_busy"
    cancel(family, trial).ok()
    school.world.book(family.api, during, family.child).ok()
    assert group.by(family).code == "person_busy"
    other = Family(school.world)
    school.world.book(other.api, then, other.child).ok()
    assert group.by(other).status == 201


def test_who_has_a_place_needs_no_trial(school: School) -> None:
    group, family = Tried(school, capacity=1), Family(school.world)
    family.applies(group.id).ok()
    assert group.by(family).code == "already_applied"
    waits = Family(school.world)
    waits.waits(group.id)
    assert group.by(waits).status == 201


def test_a_trial_does_not_keep_a_child_out_of_the_group(school: School) -> None:
    """Nor does one that was."""
    group, world, family = Tried(school, 2), school.world, Family(school.world)
    trial = group.by(family).ok()
    application = family.applies(group.id).ok()
    assert (application["status"], application["warnings"]) == ("enrolled", [])
    assert (engaged(world, family), group.sheet()) == (1, [trial["id"]])
    # The place is given back before the lesson: the trial keeps the child again.
    family.move(application, "withdraw").ok()
    assert engaged(world, family) == 1
    assert Tried(school).by(family).code == "person_busy"
    late = Family(world)
    group.by(late).ok()
    world.live.clock.now += timedelta(days=7)
    late.come_again()
    enrolled = late.applies(group.id).ok()
    late.move(enrolled, "withdraw").ok()
    assert engaged(world, late) == 0


def test_a_trial_elsewhere_is_in_the_way_of_an_application(school: School) -> None:
    group, other, family = Tried(school), Tried(school), Family(school.world)
    group.by(family).ok()
    assert family.applies(other.id).code == "person_busy"
    # Where overlaps are only warned of, it is named.
    school.world.live.sql("UPDATE institutions SET overlap_rule = 'warn'")
    draft = Tried(school, instant=False)
    (warning,) = family.applies(draft.id).ok()["warnings"]
    assert (warning["kind"], warning["name"], warning["at"]) == ("lesson", "Шахматы", "2026-09-14T07:00:00+07:00")


def test_a_lesson_that_is_cancelled_calls_its_trials_off(school: School) -> None:
    group, first, second = Tried(school), Family(school.world), Family(school.world)
    trial, other = group.by(first).ok(), group.by(second, AFTER).ok()
    for _ in range(2):
        group.cancel_lesson()
    assert (trials_of(first), trials_of(second)) == ({trial["id"]: "called_off"}, {other["id"]: "booked"})
    assert told(school.world, "trial_called_off") == [trial["id"]]
    assert (engaged(school.world, first), engaged(school.world, second)) == (0, 1)
    # It can't be cancelled once more, and the child may try another lesson.
    assert cancel(first, trial).ok()["status"] == "called_off"
    assert group.by(first, "2026-09-28T0700").status == 201


def test_a_lesson_that_is_moved_calls_its_trials_off(school: School) -> None:
    group, family = Tried(school), Family(school.world)
    trial = group.by(family).ok()
    moved: dict[str, Any] = {"moved_to": {"day": "2026-09-15", "starts": "10:00"}}
    group.cancel_lesson(**moved)
    assert trials_of(family) == {trial["id"]: "called_off"}
    assert (engaged(school.world, family), group.sheet()) == (0, [])
    # It can be tried where it is now; another reason changes nothing of that, another time does.
    again = group.by(family).ok()
    assert (again["lesson_id"], again["begins_at"]) == (NEXT, "2026-09-15T10:00:00+07:00")
    group.cancel_lesson(reason="Ремонт", **moved)
    assert trials_of(family)[again["id"]] == "booked"
    group.cancel_lesson(moved_to={"day": "2026-09-15", "starts": "10:01"})
    assert trials_of(family)[again["id"]] == "called_off"
    assert told(school.world, "trial_called_off") == [trial["id"], again["id"]]


def test_lessons_published_anew_call_off_the_trials_of_those_that_are_gone(school: School) -> None:
    group, world = Tried(school, 3), school.world
    stays, goes = Family(world), Family(world)
    kept, lost = group.by(stays).ok(), group.by(goes, AFTER).ok()
    terms: dict[str, Any] = {"instant": True, "starts_on": "2026-08-01", "skip_holidays": False, "trial_places": 3}
    world.publish_group(group.own_id, weekly_lessons=MONDAYS, **terms).ok()
    assert (trials_of(stays), trials_of(goes)) == ({kept["id"]: "booked"}, {lost["id"]: "booked"})
    pauses = [{"day_from": "2026-09-21", "day_to": "2026-09-21"}]
    world.publish_group(group.own_id, weekly_lessons=MONDAYS, pauses=pauses, **terms).ok()
    assert (trials_of(stays), trials_of(goes)) == ({kept["id"]: "booked"}, {lost["id"]: "called_off"})
    assert (engaged(world, stays), engaged(world, goes)) == (1, 0)
    assert told(world, "trial_called_off") == [lost["id"]]
    # One that is longer is another lesson; one that has been stays.
    world.live.clock.now += timedelta(days=7)
    longer = [{**MONDAYS[0], "academic_hours": 2}]
    world.operator = world.live.client(REGION)
    goes.come_again()
    last = group.by(goes, "2026-09-28T0700").ok()
    world.publish_group(group.own_id, weekly_lessons=longer, **terms).ok()
    stays.come_again()
    assert (trials_of(stays), trials_of(goes)[last["id"]]) == ({kept["id"]: "booked"}, "called_off")


def test_a_trial_goes_with_the_child(school: School) -> None:
    """Another name is the same child, elsewhere engaged as before; two records that become one keep it."""
    group, world, mother = Tried(school, 2), school.world, Family(school.world)
    trial = group.by(mother).ok()
    path = f"/v1/persons/{mother.child}"
    assert mother.api.call("PATCH", path, {"first_name": "Надежда"}).status == 200
    assert mother.api.get("/v1/trials").ok()["items"][0]["person"]["first_name"] == "Надежда"
    assert Tried(school).by(mother).code == "person_busy"
    assert mother.api.call("DELETE", path).code == "person_has_bookings"
    father = Family(world, 0)
    code = mother.api.create(f"{path}/invitations", None).ok()["code"]
    father.api.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    assert trials_of(father) == trials_of(mother) == {trial["id"]: "booked"}
    assert cancel(father, trial).ok()["status"] == "cancelled"


def test_two_records_with_a_trial_each(school: School) -> None:
    """A correction that shows two to be one is refused where both try a group; else their trials become one child's."""
    group, world = Tried(school, 2), school.world
    mother = Family(world, **CHILD)  # pyright: ignore[reportArgumentType]
    father = Family(world, last_name="Ястребова", first_name="Зоинька")  # pyright: ignore[reportArgumentType]
    mine, theirs = group.by(mother).ok(), group.by(father, AFTER).ok()
    path = f"/v1/persons/{father.child}"
    assert father.api.call("PATCH", path, {"first_name": "Зоя"}).code == "trial_exists"
    cancel(father, theirs).ok()
    assert father.api.call("PATCH", path, {"first_name": "Зоя"}).status == 200
    code = mother.api.create(f"/v1/persons/{mother.child}/invitations", None).ok()["code"]
    father.api.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    assert trials_of(mother) == trials_of(father) == {mine["id"]: "booked", theirs["id"]: "cancelled"}


def test_whose_trial_is_over_can_be_deleted(school: School) -> None:
    group, family = Tried(school), Family(school.world)
    group.by(family).ok()
    ends = school.world.now + timedelta(days=6, hours=23, minutes=45)
    for now, status in ((ends - timedelta(seconds=1), 409), (ends, 204)):
        school.world.live.clock.now = now
        family.come_again()
        assert family.api.call("DELETE", f"/v1/persons/{family.child}").status == status
