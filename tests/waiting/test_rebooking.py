"""Tickets whose time the clinic took away: another time is held for them, and nobody is lost."""

from datetime import timedelta
from typing import Any

import pytest

from service.core.ids import new_id
from tests.doctors.clinic import Clinic
from tests.live import Api
from tests.provocation import someone
from tests.waiting.people import Waiter, book, cancel, instant, join, later, parent, wrong
from tests.world import REGION, SURGEON, World


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world, rebooking_hours=10)


def close(clinic: Clinic, *own_ids: str) -> None:
    """The clinic takes these slots away, the others stay."""
    slots = [slot for slot in clinic._slots if slot["external_id"] not in own_ids]
    since = min(instant(slot["starts_at"]) for slot in clinic._slots)
    body = {**clinic.window(*slots, since=since, days=62), "booked": "rebook"}
    clinic.world.live.client(REGION).put(f"{clinic.path}/slots", body).ok()
    clinic._slots[:] = slots


def orphan(clinic: Clinic) -> tuple[Waiter, str]:
    """Somebody whose ticket to s1 has lost its time, with whatever the clinic offers beside."""
    holder, ticket = book(clinic, clinic.slot("s1"))
    close(clinic, "s1")
    return holder, ticket


def ticket_of(holder: Waiter, ticket_id: str) -> Any:
    return holder.api.get(f"/v1/appointments/{ticket_id}").ok()


def staff(clinic: Clinic) -> Api:
    return clinic.world.live.client(REGION)


def rebookings(clinic: Clinic) -> list[Any]:
    return staff(clinic).get(f"{clinic.path}/rebookings").ok()["items"]


def test_another_time_is_held_of_the_same_doctor_first_and_the_nearest(clinic: Clinic) -> None:
    clinic.slot("other", hours=24.25, practitioner_id="d2")
    clinic.slot("far", hours=100)
    near = clinic.slot("near", hours=30)
    clinic.slot("surgeon", hours=24.5, practitioner_id="d3", specialty_code=SURGEON)
    clinic.slot("adults", hours=24.75, age_from=18)
    clinic.slot("vaccination", hours=25, purpose="vaccination")
    holder, ticket = orphan(clinic)
    assert ticket_of(holder, ticket)["status"] == "orphaned"
    (offer,) = holder.offers()
    assert (offer["kind"], offer["appointment_id"], offer["entry_id"]) == ("rebooking", ticket, None)
    assert [place["slot_id"] for place in offer["places"]] == [near]
    assert instant(offer["expires_at"]) - instant(offer["created_at"]) == timedelta(hours=10)
    assert clinic.taken("near") == 1
    assert wrong(clinic.world) == []


def test_accepting_moves_the_ticket_in_one_tap(clinic: Clinic) -> None:
    near = clinic.slot("near", hours=30)
    holder, ticket = orphan(clinic)
    path = f"/v1/offers/{holder.offers()[0]['id']}/accept"
    (moved,) = holder.api.post(path).ok()["items"]
    assert (moved["id"], moved["slot_id"], moved["status"], moved["sequence"]) == (ticket, near, "booked", 1)
    assert moved["starts_at"] == "2026-09-08T14:00:00+07:00"
    assert holder.api.post(path).ok()["items"] == [moved]
    assert (holder.offers(), clinic.taken("near"), rebookings(clinic)) == ([], 1, [])
    assert wrong(clinic.world) == []


def test_a_declined_time_is_given_back_and_another_is_looked_for(clinic: Clinic) -> None:
    world = clinic.world
    clinic.slot("near", hours=30)
    holder, ticket = orphan(clinic)
    assert holder.decline().ok()["status"] == "declined"
    (offer,) = holder.offers()
    assert (offer["places"], offer["expires_at"]) == ([], None)
    assert holder.accept().code == "offer_without_time"
    assert holder.decline().code == "offer_without_time"
    world.live.work()
    # Not the same time again.
    assert (holder.offered(), clinic.taken("near")) == ([], 0)
    next_one = clinic.slot("next", hours=31)
    world.live.work()
    assert holder.offered() == [next_one]
    assert ticket_of(holder, ticket)["status"] == "orphaned"
    assert wrong(world) == []


