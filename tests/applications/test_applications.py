"""Applying, withdrawing and deciding through the live service: every rule at its very border."""

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from schemas.applications import ApplicationStatus
from service.applications.rules import MOVES
from service.core.ids import new_id
from tests.applications.people import applying, group, stranger
from tests.clubs.test_listing import listed
from tests.doctors.clinic import Clinic
from tests.doctors.test_listing import pages
from tests.live import Answer, Api
from tests.people.test_rules import with_snils_check
from tests.provocation import someone, surname
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, World

RECEIVED = f"/v1/institutions/{CLUB}/applications"
DECISIONS: dict[str, dict[str, Any]] = {
    "approve": {"decision": "approve", "comment": "Ждём вас"},
    "enrol": {
        "decision": "enrol",
        "order_number": "112-К",
        "order_date": "2026-09-07",
        "starts_on": None,
        "financing": None,
        "originals_seen": False,
        "comment": None,
    },
    "refuse": {"decision": "refuse", "reason": "certificate", "comment": "Сертификат исчерпан"},
}
LEADS_TO: dict[str, ApplicationStatus] = {
    "approve": "approved",
    "enrol": "enrolled",
    "refuse": "refused",
    "withdraw": "withdrawn",
}


def move(world: World, asked: Any, application: dict[str, Any], action: str) -> Answer:
    if action == "withdraw":
        return asked.api.post(f"/v1/applications/{application['id']}/withdraw")
    return world.operator.post(f"{RECEIVED}/{application['id']}/decide", {"decision": DECISIONS[action]})


def taken(world: World, group_id: str) -> int:
    return world.live.sql("SELECT taken FROM groups WHERE id = $1", group_id)[0]["taken"]


def test_enrolment_opens_and_closes_at_the_minute(world: World) -> None:
    wanted = group(
        world, enrolment_opens_at="2026-09-10T09:00:00+07:00", enrolment_closes_at="2026-09-20T18:00:00+07:00"
    )
    for now, code in (
        ("2026-09-10T08:59:59+07:00", "enrolment_not_open"),
        ("2026-09-10T09:00:00+07:00", None),
        ("2026-09-20T17:59:59+07:00", None),
        ("2026-09-20T18:00:00+07:00", "enrolment_closed"),
    ):
        world.live.clock.now = datetime.fromisoformat(now)
        answer = stranger(world, wanted).answer("ru")
        assert (None if answer.status == 201 else answer.code) == code, now


def test_ages_count_on_the_first_day_and_the_list_says_the_same(world: World) -> None:
    half = {"age_from": 6.5, "age_to": 7.5, "starts_on": "2026-10-01"}
    whole = {"age_from": 6, "age_to": 10, "starts_on": "2026-10-01"}
    for terms, birth_date, code in (
        (half, "2020-04-01", None),
        (half, "2020-04-02", "too_young"),
        (half, "2019-03-02", None),
        (half, "2019-03-01", "too_old"),
        (whole, "2020-10-01", None),
        (whole, "2020-10-02", "too_young"),
        (whole, "2015-10-02", None),
        (whole, "2015-10-01", "too_old"),
        # A month that ends before the day of the birth is full on the 1st of the next.
        ({"age_from": 6.5, "age_to": 9, "starts_on": "2027-02-28"}, "2020-08-31", "too_young"),
        ({"age_from": 6.5, "age_to": 9, "starts_on": "2027-03-01"}, "2020-08-31", None),
        ({"age_from": 7, "age_to": 9, "starts_on": "2027-02-28"}, "2020-02-29", "too_young"),
        ({"age_from": 7, "age_to": 9, "starts_on": "2027-03-01"}, "2020-02-29", None),
        # Not born by the first day of a group that has begun.
        ({"age_from": 0, "age_to": 3, "starts_on": "2026-09-01"}, "2026-09-01", None),
        ({"age_from": 0, "age_to": 3, "starts_on": "2026-09-01"}, "2026-09-02", "too_young"),
    ):
        group_id = group(world, **terms)
        answer = stranger(world, group_id, birth_date=birth_date).answer("ru")
        assert (None if answer.status == 201 else answer.code) == code, (terms, birth_date)
        fitting = [item["id"] for item in listed(world.operator, born_on=birth_date)]
        assert (group_id in fitting) == (code is None), (terms, birth_date)


