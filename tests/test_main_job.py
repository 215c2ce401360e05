"""The main job, from a signed launch to a ticket and a club place, through the live service."""

from tests.world import CLINIC, CLUB, PAEDIATRICIAN, World


def test_a_ticket_from_launch_to_cancellation(world: World) -> None:
    assert world.publish_slots(world.slot("s1"), world.slot("s2", hours=25)).ok()["added"] == 2
    mother = world.parent()
    child = world.child(mother)
    free = mother.get("/v1/slots", institution_id=CLINIC, specialty_code=PAEDIATRICIAN).ok()["items"]
    assert [slot["starts_at"] for slot in free] == ["2026-09-08T08:00:00+07:00", "2026-09-08T09:00:00+07:00"]
    ticket = world.book(mother, free[0]["id"], child).ok()
    assert ticket["status"] == "booked"
    assert ticket["practitioner"]["last_name"] == "Белова"
    assert mother.get(f"/v1/appointments/{ticket['id']}").ok() == ticket
    assert [item["id"] for item in mother.get("/v1/appointments").ok()["items"]] == [ticket["id"]]
    cancelled = mother.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert cancelled["status"] == "cancelled"
    assert world.book(mother, free[0]["id"], child).status == 201


def test_a_club_place_from_application_to_withdrawal(world: World) -> None:
    group = world.publish_group().ok()
    mother = world.parent()
    child = world.child(mother)
    assert mother.get("/v1/groups", free_only="true", born_on="2019-05-14").ok()["items"][0]["id"] == group["id"]
    application = world.apply(mother, group["id"], child).ok()
    assert application["status"] == "submitted"
    path = f"/v1/institutions/{CLUB}/applications"
    assert world.operator.get(path).ok()["items"] == [application | {"overdue": False}]
    body = {"decision": {"decision": "approve"}}
    assert world.operator.post(f"{path}/{application['id']}/decide", body).ok()["status"] == "approved"
    assert mother.post(f"/v1/applications/{application['id']}/withdraw").ok()["status"] == "withdrawn"
    assert mother.get("/v1/groups").ok()["items"][0]["free"] == 15
