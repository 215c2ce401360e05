"""Lessons and their sheets through the live service: every rule at its border."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.doctors.clinic import Clinic
from tests.provocation import someone, surname
from tests.registers.school import MONDAYS, PATH, Pupil, School, change, local
from tests.world import World

TODAY, NEXT, THIRD = "2026-09-07T0700", "2026-09-14T0700", "2026-09-21T0700"


@pytest.fixture
def school(world: World) -> School:
    return School(world)


def lessons(school: School, group: str, first: str = "2026-09-01", last: str = "2026-09-30") -> list[dict[str, Any]]:
    return school.director.get(f"{PATH}/groups/{group}/lessons", day_from=first, day_to=last).ok()["items"]


def engaged(school: School, pupil: Pupil) -> list[tuple[datetime, datetime]]:
    rows = school.world.live.sql("SELECT unnest(times) AS t FROM engagements WHERE booking_id = $1", pupil.id)
    return [(row["t"].lower, row["t"].upper) for row in rows]


def outbox(school: School, event: str) -> list[str]:
    rows = school.world.live.sql("SELECT subject_id FROM outbox WHERE event = $1", event)
    return sorted(str(row["subject_id"]) for row in rows)


# Lessons -----------------------------------------------------------------------------------------------------------


def test_lessons_of_a_period(school: School) -> None:
    """The 4th of November is a holiday; lessons that touch are two; the group's own days are kept to."""
    plan = [
        {"weekday": 3, "starts": "16:30", "academic_hours": 1},
        {"weekday": 3, "starts": "17:15", "academic_hours": 1, "place": 1},
    ]
    places = [{"address": "г. Кемерово, пр. Советский, 40"}, {"address": "г. Кемерово, пр. Ленина, 1"}]
    group = school.group(
        weekly_lessons=plan, places=places, skip_holidays=True, starts_on="2026-10-28", ends_on="2026-11-11"
    )
    found = lessons(school, group, "2026-10-01", "2026-11-30")
    days = ["2026-10-28", "2026-11-11"]
    assert [item["lesson_id"] for item in found] == [f"{day}T{starts}" for day in days for starts in ("1630", "1715")]
    assert found[1] == {
        "lesson_id": "2026-10-28T1715",
        "status": "planned",
        "begins_at": "2026-10-28T17:15:00+07:00",
        "ends_at": "2026-10-28T18:00:00+07:00",
        "address": "г. Кемерово, пр. Ленина, 1",
        "reason": None,
    }


def test_a_period_has_92_days_at_most(school: School) -> None:
    group = school.group()

    def code(first: str, last: str) -> str | None:
        answer = school.director.get(f"{PATH}/groups/{group}/lessons", day_from=first, day_to=last)
        return None if answer.status == 200 else answer.code

    assert code("2026-09-01", "2026-12-01") is None
    assert code("2026-09-01", "2026-12-02") == "dates_crossed"
    assert code("2026-09-02", "2026-09-01") == "dates_crossed"


# Who is in a lesson ------------------------------------------------------------------------------------------------


def test_a_child_is_in_the_group_from_the_first_to_the_last_day(school: School) -> None:
    group, live = school.group(), school.world.live
    vera, anna = school.pupil(group), school.pupil(group)
    live.clock.now = local("2026-09-14T2300")
    vera.leave()
    for lesson, there in (
        ("2026-08-31T0700", set()),
        (TODAY, {vera.id, anna.id}),
        (NEXT, {vera.id, anna.id}),
        (THIRD, {anna.id}),
    ):
        assert set(school.sheet(group, lesson)) == there, lesson


def test_the_local_day_counts(school: School) -> None:
    """Enrolled and gone at 01:00 in Kuzbass, which is the day before by UTC."""
    group, live = school.group(), school.world.live
    live.clock.now = local("2026-09-15T0100")
    pupil = school.pupil(group)
    row = live.sql("SELECT since FROM group_members WHERE application_id = $1", pupil.id)[0]
    assert str(row["since"]) == "2026-09-15"
    live.clock.now = local("2026-09-22T0100")
    pupil.leave()
    row = live.sql("SELECT until FROM group_members WHERE application_id = $1", pupil.id)[0]
    assert str(row["until"]) == "2026-09-22"


def test_who_left_before_the_first_day_was_never_in(school: School) -> None:
    group = school.group(starts_on="2026-09-14")
    pupil = school.pupil(group)
    assert set(school.sheet(group, NEXT)) == {pupil.id}
    pupil.leave()
    assert school.sheet(group, NEXT) == {}


