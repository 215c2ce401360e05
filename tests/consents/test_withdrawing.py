"""A consent that is missing keeps anything from beginning; one that is withdrawn ends what is under way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.applications.people import Family, group, on
from tests.campaigns.region import RegionsCampaign
from tests.consents.people import consent, withdraw
from tests.doctors.clinic import Clinic
from tests.draws.clinic import DrawingClinic
from tests.live import Answer
from tests.provocation import surname
from tests.registers.provocations import trying
from tests.waiting.people import waiting
from tests.world import World

PURPOSES = ("booking", "enrolment")


def agreed(world: World, children: int = 1) -> Family:
    """Somebody who was never here and consents to everything."""
    family = Family(world, children)
    for child in family.children:
        for purpose in PURPOSES:
            consent(world, family.api, child, purpose).ok()
    return family


def kinds(answer: Answer) -> list[str]:
    return [item["kind"] for item in answer.ok()["ended"]]


# What begins -------------------------------------------------------------------------------------------------------


def books(world: World, family: Family) -> Answer:
    return world.book(family.api, Clinic(world).slot(), family.child)


def waits(world: World, family: Family) -> Answer:
    return family.api.create("/v1/waiting-list", waiting(Clinic(world), family.child))


def draws(world: World, family: Family) -> Answer:
    clinic = DrawingClinic(world)
    body = {"person_id": family.child, "wishes": clinic.times()}
    return family.api.create(f"/v1/draws/{clinic.draw_id()}/requests", body)


def applies(world: World, family: Family) -> Answer:
    return family.applies(group(world))


def applies_together(world: World, family: Family) -> Answer:
    """With a sister, for whom there is a consent."""
    sister = world.child(family.api, last_name=surname())
    consent(world, family.api, sister, "enrolment").ok()
    items = [{"group_id": group(world), "person_id": child} for child in (sister, family.child)]
    answer = family.api.create("/v1/family-applications", {"items": items})
    assert answer.status == 201 or answer.json["errors"][0]["pointer"] == "/items/1"
    return answer


def submits(world: World, family: Family) -> Answer:
    return family.move(family.drafts(group(world)).ok(), "submit")


def wishes(world: World, family: Family) -> Answer:
    campaign = RegionsCampaign(world)
    return family.api.put(
        f"/v1/campaigns/{campaign.id}/persons/{family.child}/wishes", {"group_ids": [campaign.group(1)]}
    )


def tries(world: World, family: Family) -> Answer:
    body = trying(world)[0].body | {"person_id": family.child}
    return family.api.create("/v1/trials", body)


@pytest.mark.parametrize(
    ("begin", "purpose"),
    [
        (books, "booking"), (waits, "booking"), (draws, "booking"), (applies, "enrolment"),
        (applies_together, "enrolment"), (submits, "enrolment"), (wishes, "enrolment"), (tries, "enrolment"),
    ],
)  # fmt: skip
def test_nothing_begins_without_a_consent(world: World, begin: Callable[[World, Family], Answer], purpose: str) -> None:
    family = Family(world)
    (other,) = {*PURPOSES} - {purpose}
    consent(world, family.api, family.child, other).ok()
    answer = begin(world, family)
    assert (answer.status, answer.code, answer.json["purpose"]) == (409, "consent_missing", purpose)
    consent(world, family.api, family.child, purpose).ok()
    begin(world, family).ok()


def test_what_is_offered_is_accepted_with_a_consent_alone(world: World) -> None:
    """A place in a group, and a time at a doctor: it was taken back meanwhile by hand, as it can't be otherwise."""
    first, second, full = agreed(world), agreed(world), group(world, capacity=1)
    seated, waiting_one = first.applies(full).ok(), second.waits(full)
    first.move(seated, "withdraw").ok()
    assert second.statuses([waiting_one]) == ["offered"]
    clinic = Clinic(world)
    slot = clinic.slot()
    ticket = world.book(first.api, slot, first.child).ok()
    second.api.create("/v1/waiting-list", waiting(clinic, second.child)).ok()
    first.api.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    (offer,) = second.api.get("/v1/offers").ok()["items"]
    world.live.sql("UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", second.child)
    assert second.move(waiting_one, "accept").code == "consent_missing"
    assert second.api.post(f"/v1/offers/{offer['id']}/accept").code == "consent_missing"
    for purpose in PURPOSES:
        consent(world, second.api, second.child, purpose).ok()
    second.move(waiting_one, "accept").ok()
    second.api.post(f"/v1/offers/{offer['id']}/accept").ok()


def test_whose_consent_was_withdrawn_is_passed_over(world: World) -> None:
    first, second, third = agreed(world), agreed(world), agreed(world)
    clinic, full = Clinic(world), group(world, capacity=1)
    seated, ticket = first.applies(full).ok(), world.book(first.api, clinic.slot(), first.child).ok()
    queue = [family.waits(full) for family in (second, third)]
    for family in (second, third):
        family.api.create("/v1/waiting-list", waiting(clinic, family.child)).ok()
    world.live.sql("UPDATE consents SET withdrawn_at = now() WHERE person_id = $1", second.child)
    first.move(seated, "withdraw").ok()
    first.api.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert [second.statuses(queue[:1]), third.statuses(queue[1:])] == [["waiting"], ["offered"]]
    assert [len(family.api.get("/v1/offers").ok()["items"]) for family in (second, third)] == [0, 1]


# What ends -----------------------------------------------------------------------------------------------------------


