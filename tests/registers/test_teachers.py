"""Teachers: how an account becomes one, and what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.live import Api
from tests.provocation import someone
from tests.registers.school import PATH, School
from tests.world import CLINIC_PAGE, CLUB_PAGE, World

JOIN = "/v1/teachers/join"


@pytest.fixture
def school(world: World) -> School:
    return School(world)


def code_of(answer: Any) -> str | None:
    return None if answer.status in (200, 201) else answer.code


def mine(api: Api) -> list[str]:
    return [item["group_id"] for item in api.get(f"{PATH}/my-groups").ok()["items"]]


def test_a_teacher_sees_their_own_groups_and_no_others(school: School) -> None:
    first, second = school.group(), school.group()
    orlov, zimin = school.teacher(first), school.teacher(second)
    assert (mine(orlov.api), mine(zimin.api)) == ([first], [second])
    assert set(mine(school.director)) >= {first, second}
    assert set(mine(school.world.operator)) >= {first, second}
    assert mine(school.world.live.citizen(CLUB_PAGE, someone())) == []
    period = "lessons?day_from=2026-09-01&day_to=2026-09-30"
    for teacher, own, other in ((orlov, first, second), (zimin, second, first)):
        assert teacher.api.get(f"{PATH}/groups/{own}/{period}").status == 200
        foreign = teacher.api.get(f"{PATH}/groups/{other}/{period}")
        absent = teacher.api.get(f"{PATH}/groups/nowhere/{period}")
        assert (foreign.status, foreign.code) == (absent.status, absent.code) == (404, "group_not_found")
        assert {**foreign.json, "request_id": ""} == {**absent.json, "request_id": ""}
        # Nobody becomes an administrator by teaching.
        assert teacher.api.get(f"{PATH}/teachers").code == "forbidden"
    # From another institution's page the same account is nobody.
    elsewhere = school.world.live.citizen(CLINIC_PAGE, orlov.user)
    assert elsewhere.get(f"{PATH}/groups/{first}/{period}").code == "institution_not_found"


def test_it_ends_at_once(school: School) -> None:
    group, other = school.group(), school.group()
    orlov, zimin = school.teacher(group), school.teacher(other)
    token = orlov.api
    assert mine(token) == [group]
    school.teaches(group, zimin)
    assert mine(token) == []
    school.teaches(group, orlov, zimin)
    assert mine(token) == [group]
    for _ in range(2):
        assert school.director.call("DELETE", f"{PATH}/teachers/{orlov.own_id}").status == 204
    assert mine(token) == []
    assert mine(zimin.api) == sorted((group, other))


def test_published_names_follow(school: School) -> None:
    world, group = school.world, school.group(teachers=["Иванова Анна"])
    assert school.group_row(group)["teachers"] == ["Иванова Анна"]
    zimin, orlov = school.teacher(last_name="Зимин"), school.teacher(last_name="Орлов")
    school.teaches(group, zimin, orlov)
    assert school.group_row(group)["teachers"] == ["Зимин Пётр Ильич", "Орлов Пётр Ильич"]
    # Whatever is published of the group later.
    terms = {
        "instant": True,
        "starts_on": "2026-08-01",
        "weekly_lessons": [{"weekday": 1, "starts": "07:00", "academic_hours": 1}],
    }
    world.publish_group(group, **terms, teachers=["Иванова Анна"]).ok()
    assert school.group_row(group)["teachers"] == ["Зимин Пётр Ильич", "Орлов Пётр Ильич"]
    school.director.put(f"{PATH}/teachers/{zimin.own_id}", {"last_name": "Зимин-Снегов", "first_name": "Пётр"}).ok()
    assert school.group_row(group)["teachers"] == ["Зимин-Снегов Пётр", "Орлов Пётр Ильич"]
    school.director.call("DELETE", f"{PATH}/teachers/{zimin.own_id}")
    assert school.group_row(group)["teachers"] == ["Орлов Пётр Ильич"]
    school.teaches(group)
    assert school.group_row(group)["teachers"] == []


def test_a_name_is_as_long_as_a_published_one_can_be(school: School) -> None:
    group, longest = school.group(), "а" * 79
    teacher = school.teacher()
    body = {"last_name": longest, "first_name": longest, "patronymic": longest}
    school.director.put(f"{PATH}/teachers/{teacher.own_id}", body).ok()
    school.teaches(group, teacher)
    assert len(school.director.get("/v1/groups").ok()["items"][0]["teachers"][0]) == 239
    assert school.director.put(f"{PATH}/teachers/{teacher.own_id}", body | {"first_name": "а" * 80}).code == "invalid"


def test_a_code_is_good_for_seven_days_once_and_until_the_next(school: School) -> None:
    live, teacher = school.world.live, school.teacher()

    def join(code: str, user: int) -> str | None:
        return code_of(live.citizen(CLUB_PAGE, user).post(JOIN, {"code": code}))

    old, new = school.code(teacher.own_id), school.code(teacher.own_id)
    first, second = someone(), someone()
    assert join(old, first) == "teacher_code_not_found"
    # From another institution's page it is no code.
    assert live.citizen(CLINIC_PAGE, first).post(JOIN, {"code": new}).code == "teacher_code_not_found"
    assert join(new, first) is None
    assert join(new, first) is None
    assert join(new, second) == "teacher_code_not_found"
    # The account of before stays the teacher until another gives the next code.
    group = school.group()
    school.teaches(group, teacher)
    late = school.code(teacher.own_id)
    assert mine(live.citizen(CLUB_PAGE, first)) == [group]
    shown = school.director.get(f"{PATH}/teachers").ok()["items"]
    assert [item["invited_until"] for item in shown] == ["2026-09-14T08:00:00+07:00"]
    begun = school.world.now
    live.clock.now = begun + timedelta(days=7)
    assert join(late, second) == "teacher_code_not_found"
    live.clock.now = begun + timedelta(days=7) - timedelta(seconds=1)
    assert join(late, second) is None
    assert mine(live.citizen(CLUB_PAGE, first)) == []
    assert mine(live.citizen(CLUB_PAGE, second)) == [group]


def test_the_code_is_kept_nowhere(school: School) -> None:
    teacher = school.teacher()
    code = school.code(teacher.own_id)
    for table in ("teachers", "idempotency_keys", "audit_trail", "outbox"):
        rows = school.world.live.sql(f"SELECT to_jsonb(t)::text AS row FROM {table} t")  # noqa: S608 - names of ours
        assert rows or table == "outbox"
        assert not any(code in row["row"] for row in rows), table


def test_five_wrong_codes_in_an_hour(school: School) -> None:
    live, teacher = school.world.live, school.teacher()
    code, user = school.code(teacher.own_id), someone()
    begun = school.world.now

    def join(given: str) -> str | None:
        return code_of(live.citizen(CLUB_PAGE, user).post(JOIN, {"code": given}))

    for second in range(5):
        live.clock.now = begun + timedelta(seconds=second)
        assert join("00000000") == "teacher_code_not_found"
    for given in ("00000000", code):
        assert join(given) == "too_many_attempts"
    live.clock.now = begun + timedelta(hours=1) - timedelta(seconds=1)
    assert join(code) == "too_many_attempts"
    # The first of the five is an hour ago, and one more wrong one is the fifth again.
    live.clock.now = begun + timedelta(hours=1)
    assert join("00000000") == "teacher_code_not_found"
    assert join(code) == "too_many_attempts"
    live.clock.now = begun + timedelta(hours=1, seconds=1)
    assert join(code) is None
    # Somebody else was never in the way.
    other = school.code(teacher.own_id)
    assert live.citizen(CLUB_PAGE, someone()).post(JOIN, {"code": other}).status == 200


def test_many_wrong_codes_at_once_are_five(school: School) -> None:
    token = school.world.live.citizen(CLUB_PAGE, someone()).token

    def once(_number: int) -> str | None:
        return code_of(school.world.live.api(token).post(JOIN, {"code": "00000000"}))

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(once, range(16)))
    assert sorted(code or "" for code in codes) == ["teacher_code_not_found"] * 5 + ["too_many_attempts"] * 11


def test_one_code_for_two_accounts_at_once_is_one_teacher(school: School) -> None:
    code = school.code(school.teacher().own_id)
    tokens = [school.world.live.citizen(CLUB_PAGE, someone()).token for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(lambda t: code_of(school.world.live.api(t).post(JOIN, {"code": code})), tokens))
    assert codes.count(None) == 1


def test_teachers_are_listed_by_pages(school: School) -> None:
    own_ids = sorted(school.teacher().own_id for _ in range(5))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = school.director.get(f"{PATH}/teachers", **query).ok()
        seen += [item["teacher_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == own_ids
