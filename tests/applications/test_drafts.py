"""What a parent prepares before the opening minute."""

from datetime import timedelta
from typing import Any

import pytest

from service.core.ids import new_id
from tests.applications.people import Family, group, on, settle
from tests.world import CLUB, World

RECEIVED = f"/v1/institutions/{CLUB}/applications"


def opening(world: World, **more: object) -> str:
    """A group that opens in half an hour."""
    return group(world, enrolment_opens_at=(world.now + timedelta(minutes=30)).isoformat(), **more)


def counted(world: World, group_id: str) -> tuple[int, int, int]:
    (row,) = world.live.sql("SELECT taken, waiting, serial FROM groups WHERE id = $1", group_id)
    return tuple(row)


def test_a_draft_is_prepared_and_submitted_at_the_opening_minute(world: World) -> None:
    family, wanted = Family(world), opening(world)
    draft = family.drafts(wanted).ok()
    assert (draft["status"], draft["placed"], draft["submitted_at"], draft["wait"]) == ("draft", False, None, False)
    assert family.api.get("/v1/applications").ok()["items"] == [draft]
    assert family.move(draft, "submit").code == "enrolment_not_open"
    changed = family.api.call("PATCH", f"/v1/application-drafts/{draft['id']}", {"wait": True}).ok()
    assert changed == draft | {"wait": True}
    assert counted(world, wanted) == (0, 0, 0)
    world.live.clock.now += timedelta(minutes=30)
    family.come_again()
    submitted = family.move(draft, "submit").ok()
    assert (submitted["status"], submitted["placed"]) == ("submitted", True)
    assert submitted["submitted_at"] == "2026-09-07T08:30:00+07:00"
    assert submitted["created_at"] == draft["created_at"]
    assert family.move(draft, "submit").ok() == submitted
    assert counted(world, wanted) == (1, 0, 1)
    patched = family.api.call("PATCH", f"/v1/application-drafts/{draft['id']}", {"wait": False})
    assert patched.code == "application_illegal_move"


def test_the_rules_count_when_it_is_submitted(world: World) -> None:
    full, draft = group(world, capacity=1), {}
    waiter, refused = Family(world), Family(world)
    for family, wait in ((waiter, True), (refused, False)):
        draft[family] = family.drafts(full, wait=wait).ok()
    Family(world).applies(full).ok()
    assert refused.move(draft[refused], "submit").code == "group_full"
    assert refused.now_is(draft[refused]) == draft[refused]
    assert waiter.move(draft[waiter], "submit").ok()["place_in_queue"] == 1
    # Meanwhile the group was changed, and the terms are those of the moment.
    other = group(world, name="Прежде", **on(3))
    early, late = Family(world), Family(world, birth_date="2018-05-14")
    kept = early.drafts(other).ok()
    too_old = late.drafts(other).ok()
    own_id = world.live.sql("SELECT external_id FROM groups WHERE id = $1", other)[0]["external_id"]
    world.publish_group(own_id, name="Теперь", age_to=7, **on(3)).ok()
    assert early.move(kept, "submit").ok()["group_name"] == "Теперь"
    assert late.move(too_old, "submit").code == "too_old"


def test_a_draft_is_nobodys_business_but_the_familys(world: World) -> None:
    child: dict[str, Any] = {"last_name": "Беляева", "first_name": "Кира"}
    mother, father, wanted = Family(world, **child), Family(world, **child), group(world)
    draft = mother.drafts(wanted).ok()
    path = f"/v1/applications/{draft['id']}"
    # The other parent of the child neither sees it nor is kept by it from anything.
    assert father.api.get(path).code == "application_not_found"
    assert father.move(draft, "submit").code == "application_not_found"
    assert father.drafts(wanted).status == 201
    application = father.applies(wanted).ok()
    assert mother.move(draft, "submit").code == "already_applied"

    def the_club_knows() -> list[str]:
        return [item["id"] for item in world.operator.get(RECEIVED).ok()["items"]]

    decision = {"decision": {"decision": "refuse", "reason": "other"}}
    for _ in range(2):
        assert the_club_knows() == [application["id"]]
        decided = world.operator.post(f"{RECEIVED}/{draft['id']}/decide", decision)
        assert decided.code == "application_not_found"
        # Nor when it is withdrawn.
        assert mother.move(draft, "withdraw").ok()["status"] == "withdrawn"
    assert world.live.sql("SELECT FROM outbox WHERE subject_id = $1", draft["id"]) == []
    assert mother.move(draft, "submit").code == "application_illegal_move"
    assert mother.drafts(wanted).status == 201


