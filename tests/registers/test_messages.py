"""Messages to a group's parents."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.registers.school import PATH, School
from tests.world import World


@pytest.fixture
def school(world: World) -> School:
    return School(world)


def send(api: Api, group: str, text: str = "Сбор в 9:00", key: str | None = None, **more: Any) -> Answer:
    return api.create(f"{PATH}/groups/{group}/messages", {"text": text, **more}, key)


def received(school: School, user: int, application_id: str) -> list[str]:
    items = school.world.parent(user).get(f"/v1/applications/{application_id}/messages").ok()["items"]
    return [item["text"] for item in items]


def told(school: School) -> list[str]:
    rows = school.world.live.sql("SELECT subject_id FROM outbox WHERE event = 'group_message'")
    return sorted(str(row["subject_id"]) for row in rows)


def test_who_is_addressed(school: School) -> None:
    """Enrolled children where nothing is said; one row in the outbox for each, which names nobody."""
    group = school.group(capacity=2)
    vera, anna = school.pupil(group), school.pupil(group)
    user = someone()
    parent = school.world.parent(user)
    child = school.world.child(parent, last_name=surname())
    body = {"group_id": str(school.group_row(group)["id"]), "person_id": child, "wait": True}
    waiting = parent.create("/v1/applications", body).ok()
    assert waiting["status"] == "waiting"
    teacher = school.teacher(group)
    first = send(teacher.api, group).ok()
    assert (first["addressed"], first["statuses"], first["sent_at"]) == (2, ["enrolled"], "2026-09-07T08:00:00+07:00")
    assert told(school) == sorted((vera.id, anna.id))
    assert send(school.director, group, "Ждём", statuses=["waiting", "waiting"]).ok()["addressed"] == 1
    assert send(school.director, group, "Всем", statuses=["waiting", "enrolled", "approved"]).ok()["addressed"] == 3
    assert received(school, vera.user, vera.id) == ["Всем", "Сбор в 9:00"]
    assert received(school, user, waiting["id"]) == ["Всем", "Ждём"]
    assert vera.parent.get(f"/v1/applications/{anna.id}/messages").code == "application_not_found"
    columns = {row["column_name"] for row in school.world.live.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'outbox'")}  # fmt: skip
    assert columns >= {"region_id", "id", "at", "event", "subject_id"}


def test_nobody_is_addressed_in_an_empty_group(school: School) -> None:
    group = school.group()
    assert send(school.director, group).ok()["addressed"] == 0
    assert told(school) == []


def test_ten_messages_a_group_and_local_day(school: School) -> None:
    live, group, other = school.world.live, school.group(), school.group()
    live.clock.now = datetime.fromisoformat("2026-09-07T23:59:59+07:00")
    for number in range(10):
        assert send(school.director, group, f"{number}", key=f"message-{number}").status == 201
    assert send(school.director, group).code == "too_many_messages"
    # What was sent is answered again.
    assert send(school.director, group, "3", key="message-3").ok()["text"] == "3"
    assert send(school.director, other).status == 201
    live.clock.now = datetime.fromisoformat("2026-09-08T00:00:00+07:00")
    assert send(school.director, group).status == 201


def test_many_at_once_are_ten(school: School) -> None:
    group, token = school.group(), school.director.token

    def once(number: int) -> int:
        return send(school.world.live.api(token), group, f"{number}").status

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(once, range(14)))
    assert sorted(statuses) == [201] * 10 + [409] * 4


def test_a_group_s_messages_by_pages(school: School) -> None:
    group = school.group()
    teacher = school.teacher(group)
    for number in range(5):
        send(teacher.api, group, f"{number}").ok()
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = teacher.api.get(f"{PATH}/groups/{group}/messages", **query).ok()
        seen += [item["text"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]


def test_a_text_has_2000_characters_at_most(school: School) -> None:
    group = school.group()
    assert send(school.director, group, "а" * 2000).status == 201
    for text in ("", "а" * 2001, "a\x00b"):
        assert send(school.director, group, text).code == "invalid"


def test_a_teacher_writes_to_their_own_group_alone(school: School) -> None:
    group, other = school.group(), school.group()
    teacher = school.teacher(group)
    assert send(teacher.api, other).code == "group_not_found"
    school.teaches(group)
    assert send(teacher.api, group).code == "group_not_found"
