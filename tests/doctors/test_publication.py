"""What a clinic publishes through the live service."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from typing import Any
from uuid import UUID

from tests import locks
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.world import CLINIC, CLINIC_PAGE, PAEDIATRICIAN, SURGEON, World


def outcome(**counts: Any) -> dict[str, Any]:
    return {"added": 0, "changed": 0, "closed": 0, "unchanged": 0, "conflicts": [], **counts}


def conflict(own_id: str, reason: str, *tickets: dict[str, Any]) -> dict[str, Any]:
    hit = [{"number": ticket["number"], "starts_at": ticket["starts_at"]} for ticket in tickets]
    return {"external_id": own_id, "reason": reason, "appointments": len(hit), "tickets": hit}


def test_publishing_twice_changes_nothing(world: World) -> None:
    slots = [world.slot(f"s{number}", hours=24 + number) for number in range(3)]
    assert world.publish_slots(*slots).ok() == outcome(added=3)
    everything = "SELECT s.*, s.xmin FROM slots s ORDER BY id"
    before = world.live.sql(everything)
    assert world.publish_slots(*slots).ok() == outcome(unchanged=3)
    assert world.publish_slots(*reversed(slots)).ok() == outcome(unchanged=3)
    assert world.live.sql(everything) == before


def test_a_window_speaks_for_itself_alone(world: World) -> None:
    """A slot at the window's start is in it, one at its end is not, and what lies outside stays as it is."""
    clinic = Clinic(world)
    since = world.now + timedelta(days=2)
    outside = [world.slot("before", hours=47.75), world.slot("behind", hours=72)]
    inside = [world.slot("first", hours=48), world.slot("last", hours=71.75)]
    assert clinic.publish(*outside, *inside).ok() == outcome(added=4)
    assert clinic.publish(inside[0], since=since, days=1).ok() == outcome(unchanged=1, closed=1)
    assert clinic.publish(since=since, days=1).ok() == outcome(closed=1)
    parent = world.parent()
    assert [item["id"] for item in clinic.free(parent)] == [clinic.slot_id("before"), clinic.slot_id("behind")]
    for wrong in outside:
        refused = clinic.publish(*inside, wrong, since=since, days=1)
        assert refused.code == "slot_outside_window"
        assert [error["pointer"] for error in refused.json["errors"]] == ["/slots/2/starts_at"]
    # A closed slot that comes back is open again, under the id it had.
    assert clinic.publish(*inside, since=since, days=1).ok() == outcome(changed=2)
    assert len(clinic.free(parent)) == 4
    # One may also move into the window, or out of another: its own id is what it is known by.
    assert clinic.publish(*inside, world.slot("before", hours=50), since=since, days=1).ok() == outcome(
        unchanged=2, changed=1
    )
    assert len(clinic.free(parent)) == 4


def test_a_booked_slot_is_never_lost_or_changed(world: World) -> None:
    clinic = Clinic(world)
    booked, free = world.slot("booked", capacity=3), world.slot("free", hours=30)
    clinic.publish(booked, free).ok()
    bookings = [stranger(world, clinic.slot_id("booked")).answer("ru").ok() for _ in range(2)]
    parent = stranger(world, clinic.slot_id("booked"))
    ticket = parent.answer("ru").ok()
    bookings.append(ticket)

    assert clinic.publish(free).ok() == outcome(
        unchanged=1, conflicts=[conflict("booked", "booked_missing", *bookings)]
    )
    for change in (
        {"starts_at": world.slot(hours=25)["starts_at"]},
        {"duration_minutes": 20},
        {"practitioner_id": "d2"},
        {"age_from": 18},
        {"sex": "male"},
    ):
        found = clinic.publish(booked | change, free).ok()
        assert found == outcome(unchanged=1, conflicts=[conflict("booked", "booked_changed", *bookings)]), change
    lowered = clinic.publish(booked | {"capacity": 2}, free).ok()
    assert lowered == outcome(unchanged=1, conflicts=[conflict("booked", "capacity_below_booked", *bookings)])
    assert parent.api.get(f"/v1/appointments/{ticket['id']}").ok() == ticket
    assert clinic.taken("booked") == len(bookings)

    # More room is no conflict, and what was not in conflict in the same publication took place.
    assert clinic.publish(booked | {"capacity": 4}, free | {"sex": "female"}).ok() == outcome(changed=2)
    assert stranger(world, clinic.slot_id("booked")).answer("ru").status == 201
    # When its tickets are cancelled, the slot can go.
    world.live.sql("UPDATE appointments SET status = 'cancelled', active = false")
    world.live.sql("UPDATE slots SET taken = 0")
    assert clinic.publish(free | {"sex": "female"}).ok() == outcome(unchanged=1, closed=1)


def test_a_refused_publication_changes_nothing(world: World) -> None:
    clinic = Clinic(world)
    clinic.publish(world.slot("s1")).ok()
    events = world.live.sql("SELECT id FROM audit_trail ORDER BY id")
    for slots, code, pointer in (
        ([world.slot("s2"), world.slot("s2", hours=25)], "slot_twice", "/slots/1/external_id"),
        ([world.slot("s2"), world.slot("s3", location_id="l9")], "reference_unknown", "/slots/1/location_id"),
        ([world.slot("s2"), world.slot("s3", practitioner_id="d9")], "reference_unknown", "/slots/1/practitioner_id"),
        ([world.slot("s2"), world.slot("s3", age_from=9, age_to=8)], "ages_crossed", "/slots/1/age_from"),
    ):
        refused = clinic.publish(*slots)
        assert refused.code == code
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]
    assert [row["external_id"] for row in world.live.sql("SELECT external_id FROM slots")] == ["s1"]
    assert world.live.sql("SELECT id FROM audit_trail ORDER BY id") == events