def test_one_draft_of_a_child_for_a_group(world: World) -> None:
    family, wanted = Family(world), group(world)
    family.drafts(wanted).ok()
    assert family.drafts(wanted).code == "draft_exists"
    # Applying past one's own draft is possible, and the draft can't be submitted then.
    family.applies(wanted).ok()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"financing": "own"}, "financing_not_offered"),
        ({"certificate_id": str(new_id())}, "certificate_needed"),
        ({"benefits": ["no_such"]}, "benefit_unknown"),
    ],
)
def test_what_can_never_be_is_not_drafted(world: World, body: dict[str, object], code: str) -> None:
    family, wanted = Family(world), opening(world)
    assert family.drafts(wanted, **body).code == code
    draft = family.drafts(wanted).ok()
    assert family.api.call("PATCH", f"/v1/application-drafts/{draft['id']}", body).code == code
    assert family.now_is(draft) == draft


def test_drafts_and_the_waiting_end(world: World) -> None:
    closing = group(world, enrolment_closes_at=(world.now + timedelta(days=1)).isoformat())
    single = group(world, capacity=1, starts_on="2026-10-01", ends_on="2026-10-20")
    family, seated, waiter = Family(world), Family(world), Family(world)
    draft, application = family.drafts(closing).ok(), seated.applies(single).ok()
    waiting = waiter.waits(single)
    world.live.clock.now += timedelta(days=1) - timedelta(seconds=1)
    assert world.live.work() == 0
    world.live.clock.now += timedelta(seconds=1)
    assert world.live.work() == 1
    family.come_again()
    assert family.statuses([draft]) == ["expired"]
    assert family.drafts(closing).code == "enrolment_closed"
    assert world.live.sql("SELECT FROM outbox WHERE subject_id = $1", draft["id"]) == []
    # The last lesson is on the 20th, until 18:00.
    world.live.clock.now = world.now.replace(month=10, day=20, hour=11, minute=0, second=0)
    assert world.live.work() == 1
    for one, before, after in ((seated, application, "submitted"), (waiter, waiting, "expired")):
        one.come_again()
        assert one.statuses([before]) == [after]
    assert counted(world, single) == (1, 0, 2)


def test_how_many_applications_a_child_may_have(world: World) -> None:
    """By both parents together; drafts do not count until they are submitted."""
    settle(world, most_applications=2, most_groups=1)
    child: dict[str, Any] = {"last_name": "Котова", "first_name": "Яна"}
    mother, father = Family(world, **child), Family(world, **child)
    groups = [group(world, **on(day)) for day in (1, 2, 3, 4)]
    drafts = [mother.drafts(wanted).ok() for wanted in groups]
    applications = [mother.move(drafts[0], "submit").ok(), father.applies(groups[1]).ok()]
    assert mother.move(drafts[2], "submit").code == "too_many_applications"
    assert father.applies(groups[2]).code == "too_many_applications"
    decision = {"decision": {"decision": "enrol", "order_number": "1", "order_date": "2026-09-07"}}
    world.operator.post(f"{RECEIVED}/{applications[0]['id']}/decide", decision).ok()
    assert father.applies(groups[2]).code == "too_many_groups"
    assert Family(world).applies(groups[2]).status == 201