@pytest.mark.parametrize(
    ("mothers", "fathers"),
    [
        ({"snils": with_snils_check(123_456_789)}, {"snils": with_snils_check(123_456_789), "last_name": "Другая"}),
        ({"last_name": "Ёлкина", "first_name": "Анна Мария"}, {"last_name": "ЕЛКИНА", "first_name": "Анна-Мария"}),
    ],
    ids=["by СНИЛС", "by name and birth date"],
)
def test_a_child_of_two_parents_is_one_child(world: World, mothers: dict[str, str], fathers: dict[str, str]) -> None:
    """And neither parent is told of the other."""
    first, second = group(world), group(world)
    mother, father = stranger(world, first, **mothers), stranger(world, first, **fathers)
    application = mother.answer("ru").ok()
    refused = father.answer("ru")
    assert refused.code == "already_applied"
    assert refused.json.keys() == {"type", "title", "status", "code", "request_id"}
    repeated = applying(mother.api, first, mother.body["person_id"]).answer("ru")
    assert {**repeated.json, "request_id": ""} == {**refused.json, "request_id": ""}
    # The same lessons in another group: the child is busy, whoever asks.
    busy = applying(father.api, second, father.body["person_id"]).answer("ru")
    assert busy.code == "person_busy"
    assert busy.json.keys() == refused.json.keys()
    assert father.api.get("/v1/applications").ok()["items"] == []
    for method, tail in (("GET", ""), ("POST", "/withdraw")):
        foreign = father.api.call(method, f"/v1/applications/{application['id']}{tail}")
        assert foreign.code == "application_not_found"
    mother.api.post(f"/v1/applications/{application['id']}/withdraw").ok()
    assert father.answer("ru").status == 201


def test_another_child_of_that_name_is_another_child(world: World) -> None:
    wanted = group(world)
    name = surname()
    for child in (
        {"birth_date": "2019-05-14"},
        {"birth_date": "2019-05-15"},
        {"first_name": "Верочка"},
        {"patronymic": None},
    ):
        assert stranger(world, wanted, last_name=name, **child).answer("ru").status == 201, child
    assert taken(world, wanted) == 4


def test_lessons_do_not_overlap(world: World) -> None:
    """The group is on Tuesdays from 16:30 to 18:00, from October on."""
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    world.apply(parent, group(world), child).ok()

    def code(**more: Any) -> str | None:
        answer = world.apply(parent, group(world, **more), child)
        if answer.status == 201:
            parent.post(f"/v1/applications/{answer.json['id']}/withdraw").ok()
            return None
        return answer.code

    def lesson(weekday: int, starts: str, hours: int) -> dict[str, Any]:
        return {"weekly_lessons": [{"weekday": weekday, "starts": starts, "academic_hours": hours}]}

    assert code() == "person_busy"
    assert code(**lesson(2, "17:59", 1)) == "person_busy"
    assert code(**lesson(2, "18:00", 1)) is None
    assert code(**lesson(2, "15:45", 1)) is None
    assert code(**lesson(2, "15:46", 1)) == "person_busy"
    assert code(**lesson(3, "16:30", 2)) is None
    # One common lesson of a whole year is enough; of other weeks there is none.
    assert code(starts_on="2027-05-25", ends_on="2027-09-01") == "person_busy"
    assert code(starts_on="2027-05-26", ends_on="2027-09-01") is None
    # A ticket counts as well.
    slot = Clinic(world).slot(starts_at="2026-09-09T16:00:00+07:00")
    world.book(parent, slot, child).ok()
    assert code(starts_on="2026-09-01", **lesson(3, "15:30", 1)) == "person_busy"
    assert code(starts_on="2026-09-01", **lesson(3, "15:15", 1)) is None


def test_a_full_group_names_others_that_the_child_can_go_to(world: World) -> None:
    programme = {"name": "Шашки", "direction": "science", "level": "basic"}
    world.put(f"/v1/institutions/{CLUB}/programmes/draughts", programme)
    world.put(f"/v1/institutions/{CLUB}/programmes/judo", {**programme, "direction": "sports"})
    friday = {"weekly_lessons": [{"weekday": 5, "starts": "16:30", "academic_hours": 2}]}
    soon = (world.now + timedelta(hours=1)).isoformat()
    full = group(world, capacity=1)
    assert stranger(world, full).answer("ru").status == 201
    named = {
        "near": group(world, name="near", starts_on="2026-10-03", **friday),
        "far": group(world, name="far", starts_on="2026-12-01", **friday),
        "other": group(world, name="other", programme_id="draughts", **friday),
        "another": group(world, name="another", programme_id="draughts", starts_on="2026-10-02", **friday),
    }
    group(world, name="for others", age_from=9, **friday)
    group(world, name="not open", enrolment_opens_at=soon, **friday)
    group(world, name="another direction", programme_id="judo", **friday)
    assert stranger(world, group(world, name="full too", capacity=1, **friday)).answer("ru").status == 201

    asked = stranger(world, full)

    def alternatives() -> list[Any]:
        refused = asked.answer("ru")
        assert refused.code == "group_full"
        return refused.json["alternatives"]

    assert alternatives() == [
        {"group_id": named["near"], "programme": "Шахматы", "group": "near", "free": 15},
        {"group_id": named["far"], "programme": "Шахматы", "group": "far", "free": 15},
        {"group_id": named["other"], "programme": "Шашки", "group": "other", "free": 15},
    ]
    # Where the child is, or is busy, it can't go.
    world.apply(asked.api, named["near"], asked.body["person_id"]).ok()
    assert alternatives() == []


