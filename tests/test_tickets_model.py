"""The whole life of tickets, at random: whatever is done, in whatever order, what must always be true is true.

Three parents, one of them a second parent of the first one's child, two paediatricians and a surgeon with a few places.
After every step the database is asked for each thing that must never be; nothing that was acknowledged is lost.
"""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.core.ids import new_id
from tests.conftest import fresh_database
from tests.doctors.clinic import Clinic
from tests.live import Answer, Api, Live
from tests.waiting.people import waiting
from tests.world import PAEDIATRICIAN, SURGEON, World

# Own id -> doctor, specialty, hours from the start of the test, places.
SLOTS: dict[str, tuple[str, str, float, int]] = {
    "p1": ("d1", PAEDIATRICIAN, 5, 1),
    "p2": ("d1", PAEDIATRICIAN, 5.25, 1),
    "p3": ("d1", PAEDIATRICIAN, 5.5, 2),
    "p4": ("d2", PAEDIATRICIAN, 5.25, 1),
    "s1": ("d3", SURGEON, 5.25, 1),
    "s2": ("d3", SURGEON, 7, 1),
}
OWN_IDS = tuple(SLOTS)
SNILS = ("11223344595", "08765430300", "16022337922", "12345678964")
NAMES = ("Вера", "Надежда", "Анна", "Нина")
# Of each parent, the numbers of children: the first and the second one have a child in common.
FAMILIES = ((0, 1), (0, 2), (3,))

NEVER: dict[str, str] = {
    "a place counted wrongly": """
        SELECT s.id FROM slots s WHERE s.taken <> (
            SELECT count(*) FROM appointments a WHERE a.slot_id = s.id AND (
                a.status IN ('booked', 'arrived', 'fulfilled') OR a.status = 'noshow' AND a.noshow_at >= a.starts_at)
        ) + (SELECT count(*) FROM holds h WHERE h.slot_id = s.id)""",
    "a place sold twice": "SELECT id FROM slots WHERE taken NOT BETWEEN 0 AND capacity",
    "somebody in two places": """
        SELECT one.booking_id FROM engagements one JOIN engagements other
        ON one.identity = other.identity AND one.times && other.times AND one.booking_id < other.booking_id""",
    "a ticket whose patient is not where it says": """
        SELECT a.id FROM appointments a LEFT JOIN engagements e ON e.booking_id = a.id
        WHERE a.status IN ('booked', 'arrived')
          AND e.times IS DISTINCT FROM tstzmultirange(tstzrange(a.starts_at, a.ends_at))""",
    "somebody who is where they have no ticket": """
        SELECT e.booking_id FROM engagements e JOIN appointments a ON a.id = e.booking_id
        WHERE a.status NOT IN ('booked', 'arrived')""",
    "two tickets to one specialty": """
        SELECT identity FROM appointments WHERE active GROUP BY institution_id, specialty_code, identity
        HAVING count(*) > 1""",
    "a ticket to a time that the clinic took away": """
        SELECT a.id FROM appointments a JOIN slots s ON s.id = a.slot_id
        WHERE a.status = 'booked' AND (s.status <> 'open' OR a.starts_at <> s.starts_at)""",
    "an orphaned ticket without its offer": """
        SELECT a.id FROM appointments a WHERE a.status = 'orphaned' AND 1 <> (
            SELECT count(*) FROM offers o WHERE o.appointment_id = a.id AND o.status = 'open')""",
    "an offer to somebody who needs none": """
        SELECT o.id FROM offers o LEFT JOIN appointments a ON a.id = o.appointment_id
        LEFT JOIN waiting_entries e ON e.id = o.entry_id
        WHERE o.status = 'open' AND coalesce(a.status <> 'orphaned', e.status <> 'offered')""",
    "somebody who was offered nothing": """
        SELECT e.id FROM waiting_entries e WHERE e.status = 'offered' AND NOT EXISTS (
            SELECT FROM offers o WHERE o.entry_id = e.id AND o.status = 'open')""",
    "an offered place that is not kept, or a kept one that is not offered": """
        SELECT o.id FROM offers o WHERE (SELECT count(*) FROM holds h WHERE h.offer_id = o.id)
            <> CASE o.status WHEN 'open' THEN jsonb_array_length(o.places) ELSE 0 END""",
    "something that nobody will be told of": """
        SELECT a.id FROM appointments a WHERE NOT EXISTS (
            SELECT FROM audit_trail t JOIN outbox o ON o.id = t.id
            WHERE t.subject_id = a.id AND t.event = 'appointment_booked')""",
}


