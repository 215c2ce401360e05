"""Two parents, two children and few places: random lives of bookings, compared with a model that is a few sets.

The model knows nothing of SQL. Every answer must be the one it expects, and after every step the counters of the
database must be those of the model.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import fresh_database
from tests.live import Answer, Api, Live
from tests.world import CLUB, PAEDIATRICIAN, SURGEON, World

SNILS = {"vera": "11223344595", "ilya": "08765430300"}
CHILDREN = tuple(SNILS)


@dataclass(frozen=True)
class Place:
    """`times` are weeks' hours in which the child is there, for a slot one hour, for a group its lesson."""

    name: str
    capacity: int
    times: frozenset[str]
    specialty: str | None = None


# The day of the slots is a Tuesday; the lesson at ten is there every week.
PLACES = (
    Place("early", 1, frozenset({"10"}), PAEDIATRICIAN),
    Place("late", 2, frozenset({"11"}), PAEDIATRICIAN),
    Place("surgeon", 1, frozenset({"10"}), SURGEON),
    Place("noon", 2, frozenset({"12"}), SURGEON),
    Place("chess", 1, frozenset({"10"})),
    Place("drawing", 2, frozenset({"14"})),
)


@dataclass
class Held:
    parent: int
    child: str
    place: Place
    path: str
    active: bool = True
    refused: bool = False


@dataclass
class Asked:
    parent: int
    path: str
    body: dict[str, Any]
    key: str
    answer: Answer = field(repr=False)


class Bookings(RuleBasedStateMachine):
    """`server_dsn` and `folder` are set by the test."""

    server_dsn: ClassVar[str]
    folder: ClassVar[Path]
    held = Bundle("held")
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        live = self.open.enter_context(Live(self.open.enter_context(fresh_database(self.server_dsn)), self.folder))
        self.world = World(live)
        self.world.take_off_limits()
        self.all_held: list[Held] = []
        self.keys = 0

    def teardown(self) -> None:
        self.open.close()

    @initialize()
    def publish(self) -> None:
        """Slots on the Tuesday of the week after next: at ten that day chess has a lesson too."""
        world = self.world
        hours = {"early": 10, "late": 11, "surgeon": 10, "noon": 12}
        doctors = {PAEDIATRICIAN: "d1", SURGEON: "d2"}
        slots = [
            world.slot(
                place.name,
                hours=15 * 24 + hours[place.name] - 8,
                capacity=place.capacity,
                specialty_code=place.specialty,
                practitioner_id=doctors[place.specialty or ""],
                duration_minutes=60,
            )
            for place in PLACES
            if place.specialty
        ]
        assert world.publish_slots(*slots).ok()["added"] == len(slots)
        self.ids = {place.name: world.slot_id(place.name) for place in PLACES if place.specialty}
        first_day = (world.now + timedelta(days=7)).date().isoformat()
        for place in PLACES:
            if not place.specialty:
                lesson = {"weekday": 2, "starts": f"{min(place.times)}:00", "academic_hours": 1}
                group = world.publish_group(
                    place.name, capacity=place.capacity, starts_on=first_day, weekly_lessons=[lesson]
                )
                self.ids[place.name] = group.ok()["id"]
        self.parents: list[Api] = [world.parent(user) for user in (1, 2)]
        self.persons = {
            (number, child): world.child(parent, first_name=child.title(), snils=SNILS[child])
            for number, parent in enumerate(self.parents)
            for child in CHILDREN
        }

    def expected(self, child: str, place: Place) -> set[str]:
        """Every refusal that would be right; none where the booking must succeed."""
        mine = [held for held in self.all_held if held.active and held.child == child]
        refusals: set[str] = set()
        if sum(held.active and held.place == place for held in self.all_held) >= place.capacity:
            refusals.add("time_taken" if place.specialty else "group_full")
        if any(held.place == place for held in mine) and not place.specialty:
            refusals.add("already_applied")
        if place.specialty and any(held.place.specialty == place.specialty for held in mine):
            refusals.add("already_has_ticket")
        if any(held.place.times & place.times for held in mine):
            refusals.add("person_busy")
        return refusals

    @rule(target=held, parent=st.integers(0, 1), child=st.sampled_from(CHILDREN), place=st.sampled_from(PLACES))
    def book(self, parent: int, child: str, place: Place) -> Any:
        path, field_name = ("appointments", "slot_id") if place.specialty else ("applications", "group_id")
        body = {field_name: self.ids[place.name], "person_id": self.persons[parent, child]}
        self.keys += 1
        key = f"key-{self.keys}"
        expected = self.expected(child, place)
        answer = self.parents[parent].create(f"/v1/{path}", body, key)
        if expected:
            assert answer.status == 409, answer.content
            assert answer.code in expected
            return multiple()
        held = Held(parent, child, place, f"/v1/{path}/{answer.ok()['id']}")
        self.all_held.append(held)
        self.last_asked = Asked(parent, f"/v1/{path}", body, key, answer)
        return held

    @rule(target=asked)
    def remember(self) -> Any:
        return getattr(self, "last_asked", multiple())

    @rule(asked=asked)
    def ask_again(self, asked: Asked) -> None:
        again = self.parents[asked.parent].create(asked.path, asked.body, asked.key)
        assert (again.status, again.content) == (asked.answer.status, asked.answer.content)

    @rule(held=held)
    def give_back(self, held: Held) -> None:
        verb, status = ("cancel", "cancelled") if held.place.specialty else ("withdraw", "withdrawn")
        answer = self.parents[held.parent].post(f"{held.path}/{verb}")
        if held.refused:
            assert answer.code == "application_illegal_move"
        else:
            assert answer.ok()["status"] == status
        held.active = False

    @rule(held=held)
    def try_the_other_parents(self, held: Held) -> None:
        other = self.parents[1 - held.parent]
        verb = "cancel" if held.place.specialty else "withdraw"
        assert other.get(held.path).status == 404
        assert other.post(f"{held.path}/{verb}").status == 404

    @rule(held=held)
    def refuse(self, held: Held) -> None:
        if held.place.specialty:
            return
        path = f"/v1/institutions/{CLUB}{held.path.removeprefix('/v1')}/decide"
        answer = self.world.operator.post(path, {"decision": {"decision": "refuse", "reason": "no_places"}})
        if held.active or held.refused:
            assert answer.ok()["status"] == "refused"
            held.active, held.refused = False, True
        else:
            assert answer.code == "application_illegal_move"

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "persons"):
            return
        taken = {place.name: 0 for place in PLACES}
        for held in self.all_held:
            taken[held.place.name] += held.active
        rows = self.world.live.sql(
            "SELECT external_id, taken FROM slots UNION ALL SELECT external_id, taken FROM groups"
        )
        assert {row["external_id"]: row["taken"] for row in rows} == taken
        engaged = self.world.live.sql("SELECT count(*) FROM engagements")[0][0]
        assert engaged == sum(taken.values())


def _run(server_dsn: str, folder: Path, examples: int, steps: int) -> None:
    Bookings.server_dsn, Bookings.folder = server_dsn, folder
    # Each example is a database: shrinking would take longer than reading the steps that were printed.
    phases = (Phase.explicit, Phase.generate)
    given = settings(max_examples=examples, stateful_step_count=steps, phases=phases, database=None)
    run_state_machine_as_test(
        Bookings, settings=settings(given, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    )


def test_bookings_are_what_the_model_says(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 15, 25)


@pytest.mark.soak
def test_bookings_are_what_the_model_says_for_long(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 300, 60)
