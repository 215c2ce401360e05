"""The waiting list: who may join, where they stand, how they leave."""

from datetime import timedelta
from typing import Any

import pytest

from service.core.ids import new_id
from tests.doctors.clinic import Clinic
from tests.provocation import someone
from tests.waiting.people import Waiter, book, cancel, full, join, later, parent, waiting, wrong
from tests.world import CARDIOLOGIST, PAEDIATRICIAN, SURGEON, World


@pytest.fixture
def clinic(world: World) -> Clinic:
    return Clinic(world)


def refused(clinic: Clinic, waiter: Waiter | None = None, **more: Any) -> tuple[int, str]:
    waiter = waiter or parent(clinic.world)
    answer = waiter.api.create("/v1/waiting-list", {**waiting(clinic, *waiter.children), **more})
    return answer.status, answer.code


def test_an_entry_says_what_is_waited_for_and_where_it_stands(clinic: Clinic) -> None:
    first, second = join(clinic), join(clinic, {}, {}, time_from="08:00", time_to="12:00")
    entry = second.entry()
    assert entry["institution"] == {"id": clinic.id, "name": "Поликлиника"}
    assert entry["specialty"]["code"] == PAEDIATRICIAN
    assert sorted(entry["person_ids"]) == sorted(second.children)
    assert (entry["time_from"], entry["time_to"], entry["status"]) == ("08:00", "12:00", "waiting")
    assert (entry["place"], entry["before"], entry["expected_days"], entry["lapses"]) == (2, 1, None, 0)
    assert entry["created_at"].endswith("+07:00")
    assert first.entry()["place"] == 1
    assert second.api.get("/v1/waiting-list").ok()["items"] == [entry]


def test_the_estimate_is_of_how_fast_the_queue_moved(clinic: Clinic) -> None:
    gone = [join(clinic) for _ in range(2)]
    stay = [join(clinic) for _ in range(3)]
    for waiter in gone:
        waiter.leave().ok()
    # Two in fourteen days: one a week.
    assert [waiter.entry()["expected_days"] for waiter in stay] == [7, 14, 21]
    assert gone[0].entry()["place"] is gone[0].entry()["expected_days"] is None
    later(clinic.world, days=14, minutes=1)
    assert [waiter.entry()["expected_days"] for waiter in stay] == [None, None, None]


def test_queues_are_of_a_specialty_of_a_clinic(clinic: Clinic) -> None:
    join(clinic)
    assert join(clinic, specialty_code=SURGEON).entry()["place"] == 1
    assert join(Clinic(clinic.world)).entry()["place"] == 1
    assert join(clinic).entry()["place"] == 2


def test_a_key_has_one_effect(clinic: Clinic) -> None:
    waiter, key = parent(clinic.world), str(new_id())
    body = waiting(clinic, *waiter.children)
    first = waiter.api.create("/v1/waiting-list", body, key)
    assert first.status == 201
    join(clinic)
    again = waiter.api.create("/v1/waiting-list", body, key)
    assert (again.status, again.content) == (201, first.content)
    assert len(waiter.api.get("/v1/waiting-list").ok()["items"]) == 1


def test_one_person_waits_once_even_by_two_parents(clinic: Clinic) -> None:
    mother = join(clinic, {"last_name": "Двойная", "snils": "11223344595"})
    father = parent(clinic.world, {"last_name": "Двойной", "snils": "11223344595"})
    assert refused(clinic, father) == (409, "already_waiting")
    assert refused(clinic, mother) == (409, "already_waiting")
    # Nothing is told of the other's entry; another queue is another thing.
    assert father.api.get(f"/v1/waiting-list/{mother.entry_id}").code == "entry_not_found"
    assert father.api.get("/v1/waiting-list").ok()["items"] == []
    father.api.create("/v1/waiting-list", waiting(clinic, *father.children, specialty_code=SURGEON)).ok()
    mother.leave().ok()
    father.api.create("/v1/waiting-list", waiting(clinic, *father.children)).ok()


def test_a_correction_that_shows_two_to_be_one_is_refused_where_both_wait(clinic: Clinic) -> None:
    join(clinic, {"snils": "11223344595"})
    other = join(clinic)
    path = f"/v1/persons/{other.children[0]}"
    assert other.api.call("PATCH", path, {"snils": "11223344595"}).code == "already_waiting"
    other.leave().ok()
    assert other.api.call("PATCH", path, {"snils": "11223344595"}).status == 200