def test_a_time_that_lapses_is_given_back_and_staff_see_who_is_not_served(clinic: Clinic) -> None:
    world = clinic.world
    for number in range(4):
        clinic.slot(f"n{number}", hours=60 + number)
    holder, ticket = orphan(clinic)
    (row,) = rebookings(clinic)
    assert (row["appointment_id"], row["person"]["id"], row["lapses"]) == (ticket, holder.children[0], 0)
    assert row["starts_at"] == "2026-09-08T08:00:00+07:00"
    assert row["held"]["slot_id"] == clinic.slot_id("n0")
    for lapses in (1, 2, 3):
        later(world, hours=10.1)
        world.live.work()
        (row,) = rebookings(clinic)
        assert row["lapses"] == lapses
        assert (row["held"] is None) == (lapses == 3)
    assert (holder.offered(), ticket_of(holder, ticket)["status"]) == ([], "orphaned")
    assert wrong(world) == []


def test_orphans_come_before_those_who_wait(clinic: Clinic) -> None:
    world = clinic.world
    taker, taken = book(clinic, clinic.slot("s2", hours=40))
    holder, _ = book(clinic, clinic.slot("s1"))
    waiter = join(clinic)
    close(clinic, "s1")
    assert (holder.offered(), waiter.offered()) == ([], [])
    assert rebookings(clinic)[0]["held"] is None
    cancel(taker, taken)
    assert (holder.offered(), waiter.offered()) == ([clinic.slot_id("s2")], [])
    holder.decline().ok()
    assert waiter.offered() == [clinic.slot_id("s2")]
    assert wrong(world) == []


def test_a_time_held_for_an_orphan_may_be_taken_away_too(clinic: Clinic) -> None:
    clinic.slot("near", hours=30)
    far = clinic.slot("far", hours=40)
    holder, _ = orphan(clinic)
    assert holder.offered() == [clinic.slot_id("near")]
    close(clinic, "near")
    assert holder.offered() == [far]
    assert wrong(clinic.world) == []


def test_who_cancels_or_finds_another_time_needs_no_offer(clinic: Clinic) -> None:
    world = clinic.world
    clinic.slot("near", hours=30)
    free = clinic.slot("free", hours=90)
    holder, ticket = orphan(clinic)
    moved = holder.api.post(f"/v1/appointments/{ticket}/reschedule", {"slot_id": free}).ok()
    assert (moved["status"], moved["slot_id"]) == ("booked", free)
    assert (holder.offers(), clinic.taken("near"), clinic.taken("free")) == ([], 0, 1)
    close(clinic, "free")
    assert holder.offered() == [clinic.slot_id("near")]
    cancel(holder, ticket)
    assert (holder.offers(), clinic.taken("near"), rebookings(clinic)) == ([], 0, [])
    assert wrong(world) == []


def test_not_where_the_patient_is_elsewhere(clinic: Clinic) -> None:
    world = clinic.world
    clinic.slot("near", hours=30)
    far = clinic.slot("far", hours=40)
    holder, ticket = book(clinic, clinic.slot("s1"))
    world.book(holder.api, Clinic(world).slot("b1", hours=30.1), holder.children[0]).ok()
    close(clinic, "s1")
    assert holder.offered() == [far]
    assert ticket_of(holder, ticket)["status"] == "orphaned"


def test_both_parents_see_it_and_one_of_them_accepts(clinic: Clinic) -> None:
    world = clinic.world
    clinic.slot("near", hours=30)
    mother = parent(world)
    world.book(mother.api, clinic.slot("s1"), mother.children[0]).ok()
    father = Waiter(world, someone())
    assert father.api.get("/v1/persons").ok()["items"] == []
    statement = """
    INSERT INTO guardians SELECT g.region_id, c.id, g.person_id, g.kinship, g.identity
    FROM guardians g, citizens c WHERE g.person_id = $1 AND c.external_id = $2
    """
    world.live.sql(statement, mother.children[0], str(father.user))
    close(clinic, "s1")
    assert father.offers() == mother.offers() != []
    path = f"/v1/offers/{father.offers()[0]['id']}/accept"
    tickets = father.api.post(path).ok()["items"]
    assert mother.api.post(path).ok()["items"] == tickets
    stranger = Waiter(world, someone())
    assert stranger.api.post(path).code == "offer_not_found"


def test_staff_see_their_own_institutions_tickets(clinic: Clinic) -> None:
    world = clinic.world
    orphan(clinic)
    assert len(rebookings(clinic)) == 1
    assert rebookings(Clinic(world)) == []
    path = f"{clinic.path}/rebookings"
    assert staff(clinic).get(path, specialty_code=SURGEON).ok()["items"] == []
    assert staff(clinic).get(f"/v1/institutions/{new_id()}/rebookings").code == "institution_not_found"
    assert world.parent(someone()).get(path).code == "forbidden"
