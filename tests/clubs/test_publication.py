"""What a club publishes through the live service."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from tests.applications.people import applying, stranger
from tests.world import CLINIC, CLINIC_PAGE, CLUB, CLUB_PAGE, World

PATH = f"/v1/institutions/{CLUB}"
TUESDAY = {"weekday": 2, "starts": "16:30", "academic_hours": 2}
FRIDAY = {"weekday": 5, "starts": "10:00", "academic_hours": 1}


def test_publishing_twice_changes_nothing(world: World) -> None:
    wanted = {
        "teachers": ["Ботвинник М. М."],
        "financing": [{"source": "own", "price_month_roubles": 500}],
        "age_from": 6.5,
    }
    group = world.publish_group(**wanted).ok()
    assert (group["age_from"], group["age_to"], group["free"], group["capacity"]) == (6.5, 10.0, 15, 15)
    assert (group["programme_name"], group["direction"], group["level"]) == ("Шахматы", "science", "basic")
    assert group["enrolment_opens_at"] == "2026-09-06T08:00:00+07:00"
    assert group["weekly_lessons"] == [TUESDAY | {"place": 0}]
    rows = world.live.sql("SELECT * FROM groups"), world.live.sql("SELECT * FROM programmes")
    assert world.publish_group(**wanted).ok() == group
    programme = {"name": "Шахматы", "direction": "science", "level": "basic"}
    assert world.operator.put(f"{PATH}/programmes/chess", programme).ok()["id"] == group["programme_id"]
    assert (world.live.sql("SELECT * FROM groups"), world.live.sql("SELECT * FROM programmes")) == rows
    # The same own id at another institution is another thing.
    other = f"/v1/institutions/{CLINIC}"
    assert world.operator.put(f"{other}/groups/g1", world.group()).code == "programme_unknown"
    assert world.operator.put(f"{other}/programmes/chess", programme).ok()["id"] != group["programme_id"]
    assert world.operator.put(f"{other}/groups/g1", world.group()).ok()["id"] != group["id"]
    # A programme's new name is its groups' too.
    world.put(f"{PATH}/programmes/chess", programme | {"name": "Шашки", "direction": "sports"})
    listed = world.operator.get("/v1/groups", institution_id=CLUB).ok()["items"]
    found = {"institution_name": "Дом творчества", "municipality": "Кемерово", "distance_km": None}
    assert listed == [{**group, "programme_name": "Шашки", "direction": "sports", **found}]


def test_who_is_in_is_told_where_there_would_be_no_room(world: World) -> None:
    group_id = world.publish_group(capacity=3).ok()["id"]
    asked = [stranger(world, group_id) for _ in range(2)]
    first, second = (one.answer("ru").ok() for one in asked)
    kept = world.live.sql("SELECT * FROM groups")
    refused = world.publish_group(capacity=1)
    assert refused.code == "group_over_capacity"
    assert refused.json["held_by"] == [held(first), held(second)]
    assert world.live.sql("SELECT * FROM groups") == kept
    # Whatever moves no lesson may change: 1 June 2027 would be the next one.
    changed = world.publish_group(capacity=2, name="Группа А", ends_on="2027-05-30", age_to=12)
    assert (changed.ok()["free"], changed.ok()["id"]) == (0, group_id)
    assert stranger(world, group_id).answer("ru").code == "group_full"
    # With the last application gone, there may be one place.
    asked[0].api.post(f"/v1/applications/{first['id']}/withdraw").ok()
    assert world.publish_group(capacity=1).ok()["free"] == 0


def held(application: Any) -> dict[str, Any]:
    """As a problem tells of it."""
    names = {name: application["person"][name] for name in ("last_name", "first_name", "patronymic")}
    return {
        "application_id": application["id"],
        "number": application["number"],
        "status": application["status"],
    } | names


def test_children_go_along_with_the_lessons_of_their_group(world: World) -> None:
    group_id = world.publish_group(capacity=2).ok()["id"]
    asked = [stranger(world, group_id) for _ in range(2)]
    first, second = (one.answer("ru").ok() for one in asked)
    waiting = applying(world.parent(77), group_id, world.child(world.parent(77), last_name="Ждущая"))
    waiting.body["wait"] = True
    third = waiting.answer("ru").ok()
    world.live.sql("DELETE FROM outbox")
    place = [{"address": "г. Кемерово, ул. Весенняя, 7", "latitude": 55.35, "longitude": 86.09}]
    moved = {"weekly_lessons": [FRIDAY], "ends_on": "2027-04-30", "places": place, "capacity": 2}
    assert world.publish_group(**moved).ok()["weekly_lessons"] == [FRIDAY | {"place": 0}]
    rows = world.live.sql("SELECT e.times = g.lessons AS alike FROM engagements e, groups g")
    assert [row["alike"] for row in rows] == [True, True]
    for one, application in (*zip(asked, (first, second), strict=True), (waiting, third)):
        shown = one.api.get(f"/v1/applications/{application['id']}").ok()
        assert shown["lesson_plan"]["weekly_lessons"] == [FRIDAY | {"place": 0}]
        assert (shown["ends_on"], shown["places"]) == ("2027-04-30", place)
        # The other terms are those it was made under.
        assert shown["group_name"] == application["group_name"]
    told = world.live.sql("SELECT subject_id::text, event FROM outbox WHERE event = 'application_lessons_moved'")
    assert {row["subject_id"] for row in told} == {first["id"], second["id"], third["id"]}
    # The child is free at the old time, and busy at the new one.
    for lessons, status in (([FRIDAY], 409), ([TUESDAY], 201)):
        other = world.publish_group(f"other{status}", weekly_lessons=lessons).ok()["id"]
        assert applying(asked[0].api, other, first["person"]["id"]).answer("ru").status == status
    # The same again tells nobody.
    world.live.sql("DELETE FROM outbox")
    world.publish_group(**moved).ok()
    assert world.live.sql("SELECT FROM outbox") == []


def test_lessons_are_not_moved_to_where_a_child_is_busy(world: World) -> None:
    group_id, busy = world.publish_group().ok()["id"], world.publish_group("g2", weekly_lessons=[FRIDAY]).ok()["id"]
    stranger(world, group_id).answer("ru").ok()
    parent = world.parent(78)
    child = world.child(parent, last_name="Занятая")
    application = applying(parent, group_id, child).answer("ru").ok()
    applying(parent, busy, child).answer("ru").ok()
    kept = world.live.sql("SELECT * FROM groups"), world.live.sql("SELECT * FROM engagements ORDER BY booking_id")
    refused = world.publish_group(weekly_lessons=[FRIDAY])
    assert (refused.code, refused.json["held_by"]) == ("group_times_held", [held(application)])
    assert (
        world.live.sql("SELECT * FROM groups"),
        world.live.sql("SELECT * FROM engagements ORDER BY booking_id"),
    ) == kept
    # Ten minutes earlier is in nobody's way.
    assert world.publish_group(weekly_lessons=[TUESDAY | {"starts": "16:20"}]).status == 200


def test_an_application_in_flight_waits_for_what_is_being_published(world: World) -> None:
    """Whichever comes first, the child's time is that of the lessons as they are in the end."""
    group_id = world.publish_group().ok()["id"]
    asked = [stranger(world, group_id) for _ in range(10)]
    lessons = [[FRIDAY], [TUESDAY], [TUESDAY | {"starts": "10:00"}], [FRIDAY | {"starts": "12:00"}]]
    with ThreadPoolExecutor(4) as threads:
        applied = [threads.submit(one.answer, "ru") for one in asked]
        published = [threads.submit(world.publish_group, weekly_lessons=plan) for plan in lessons]
        assert {answer.result().status for answer in applied} == {201}
        assert {answer.result().status for answer in published} == {200}
    rows = world.live.sql("SELECT times = (SELECT lessons FROM groups) AS alike FROM engagements")
    assert [row["alike"] for row in rows] == [True] * 10
    rows = world.live.sql("SELECT terms -> 'lesson_plan' = (SELECT lesson_plan FROM groups) AS alike FROM applications")
    assert [row["alike"] for row in rows] == [True] * 10