class Tickets(RuleBasedStateMachine):
    """`server_dsn` and `folder` are set by the test."""

    server_dsn: ClassVar[str]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        live = self.open.enter_context(Live(self.open.enter_context(fresh_database(self.server_dsn)), self.folder))
        self.world = World(live)
        # Number, of every ticket that was acknowledged.
        self.acknowledged: dict[str, str] = {}
        self.asked: tuple[int, str, Any, str, Answer] | None = None

    def teardown(self) -> None:
        self.open.close()

    @initialize()
    def set_up(self) -> None:
        self.start = self.world.now
        self.world.take_off_limits()
        self.clinic = Clinic(self.world, hold_minutes=10, offer_minutes=30, rebooking_hours=2, noshow_after_minutes=30)
        self.publish_all(OWN_IDS, "keep")
        self.children = [
            {child: self.write_down(number, child) for child in family} for number, family in enumerate(FAMILIES)
        ]

    def write_down(self, number: int, child: int) -> str:
        return self.world.child(self.parent(number), first_name=NAMES[child], snils=SNILS[child])

    def parent(self, number: int) -> Api:
        """With a new token, for the clock moves."""
        return self.world.parent(100 + number)

    def own(self, number: int, child: int) -> str:
        """One of the parent's children."""
        mine = list(self.children[number].values())
        return mine[child % len(mine)]

    def publish_all(self, own_ids: tuple[str, ...], booked: str, later_minutes: int = 0) -> None:
        slots = [
            self.world.slot(
                own_id,
                starts_at=(self.start + timedelta(hours=hours, minutes=later_minutes)).isoformat(),
                practitioner_id=doctor,
                specialty_code=specialty,
                capacity=capacity,
            )
            for own_id, (doctor, specialty, hours, capacity) in SLOTS.items()
            if own_id in own_ids
        ]
        body = self.clinic.window(*slots, since=self.start, days=3) | {"booked": booked}
        self.world.operator = self.world.live.client(42)
        self.world.operator.put(f"{self.clinic.path}/slots", body).ok()

    def slot(self, own_id: str) -> str:
        return self.clinic.slot_id(own_id)

    def any_slot(self, number: int) -> str:
        """One that was published, or made by a schedule."""
        statement = "SELECT id FROM slots WHERE institution_id = $1 ORDER BY external_id"
        rows = self.world.live.sql(statement, self.clinic.id)
        return str(rows[number % len(rows)]["id"])

    def create(self, number: int, path: str, body: Any) -> Answer:
        """Answered, and not by a failure; every ticket of it is remembered."""
        key = str(new_id())
        answer = self.parent(number).create(path, body, key)
        assert answer.status in (201, 404, 409, 422), answer.content
        if answer.status == 201:
            self.asked = number, path, body, key, answer
            self.remember(answer.json)
        return answer

    def remember(self, told: Any) -> None:
        for ticket in told.get("items", [told]):
            if "number" in ticket:
                self.acknowledged[ticket["id"]] = ticket["number"]

    def my_tickets(self, number: int) -> list[Any]:
        return self.parent(number).get("/v1/appointments").ok()["items"]

    # What citizens do

    @rule(number=st.integers(0, 2), child=st.integers(0, 1), slot=st.integers(0, 11))
    def book(self, number: int, child: int, slot: int) -> None:
        self.create(number, "/v1/appointments", {"slot_id": self.any_slot(slot), "person_id": self.own(number, child)})

    @rule(number=st.integers(0, 1), own_ids=st.tuples(st.sampled_from(OWN_IDS), st.sampled_from(OWN_IDS)))
    def book_family(self, number: int, own_ids: tuple[str, str]) -> None:
        items = [
            {"slot_id": self.slot(own_id), "person_id": self.own(number, child)} for child, own_id in enumerate(own_ids)
        ]
        self.create(number, "/v1/family-appointments", {"items": items})

    @rule(number=st.integers(0, 2), own_id=st.sampled_from(OWN_IDS))
    def hold(self, number: int, own_id: str) -> None:
        self.create(number, "/v1/holds", {"slot_id": self.slot(own_id)})

    @precondition(lambda self: self.asked is not None)
    @rule()
    def ask_again(self) -> None:
        assert self.asked is not None
        number, path, body, key, answer = self.asked
        again = self.parent(number).create(path, body, key)
        assert (again.status, again.content) == (answer.status, answer.content)

    @rule(number=st.integers(0, 2), which=st.integers(0, 3), slot=st.integers(0, 11))
    def reschedule(self, number: int, which: int, slot: int) -> None:
        tickets, slot_id = self.my_tickets(number), self.any_slot(slot)
        if tickets:
            ticket = tickets[which % len(tickets)]
            path = f"/v1/appointments/{ticket['id']}/reschedule"
            moved = self.parent(number).post(path, {"slot_id": slot_id})
            if moved.status == 200:
                assert (moved.json["status"], moved.json["slot_id"]) == ("booked", slot_id)
            else:
                assert moved.status == 409, moved.content
                assert self.parent(number).get(f"/v1/appointments/{ticket['id']}").ok() == ticket

    @rule(number=st.integers(0, 2), which=st.integers(0, 3))
    def cancel(self, number: int, which: int) -> None:
        tickets = self.my_tickets(number)
        if tickets:
            answer = self.parent(number).post(f"/v1/appointments/{tickets[which % len(tickets)]['id']}/cancel")
            assert answer.status == 409 or answer.ok()["status"] == "cancelled"

    @rule(number=st.integers(0, 2), several=st.booleans())
    def join(self, number: int, several: bool) -> None:
        persons = list(self.children[number].values())
        self.create(number, "/v1/waiting-list", waiting(self.clinic, *(persons if several else persons[:1])))

    @rule(number=st.integers(0, 2))
    def leave(self, number: int) -> None:
        for entry in self.parent(number).get("/v1/waiting-list").ok()["items"]:
            self.parent(number).post(f"/v1/waiting-list/{entry['id']}/leave").ok()

    @rule(number=st.integers(0, 2), verb=st.sampled_from(["accept", "accept", "decline"]))
    def answer_offers(self, number: int, verb: str) -> None:
        for offer in self.parent(number).get("/v1/offers").ok()["items"]:
            answer = self.parent(number).post(f"/v1/offers/{offer['id']}/{verb}")
            assert answer.status in (200, 409), answer.content
            if answer.status == 200 and verb == "accept":
                self.remember(answer.json)

    # What the clinic does

    @rule(own_ids=st.sets(st.sampled_from(OWN_IDS), min_size=2), later=st.sampled_from([0, 0, 60]))
    def change_the_schedule(self, own_ids: set[str], later: int) -> None:
        self.publish_all(tuple(own_ids), "rebook", later)

    @rule(begins=st.sampled_from(["15:00", "15:30"]), minutes=st.sampled_from([15, 30]), room=st.sampled_from("12"))
    def publish_hours(self, begins: str, minutes: int, room: str) -> None:
        """Of the second paediatrician, in the afternoon, today and tomorrow."""
        self.clinic.put("locations/l2", {"name": "Корпус 2", "address": "г. Прокопьевск, пр. Шахтёров, 3"})
        body = {
            "practitioner_id": "d2",
            "specialty_code": PAEDIATRICIAN,
            "location_id": f"l{room}",
            "valid_from": self.start.date().isoformat(),
            "slot_minutes": minutes,
            "hours": [{"weekdays": [1, 2], "begins": begins, "ends": "16:00"}],
            "release": {"horizon_days": 2},
        }
        self.world.operator.put(f"{self.clinic.path}/schedules/c1", body).ok()

    @rule(doctor=st.sampled_from(["d1", "d2", "d3"]))
    def a_doctor_falls_ill(self, doctor: str) -> None:
        end = self.start + timedelta(days=2)
        body = {"begins_at": self.world.now.isoformat(), "ends_at": end.isoformat(), "reason": "Болеет"}
        answer = self.world.operator.call("POST", f"{self.clinic.path}/practitioners/{doctor}/block", body)
        assert answer.status in (200, 409), answer.content

    @rule(own_id=st.sampled_from(OWN_IDS), status=st.sampled_from(["arrived", "fulfilled", "noshow", "booked"]))
    def say_what_became_of_it(self, own_id: str, status: str) -> None:
        rows = self.world.live.sql(
            "SELECT id FROM appointments WHERE slot_id = $1 ORDER BY created_at DESC LIMIT 1", self.slot(own_id)
        )
        for row in rows:
            path = f"{self.clinic.path}/appointments/{row['id']}/status"
            answer = self.world.operator.post(path, {"status": status})
            assert answer.status in (200, 409), answer.content

    # What goes by

    @rule(minutes=st.sampled_from([1, 15, 45, 120]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.live.clock.now += timedelta(minutes=minutes)
        self.world.operator = self.world.live.client(42)

    @rule()
    def what_goes_on_by_itself(self) -> None:
        self.world.live.work()

    @invariant()
    def what_must_never_be_is_not(self) -> None:
        if not hasattr(self, "children"):
            return
        wrong = {what: rows for what, statement in NEVER.items() if (rows := self.world.live.sql(statement))}
        assert wrong == {}
        there = {str(row["id"]): row["number"] for row in self.world.live.sql("SELECT id, number FROM appointments")}
        assert self.acknowledged.items() <= there.items()


def _run(server_dsn: str, folder: Path, examples: int, steps: int) -> None:
    Tickets.server_dsn, Tickets.folder = server_dsn, folder
    # Each example is a database: shrinking would take longer than reading the steps that were printed.
    phases = (Phase.explicit, Phase.generate)
    given = settings(max_examples=examples, stateful_step_count=steps, phases=phases, database=None)
    run_state_machine_as_test(
        Tickets, settings=settings(given, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    )


def test_tickets_keep_what_was_promised(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 8, 50)


@pytest.mark.soak
def test_tickets_keep_what_was_promised_for_long(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 200, 60)