def transfer(school: School, pupil: Pupil, group: str) -> None:
    """As any move of an enrolled application to another group writes it."""
    school.world.live.sql(
        "UPDATE applications SET group_id = $2, updated_at = $3 WHERE id = $1",
        pupil.id, school.group_row(group)["id"], school.world.now,
    )  # fmt: skip


def test_a_child_who_is_transferred_keeps_both_groups_lessons(school: School) -> None:
    tuesdays = [{"weekday": 2, "starts": "07:00", "academic_hours": 1}]
    live, first, second = school.world.live, school.group(), school.group(weekly_lessons=tuesdays)
    pupil = school.pupil(first)
    school.mark(school.director, first, TODAY, pupil, mark="ill").ok()
    live.clock.now = local("2026-09-15T0600")
    transfer(school, pupil, second)
    assert set(school.sheet(first, NEXT)) == {pupil.id}
    assert school.sheet(first, THIRD) == {}
    assert school.sheet(second, "2026-09-08T0700") == {}
    assert set(school.sheet(second, "2026-09-15T0700")) == {pupil.id}
    live.clock.now = local("2026-09-15T0700")
    school.mark(school.director, second, "2026-09-15T0700", pupil).ok()
    days = {"day_from": "2026-09-01", "day_to": "2026-09-22"}
    own = pupil.parent.get(f"/v1/applications/{pupil.id}/lessons", **days).ok()["items"]
    assert [(item["lesson_id"], item["mark"]) for item in own] == [
        (TODAY, "ill"), (NEXT, None), ("2026-09-15T0700", "present"), ("2026-09-22T0700", None),
    ]  # fmt: skip
    for group, expected in ((first, (2, 1)), (second, (1, 0))):
        (row,) = school.director.get(f"{PATH}/groups/{group}/attendance", month="2026-09").ok()["items"]
        assert (row["lessons"], row["ill"]) == expected
    # And back again: two times in one group.
    live.clock.now = local("2026-09-16T0600")
    transfer(school, pupil, first)
    rows = school.director.get(f"{PATH}/groups/{first}/attendance", month="2026-09").ok()["items"]
    assert [(row["since"], row["until"]) for row in rows] == [("2026-09-07", "2026-09-14"), ("2026-09-16", None)]


def test_a_child_who_is_transferred_on_the_first_day_was_in_the_second_alone(school: School) -> None:
    first, second = school.group(), school.group()
    pupil = school.pupil(first)
    transfer(school, pupil, second)
    assert school.sheet(first, TODAY) == {}
    assert set(school.sheet(second, TODAY)) == {pupil.id}


# Lessons that are not as planned -----------------------------------------------------------------------------------


def test_a_cancelled_lesson_frees_the_children_and_is_told(school: School) -> None:
    group, live = school.group(), school.world.live
    vera, anna = school.pupil(group), school.pupil(group)
    anna.leave()
    later = school.pupil(group)
    gone = local(NEXT), local("2026-09-14T0745")
    assert gone in engaged(school, vera)
    changed = change(school, group, NEXT).ok()
    assert (changed["lesson"]["status"], changed["lesson"]["reason"]) == ("cancelled", "Педагог болеет")
    assert (changed["told"], changed["conflicts"]) == (2, [])
    assert outbox(school, "lesson_cancelled") == sorted((vera.id, later.id))
    # The same again tells nobody.
    assert change(school, group, NEXT).ok()["told"] == 0
    assert len(outbox(school, "lesson_cancelled")) == 2
    for pupil in (vera, school.pupil(group)):
        assert gone not in engaged(school, pupil)
        assert (local(THIRD), local("2026-09-21T0745")) in engaged(school, pupil)
    assert [item["status"] for item in lessons(school, group)] == ["planned", "cancelled", "planned", "planned"]
    # Published as it was before, it stays so.
    terms = {"instant": True, "starts_on": "2026-08-01", "weekly_lessons": MONDAYS, "skip_holidays": False}
    school.world.publish_group(group, **terms).ok()
    assert lessons(school, group)[1]["status"] == "cancelled"
    live.clock.now = local(NEXT)
    assert school.mark(school.director, group, NEXT, vera).code == "lesson_cancelled"


def test_a_cancelled_lesson_that_touches_another_leaves_it(school: School) -> None:
    plan = [{"weekday": 1, "starts": starts, "academic_hours": 1} for starts in ("16:30", "17:15")]
    group = school.group(weekly_lessons=plan)
    pupil = school.pupil(group)
    change(school, group, "2026-09-14T1630").ok()
    assert (local("2026-09-14T1715"), local("2026-09-14T1800")) in engaged(school, pupil)
    assert [item["status"] for item in lessons(school, group, "2026-09-14", "2026-09-14")] == ["cancelled", "planned"]


