"""What an institution decides: each decision, twice, too early and too late."""

from datetime import timedelta
from typing import Any

import pytest

from tests.applications.people import group
from tests.applications.staff import EXPULSION, ORDER, RECEIVED, decide, events, go_to, invitation, received, taken
from tests.provocation import someone, surname
from tests.world import CLUB, CLUB_PAGE, World

BENEFITS = {
    "items": [{"code": code, "name": code, "weight": weight} for code, weight in (("large", 20), ("army", 100))]
}
PASSED: dict[str, Any] = {"decision": "record_test", "result": "passed"}
CERTIFICATE_FIRST = {"documents": ["medical_certificate", "snils"]}


def test_the_way_by_a_test(world: World) -> None:
    user = someone()
    parent = world.parent(user)
    wanted = group(world, entrance_test=True)
    application = world.apply(parent, wanted, world.child(parent, last_name=surname())).ok()
    path = f"/v1/applications/{application['id']}"
    # 45 working days behind that Monday: 4 November is a day off.
    assert application["decide_by"] == "2026-11-11T00:00:00+07:00"
    seen: list[str] = []

    def step(decision: str | dict[str, Any], **more: Any) -> dict[str, Any]:
        world.live.clock.now += timedelta(minutes=1)
        answer = decide(world, application["id"], decision, **more).ok()
        assert world.parent(user).get(path).ok() == answer
        world.live.clock.now += timedelta(minutes=1)
        again = decide(world, application["id"], decision, **more).ok()
        assert again == answer, "twice changes nothing"
        seen.append(answer["status"])
        return answer

    assert step("take")["decision"] == {"decision": "take"}
    invited = step(invitation("2026-09-14T08:00:00Z"))
    expected = {"at": "2026-09-14T15:00:00+07:00", "place": "г. Кемерово, пр. Советский, 40", "bring": "Форму"}
    assert invited["test"] == expected | {"result": None, "comment": None}
    assert invited["decision"] == {"decision": "invite", **expected}
    moved = step(invitation("2026-09-15T15:00:00+07:00", bring=None))
    assert moved["test"]["at"] == "2026-09-15T15:00:00+07:00"
    go_to(world, "2026-09-15T15:00:00+07:00")
    passed = step(PASSED, comment="Отлично")
    assert (passed["test"]["result"], passed["test"]["comment"]) == ("passed", "Отлично")
    assert passed["decision"] == moved["decision"]
    assert step("approve")["originals_by"] == "2026-09-22T00:00:00+07:00"
    assert step(ORDER)["order"] == {"order_number": "112-К", "order_date": "2026-09-07", "enrolled_on": "2026-10-01"}
    left = step(EXPULSION)
    assert (left["left_on"], left["decision"]["reason"]) == ("2026-09-15", "own_wish")
    assert seen == ["under_review", "invited", "invited", "invited", "approved", "enrolled", "left"]
    assert events(world, application["id"]) == [
        "application_submitted",
        "application_under_review",
        "application_invited",
        "application_invited",
        "application_tested",
        "application_approved",
        "application_enrolled",
        "application_left",
    ]


def test_who_decided_and_when_is_in_the_audit_trail(world: World) -> None:
    application = received(world, group(world))
    administrator = world.live.citizen(CLUB_PAGE, someone(), "admin")
    body = {"decision": {"decision": "take"}}
    administrator.post(f"{RECEIVED}/{application['id']}/decide", body).ok()
    rows = world.live.sql("SELECT * FROM audit_trail WHERE subject_id = $1 AND event LIKE '%review'", application["id"])
    actor = world.live.sql("SELECT id FROM citizens WHERE id = $1", rows[0]["actor_id"])
    assert (len(rows), len(actor), rows[0]["at"]) == (1, 1, world.now)


