"""What a proof of work is good for, and who is asked for one: by the rules, without the service."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import problems
from schemas.problems import Problem
from service.core.errors import DomainError
from service.core.ids import mark_of, marked, new_id, new_id_at
from service.core.limits import Limits, Table
from service.core.operations import Actor
from service.core.proofs import ALGORITHM, COUNTERS, ITERATIONS, LIFETIME, MOST_DOUBLINGS, Proofs, counters_at
from tests.core.proving import JavaScript, javascript, proof_of, solution_of, solved
from tests.live import THE_DAY, Clock

CLINIC, ANOTHER_CLINIC, CLUB = new_id(), new_id(), new_id()
SLOT = new_id_at(CLINIC)
PRESSURE, ATTEMPTS = "1/s burst 20", "1/h burst 13"


def citizen(institution: UUID | None = CLINIC) -> Actor:
    return Actor("citizen", new_id(), 42, institution)


MOTHER = citizen()


@dataclass
class Proving:
    """Proofs of a service; by default it is under pressure from the first attempt on."""

    pressure: str = "1/h burst 2"
    attempts: str = ATTEMPTS
    key: bytes = bytes(32)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        limits = Limits({"pressure": self.pressure, "attempts": self.attempts}, Table(), self.clock)
        self.proofs = Proofs(limits, self.key, self.clock)
        if self.pressure == "1/h burst 2":
            self.ask()

    def ask(
        self, actor: Actor = MOTHER, slot: UUID = SLOT, asked: bytes = b"one", given: str | None = None
    ) -> DomainError | None:
        """The refusal, if it is one."""
        try:
            self.proofs.demand(actor, [slot], asked, given)
        except DomainError as refused:
            return refused
        return None

    def challenge(self, actor: Actor = MOTHER, asked: bytes = b"one") -> Any:
        refused = self.ask(actor, asked=asked)
        assert refused is not None
        assert refused.refusal is problems.PROOF_NEEDED
        return refused.extra["challenge"]

    def secrets(self) -> list[str]:
        proofs = self.proofs
        return [proofs._challenge_secret, proofs._solution_secret]  # pyright: ignore[reportPrivateUsage]


def is_wrong(refused: DomainError | None) -> bool:
    return refused is not None and refused.refusal is problems.PROOF_WRONG and "challenge" in refused.extra


# What a proof is good for --------------------------------------------------------------------------------------------


def test_a_proof_is_good_for_the_request_that_it_was_asked_for_and_its_repetitions_alone() -> None:
    service = Proving()
    proof = solved(service.challenge())
    assert service.ask(given=proof) is None
    assert service.ask(given=proof) is None
    assert is_wrong(service.ask(asked=b"another", given=proof))
    assert is_wrong(service.ask(actor=citizen(), given=proof))
    # Nor is it by the key of another service; and on all machines of one service it is.
    assert is_wrong(Proving(key=b"k" * 32).ask(given=proof))
    assert Proving().ask(given=proof) is None


def test_a_proof_is_good_for_its_time_alone() -> None:
    service = Proving()
    proof = solved(service.challenge())
    service.clock.now += LIFETIME
    assert service.ask(given=proof) is None
    service.clock.now += timedelta(seconds=1)
    assert is_wrong(service.ask(given=proof))


def test_a_challenge_is_no_proof_and_a_solution_of_another_is_none() -> None:
    service = Proving()
    one, other = service.challenge(), service.challenge()
    for solution in (
        solution_of(other),
        {"counter": 0, "derivedKey": one["parameters"]["keyPrefix"]},
        {"counter": 0, "derivedKey": one["parameters"]["keyPrefix"] * 2},
        {"counter": 0, "derivedKey": ""},
        {"counter": 0, "derivedKey": None},
    ):
        assert is_wrong(service.ask(given=proof_of(one, solution))), solution
    unsigned = altcha.create_challenge(  # pyright: ignore[reportUnknownMemberType]
        ALGORITHM, 1, counter=0, data=one["parameters"]["data"]
    ).to_dict()
    assert is_wrong(service.ask(given=proof_of(unsigned, solution_of(unsigned))))
    cheap: Any = {**one, "parameters": {**one["parameters"], "cost": 1, "keyPrefix": "", "keySignature": None}}
    assert is_wrong(service.ask(given=proof_of(cheap, solution_of(cheap))))


SERVICE = Proving()
A_CHALLENGE = SERVICE.challenge()
A_SOLUTION = solution_of(A_CHALLENGE)


def meaning(proof: bytes) -> Any:
    """Of a proof's JSON, what has to be as it is; the rest, how long it took, say, is nobody's matter.

    The length of a key is the usual one where it is not said, and the derived key in capitals is the same key.
    """
    try:
        parsed = json.loads(proof)
        parameters = {"keyLength": 32, **parsed["challenge"]["parameters"]}
        known = {name: parameters.get(name) for name in A_CHALLENGE["parameters"]}
        return known, parsed["challenge"]["signature"], parsed["solution"]["derivedKey"].lower()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def test_no_byte_of_a_proof_may_change_but_what_means_the_same() -> None:
    service = Proving()
    proof = b64decode(solved(service.challenge()))
    wrong = 0
    for place in range(len(proof)):
        for changed in (proof[place] ^ 1, proof[place] ^ 0x20, ord("0")):
            other = proof[:place] + bytes([changed]) + proof[place + 1 :]
            if meaning(other) == meaning(proof):
                continue
            assert is_wrong(service.ask(given=b64encode(other).decode())), other
            wrong += 1
    assert wrong > len(proof)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["__proto__", "data"]), inner),
)


@given(_JSON | st.text(), st.sampled_from(sorted(A_CHALLENGE["parameters"])))
def test_whatever_comes_as_a_proof_is_refused_and_nothing_else(anything: Any, name: str) -> None:
    changed = {"parameters": {**A_CHALLENGE["parameters"], name: anything}, "signature": A_CHALLENGE["signature"]}
    for proof in (
        str(anything),
        b64encode(json.dumps(anything).encode()).decode(),
        proof_of(anything, A_SOLUTION),
        proof_of(A_CHALLENGE, anything),
        proof_of(A_CHALLENGE, {"counter": 1, "derivedKey": anything}),
        proof_of(changed, A_SOLUTION),
        proof_of({**A_CHALLENGE, "signature": anything}, A_SOLUTION),
    ):
        assert is_wrong(SERVICE.ask(given=proof))


@pytest.mark.parametrize("nested", ["[" * 2000, '{"a":' * 500 + "1" + "}" * 500, "[" * 900 + "]" * 900])
def test_what_is_nested_deeply_is_refused_too(nested: str) -> None:
    text = proof_of(A_CHALLENGE, A_SOLUTION)
    assert is_wrong(SERVICE.ask(given=b64encode(nested.encode()).decode()))
    whole = b64decode(text).decode().replace('"data": {', f'"data": {{"more": {nested}, ')
    assert is_wrong(SERVICE.ask(given=b64encode(whole.encode()).decode()))


# What it costs --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
def test_the_last_attempts_cost_twice_as_much_each(remaining: int) -> None:
    here = counters_at(remaining)
    assert COUNTERS <= here <= COUNTERS << MOST_DOUBLINGS
    assert here == (2 * counters_at(remaining + 1) if remaining < MOST_DOUBLINGS else COUNTERS)


def test_a_family_pays_little_and_whoever_tries_again_and_again_much() -> None:
    service = Proving(attempts="1/min burst 13")
    mother, bot = citizen(), citizen()

    def costs(actor: Actor, attempts: int) -> list[int]:
        challenges = [service.challenge(actor, b"%d" % number)["parameters"] for number in range(attempts)]
        assert {parameters["cost"] for parameters in challenges} == {ITERATIONS}
        return [parameters["data"]["counters"] // COUNTERS for parameters in challenges]

    # Three children: a place held and a ticket booked for each, and two that were taken meanwhile.
    assert costs(mother, 8) == [1] * 8
    assert costs(bot, 16) == [1] * 8 + [2, 4, 8, 16, 32, 32, 32, 32]
    assert costs(citizen(), 1) == [1]
    # After a while it is as it was.
    service.clock.now += timedelta(minutes=3)
    assert costs(bot, 4) == [8, 16, 32, 32]
    service.clock.now += timedelta(minutes=13)
    assert costs(bot, 1) == [1]
    off = Proving(attempts="off")
    assert {off.challenge(bot)["parameters"]["data"]["counters"] for _ in range(30)} == {COUNTERS}


def test_the_counter_that_is_looked_for_may_be_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """So nobody knows where to begin, and to ask for another challenge in the middle wins nothing."""
    monkeypatch.setattr("service.core.proofs.COUNTERS", 50)
    service = Proving(attempts="off")
    found = [solution_of(service.challenge())["counter"] for _ in range(200)]
    assert all(0 <= counter < 50 for counter in found)
    # 200 times out of 50.
    assert len(set(found)) > 40


# Who is asked ---------------------------------------------------------------------------------------------------------


def asked_of(service: Proving, attempts: int, actor: Actor = MOTHER, slot: UUID = SLOT) -> list[bool]:
    return [service.ask(actor, slot) is not None for _ in range(attempts)]


def test_nobody_is_asked_until_there_is_pressure_and_when_it_has_sunk() -> None:
    service = Proving(PRESSURE)
    assert asked_of(service, 12) == [False] * 10 + [True] * 2
    # As much comes in as goes out: it stays.
    for _ in range(20):
        service.clock.now += timedelta(seconds=1)
        assert asked_of(service, 1) == [True]
    # However many came meanwhile, a whole burst is counted at most.
    asked_of(service, 1000)
    service.clock.now += timedelta(seconds=9)
    assert asked_of(service, 1) == [True]
    service.clock.now += timedelta(seconds=3)
    assert asked_of(service, 1) == [False]
    service.clock.now += timedelta(seconds=20)
    assert asked_of(service, 12) == [False] * 10 + [True] * 2


def test_whoever_has_paid_is_part_of_the_pressure() -> None:
    service = Proving(PRESSURE)
    asked_of(service, 10)
    proof = solved(service.challenge())
    assert {service.ask(given=proof) for _ in range(50)} == {None}
    service.clock.now += timedelta(seconds=9)
    assert asked_of(service, 1) == [True]


def test_other_institutions_are_not_asked() -> None:
    service = Proving(PRESSURE)
    asked_of(service, 100)
    assert asked_of(service, 10, citizen(ANOTHER_CLINIC), new_id_at(ANOTHER_CLINIC)) == [False] * 10
    assert asked_of(service, 1, replace(citizen(ANOTHER_CLINIC), region_id=54), SLOT) == [False]


def test_whoever_comes_from_other_pages_is_counted_where_they_go() -> None:
    service = Proving(PRESSURE)
    pages = [new_id() for _ in range(30)]
    assert [service.ask(citizen(page), SLOT) is not None for page in pages] == [False] * 10 + [True] * 20
    # And from their own page who go elsewhere: it could be told of ids that know their institution alone.
    old = [new_id() for _ in range(30)]
    assert [service.ask(citizen(CLUB), slot) is not None for slot in old] == [False] * 10 + [True] * 20


def test_a_family_is_asked_once_for_all_its_places() -> None:
    service = Proving("1/h burst 4")
    places = [new_id_at(CLINIC) for _ in range(4)]
    for passes in (True, True, False):
        try:
            service.proofs.demand(MOTHER, places, b"family", None)
        except DomainError:
            assert not passes
        else:
            assert passes


def test_the_people_of_an_institution_are_not_asked() -> None:
    service = Proving(PRESSURE)
    asked_of(service, 100)
    assert asked_of(service, 1, replace(MOTHER, role="registrar")) == [False]


def test_a_burst_of_one_asks_always() -> None:
    """For whoever makes an application, to try it out."""
    service = Proving("1/h burst 1")
    assert asked_of(service, 2) == [True] * 2
    service.clock.now += timedelta(days=1)
    assert asked_of(service, 2) == [True] * 2


def test_where_the_limit_is_off_nobody_is_asked() -> None:
    assert not any(asked_of(Proving("off"), 1000))


@given(st.uuids(), st.uuids())
def test_an_id_at_an_institution_tells_whose_it_is(institution: UUID, another: UUID) -> None:
    place = new_id_at(institution)
    assert marked(place) == mark_of(institution)
    assert (place.version, place.variant) == (new_id().version, new_id().variant)
    assert new_id_at(institution) != place
    assert new_id_at(another) != place


# By ALTCHA's own library for JavaScript ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def js() -> Iterator[JavaScript]:
    with javascript() as process:
        yield process


def test_both_libraries_say_the_same_of_a_proof(js: JavaScript) -> None:
    service = Proving()
    challenge = service.challenge()
    solution = js.does(solve=challenge)
    assert service.ask(given=proof_of(challenge, solution)) is None
    told = js.does(verify={"challenge": challenge, "solution": solution}, secrets=service.secrets())
    assert told["verified"] is True
    other = {**challenge, "parameters": {**challenge["parameters"], "cost": 1}}
    told = js.does(verify={"challenge": other, "solution": solution}, secrets=service.secrets())
    assert (told["verified"], told["invalidSignature"]) == (False, True)


def test_a_challenge_that_the_other_library_makes_is_one_of_ours(js: JavaScript) -> None:
    service = Proving()
    data = service.challenge()["parameters"]["data"]
    options = {"algorithm": ALGORITHM, "cost": ITERATIONS, "counter": 77, "data": data}
    made = js.does(create=options, secrets=service.secrets())
    assert service.ask(given=solved(made)) is None
    forged = js.does(create=options, secrets=["not ours", "either"])
    assert is_wrong(service.ask(given=solved(forged)))


def test_the_challenge_is_as_the_document_says() -> None:
    challenge = Proving(clock=Clock(THE_DAY)).challenge()
    shown = Problem(type="t", title="t", status=428, code="c", request_id="r", challenge=challenge)
    assert json.loads(shown.model_dump_json(exclude_none=True))["challenge"] == challenge
    assert challenge["parameters"]["data"]["until"] == int((THE_DAY + LIFETIME).timestamp())
