"""What a club publishes through the live service."""

from typing import Any

from tests.applications.people import stranger
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
    assert listed == [{**group, "programme_name": "Шашки", "direction": "sports"}]


def test_a_held_place_keeps_its_lessons_and_its_room(world: World) -> None:
    group_id = world.publish_group(capacity=3).ok()["id"]
    asked = [stranger(world, group_id) for _ in range(2)]
    first, second = (one.answer("ru").ok() for one in asked)
    kept = world.live.sql("SELECT * FROM groups")
    for change, code in (
        ({"capacity": 1}, "group_over_capacity"),
        ({"weekly_lessons": [FRIDAY]}, "group_times_held"),
        ({"weekly_lessons": [TUESDAY, FRIDAY]}, "group_times_held"),
        ({"weekly_lessons": [TUESDAY | {"academic_hours": 1}]}, "group_times_held"),
        ({"ends_on": "2027-05-24"}, "group_times_held"),
        ({"starts_on": "2026-09-29"}, "group_times_held"),
    ):
        assert world.publish_group(**{"capacity": 3, **change}).code == code, change
        assert world.live.sql("SELECT * FROM groups") == kept
    # Whatever moves no lesson may change: 1 June 2027 would be the next one.
    changed = world.publish_group(capacity=2, name="Группа А", ends_on="2027-05-30", age_to=12)
    assert (changed.ok()["free"], changed.ok()["id"]) == (0, group_id)
    assert stranger(world, group_id).answer("ru").code == "group_full"
    # With the last application gone, all may.
    asked[0].api.post(f"/v1/applications/{first['id']}/withdraw").ok()
    decision = {"decision": {"decision": "refuse", "reason": "other"}}
    assert world.publish_group(weekly_lessons=[FRIDAY]).code == "group_times_held"
    world.operator.post(f"{PATH}/applications/{second['id']}/decide", decision).ok()
    assert world.publish_group(weekly_lessons=[FRIDAY], capacity=1).ok()["free"] == 1


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
        "editor": "yes",
        "admin": "yes",
    }
    assert published("admin", CLINIC_PAGE) == "institution_not_found"
    assert world.live.client(42, CLINIC).put(f"{PATH}/programmes/clay", programme).code == "institution_not_found"
    assert world.live.client(54).put(f"{PATH}/programmes/clay", programme).code == "institution_not_found"
    narrow = world.live.client(42, CLUB, ("schedules:write", "applications:read"))
    assert narrow.put(f"{PATH}/programmes/clay", programme).code == "forbidden"
    assert narrow.get(f"{PATH}/applications").status == 200
    events = world.live.sql("SELECT count(*) FROM audit_trail WHERE event = 'programme_put' AND at = $1", world.now)
    assert events[0]["count"] == 1 + 2
