"""No-shows: marked by themselves where that is set, counted to a limit, appealed against."""

from typing import Any

from tests.live import Api
from tests.reception.desk import Desk
from tests.world import World


def missed(desk: Desk, own_id: str, parent: Api, child: str, *, hours: float = 1) -> dict[str, Any]:
    """A ticket that nobody came with."""
    ticket = desk.world.book(parent, desk.slot(own_id, hours=hours), child).ok()
    desk.begins(ticket)
    desk.set_status(ticket, "noshow").ok()
    return ticket


def test_nothing_is_marked_where_nothing_is_set(world: World) -> None:
    desk = Desk(world)
    parent, ticket = desk.ticket(desk.slot())
    desk.wait(days=3)
    world.live.work()
    assert desk.back(parent).get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "booked"


def test_who_does_not_come_is_marked_after_the_set_time(world: World) -> None:
    desk = Desk(world, noshow_after_minutes=30)
    come, seen, home = (
        desk.slot("come"),
        desk.slot("seen", practitioner_id="d2"),
        desk.slot("home", purpose="home_visit"),
    )
    _, waiting = desk.ticket(come)
    _, visited = desk.ticket(seen)
    at_home = desk.book(home, home_address="г. Прокопьевск").ok()
    parent, absent = desk.ticket(desk.slot("absent", hours=2.25))
    for ticket in (waiting, visited):
        desk.check_in(number=ticket["number"]).ok()
    desk.set_status(visited, "fulfilled").ok()
    desk.begins(absent)
    desk.wait(minutes=30, seconds=-1)
    world.live.work()
    assert desk.row(absent)["status"] == "booked"
    desk.wait(seconds=1)
    world.live.work()
    statuses = [desk.row(ticket)["status"] for ticket in (waiting, visited, at_home, absent)]
    assert statuses == ["arrived", "fulfilled", "booked", "noshow"]
    assert not desk.engaged(absent)
    assert desk.clinic.taken("absent") == 1
    # The citizen sees it, and who comes in late is let in all the same.
    assert desk.back(parent).get(f"/v1/appointments/{absent['id']}").ok()["status"] == "noshow"
    assert world.live.work() == 0
    assert desk.check_in(number=absent["number"]).ok()["status"] == "arrived"


def test_tickets_of_long_ago_do_not_become_no_shows_when_the_setting_is_new(world: World) -> None:
    desk = Desk(world)
    _, old = desk.ticket(desk.slot("old"))
    _, new = desk.ticket(desk.slot("new", hours=24 * 8))
    desk.begins(new)
    desk.wait(hours=1)
    assert desk.staff
    desk.clinic.settle(noshow_after_minutes=5)
    world.live.work()
    assert [desk.row(ticket)["status"] for ticket in (old, new)] == ["booked", "noshow"]


def test_a_limit_pauses_online_booking_and_an_excuse_lifts_it(world: World) -> None:
    desk = Desk(world, noshow_limit=2, noshow_days=60, noshow_pause_days=10)
    parent, child = desk.family()
    first = missed(desk, "s1", parent, child)
    parent = desk.back(parent)
    second = missed(desk, "s2", parent, child)
    later = desk.slot("s3", hours=48)
    parent = desk.back(parent)
    assert world.book(parent, later, child).code == "paused_for_no_shows"
    # Nobody else is paused, and the desk books all the same.
    assert desk.ticket(desk.slot("s4", hours=49))[1]["status"] == "booked"
    by_desk = desk.book(later, source="desk", ticket_number=first["number"]).ok()
    parent.post(f"/v1/appointments/{by_desk['id']}/cancel").ok()

    path = f"/v1/appointments/{second['id']}/appeal"
    assert parent.post(f"/v1/appointments/{by_desk['id']}/appeal", {"text": "Были"}).code == "not_a_no_show"
    assert parent.post(path, {"text": "Опоздал автобус"}).ok()["status"] == "open"
    told = parent.post(path, {"text": "Опоздал автобус из Киселёвска"}).ok()
    assert told == {"appointment_id": second["id"], "text": "Опоздал автобус из Киселёвска", "status": "open"}
    appeals = desk.staff.get(f"{desk.path}/appeals", status="open").ok()["items"]
    assert [(item["appointment_id"], item["text"]) for item in appeals] == [(second["id"], told["text"])]
    assert appeals[0]["person"]["last_name"] == second["person"]["last_name"]
    assert world.live.sql("SELECT FROM accesses WHERE operation = 'listAppeals'")

    decide = f"{desk.path}/appeals/{second['id']}/decide"
    assert desk.staff.post(decide, {"excused": False}).ok()["status"] == "refused"
    assert world.book(parent, later, child).code == "paused_for_no_shows"
    assert parent.post(path, {"text": "Ещё раз"}).code == "appeal_decided"
    assert desk.staff.post(decide, {"excused": True}).ok()["status"] == "excused"
    assert desk.staff.post(f"{desk.path}/appeals/{first['id']}/decide", {"excused": True}).code == "appeal_not_found"
    assert [
        len(desk.staff.get(f"{desk.path}/appeals", status=status).ok()["items"]) for status in ("open", "excused")
    ] == [
        0,
        1,
    ]
    assert world.book(parent, later, child).status == 201


def test_the_pause_ends(world: World) -> None:
    desk = Desk(world, noshow_limit=1, noshow_pause_days=10)
    parent, child = desk.family()
    missed(desk, "s1", parent, child)
    later = desk.slot("s3", hours=24 * 12)
    assert world.book(desk.back(parent), later, child).code == "paused_for_no_shows"
    desk.wait(days=10)
    assert world.book(desk.back(parent), later, child).status == 201


def test_appeals_come_in_pages(world: World) -> None:
    desk = Desk(world)
    tickets = []
    for number in range(3):
        parent, child = desk.family()
        tickets.append(missed(desk, f"s{number}", parent, child, hours=0.25))
        desk.back(parent).post(f"/v1/appointments/{tickets[-1]['id']}/appeal", {"text": "Болели"}).ok()
    found, cursor = [], {}
    while cursor is not None:
        page = desk.staff.get(f"{desk.path}/appeals", limit=2, **cursor).ok()
        found += [item["appointment_id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert found == [ticket["id"] for ticket in reversed(tickets)]
