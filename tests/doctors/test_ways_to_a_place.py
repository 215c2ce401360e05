"""Held, booked together, moved, by referral, at home: every way to a ticket but the plain one."""

from datetime import timedelta
from typing import Any

from tests.doctors.clinic import Clinic
from tests.doctors.provocations import siblings, stranger
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import CARDIOLOGIST, PAEDIATRICIAN, REGION, SURGEON, World


def family(world: World, children: int = 1) -> tuple[Api, list[str]]:
    parent = world.parent(someone())
    return parent, [world.child(parent, last_name=surname()) for _ in range(children)]


def hold(parent: Api, slot_id: str) -> Answer:
    return parent.create("/v1/holds", {"slot_id": slot_id})


def move(parent: Api, ticket: Any, slot_id: str) -> Answer:
    return parent.post(f"/v1/appointments/{ticket['id']}/reschedule", {"slot_id": slot_id})


# Holds -------------------------------------------------------------------------------------------------------------


def test_a_place_that_is_held_is_nobody_elses_until_its_time_is_over(world: World) -> None:
    clinic = Clinic(world, hold_minutes=5)
    slot = clinic.slot()
    parent, (child,) = family(world)
    kept = hold(parent, slot).ok()
    assert (kept["slot_id"], kept["expires_at"]) == (slot, "2026-09-07T08:05:00+07:00")
    assert clinic.free(parent) == []
    assert stranger(world, slot).answer("ru").code == "time_taken"
    assert hold(family(world)[0], slot).code == "time_taken"
    # Its own citizen books it, and holds it no longer.
    assert world.book(parent, slot, child).status == 201
    assert clinic.taken() == 1
    assert world.live.sql("SELECT FROM holds") == []


def test_a_hold_ends_by_itself(world: World) -> None:
    """Whether a worker has come by or not: who books finds the place free."""
    clinic = Clinic(world, hold_minutes=5)
    first, second = clinic.slot("s1"), clinic.slot("s2", hours=30)
    for slot in (first, second):
        hold(family(world)[0], slot).ok()
    world.live.clock.now += timedelta(minutes=5)
    assert stranger(world, first).answer("ru").status == 201
    assert clinic.taken("s2") == 1
    assert world.live.work() == 1
    assert (clinic.taken("s1"), clinic.taken("s2")) == (1, 0)
    assert world.live.work() == 0