def test_one_institution_does_not_touch_another(world: World) -> None:
    """Equal own ids are different things, and another institution's things are not there."""
    one, other = Clinic(world), Clinic(world)
    first = one.slot("s1")
    assert other.publish(world.slot("s1")).ok() == outcome(added=1)
    assert other.publish().ok() == outcome(closed=1)
    assert [item["id"] for item in one.free(world.operator)] == [first]
    system = world.live.client(42, UUID(other.id))
    for method, what, body in (
        ("PUT", "slots", one.window()),
        ("PUT", f"specialties/{SURGEON}", {"access": "closed"}),
        ("PUT", "practitioners/d3", {"last_name": "Чужая", "first_name": "Анна", "specialty_codes": [SURGEON]}),
        ("PUT", "locations/l1", {"name": "Чужой", "address": "г. Тайга"}),
        ("PUT", "attachments", {"items": []}),
    ):
        assert system.call(method, f"{one.path}/{what}", body).code == "institution_not_found"
        assert system.call(method, f"{other.path}/{what}", body).status == 200
    assert [item["id"] for item in one.free(world.operator)] == [first]
    # A page's administrator publishes at that page's institution alone; a reader nowhere.
    body = {"window_from": world.now.isoformat(), "window_days": 1, "slots": []}
    administrator = world.live.citizen(CLINIC_PAGE, 7, "admin")
    assert administrator.put(f"/v1/institutions/{CLINIC}/slots", body).ok() == outcome()
    assert administrator.put(f"{one.path}/slots", body).code == "institution_not_found"
    narrow = world.live.client(42, UUID(one.id), ("programmes:write",))
    assert narrow.put(f"{one.path}/slots", body).code == "forbidden"


def test_specialties_and_practitioners(world: World) -> None:
    clinic = Clinic(world)
    offered = world.operator.get("/v1/specialties", institution_id=clinic.id).ok()["items"]
    assert [(item["code"], item["name"], item["access"]) for item in offered] == [
        (PAEDIATRICIAN, "Врач-педиатр", "self"),
        (SURGEON, "Врач-хирург", "self"),
    ]
    assert clinic.put("specialties/34", {"access": "closed"})["name"] == "Врач-кардиолог"
    body = {"last_name": "Зимин", "first_name": "Лев", "specialty_codes": ["34", PAEDIATRICIAN, "34"]}
    found = clinic.put("practitioners/d1", body)
    assert found["specialty_codes"] == ["34", PAEDIATRICIAN]
    # Publishing a practitioner does not open again what the clinic has closed.
    english = world.operator.call(
        "GET", "/v1/specialties", params={"institution_id": clinic.id}, headers={"Accept-Language": "en"}
    ).ok()["items"]
    assert [(item["code"], item["name"], item["access"]) for item in english] == [
        ("34", "Cardiologist", "closed"),
        (PAEDIATRICIAN, "Paediatrician", "self"),
        (SURGEON, "Surgeon", "self"),
    ]
    listed = world.operator.get("/v1/practitioners", institution_id=clinic.id).ok()["items"]
    assert [item["last_name"] for item in listed] == ["Громов", "Зимин", "Яковлева"]
    assert listed[1] == found
    one = world.operator.get("/v1/practitioners", institution_id=clinic.id, specialty_code="34").ok()["items"]
    assert one == [found]
    wrong = {"last_name": "Зимин", "first_name": "Лев", "specialty_codes": ["34", "9999"]}
    assert world.operator.put(f"{clinic.path}/practitioners/d9", wrong).code == "specialty_unknown"


def test_of_two_publications_at_once_neither_changes_a_ticket(world: World) -> None:
    """The second one has read that there is no such slot; meanwhile the first publishes it, and it is booked."""
    clinic = Clinic(world)
    later = clinic.window(world.slot("held"), world.slot("s1", hours=30), days=2)
    sooner = clinic.window(world.slot("s1", hours=26), since=world.now + timedelta(hours=25), days=1)
    clinic.slot("pattern", hours=500)
    own_id_in_flight = """
        INSERT INTO slots (region_id, id, institution_id, external_id, practitioner_id, specialty_code, location_id,
                           starts_at, ends_at, capacity)
        SELECT region_id, gen_random_uuid(), institution_id, 'held', practitioner_id, specialty_code, location_id,
               starts_at, ends_at, capacity
        FROM slots WHERE external_id = 'pattern'"""
    tickets = 0
    with ThreadPoolExecutor(2) as background:
        with locks.holding(world.live, own_id_in_flight):
            # Not world.operator: a caller has one connection.
            second = background.submit(world.live.client(42).put, f"{clinic.path}/slots", later)
            locks.wait_until_blocked(world.live)
            first = background.submit(world.operator.put, f"{clinic.path}/slots", sooner)
            for _ in range(20):
                if world.live.sql("SELECT FROM slots WHERE external_id = 's1'"):
                    tickets += stranger(world, clinic.slot_id("s1")).answer("ru").status == 201
                    break
                sleep(0.01)
        first.result().ok()
        second.result().ok()
    # It was compared with what the first had published, or waited: either way no ticket's slot moved.
    kept = world.live.sql("SELECT starts_at, taken FROM slots WHERE external_id = 's1'")[0]
    assert (kept["starts_at"].isoformat(), kept["taken"]) == (world.slot(hours=26)["starts_at"], tickets)
