"""Attendance through the live service: every rule at its border."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.registers.school import PATH, School, change, local
from tests.world import World

TODAY, NEXT, THIRD = "2026-09-07T0700", "2026-09-14T0700", "2026-09-21T0700"


@pytest.fixture
def school(world: World) -> School:
    return School(world)


def test_attendance_begins_with_the_lesson_and_is_corrected_for_14_days(school: School) -> None:
    live, group = school.world.live, school.group()
    teacher, pupil = school.teacher(group), school.pupil(group)

    def code(supervises: bool, now: str, mark: str = "present") -> str | None:
        live.clock.now = local(now)
        answer = school.mark(school.director if supervises else teacher.api, group, NEXT, pupil, mark=mark)
        return None if answer.status == 200 else answer.code

    for supervises in (False, True):
        assert code(supervises, "2026-09-14T06:59:59") == "lesson_not_begun"
        assert code(supervises, "2026-09-14T07:00:00") is None
        assert code(supervises, "2026-09-28T06:59:59", "ill") is None
    assert code(False, "2026-09-28T07:00:00") == "attendance_closed"
    assert school.sheet(group, NEXT) == {pupil.id: "ill"}
    assert code(True, "2027-09-28T07:00:00", "excused") is None
    assert school.sheet(group, NEXT) == {pupil.id: "excused"}


def test_only_who_is_in_the_group_that_day(school: School) -> None:
    group, other = school.group(), school.group()
    pupil, stranger = school.pupil(group), school.pupil(other)
    refused = school.mark(school.director, group, TODAY, pupil, stranger)
    assert refused.code == "not_in_group"
    assert [error["pointer"] for error in refused.json["errors"]] == ["/marks/1/application_id"]
    assert school.sheet(group, TODAY) == {pupil.id: None}
    # The week before nobody was there.
    assert school.mark(school.director, group, "2026-08-31T0700", pupil).code == "not_in_group"


def test_it_is_kept_who_wrote_it_down_and_when(school: School) -> None:
    group, live = school.group(), school.world.live
    teacher, vera, anna = school.teacher(group), school.pupil(group), school.pupil(group)
    school.mark(teacher.api, group, TODAY, vera, anna).ok()
    live.clock.now += timedelta(minutes=5)
    school.mark(school.director, group, TODAY, vera, mark="absent").ok()
    # The same again writes nothing.
    live.clock.now += timedelta(minutes=5)
    school.mark(teacher.api, group, TODAY, vera, mark="absent").ok()
    rows = live.sql("SELECT a.*, c.external_id FROM attendance a JOIN citizens c ON c.id = a.marked_by")
    kept = {str(row["application_id"]): (row["mark"], row["external_id"], row["marked_at"]) for row in rows}
    begun = local("2026-09-07T0800")
    assert kept[anna.id] == ("present", str(teacher.user), begun)
    assert kept[vera.id][0] == "absent"
    assert kept[vera.id][1] != str(teacher.user)
    assert kept[vera.id][2] == begun + timedelta(minutes=5)
    trail = live.sql("SELECT details FROM audit_trail WHERE event = 'attendance_put' ORDER BY at")
    assert [vera.id in row["details"] for row in trail] == [True, True]
    assert [anna.id in row["details"] for row in trail] == [True, False]


def test_attendance_that_is_put_twice_at_once_is_one(school: School) -> None:
    group = school.group()
    pupils = [school.pupil(group) for _ in range(6)]
    token = school.director.token

    def once(number: int) -> int:
        some = pupils if number % 2 else pupils[::-1]
        return school.mark(school.world.live.api(token), group, TODAY, *some).status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(once, range(16))) == {200}
    assert school.sheet(group, TODAY) == {pupil.id: "present" for pupil in pupils}
    assert len(school.world.live.sql("SELECT FROM audit_trail WHERE event = 'attendance_put'")) == 1


def test_of_two_marks_of_one_child_the_last_counts(school: School) -> None:
    group = school.group()
    pupil = school.pupil(group)
    marks = [{"application_id": pupil.id, "mark": mark} for mark in ("present", "ill")]
    school.director.put(f"{PATH}/groups/{group}/lessons/{TODAY}/attendance", {"marks": marks}).ok()
    assert school.sheet(group, TODAY) == {pupil.id: "ill"}


def test_a_month_is_counted(school: School) -> None:
    live, group = school.world.live, school.group()
    vera, anna = school.pupil(group), school.pupil(group)
    live.clock.now = local("2026-09-21T0700")
    for lesson, mark in ((TODAY, "present"), (NEXT, "ill"), (THIRD, "excused")):
        school.mark(school.director, group, lesson, vera, mark=mark).ok()
    change(school, group, "2026-09-28T0700").ok()
    anna.leave()
    live.clock.now = local("2026-10-01T0700")
    found = school.director.get(f"{PATH}/groups/{group}/attendance", month="2026-09").ok()
    by_id = {row["application_id"]: row for row in found["items"]}
    counts = ("lessons", "present", "absent", "ill", "excused", "unmarked")
    assert [by_id[vera.id][name] for name in counts] == [3, 1, 0, 1, 1, 0]
    assert [by_id[anna.id][name] for name in counts] == [3, 0, 0, 0, 0, 3]
    assert (by_id[anna.id]["since"], by_id[anna.id]["until"]) == ("2026-09-07", "2026-09-21")
    assert school.director.get(f"{PATH}/groups/{group}/attendance").ok()["month"] == "2026-10"
    assert len(live.sql("SELECT FROM accesses WHERE operation = 'getAttendance'")) == 2


def test_a_teacher_sees_and_marks_no_other_group(school: School) -> None:
    group, other = school.group(), school.group()
    teacher, pupil = school.teacher(group), school.pupil(other)
    for answer in (
        school.mark(teacher.api, other, TODAY, pupil),
        teacher.api.get(f"{PATH}/groups/{other}/lessons/{TODAY}"),
        teacher.api.get(f"{PATH}/groups/{other}/attendance"),
        teacher.api.post(f"{PATH}/groups/{other}/lessons/{NEXT}/cancel", {"reason": "x"}),
    ):
        assert (answer.status, answer.code) == (404, "group_not_found")


def test_a_parent_sees_their_own_child_alone(school: School) -> None:
    group = school.group()
    vera, anna = school.pupil(group), school.pupil(group)
    days = {"day_from": "2026-09-07", "day_to": "2026-09-07"}
    (lesson,) = vera.parent.get(f"/v1/applications/{vera.id}/lessons", **days).ok()["items"]
    assert (lesson["lesson_id"], lesson["group_name"], lesson["mark"]) == (TODAY, "Группа 1", None)
    assert vera.parent.get(f"/v1/applications/{anna.id}/lessons", **days).code == "application_not_found"