def test_who_could_never_be_booked_does_not_wait(clinic: Clinic) -> None:
    world, today = clinic.world, clinic.world.now.date()
    yesterday, far = today - timedelta(days=1), today + timedelta(days=91)
    assert refused(clinic, day_to=yesterday.isoformat()) == (409, "dates_crossed")
    assert refused(clinic, day_to=far.isoformat()) == (409, "dates_crossed")
    assert refused(clinic, time_from="12:00", time_to="12:00") == (409, "dates_crossed")
    assert refused(clinic, day_from=yesterday.isoformat(), day_to=yesterday.isoformat()) == (409, "time_passed")
    assert refused(clinic, person_ids=[str(new_id())]) == (404, "person_not_found")
    assert refused(clinic, institution_id=str(new_id())) == (404, "institution_not_found")
    assert refused(clinic, specialty_code=CARDIOLOGIST) == (409, "specialty_not_offered")
    assert refused(clinic, practitioner_id=str(new_id())) == (409, "specialty_not_offered")
    # A surgeon is no paediatrician.
    surgeon = world.live.sql(
        "SELECT id FROM practitioners WHERE institution_id = $1 AND external_id = 'd3'", clinic.id
    )[0]["id"]
    assert refused(clinic, practitioner_id=str(surgeon)) == (409, "specialty_not_offered")
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "closed"})
    assert refused(clinic) == (409, "specialty_closed")
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "referral"})
    assert refused(clinic) == (409, "referral_needed")
    two = parent(world, {}, {})
    assert refused(clinic, two, referral_number="Н-1") == (409, "referral_of_several")
    assert refused(Clinic(world, require_attachment=True)) == (409, "not_attached")


def test_who_has_a_ticket_does_not_wait(clinic: Clinic) -> None:
    taker, ticket = book(clinic, clinic.slot())
    assert refused(clinic, taker) == (409, "already_has_ticket")
    cancel(taker, ticket)
    taker.api.create("/v1/waiting-list", waiting(clinic, *taker.children)).ok()


def test_leaving_twice_is_no_error_and_gives_the_place_on(clinic: Clinic) -> None:
    ((slot, taker, ticket),) = full(clinic, "s1")
    first, second = join(clinic), join(clinic)
    cancel(taker, ticket)
    assert first.offered() == [slot]
    assert first.leave().ok()["status"] == "left"
    assert first.leave().ok()["status"] == "left"
    assert first.offers() == []
    assert second.offered() == [slot]
    assert wrong(clinic.world) == []


def test_an_entry_is_its_own_citizens(clinic: Clinic) -> None:
    waiter, stranger = join(clinic), clinic.world.parent(someone())
    path = f"/v1/waiting-list/{waiter.entry_id}"
    assert (stranger.get(path).status, stranger.get(path).code) == (404, "entry_not_found")
    assert stranger.post(f"{path}/leave").code == "entry_not_found"
    assert stranger.get("/v1/waiting-list").ok()["items"] == []
    assert waiter.status == "waiting"


def test_waiting_ends_with_its_last_day_in_the_clinics_zone(world: World) -> None:
    east, west = Clinic(world, zone="Asia/Kamchatka"), Clinic(world, zone="Europe/Kaliningrad")
    today = world.now.date().isoformat()
    waiters = [join(clinic, day_from=today, day_to=today) for clinic in (east, west)]
    later(world, hours=11.5)
    world.live.work()
    # In Kamchatka it is tomorrow, in Kaliningrad the afternoon.
    statuses = "SELECT status, ended_at FROM waiting_entries ORDER BY queued_at"
    assert [row["status"] for row in world.live.sql(statuses)] == ["expired", "waiting"]
    later(world, hours=11)
    world.live.work()
    assert [row["status"] for row in world.live.sql(statuses)] == ["expired", "expired"]
    assert world.live.sql("SELECT count(*) AS active FROM waiting_persons WHERE active")[0]["active"] == 0
    assert len(waiters) == 2


def test_a_list_has_pages(clinic: Clinic) -> None:
    waiter = parent(clinic.world, {}, {}, {})
    ids = [waiter.api.create("/v1/waiting-list", waiting(clinic, child)).ok()["id"] for child in waiter.children]
    first = waiter.api.get("/v1/waiting-list", limit=2).ok()
    rest = waiter.api.get("/v1/waiting-list", limit=2, cursor=first["next_cursor"]).ok()
    assert [entry["id"] for entry in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


def test_who_waits_is_not_deleted(clinic: Clinic) -> None:
    waiter = join(clinic)
    path = f"/v1/persons/{waiter.children[0]}"
    assert waiter.api.call("DELETE", path).code == "person_has_bookings"
    waiter.leave().ok()
    assert waiter.api.call("DELETE", path).status == 204
