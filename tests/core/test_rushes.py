"""A clinic under pressure, over HTTP: who is asked to prove work, and what becomes of whoever does."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from service.core.ids import mark_of, marked, new_id
from service.core.limits import CLASSES
from service.core.proofs import LIFETIME
from tests.conftest import fresh_database
from tests.core.proving import javascript, paid, proof_of, proving, solved
from tests.doctors.clinic import Clinic
from tests.live import Api, Live
from tests.locks import holding
from tests.provocation import Asked, someone, surname
from tests.races.processes import WORKERS, Call, Served
from tests.schedules.office import Office
from tests.world import World

# More than four attempts at once are pressure, until a minute has passed for each.
LIMITS = dict.fromkeys(CLASSES, "off") | {"pressure": "1/min burst 8", "attempts": "1/h burst 13"}
QUIET = 4


@dataclass
class Rush:
    """A clinic and its page, of a test's own."""

    world: World
    clinic: Clinic
    page: int

    def mother(self, role: str = "none") -> Api:
        return self.world.live.citizen(self.page, someone(), role)

    def holding(self, slot: str, mother: Api | None = None) -> Asked:
        return Asked(mother or self.mother(), "POST", "/v1/holds", {"slot_id": slot}, key=str(new_id()))

    def booking(self, slot: str, mother: Api | None = None) -> Asked:
        mother = mother or self.mother()
        body = {"slot_id": slot, "person_id": self.world.child(mother, last_name=surname())}
        return Asked(mother, "POST", "/v1/appointments", body, key=str(new_id()))

    def presses(self) -> None:
        """Programs hold a place that they can't have, until they are asked for proofs."""
        nothing = self.clinic.slot("taken", hours=50)
        assert paid(self.holding(nothing)).status == 201
        while self.holding(nothing).answer("ru").status != 428:
            pass


def rush_in(world: World) -> Rush:
    clinic, page = Clinic(world), someone()
    world.put(f"/v1/pages/vk/{page}", {"institution_id": clinic.id, "mini_apps": ["doctor"]})
    return Rush(world, clinic, page)