def test_a_moved_lesson_is_where_it_was_moved_to(school: School) -> None:
    group, live = school.group(), school.world.live
    vera = school.pupil(group)
    changed = change(school, group, NEXT, "2026-09-16T1800").ok()
    assert changed["lesson"]["begins_at"] == "2026-09-16T18:00:00+07:00"
    assert changed["lesson"]["ends_at"] == "2026-09-16T18:45:00+07:00"
    assert (changed["lesson"]["lesson_id"], changed["told"], changed["conflicts"]) == (NEXT, 1, [])
    assert outbox(school, "lesson_moved") == [vera.id]
    assert (local("2026-09-16T1800"), local("2026-09-16T1845")) in engaged(school, vera)
    assert (local(NEXT), local("2026-09-14T0745")) not in engaged(school, vera)
    live.clock.now = local("2026-09-16T1759")
    assert school.mark(school.director, group, NEXT, vera).code == "lesson_not_begun"
    live.clock.now = local("2026-09-16T1800")
    school.mark(school.director, group, NEXT, vera).ok()
    assert change(school, group, NEXT).code == "lesson_begun"


def test_what_a_child_has_at_the_new_time_stays_and_is_told(school: School) -> None:
    world, group = school.world, school.group()
    vera, anna = school.pupil(group), school.pupil(group)
    clinic = Clinic(world)
    person_id = vera.application["person"]["id"]
    ticket = world.book(vera.parent, clinic.slot("s1", hours=34), person_id).ok()
    assert ticket["starts_at"] == "2026-09-08T18:00:00+07:00"
    changed = change(school, group, NEXT, "2026-09-08T1730").ok()
    assert (changed["conflicts"], changed["told"]) == ([vera.id], 2)
    assert (local("2026-09-08T1730"), local("2026-09-08T1815")) in engaged(school, anna)
    # But for the ticket's quarter of an hour.
    assert (local("2026-09-08T1730"), local("2026-09-08T1800")) in engaged(school, vera)
    assert vera.parent.get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "booked"
    # Side by side is no conflict.
    assert change(school, group, NEXT, "2026-09-08T1815").ok()["conflicts"] == []


def test_only_what_is_still_to_come_is_changed(school: School) -> None:
    group, live = school.group(), school.world.live
    live.clock.now = local(NEXT) - timedelta(seconds=1)
    assert change(school, group, NEXT, "2026-09-14T0659").code == "lesson_begun"
    assert change(school, group, NEXT, "2026-09-14T0700").status == 200
    live.clock.now = local(THIRD)
    assert change(school, group, THIRD).code == "lesson_begun"
    assert change(school, group, THIRD, "2026-09-25T0700").code == "lesson_begun"


def test_no_such_lesson_and_no_such_place(school: School) -> None:
    group = school.group()
    for lesson in ("2026-09-08T0700", "2026-09-14T0701", "2026-02-31T0700", "2026-07-27T0700"):
        assert change(school, group, lesson).code == "lesson_not_found", lesson
    assert change(school, group, NEXT, "2026-09-16T1800", place=1).code == "lesson_place_unknown"


def test_a_plan_published_anew_forgets_what_was_changed_in_the_old_one(school: School) -> None:
    group = school.group()
    change(school, group, NEXT).ok()
    terms = {"instant": True, "starts_on": "2026-08-01", "skip_holidays": False}
    tuesday = [{"weekday": 2, "starts": "07:00", "academic_hours": 1}]
    for plan in (tuesday, MONDAYS):
        school.world.publish_group(group, **terms, weekly_lessons=plan).ok()
    assert {item["status"] for item in lessons(school, group)} == {"planned"}


def test_a_change_by_many_at_once_is_told_once(school: School) -> None:
    group = school.group()
    pupil, token = school.pupil(group), school.director.token

    def once(_number: int) -> int:
        path = f"{PATH}/groups/{group}/lessons/{NEXT}/cancel"
        return school.world.live.api(token).post(path, {"reason": "Педагог болеет"}).ok()["told"]

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(once, range(8))) == 1
    assert outbox(school, "lesson_cancelled") == [pupil.id]


def test_the_child_of_a_new_group_is_never_named_twice(school: School) -> None:
    """A child by name and the person's card hold together."""
    group, name = school.group(), surname()
    pupil = school.pupil(group, last_name=name, birth_date="2018-02-03")
    path = f"{PATH}/groups/{group}/lessons/{TODAY}"
    (row,) = school.director.get(path).ok()["items"]
    assert (row["application_id"], row["birth_date"], row["person"]["last_name"]) == (pupil.id, "2018-02-03", name)
    assert school.world.live.citizen(100002, someone()).get(path).code == "group_not_found"