def test_sports_are_paid_by_the_budget_and_have_a_test(world: World) -> None:
    sports = {"name": "Самбо", "direction": "sports", "level": "basic", "kind": "sports"}
    world.put(f"{PATH}/programmes/sambo", sports)
    own, budget = [{"source": "own", "price_month_roubles": 500}], [{"source": "budget"}]
    for financing, test, code in (
        (budget, False, "sports_on_budget_only"),
        (own, True, "sports_on_budget_only"),
        (budget + own, True, "sports_on_budget_only"),
        (budget, True, None),
    ):
        answer = world.publish_group("s1", programme_id="sambo", financing=financing, entrance_test=test)
        assert (None if answer.status == 200 else answer.code) == code, (financing, test)
    # Nor does a programme become one with other groups in it.
    world.publish_group(financing=own)
    chess = {"name": "Шахматы", "direction": "sports", "level": "basic", "kind": "sports"}
    assert world.operator.put(f"{PATH}/programmes/chess", chess).code == "sports_on_budget_only"
    world.publish_group(entrance_test=True)
    assert world.operator.put(f"{PATH}/programmes/chess", chess).status == 200


def test_last_years_children_go_before_all_others(world: World) -> None:
    last_year = world.publish_group("old").ok()["id"]
    enrolled, left = (stranger(world, last_year) for _ in range(2))
    decision = {"decision": {"decision": "enrol", "order_number": "1", "order_date": "2026-09-07"}}
    for one in (enrolled, left):
        application = one.answer("ru").ok()
        world.operator.post(f"{PATH}/applications/{application['id']}/decide", decision).ok()
    left.api.post(f"/v1/applications/{application['id']}/withdraw").ok()
    world.live.sql("INSERT INTO benefits SELECT region_id, id, 'large_family', 'Многодетные', 1000 FROM institutions")
    by_priority = {"filling": "priority", "collect_until": (world.now + timedelta(days=7)).isoformat()}
    group_id = world.publish_group("new", continues="old", weekly_lessons=[FRIDAY], **by_priority).ok()["id"]
    with_benefit = stranger(world, group_id)
    with_benefit.body["benefits"] = ["large_family"]
    with_benefit.answer("ru").ok()
    for one in (left, enrolled):
        applying(one.api, group_id, one.body["person_id"]).answer("ru").ok()
    weights = world.live.sql("SELECT weight FROM applications WHERE group_id = $1 ORDER BY serial", group_id)
    assert [row["weight"] for row in weights] == [1000, 0, 20000]