def test_an_application_keeps_the_terms_it_was_made_under(world: World) -> None:
    parent = world.parent()
    child = world.child(parent)
    price = {"source": "own", "price_total_roubles": 4500, "price_month_roubles": 500, "hours": None}
    own: dict[str, Any] = {"teachers": ["Ботвинник М. М."], "documents": ["child_identity"]}
    group_id = world.publish_group(**own, financing=[price]).ok()["id"]
    application = world.apply(parent, group_id, child).ok()
    assert application == {
        "id": application["id"],
        "number": application["number"],
        "draw_request_id": application["draw_request_id"],
        "draw_id": None,
        "status": "submitted",
        "placed": True,
        "group_id": group_id,
        "group_name": "Группа 1",
        "programme": {"id": application["programme"]["id"], "name": "Шахматы"},
        "institution": {
            "id": str(CLUB),
            "name": "Дом творчества",
            "address": application["institution"]["address"],
            "phone": "+73842000000",
        },
        "person": {"id": child, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
        "starts_on": "2026-10-01",
        "ends_on": "2027-05-31",
        "lesson_plan": {
            "weekly_lessons": [{"weekday": 2, "starts": "16:30", "academic_hours": 2, "place": 0}],
            "lesson_dates": [],
            "break_minutes": 0,
            "skip_holidays": True,
            "pauses": [],
        },
        "places": [{"address": "г. Кемерово, пр. Советский, 40", "latitude": None, "longitude": None}],
        **own,
        "documents_missing": ["child_identity"],
        "financing": price,
        "certificate_id": None,
        "benefits": [],
        "benefits_confirmed": None,
        "family_id": None,
        "wait": False,
        "warnings": [],
        "place_in_queue": None,
        "lapses": 0,
        "offer_expires_at": None,
        # Seven working days behind that Monday, to its end.
        "decide_by": "2026-09-17T00:00:00+07:00",
        "originals_by": None,
        "test": None,
        "decision": None,
        "order": None,
        "left_on": None,
        "submitted_at": "2026-09-07T08:00:00+07:00",
        "created_at": "2026-09-07T08:00:00+07:00",
        "updated_at": "2026-09-07T08:00:00+07:00",
    }
    world.publish_group(name="Группа 2", places=[{"address": "г. Тайга"}]).ok()
    programme = {"name": "Шашки", "direction": "science", "level": "basic"}
    world.put(f"/v1/institutions/{CLUB}/programmes/chess", programme)
    # Where and when the lessons are goes along, and the parent is told; nothing else does.
    application["places"] = [{"address": "г. Тайга", "latitude": None, "longitude": None}]
    assert parent.get(f"/v1/applications/{application['id']}").ok() == application
    assert world.operator.get(RECEIVED).ok()["items"] == [application | {"overdue": False}]


@pytest.mark.parametrize("path", [[], ["approve"], ["enrol"], ["approve", "enrol"], ["refuse"], ["withdraw"]])
def test_every_move_from_every_status(world: World, path: list[str]) -> None:
    """Legal ones by rules.MOVES take place, the same again is no error, all others change nothing."""
    group_id = group(world)
    for action in ("approve", "enrol", "refuse", "withdraw"):
        asked = stranger(world, group_id)
        application = asked.answer("ru").ok()
        for step in path:
            application = move(world, asked, application, step).ok()
        status = LEADS_TO[path[-1]] if path else "submitted"
        target = "left" if (status, action) == ("enrolled", "withdraw") else LEADS_TO[action]
        assert application["status"] == status
        world.live.clock.now += timedelta(seconds=1)
        answer = move(world, asked, application, action)
        after = asked.api.get(f"/v1/applications/{application['id']}").ok()
        if target == status:
            assert answer.ok() == after == application
        elif target in MOVES[status]:
            assert answer.ok() == after
            assert after["status"] == target
            assert after["decision"] == (application["decision"] if action == "withdraw" else DECISIONS[action])
            assert datetime.fromisoformat(after["updated_at"]) == world.now
        else:
            assert answer.code == "application_illegal_move", (status, target)
            assert after == application
    holding = world.live.sql("SELECT count(*) FROM applications WHERE placed")
    engaged = world.live.sql("SELECT count(*) FROM engagements")
    assert taken(world, group_id) == holding[0][0] == engaged[0][0]


def test_what_ends_an_application_frees_the_place_at_once(world: World) -> None:
    wanted = group(world, capacity=1)
    for action in ("refuse", "withdraw"):
        asked, next_one = stranger(world, wanted), stranger(world, wanted)
        application = asked.answer("ru").ok()
        assert next_one.answer("ru").code == "group_full"
        move(world, asked, application, action).ok()
        second = next_one.answer("ru").ok()
        # Twice does not free twice.
        move(world, asked, application, action).ok()
        assert taken(world, wanted) == 1
        move(world, next_one, second, "withdraw").ok()
    # And the same child may apply again.
    again = applying(asked.api, wanted, asked.body["person_id"]).answer("ru").ok()
    assert again["id"] != application["id"]


def test_each_move_is_in_the_audit_trail_and_told_once(world: World) -> None:
    asked = stranger(world, group(world))
    application = asked.answer("ru").ok()
    for action in ("approve", "approve", "enrol", "refuse", "withdraw", "withdraw"):
        move(world, asked, application, action)
    names = ["application_submitted", "application_approved", "application_enrolled", "application_left"]
    for table in ("audit_trail", "outbox"):
        rows = world.live.sql(f"SELECT event FROM {table} WHERE subject_id = $1", application["id"])  # noqa: S608 - names of tables
        assert sorted(row["event"] for row in rows) == sorted(names)


def test_only_the_institution_that_received_it_sees_and_decides(world: World) -> None:
    asked = stranger(world, group(world))
    application = asked.answer("ru").ok()
    body = {"decision": DECISIONS["approve"]}
    foreign = f"/v1/institutions/{CLINIC}/applications"
    for api in (world.live.citizen(CLINIC_PAGE, 8, "admin"), world.live.client(42, CLINIC)):
        assert api.get(RECEIVED).code == "institution_not_found"
        assert api.post(f"{RECEIVED}/{application['id']}/decide", body).code == "institution_not_found"
        assert api.get(foreign).ok()["items"] == []
        assert api.post(f"{foreign}/{application['id']}/decide", body).code == "application_not_found"
    assert world.live.client(54).post(f"{RECEIVED}/{application['id']}/decide", body).code == "institution_not_found"
    assert asked.api.post(f"{RECEIVED}/{application['id']}/decide", body).code == "forbidden"
    assert world.live.client(42, CLUB, ("applications:read",)).post(
        f"{RECEIVED}/{application['id']}/decide", body
    ).code == "forbidden"  # fmt: skip
    assert asked.api.get(f"/v1/applications/{application['id']}").ok() == application
    administrator = world.live.citizen(CLUB_PAGE, 8, "admin")
    assert administrator.get(RECEIVED).ok()["items"] == [application | {"overdue": False}]
    assert administrator.post(f"{RECEIVED}/{application['id']}/decide", body).ok()["status"] == "approved"


def test_a_decision_says_what_it_has_to(world: World) -> None:
    for decision in (
        {"decision": "enrol", "order_number": "1"},
        {"decision": "refuse"},
        {"decision": "refuse", "reason": "mood"},
        {"decision": "approve", "reason": "age"},
        {"decision": "withdraw"},
        {},
    ):
        answer = world.operator.post(f"{RECEIVED}/{new_id()}/decide", {"decision": decision})
        assert answer.code == "invalid", decision


def test_lists_of_applications(world: World) -> None:
    one, other = group(world), group(world, weekly_lessons=[{"weekday": 6, "starts": "10:00", "academic_hours": 1}])
    parent = world.parent(someone())
    made = []
    for number in range(5):
        child = world.child(parent, last_name=surname())
        made.append(world.apply(parent, (one, other)[number % 2], child).ok())
    assert stranger(world, one).answer("ru").status == 201
    parent.post(f"/v1/applications/{made[1]['id']}/withdraw").ok()

    def ids(api: Api, path: str, **query: Any) -> list[str]:
        return [item["id"] for page in pages(api, path, limit=2, **query) for item in page]

    mine = [application["id"] for application in made]
    assert ids(parent, "/v1/applications") == mine[::-1]
    assert ids(parent, "/v1/applications", status="withdrawn") == [mine[1]]
    assert ids(parent, "/v1/applications", status="submitted") == [mine[4], mine[3], mine[2], mine[0]]
    received = ids(world.operator, RECEIVED)
    assert received[:5] == mine
    assert len(received) == 6
    assert ids(world.operator, RECEIVED, group_id=other) == [mine[1], mine[3]]
    assert ids(world.operator, RECEIVED, group_id=other, status="submitted") == [mine[3]]
    assert set(get_args(ApplicationStatus)) == set(MOVES)
    cursor = parent.get("/v1/applications", limit=2).ok()["next_cursor"]
    stranger_to_it = world.parent(someone())
    assert stranger_to_it.get("/v1/applications", limit=2, cursor=cursor).code == "cursor_unknown"
    assert world.operator.get(RECEIVED, limit=2, cursor=cursor).code == "cursor_unknown"