def test_an_invitation_gives_the_time_that_tests_take(world: World) -> None:
    application = received(world, group(world))
    assert application["decide_by"] == "2026-09-17T00:00:00+07:00"
    go_to(world, "2026-09-10T08:00:00+07:00")
    invited = decide(world, application["id"], invitation()).ok()
    assert invited["decide_by"] == "2026-11-11T00:00:00+07:00", "counted from the day it came"
    # A correction of the rules shortens nothing.
    world.put(f"/v1/institutions/{CLUB}/enrolment-rules", {"decision_days_with_tests": 1})
    again = decide(world, application["id"], invitation(at="2026-09-15T15:00:00+07:00")).ok()
    assert again["decide_by"] == invited["decide_by"]


def test_only_who_passed_is_approved(world: World) -> None:
    wanted = group(world)
    application = received(world, wanted, "take", invitation())["id"]
    assert decide(world, application, PASSED).code == "test_not_held"
    assert decide(world, application, "approve").code == "test_not_passed"
    assert decide(world, application, ORDER).code == "application_illegal_move"
    go_to(world, "2026-09-14T15:00:00+07:00")
    for result in ("missed", "failed"):
        assert decide(world, application, PASSED | {"result": result}).ok()["test"]["result"] == result
        assert decide(world, application, "approve").code == "test_not_passed"
    assert decide(world, application, invitation("2026-09-14T15:00:00+07:00")).ok()["test"]["result"] == "failed"
    assert decide(world, application, invitation("2026-09-14T14:59:59+07:00")).code == "test_in_the_past"
    # Another try.
    assert decide(world, application, invitation("2026-09-20T15:00:00+07:00")).ok()["test"]["result"] is None
    refused = decide(world, application, "refuse", reason="test_failed").ok()
    assert (refused["status"], refused["decision"]["reason"], taken(world, wanted)) == ("refused", "test_failed", 0)
    assert decide(world, application, PASSED).code == "application_illegal_move"


def test_an_order_says_from_when_and_who_pays(world: World) -> None:
    priced = group(world, financing=[{"source": "budget"}, {"source": "own", "price_total_roubles": 4500}])
    enrolled = received(world, priced, "approve", ORDER | {"starts_on": "2026-10-12", "financing": "own"})
    assert enrolled["order"]["enrolled_on"] == "2026-10-12"
    assert (enrolled["financing"]["source"], enrolled["financing"]["price_total_roubles"]) == ("own", 4500)
    again = decide(world, enrolled["id"], ORDER | {"starts_on": "2026-10-12", "financing": "own"})
    assert again.ok() == enrolled
    assert decide(world, enrolled["id"], ORDER | {"order_number": "113-К"}).code == "order_written"
    for change, code in (
        ({"starts_on": "2026-09-30"}, "start_outside_group"),
        ({"starts_on": "2027-06-01"}, "start_outside_group"),
        ({"financing": "certificate"}, "financing_not_offered"),
    ):
        application = received(world, priced)
        assert decide(world, application["id"], ORDER | change).code == code
        assert decide(world, application["id"], "approve").ok()["status"] == "approved"


def test_where_health_counts_a_paper_is_seen_first(world: World) -> None:
    application = received(world, group(world, **CERTIFICATE_FIRST), "approve")["id"]
    assert decide(world, application, ORDER).code == "documents_missing"
    assert decide(world, application, ORDER, originals_seen=True).ok()["status"] == "enrolled"


def test_who_is_enrolled_at_once_gets_an_order_later(world: World) -> None:
    instant = group(world, instant=True)
    application = received(world, instant)
    assert application["order"] == {"order_number": None, "order_date": None, "enrolled_on": "2026-10-01"}
    written = decide(world, application["id"], ORDER).ok()
    assert written["order"] == {"order_number": "112-К", "order_date": "2026-09-07", "enrolled_on": "2026-10-01"}
    assert decide(world, application["id"], ORDER).ok() == written
    assert decide(world, application["id"], ORDER | {"order_number": "7"}).code == "order_written"
    assert taken(world, instant) == 1


def test_an_offered_place_is_the_parents_to_take(world: World) -> None:
    full = group(world, capacity=1, instant=True)
    first = received(world, full)
    offered = received(world, full, wait=True)
    decide(world, first["id"], EXPULSION).ok()
    for decision in ("take", "approve", ORDER, EXPULSION):
        assert decide(world, offered["id"], decision).code == "application_illegal_move"
    assert decide(world, offered["id"], "refuse", reason="age").ok()["status"] == "refused"