def test_a_group_that_can_not_be_is_refused(world: World) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"age_from": 10.5}, "ages_crossed"),
        ({"ends_on": "2026-09-30"}, "dates_crossed"),
        ({"ends_on": "2029-10-04"}, "dates_crossed"),
        ({"ends_on": "2026-10-05"}, "dates_crossed"),
        ({"enrolment_closes_at": "2026-09-06T08:00:00+07:00"}, "dates_crossed"),
        ({"programme_id": "draughts"}, "programme_unknown"),
        ({"age_from": 6.3}, "invalid"),
        ({"capacity": 0}, "invalid"),
        ({"weekly_lessons": []}, "dates_crossed"),
        ({"weekly_lessons": [TUESDAY | {"starts": "24:00"}]}, "invalid"),
        ({"teachers": ["<b>"]}, "invalid"),
    )
    for fields, code in wrong:
        refused = world.publish_group(**fields)
        assert (refused.status, refused.code) == (422 if code == "invalid" else 409, code), fields
    assert world.live.sql("SELECT FROM groups") == []


def test_the_longest_and_the_shortest_group(world: World) -> None:
    # Of 157 Tuesdays seven are days off: 23 February 2027, say.
    assert world.publish_group("long", ends_on="2029-10-03").status == 200
    assert world.publish_group("short", starts_on="2026-10-06", ends_on="2026-10-06").status == 200
    lessons = world.live.sql("SELECT external_id, (SELECT count(*) FROM unnest(lessons)) FROM groups ORDER BY 1")
    assert [tuple(row) for row in lessons] == [("long", 150), ("short", 1)]


def test_only_the_institutions_own_people_publish(world: World) -> None:
    programme = {"name": "Лепка", "direction": "arts", "level": "introductory"}

    def published(role: str, page: int) -> str:
        answer = world.live.citizen(page, 5, role).put(f"{PATH}/programmes/clay", programme)
        return "yes" if answer.status == 200 else answer.code

    assert {role: published(role, CLUB_PAGE) for role in ("none", "member", "moder", "editor", "admin")} == {
        "none": "forbidden",
        "member": "forbidden",
        "moder": "forbidden",
        "editor": "forbidden",
        "admin": "yes",
    }
    assert published("admin", CLINIC_PAGE) == "institution_not_found"
    assert world.live.client(42, CLINIC).put(f"{PATH}/programmes/clay", programme).code == "institution_not_found"
    assert world.live.client(54).put(f"{PATH}/programmes/clay", programme).code == "institution_not_found"
    narrow = world.live.client(42, CLUB, ("schedules:write", "applications:read"))
    assert narrow.put(f"{PATH}/programmes/clay", programme).code == "forbidden"
    assert narrow.get(f"{PATH}/applications").status == 200
    events = world.live.sql("SELECT count(*) FROM audit_trail WHERE event = 'programme_put' AND at = $1", world.now)
    assert events[0]["count"] == 1 + 1