def test_a_late_citizen_still_has_the_place_if_nobody_came(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot()
    parent, (child,) = family(world)
    hold(parent, slot).ok()
    world.live.clock.now += timedelta(minutes=11)
    assert world.book(parent, slot, child).status == 201
    assert clinic.taken() == 1


def test_a_citizen_holds_one_place_at_an_institution(world: World) -> None:
    clinic, other = Clinic(world), Clinic(world)
    first, second, elsewhere = clinic.slot("s1"), clinic.slot("s2", hours=30), other.slot()
    parent, _ = family(world)
    kept = [hold(parent, slot).ok() for slot in (first, elsewhere, second)]
    assert (clinic.taken("s1"), clinic.taken("s2"), other.taken()) == (0, 1, 1)
    for _ in range(2):
        assert parent.call("DELETE", f"/v1/holds/{kept[2]['id']}").status == 204
        assert clinic.taken("s2") == 0
    # Nobody lets go for another, and is told nothing.
    assert family(world)[0].call("DELETE", f"/v1/holds/{kept[1]['id']}").status == 204
    assert other.taken() == 1


# Together ----------------------------------------------------------------------------------------------------------


def test_a_family_is_booked_whole_or_not_at_all(world: World) -> None:
    clinic = Clinic(world)
    asked = siblings(clinic)
    tickets = asked.answer("ru").ok()["items"]
    assert [ticket["slot_id"] for ticket in tickets] == [item["slot_id"] for item in asked.body["items"]]
    assert [ticket["person"]["id"] for ticket in tickets] == [item["person_id"] for item in asked.body["items"]]
    assert len({ticket["number"] for ticket in tickets}) == 2

    other = Clinic(world)
    asked = siblings(other)
    stranger(world, asked.body["items"][1]["slot_id"]).answer("ru").ok()
    refused = asked.answer("ru")
    assert refused.code == "time_taken"
    assert [error["pointer"] for error in refused.json["errors"]] == ["/items/1"]
    assert (other.taken("one"), other.taken("next")) == (0, 1)
    assert len(asked.api.get("/v1/appointments").ok()["items"]) == 0


def test_a_family_is_told_whose_time_it_is(world: World) -> None:
    clinic = Clinic(world)
    slots = [clinic.slot(f"s{number}", hours=24 + number) for number in range(3)]
    parent, (one, two) = family(world, 2)
    world.book(parent, slots[2], two).ok()
    body = {"items": [{"slot_id": slots[0], "person_id": one}, {"slot_id": slots[1], "person_id": two}]}
    refused = parent.create("/v1/family-appointments", body)
    assert refused.code == "already_has_ticket"
    assert [error["pointer"] for error in refused.json["errors"]] == ["/items/1"]
    for items in ([], body["items"][:1], body["items"] * 3):
        assert parent.create("/v1/family-appointments", {"items": items}).code == "invalid"


def test_one_slot_with_room_takes_two_children(world: World) -> None:
    clinic = Clinic(world)
    slot = clinic.slot(capacity=2)
    parent, children = family(world, 2)
    items = [{"slot_id": slot, "person_id": child} for child in children]
    hold(parent, slot).ok()
    assert len(parent.create("/v1/family-appointments", {"items": items}).ok()["items"]) == 2
    assert clinic.taken() == 2
    # The same child twice in it is refused, whole.
    refused = parent.create("/v1/family-appointments", {"items": [items[0], items[0]]})
    assert refused.status == 409


def test_times_that_follow_each_other_are_found(world: World) -> None:
    clinic = Clinic(world)
    for own_id, hours, more in (
        ("a", 24.0, {}),
        ("b", 24.25, {}),
        ("c", 24.5, {"practitioner_id": "d2"}),
        ("d", 24.75, {"practitioner_id": "d3", "specialty_code": SURGEON}),
    ):
        clinic.slot(own_id, hours=hours, **more)
    parent, _ = family(world)
    names = {clinic.slot_id(own_id): own_id for own_id in "abcd"}

    def found(codes: str, **query: Any) -> list[str]:
        wanted = {"institution_id": clinic.id, "specialty_codes": codes, **query}
        answer = parent.get("/v1/slots/together", **wanted).ok()
        return ["".join(names[slot["id"]] for slot in slots) for slots in answer["items"]]

    twice = f"{PAEDIATRICIAN},{PAEDIATRICIAN}"
    assert found(twice) == ["ab", "bc"]
    assert found(twice, one_practitioner="true") == ["ab"]
    assert found(twice, wait_minutes=15) == ["ab", "ac", "bc"]
    assert found(f"{twice},{PAEDIATRICIAN}") == ["abc"]
    # Whoever is seen first: the order is that of the specialties that were asked for.
    assert found(f"{SURGEON},{PAEDIATRICIAN}") == ["dc"]
    assert found(f"{CARDIOLOGIST},{PAEDIATRICIAN}") == []
    assert found(twice, limit=1) == ["ab"]


# Moved -------------------------------------------------------------------------------------------------------------


def test_a_ticket_moves_in_one_step(world: World) -> None:
    clinic = Clinic(world)
    first, second = clinic.slot("s1"), clinic.slot("s2", hours=30, practitioner_id="d2")
    parent, (child,) = family(world)
    ticket = world.book(parent, first, child).ok()
    moved = move(parent, ticket, second)
    assert moved.ok() == {
        **ticket,
        "slot_id": second,
        "starts_at": "2026-09-08T14:00:00+07:00",
        "ends_at": "2026-09-08T14:15:00+07:00",
        "cancel_until": "2026-09-08T14:00:00+07:00",
        "practitioner": moved.json["practitioner"],
        "sequence": 1,
        "qr_token": moved.json["qr_token"],
    }
    assert moved.json["practitioner"]["last_name"] == "Яковлева"
    assert (clinic.taken("s1"), clinic.taken("s2")) == (0, 1)
    # A double tap.
    assert move(parent, ticket, second).content == moved.content
    calendar = parent.get(f"/v1/appointments/{ticket['id']}/calendar").content.decode()
    assert "SEQUENCE:1" in calendar
    # To an overlapping time: where the patient was is no hindrance.
    near = clinic.slot("s3", hours=30.1)
    assert move(parent, ticket, near).ok()["sequence"] == 2


def test_what_can_not_be_had_leaves_the_ticket_as_it_was(world: World) -> None:
    clinic = Clinic(world)
    first, second, third = clinic.slot("s1"), clinic.slot("s2", hours=30), clinic.slot("s3", hours=48)
    parent, (child,) = family(world)
    ticket = world.book(parent, first, child).ok()
    stranger(world, second).answer("ru").ok()
    busy = Clinic(world).slot(hours=48)
    world.book(parent, busy, child).ok()
    refused = move(parent, ticket, second)
    assert refused.code == "time_taken"
    assert [free["slot_id"] for free in refused.json["alternatives"]] == [third]
    assert move(parent, ticket, third).code == "person_busy"
    assert move(family(world)[0], ticket, third).code == "appointment_not_found"
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok() == ticket
    assert (clinic.taken("s1"), clinic.taken("s2"), clinic.taken("s3")) == (1, 1, 0)
    world.live.clock.now += timedelta(hours=24)
    assert move(world.parent(someone()), ticket, third).code == "appointment_not_found"
    assert refused_late(world, parent, ticket, third)


def refused_late(world: World, parent: Api, ticket: Any, slot_id: str) -> bool:
    """The token is of yesterday, so the parent comes anew."""
    owner = world.live.sql(
        "SELECT external_id FROM citizens JOIN appointments a ON a.citizen_id = citizens.id WHERE a.number = $1",
        ticket["number"],
    )[0]["external_id"]
    return move(world.parent(int(owner)), ticket, slot_id).code == "cancellation_closed"


# By the institution's rules ------------------------------------------------------------------------------------------


def test_a_referral_is_good_for_its_patient_its_time_and_once(world: World) -> None:
    clinic = Clinic(world, check_referrals=True)
    clinic.put(f"specialties/{PAEDIATRICIAN}", {"access": "referral"})
    parent = world.parent(someone())
    child = world.child(parent, last_name=surname(), snils="11223344595")
    referral = {"number": "Н-7", "specialty_code": PAEDIATRICIAN, "valid_from": "2026-09-01", "valid_to": "2026-09-08"}
    others = [
        referral | {"number": "Н-8", "specialty_code": SURGEON},
        referral | {"number": "Н-9", "valid_to": "2026-09-07"},
        referral | {"number": "Н-10", "snils": "08765430300"},
    ]
    mine = referral | {"snils": "11223344595"}
    assert clinic.put("referrals", {"items": [*others, mine]}) == {"known": 4}
    slot = clinic.slot()
    for number in ("Н-8", "Н-9", "Н-10", "Н-11"):
        assert world.book(parent, slot, child, referral_number=number).code == "referral_unknown", number
    assert world.book(parent, slot, child).code == "referral_needed"
    ticket = world.book(parent, slot, child, referral_number="Н-7").ok()
    assert ticket["referral_number"] == "Н-7"
    # Given back with the ticket.
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert world.book(parent, slot, child, referral_number="Н-7").status == 201
    crossed = clinic.world.operator.put(f"{clinic.path}/referrals", {"items": [referral | {"valid_to": "2026-08-01"}]})
    assert crossed.code == "dates_crossed"
    unknown = clinic.world.operator.put(f"{clinic.path}/referrals", {"items": [referral | {"specialty_code": "9999"}]})
    assert unknown.code == "specialty_unknown"


def test_a_home_visit_has_an_address_and_no_exact_time(world: World) -> None:
    clinic = Clinic(world)
    visits = clinic.slot("visits", purpose="home_visit", duration_minutes=480, capacity=5)
    parent, (child,) = family(world)
    address = "г. Прокопьевск, ул. Шишкина, 9, кв. 4"
    ticket = world.book(parent, visits, child, "once", home_address=address).ok()
    assert (ticket["purpose"], ticket["home_address"]) == ("home_visit", address)
    assert world.book(parent, visits, child, "once", home_address=address).ok() == ticket
    assert not any(
        "home_address" in row["kept"] for row in world.live.sql("SELECT i::text AS kept FROM idempotency_keys i")
    )
    assert parent.get(f"/v1/appointments/{ticket['id']}").ok() == ticket
    # It is sealed in the database, and the patient may be elsewhere that day.
    assert not any(address in str(dict(row)) for row in world.live.sql("SELECT a::text FROM appointments a"))
    assert world.book(parent, Clinic(world).slot(hours=25), child).status == 201


def test_a_place_that_was_given_back_rests(world: World) -> None:
    clinic = Clinic(world, rest_minutes=10)
    slot = clinic.slot()
    parent, (child,) = family(world)
    ticket = world.book(parent, slot, child).ok()
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert clinic.taken() == 0
    assert clinic.free(parent) == []
    assert world.book(parent, slot, child).code == "not_released"
    world.live.clock.now += timedelta(minutes=10)
    assert len(clinic.free(parent)) == 1
    assert world.book(parent, slot, child).status == 201


def test_channels_pass_to_the_internet_when_the_clinic_says(world: World) -> None:
    clinic = Clinic(world)
    clinic.slot("online", channels=["internet"])
    clinic.slot("desk", hours=25, channels=["desk"])
    passes = (world.now + timedelta(minutes=5)).isoformat()
    clinic.slot("passes", hours=26, channels=["desk"], internet_at=passes)
    parent, _ = family(world)

    def seen() -> list[str]:
        return [item["id"] for item in clinic.free(parent)]

    assert seen() == [clinic.slot_id("online")]
    world.live.clock.now += timedelta(minutes=5)
    assert seen() == [clinic.slot_id("online"), clinic.slot_id("passes")]


def test_limits_count_what_they_say(world: World) -> None:
    clinic = Clinic(world, most_tickets=2, most_bookings=3, bookings_days=1)
    slots = [clinic.slot(f"s{number}", hours=24 + number) for number in range(2)]
    surgery = clinic.slot("s9", hours=34, practitioner_id="d3", specialty_code=SURGEON)
    parent, (child, brother) = family(world, 2)
    ticket = world.book(parent, slots[0], child).ok()
    assert world.book(parent, surgery, child).status == 201
    parent.post(f"/v1/appointments/{ticket['id']}/cancel").ok()
    assert world.book(parent, slots[0], child).status == 201
    (booked, *_) = parent.get("/v1/appointments", person_id=child).ok()["items"]
    parent.post(f"/v1/appointments/{booked['id']}/cancel").ok()
    assert world.book(parent, slots[1], child).code == "too_many_bookings"
    # Another child is another patient.
    assert world.book(parent, slots[1], brother).status == 201


# What the clinic changes ---------------------------------------------------------------------------------------------


def test_a_change_that_is_carried_out_loses_nobody(world: World) -> None:
    clinic = Clinic(world)
    clinic.put("locations/l2", {"name": "Корпус 2", "address": "г. Прокопьевск, ул. Шишкина, 2", "room": "12"})
    gone, moved, elsewhere = world.slot("gone"), world.slot("moved", hours=25), world.slot("elsewhere", hours=26)
    tight = world.slot("tight", hours=27, capacity=2)
    clinic.publish(gone, moved, elsewhere, tight).ok()
    tickets = {
        own_id: (asked := stranger(world, clinic.slot_id(own_id)), asked.answer("ru").ok())
        for own_id in ("gone", "moved", "elsewhere", "tight")
    }
    last = stranger(world, clinic.slot_id("tight"))
    last_ticket = last.answer("ru").ok()
    change = clinic.window(
        moved | {"starts_at": world.slot(hours=25.5)["starts_at"]},
        elsewhere | {"location_id": "l2"},
        tight | {"capacity": 1},
    )
    wanted = change | {"booked": "rebook"}
    foreseen = world.operator.put(f"{clinic.path}/slots?dry_run=true", wanted).ok()
    assert {found["external_id"]: found["reason"] for found in foreseen["conflicts"]} == {
        "gone": "booked_missing",
        "moved": "booked_changed",
        "elsewhere": "booked_moved",
        "tight": "capacity_below_booked",
    }

    def statuses() -> dict[str, str]:
        seen = {
            own_id: asked.api.get(f"/v1/appointments/{ticket['id']}").ok()
            for own_id, (asked, ticket) in tickets.items()
        }
        seen["last"] = last.api.get(f"/v1/appointments/{last_ticket['id']}").ok()
        return {own_id: ticket["status"] for own_id, ticket in seen.items()}

    assert set(statuses().values()) == {"booked"}
    assert world.operator.put(f"{clinic.path}/slots", wanted).ok() == foreseen
    assert statuses() == {
        "gone": "orphaned",
        "moved": "orphaned",
        "elsewhere": "booked",
        "tight": "booked",
        "last": "orphaned",
    }
    asked, ticket = tickets["elsewhere"]
    there = asked.api.get(f"/v1/appointments/{ticket['id']}").ok()
    assert (there["location"]["name"], there["sequence"], there["starts_at"]) == ("Корпус 2", 1, ticket["starts_at"])
    # Everyone who lost their time has one open offer, and can take any other time by themselves.
    orphaned = world.live.sql("SELECT count(*) FROM offers WHERE status = 'open' AND appointment_id IS NOT NULL")
    assert orphaned[0]["count"] == 3
    asked, ticket = tickets["gone"]
    free = clinic.slot_id("moved") if clinic.taken("moved") == 0 else None
    if free is not None:
        assert move(asked.api, ticket, free).ok()["status"] == "booked"
    # Publishing the same again changes nothing.
    again = world.operator.put(f"{clinic.path}/slots", wanted).ok()
    assert (again["added"], again["changed"], again["closed"]) == (0, 0, 0)


def test_an_orphaned_ticket_can_be_cancelled(world: World) -> None:
    clinic = Clinic(world)
    clinic.publish(world.slot("gone")).ok()
    asked = stranger(world, clinic.slot_id("gone"))
    ticket = asked.answer("ru").ok()
    world.operator.put(f"{clinic.path}/slots", clinic.window() | {"booked": "rebook"}).ok()
    path = f"/v1/appointments/{ticket['id']}"
    assert asked.api.get(path).ok()["status"] == "orphaned"
    assert asked.api.call("DELETE", f"/v1/persons/{ticket['person']['id']}").code == "person_has_bookings"
    assert asked.api.post(f"{path}/cancel").ok()["status"] == "cancelled"
    assert world.live.sql("SELECT status FROM offers")[0]["status"] == "withdrawn"
    assert clinic.taken("gone") == 0


def test_a_location_that_moves_takes_its_tickets_along(world: World) -> None:
    clinic = Clinic(world)
    asked, past = stranger(world, clinic.slot("s1")), stranger(world, clinic.slot("s2", hours=1))
    ticket, gone = asked.answer("ru").ok(), past.answer("ru").ok()
    world.live.clock.now += timedelta(hours=2)
    world.operator = world.live.client(REGION)
    room = {"name": "Корпус 1", "address": "г. Прокопьевск, ул. Шишкина, 1", "room": "9"}
    hit = [{"number": ticket["number"], "starts_at": ticket["starts_at"]}]
    for tried, tickets in (("?dry_run=true", hit), ("", hit), ("", [])):
        assert clinic.put(f"locations/l1{tried}", room)["tickets"] == tickets
    statement = "SELECT number, sequence, terms -> 'location' ->> 'room' AS room FROM appointments ORDER BY starts_at"
    assert [tuple(row) for row in world.live.sql(statement)] == [(gone["number"], 0, "7"), (ticket["number"], 1, "9")]
    told = world.live.sql("SELECT subject_id FROM outbox WHERE event = 'appointment_moved'")
    assert [str(row["subject_id"]) for row in told] == [ticket["id"]]
