"""How to be refused at the reception desk, and by the figures of a region."""

from typing import Any

from service.core.ids import new_id
from tests.provocation import Asked, Provocations
from tests.reception.desk import Desk, patient
from tests.world import PAEDIATRICIAN, World

PROVOCATIONS = Provocations()


def checking_in(desk: Desk, **how: str) -> Asked:
    return Asked(desk.staff, "POST", f"{desk.path}/check-in", how)


def booking(desk: Desk, slot_id: str, **more: Any) -> Asked:
    body = {"slot_id": slot_id, "source": "other_clinic", **more}
    return Asked(desk.staff, "POST", f"{desk.path}/appointments", body, key=str(new_id()))


@PROVOCATIONS.status(404)
def region_not_found(world: World) -> Asked:
    return Asked(world.live.api(), "GET", f"/v1/regions/99/first-free?specialty_code={PAEDIATRICIAN}")


@PROVOCATIONS.status(404)
def practitioner_not_found(world: World) -> Asked:
    return Asked(world.operator, "GET", f"{Desk(world).path}/practitioners/{new_id()}/day")


@PROVOCATIONS.status(422)
def ticket_invalid(world: World) -> Asked:
    return checking_in(Desk(world), ticket="eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl")


@PROVOCATIONS.status(409)
def ticket_of_another_institution(world: World) -> Asked:
    elsewhere = Desk(world)
    return checking_in(Desk(world), ticket=elsewhere.ticket(elsewhere.slot())[1]["qr_token"])


@PROVOCATIONS.status(409)
def ticket_of_another_day(world: World) -> Asked:
    desk = Desk(world)
    return checking_in(desk, number=desk.ticket(desk.slot(hours=26))[1]["number"])


@PROVOCATIONS.status(409)
def ticket_cancelled(world: World) -> Asked:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    return checking_in(desk, number=ticket["number"])


@PROVOCATIONS.status(409)
def ticket_without_time(world: World) -> Asked:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.staff.put(f"{desk.path}/slots", {**desk.clinic.window(days=1), "booked": "rebook"}).ok()
    return checking_in(desk, number=ticket["number"])


@PROVOCATIONS.status(409)
def appointment_illegal_move(world: World) -> Asked:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())
    desk.set_status(ticket, "noshow").ok()
    path = f"{desk.path}/appointments/{ticket['id']}/status"
    return Asked(desk.staff, "POST", path, {"status": "fulfilled"})


@PROVOCATIONS.status(409)
def another_channel(world: World) -> Asked:
    desk = Desk(world)
    slot = desk.slot()
    world.live.sql("UPDATE slots SET channels = '{desk}' WHERE id = $1", slot)
    return booking(desk, slot, patient=patient())


@PROVOCATIONS.status(409)
def patient_of_ticket_gone(world: World) -> Asked:
    desk = Desk(world)
    slot = desk.slot()
    parent, ticket = desk.ticket(slot)
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert parent.call("DELETE", f"/v1/persons/{ticket['person']['id']}").status == 204
    return booking(desk, slot, ticket_number=ticket["number"])


def appealing(desk: Desk, status: str = "noshow") -> Asked:
    parent, ticket = desk.ticket(desk.slot())
    desk.set_status(ticket, status).ok()
    return Asked(parent, "POST", f"/v1/appointments/{ticket['id']}/appeal", {"text": "Болели"})


@PROVOCATIONS.status(409)
def not_a_no_show(world: World) -> Asked:
    return appealing(Desk(world), "arrived")


@PROVOCATIONS.status(409)
def appeal_decided(world: World) -> Asked:
    desk = Desk(world)
    asked = appealing(desk)
    told = asked.answer("ru").ok()
    desk.staff.post(f"{desk.path}/appeals/{told['appointment_id']}/decide", {"excused": False}).ok()
    asked.body = {"text": "Очень болели"}
    return asked


@PROVOCATIONS.status(404)
def appeal_not_found(world: World) -> Asked:
    return Asked(world.operator, "POST", f"{Desk(world).path}/appeals/{new_id()}/decide", {"excused": True})