def test_what_stands_on_booking_ends_with_it(world: World) -> None:
    family, clinic, drawing, next_one = agreed(world), Clinic(world), DrawingClinic(world), agreed(world)
    slot = clinic.slot()
    ticket = world.book(family.api, slot, family.child).ok()
    body = {"person_id": family.child, "wishes": drawing.times()}
    request = family.api.create(f"/v1/draws/{drawing.draw_id()}/requests", body).ok()
    other = Clinic(world)
    entry = family.api.create("/v1/waiting-list", waiting(other, family.child)).ok()
    next_one.api.create("/v1/waiting-list", waiting(clinic, next_one.child)).ok()
    application = family.applies(group(world)).ok()
    tried = withdraw(family.api, family.child, dry_run="true").ok()
    assert (tried["dry_run"], tried["consent"]["withdrawn_at"]) == (True, None)
    assert (
        world.live.sql("SELECT FROM audit_trail WHERE event = 'consent_withdrawn' AND subject_id = $1", family.child)
        == []
    )
    done = withdraw(family.api, family.child).ok()
    assert done["ended"] == tried["ended"]
    expected = [("waiting_entry", entry), ("draw_request", request), ("appointment", ticket)]
    assert done["ended"] == [{"kind": kind, "id": one["id"]} for kind, one in expected]
    assert family.api.get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "cancelled"
    assert family.api.get(f"/v1/waiting-list/{entry['id']}").ok()["status"] == "left"
    assert [item["status"] for item in family.api.get("/v1/draw-requests").ok()["items"]] == ["withdrawn"]
    # Whoever waited has the place; and enrolment is another purpose.
    assert len(next_one.api.get("/v1/offers").ok()["items"]) == 1
    assert family.statuses([application]) == ["submitted"]
    assert kinds(withdraw(family.api, family.child)) == [], "twice is no error"


def test_a_ticket_that_nobody_may_cancel_any_more_stays(world: World) -> None:
    clinic, family = Clinic(world, cancel_until_minutes=24 * 60), agreed(world)
    ticket = world.book(family.api, clinic.slot(hours=20), family.child).ok()
    assert family.api.post(f"/v1/appointments/{ticket['id']}/cancel").code == "cancellation_closed"
    assert kinds(withdraw(family.api, family.child)) == []
    assert family.api.get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "booked"


def test_what_stands_on_enrolment_ends_with_it_but_for_the_enrolled(world: World) -> None:
    family, full, next_one = agreed(world), group(world, capacity=1, **on(2)), agreed(world)
    campaign = RegionsCampaign(world)
    enrolled = family.applies(group(world, instant=True, **on(3))).ok()
    application, draft = family.applies(full).ok(), family.drafts(group(world, **on(4))).ok()
    queued = next_one.waits(full)
    path = f"/v1/campaigns/{campaign.id}/persons/{family.child}/wishes"
    family.api.put(path, {"group_ids": [campaign.group(1, **on(5))]}).ok()
    trial = tries(world, family).ok()
    ended = withdraw(family.api, family.child, "enrolment").ok()["ended"]
    assert [item["kind"] for item in ended] == ["wishes", "trial", "application", "application"]
    assert {item["id"] for item in ended[1:]} == {trial["id"], application["id"], draft["id"]}
    assert family.statuses([enrolled, application, draft]) == ["enrolled", "withdrawn", "withdrawn"]
    assert family.api.get(path).code == "wishes_not_found"
    assert [item["status"] for item in family.api.get("/v1/trials").ok()["items"]] == ["cancelled"]
    assert next_one.statuses([queued]) == ["offered"]


def test_of_a_withdrawal_and_a_booking_at_once_one_sees_the_other(world: World) -> None:
    clinic = Clinic(world)
    slots = [clinic.slot(f"s{number}", hours=24 + number / 4) for number in range(12)]
    for slot in slots:
        family = agreed(world)
        with ThreadPoolExecutor(2) as threads:
            booked = threads.submit(world.book, family.api, slot, family.child)
            withdrawn = threads.submit(withdraw, family.api, family.child)
        withdrawn.result().ok()
        statuses = [item["status"] for item in family.api.get("/v1/appointments").ok()["items"]]
        if booked.result().status == 201:
            assert statuses == ["cancelled"]
        else:
            assert (booked.result().code, statuses) == ("consent_missing", [])


# By itself: it moves the clock, so it comes last ----------------------------------------------------------------------


def test_a_draw_and_a_matching_give_nothing_to_whose_consent_was_withdrawn(world: World) -> None:
    campaign, drawing, family, other = RegionsCampaign(world), DrawingClinic(world), agreed(world), agreed(world)
    chess = campaign.group(5)
    for one in (family, other):
        body: dict[str, Any] = {"person_id": one.child, "wishes": drawing.times()}
        one.api.create(f"/v1/draws/{drawing.draw_id()}/requests", body).ok()
        one.api.put(f"/v1/campaigns/{campaign.id}/persons/{one.child}/wishes", {"group_ids": [chess]}).ok()
    # Closed, and not drawn yet.
    world.live.clock.now += timedelta(days=1)
    family.come_again()
    assert kinds(withdraw(family.api, family.child)) == []
    drawing.later(timedelta(seconds=1))
    drawing.later(timedelta(minutes=1))
    for one, status, reason in ((family, "lost", "consent_missing"), (other, "booked", None)):
        one.come_again()
        (request,) = one.api.get("/v1/draw-requests").ok()["items"]
        assert (request["status"], request["reason"]) == (status, reason)
    world.live.clock.now = campaign.until
    family.come_again()
    assert kinds(withdraw(family.api, family.child, "enrolment")) == []
    campaign.match()
    for one, groups in ((family, []), (other, [chess])):
        one.come_again()
        assert [item["group_id"] for item in one.api.get("/v1/applications").ok()["items"]] == groups