@pytest.fixture(scope="module")
def pressed(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose service asks for proofs."""
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("pressed"), limits=LIMITS) as live:
        yield World(live)


@pytest.fixture
def rush(pressed: World) -> Rush:
    return rush_in(pressed)


def test_on_a_quiet_day_nobody_is_asked(rush: Rush) -> None:
    slots = [rush.clinic.slot(f"s{number}", hours=24 + number) for number in range(QUIET)]
    assert [rush.holding(slot).answer("ru").status for slot in slots] == [201] * QUIET


def test_under_pressure_one_pays_and_gets_the_place(rush: Rush) -> None:
    slot = rush.clinic.slot()
    rush.presses()
    for asked in (rush.holding(slot, mother := rush.mother()), rush.booking(slot, mother)):
        refused = asked.answer("ru")
        assert (refused.status, refused.code) == (428, "proof_needed")
        assert proving(asked, solved(refused.json["challenge"])).status == 201
    assert rush.clinic.taken() == 1
    # To look costs nothing.
    assert rush.clinic.free(mother) == []


def test_each_way_to_a_place_is_asked(rush: Rush) -> None:
    one, other, later, last = (rush.clinic.slot(f"s{number}", hours=24 + number) for number in range(4))
    mother = rush.mother()
    ticket = rush.booking(one, mother).answer("ru").ok()["id"]
    rush.presses()
    first, second = (rush.world.child(mother, last_name=surname()) for _ in range(2))
    items = [{"slot_id": other, "person_id": first}, {"slot_id": later, "person_id": second}]
    for asked in (
        rush.holding(other, mother),
        rush.booking(later, mother),
        Asked(mother, "POST", "/v1/family-appointments", {"items": items}, key=str(new_id())),
        Asked(mother, "POST", f"/v1/appointments/{ticket}/reschedule", {"slot_id": last}),
    ):
        assert asked.answer("ru").code == "proof_needed"
    # The last two in earnest.
    assert paid(asked).ok()["id"] == ticket
    # What gives a place back is not.
    assert mother.post(f"/v1/appointments/{ticket}/cancel").status == 200


def test_whoever_is_refused_has_not_come_to_the_database(rush: Rush) -> None:
    slot = rush.clinic.slot()
    rush.presses()
    mother = rush.mother()
    with holding(rush.world.live, f"SELECT FROM slots WHERE institution_id = '{rush.clinic.id}' FOR UPDATE"):
        assert rush.holding(slot, mother).answer("ru").code == "proof_needed"
    assert rush.clinic.free(mother) != []


def test_a_proof_is_for_one_request(rush: Rush) -> None:
    slot, other = rush.clinic.slot(), rush.clinic.slot("s2", hours=30)
    rush.presses()
    mother = rush.mother()
    asked = rush.holding(slot, mother)
    proof = solved(asked.answer("ru").json["challenge"])
    for wrong in (
        rush.holding(other, mother),
        # The same under another key: who holds, lets go and holds again pays each time.
        rush.holding(slot, mother),
        rush.booking(slot, mother),
        Asked(rush.mother(), asked.method, asked.path, asked.body, asked.key),
    ):
        refused = proving(wrong, proof)
        assert (refused.status, refused.code) == (428, "proof_wrong")
        assert "challenge" in refused.json
    assert proving(asked, proof).status == 201
    # A refusal brings a challenge that helps.
    assert proving(wrong, solved(refused.json["challenge"])).code == "time_taken"


def test_a_request_that_is_repeated_has_its_answer_and_no_other_effect(rush: Rush) -> None:
    slot = rush.clinic.slot()
    rush.presses()
    asked = rush.booking(slot)
    proof = solved(asked.answer("ru").json["challenge"])
    ticket = proving(asked, proof).ok()
    assert [proving(asked, proof).ok() for _ in range(3)] == [ticket] * 3
    assert rush.clinic.taken() == 1


def test_an_answer_that_was_lost_is_not_lost_behind_a_challenge(rush: Rush) -> None:
    """It was acknowledged before there was pressure: one pays, and has it."""
    asked = rush.booking(rush.clinic.slot())
    ticket = asked.answer("ru").ok()
    rush.presses()
    assert asked.answer("ru").code == "proof_needed"
    assert paid(asked).ok() == ticket
    assert rush.clinic.taken() == 1


def test_a_proof_expires_and_pressure_sinks(pressed: World) -> None:
    rush, clock = rush_in(pressed), pressed.live.clock
    before = clock.now
    try:
        rush.presses()
        asked = rush.holding(rush.clinic.slot())
        proof = solved(asked.answer("ru").json["challenge"])
        clock.now += LIFETIME + timedelta(seconds=1)
        assert proving(asked, proof).code == "proof_wrong"
        clock.now += timedelta(minutes=1)
        asked = rush.holding(rush.clinic.slot("s2"))
        assert asked.answer("ru").status == 428
        clock.now += timedelta(minutes=8)
        # Whatever comes as a proof is not looked at.
        asked = rush.holding(rush.clinic.slot("s3", hours=30))
        assert proving(asked, "nonsense").status == 201
    finally:
        clock.now = before


def test_a_rush_at_one_clinic_is_no_matter_of_another(rush: Rush) -> None:
    another = rush_in(rush.world)
    rush.presses()
    assert another.booking(another.clinic.slot()).answer("ru").status == 201


def test_programs_that_come_from_other_pages_are_asked_where_they_go(rush: Rush) -> None:
    slot = rush.clinic.slot()
    statuses = [rush_in(rush.world).holding(slot).answer("ru").status for _ in range(QUIET + 2)]
    assert statuses == [201] + [409] * (QUIET - 1) + [428] * 2


def test_the_people_of_a_clinic_are_not_asked(rush: Rush) -> None:
    rush.presses()
    registrar = rush.mother("admin")
    assert rush.holding(rush.clinic.slot(), registrar).answer("ru").status == 201
    patient = {"last_name": surname(), "first_name": "Вера", "birth_date": "2019-05-14", "sex": "female"}
    body = {"slot_id": rush.clinic.slot("s2", hours=30), "source": "desk", "patient": patient}
    assert registrar.create(f"{rush.clinic.path}/appointments", body).status == 201


def test_a_family_with_three_children_pays_little_and_a_program_more_and_more(rush: Rush) -> None:
    slots = [rush.clinic.slot(f"s{number}", hours=24 + number) for number in range(3)]
    rush.presses()
    mother, bot = rush.mother(), rush.mother()

    def counters(asked: Asked) -> int:
        return asked.answer("ru").json["challenge"]["parameters"]["data"]["counters"]

    costs: list[int] = []
    for slot in slots:
        for asked in (rush.holding(slot, mother), rush.booking(slot, mother)):
            refused = asked.answer("ru").json["challenge"]
            costs.append(refused["parameters"]["data"]["counters"])
            assert proving(asked, solved(refused)).status == 201
    assert len(set(costs)) == 1
    grown = [counters(rush.holding(slots[0], bot)) // costs[0] for _ in range(14)]
    assert grown == [1] * 8 + [2, 4, 8, 16, 32, 32]


def test_altchas_own_solver_gets_a_place(rush: Rush) -> None:
    asked = rush.holding(rush.clinic.slot())
    rush.presses()
    challenge = asked.answer("ru").json["challenge"]
    with javascript() as js:
        assert proving(asked, proof_of(challenge, js.does(solve=challenge))).status == 201


def test_slots_tell_by_their_ids_whose_they_are(rush: Rush) -> None:
    rush.clinic.slot()
    office = Office(rush.world)
    office.put_schedule().ok()
    ids = rush.world.live.sql("SELECT id, institution_id FROM slots")
    assert {rush.clinic.id, office.id} <= {str(row["institution_id"]) for row in ids}
    assert all(marked(row["id"]) == mark_of(row["institution_id"]) for row in ids)


def test_all_workers_ask(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    limits = LIMITS | {"pressure": "1/h burst 40"}
    with Served(dsn, tmp_path_factory.mktemp("served"), limits) as served:
        rush = rush_in(World(served))
        slot = rush.clinic.slot()
        calls = [Call(rush.mother().token, "/v1/holds", {"slot_id": slot}) for _ in range(60)]
        answers = served.call_at_once(calls)
        assert Counter(answer.status for answer in answers) == {201: 1, 409: 19, 428: 40}
        # One of them may have taken all of these connections: then the other asks for proofs from its first one on.
        for _ in range(20):
            answered = served.answered_by_workers("holdSlot")
            if len(answered) == WORKERS and all(answered):
                break
            assert {answer.status for answer in served.call_at_once(calls)} == {428}
        else:
            raise AssertionError("one worker answers all")
        # The proof of what one of them has asked is good at each.
        asked = rush.holding(rush.clinic.slot("s2", hours=30))
        proof = solved(asked.answer("ru").json["challenge"])
        for _ in range(6):
            fresh = served.api(asked.api.token)
            assert proving(Asked(fresh, asked.method, asked.path, asked.body, asked.key), proof).status == 201
