"""Several windows of one registry at once."""

from concurrent.futures import ThreadPoolExecutor

from service.core.ids import new_id
from tests.live import Api
from tests.reception.desk import WHY, Desk, patient
from tests.world import REGION, World

WINDOWS = 6


def windows(world: World) -> list[Api]:
    """Each with a connection of its own."""
    first = world.live.client(REGION)
    return [world.live.api(first.token) for _ in range(WINDOWS)]


def test_the_last_place_is_sold_once_whatever_the_reasons(world: World) -> None:
    desk = Desk(world)
    slot = desk.slot(capacity=2)
    desk.book(slot).ok()

    def book(window: Api) -> int:
        body = {"slot_id": slot, "source": "desk", "patient": patient(), "override": WHY}
        return window.create(f"{desk.path}/appointments", body, str(new_id())).status

    with ThreadPoolExecutor(WINDOWS) as pool:
        statuses = list(pool.map(book, windows(world)))
    assert sorted(statuses) == [201] + [409] * (WINDOWS - 1)
    assert desk.clinic.taken() == 2


def test_a_ticket_that_is_scanned_at_all_doors_has_come_once(world: World) -> None:
    desk = Desk(world)
    _, ticket = desk.ticket(desk.slot())

    def scan(window: Api) -> str:
        return window.post(f"{desk.path}/check-in", {"ticket": ticket["qr_token"]}).ok()["status"]

    with ThreadPoolExecutor(WINDOWS) as pool:
        assert set(pool.map(scan, windows(world))) == {"arrived"}
    assert desk.events(ticket) == ["appointment_booked", "appointment_arrived"]


def test_workers_mark_each_missed_visit_once(world: World) -> None:
    desk = Desk(world, noshow_after_minutes=5)
    slot = desk.slot(capacity=20)
    tickets = [desk.book(slot).ok() for _ in range(20)]
    desk.begins(tickets[0])
    desk.wait(minutes=5)
    statement = "SELECT mark_no_shows($1, $2, $3)"

    def work(_: int) -> int:
        ids = [new_id() for _ in range(7)]
        return world.live.sql(statement, ids, ids[0], world.now)[0][0]

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == len(tickets)
    assert all(desk.events(ticket) == ["appointment_booked", "appointment_noshow"] for ticket in tickets)
    assert desk.clinic.taken() == len(tickets)