def test_nothing_is_decided_before_the_group_is_filled(world: World) -> None:
    until = (world.now + timedelta(days=3)).isoformat()
    collecting = group(world, filling="priority", collect_until=until)
    application = received(world, collecting)["id"]
    for decision in ("take", invitation(), "approve", ORDER):
        assert decide(world, application, decision).code == "group_not_filled"
    assert decide(world, application, "refuse", reason="duplicate").ok()["status"] == "refused"


def test_benefits_that_are_not_proved_count_no_more(world: World) -> None:
    world.put(f"/v1/institutions/{CLUB}/benefits", BENEFITS)
    full = group(world, filling="priority", collect_until=(world.now + timedelta(days=3)).isoformat(), capacity=1)
    world.live.sql("UPDATE groups SET filled_at = now(), taken = 0 WHERE id = $1", full)
    received(world, full)
    plain, claimed = received(world, full, wait=True), received(world, full, wait=True, benefits=["large", "army"])

    def weight(application: dict[str, Any]) -> int:
        return world.live.sql("SELECT weight FROM applications WHERE id = $1", application["id"])[0]["weight"]

    def position(application: dict[str, Any]) -> int:
        items = world.operator.get(RECEIVED, group_id=full).ok()["items"]
        return next(item["place_in_queue"] for item in items if item["id"] == application["id"])

    assert (weight(claimed), position(claimed), position(plain)) == (120, 1, 2)
    check = {"decision": "check_benefits", "confirmed": ["large"]}
    checked = decide(world, claimed["id"], check).ok()
    assert (checked["benefits"], checked["benefits_confirmed"]) == (["large", "army"], ["large"])
    assert (weight(claimed), position(claimed), position(plain)) == (20, 1, 2)
    assert decide(world, claimed["id"], check).ok() == checked
    denied = decide(world, claimed["id"], check | {"confirmed": []}).ok()
    assert (denied["benefits_confirmed"], weight(claimed)) == ([], 0)
    assert (position(claimed), position(plain)) == (2, 1), "now by the order of coming"
    assert decide(world, plain["id"], check).code == "benefit_not_claimed"
    assert decide(world, received(world, group(world), ORDER)["id"], check).code == "application_illegal_move"


def test_benefits_weigh_nothing_where_the_first_comes_first(world: World) -> None:
    world.put(f"/v1/institutions/{CLUB}/benefits", BENEFITS)
    application = received(world, group(world), benefits=["army"])
    decide(world, application["id"], "check_benefits", confirmed=["army"]).ok()
    assert world.live.sql("SELECT weight FROM applications")[0]["weight"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "invite", "at": "2026-09-14T15:00:00+07:00"},
        {"decision": "invite", "at": "2026-09-14", "place": "г. Кемерово"},
        {"decision": "record_test", "result": "so-so"},
        {"decision": "expel", "reason": "own_wish", "order_number": "1"},
        {"decision": "expel", "reason": "mood", "order_number": "1", "order_date": "2026-09-07"},
        {"decision": "enrol", "order_number": "1", "order_date": "2026-09-07", "financing": "credit"},
        {"decision": "take", "comment": "!"},
        {"decision": "check_benefits", "confirmed": "large"},
    ],
)
def test_decisions_that_say_too_little(world: World, wrong: dict[str, Any]) -> None:
    assert decide(world, received(world, group(world))["id"], wrong).code == "invalid"


def test_a_child_can_not_be_enrolled_into_two_groups_at_one_time(world: World) -> None:
    """Where overlaps are only warned of, the second enrolment finds out."""
    world.put(f"/v1/institutions/{CLUB}/enrolment-rules", {"overlap_rule": "warn"})
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname())
    first, second = (world.apply(parent, group(world), child).ok()["id"] for _ in range(2))
    decide(world, first, ORDER).ok()
    assert decide(world, second, "approve").ok()["status"] == "approved"
    assert decide(world, second, ORDER).code == "person_busy"
