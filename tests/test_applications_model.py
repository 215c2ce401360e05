"""The whole life of applications, at random: whatever is done, in whatever order, what must always be true is true.

Three parents, of whom two have a child in common, and four groups of a few places, one of which enrols at once; a fifth
is paid by certificates. After every step the database is asked for each thing that must never be.
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

from service.applications.rules import MOVES
from service.core.ids import new_id
from tests.applications.never import ALL_NEVER, WAITS_IN_VAIN, WAYS
from tests.conftest import fresh_database
from tests.doctors.clinic import Clinic
from tests.live import Answer, Api, Live
from tests.world import CLUB, World

# Own id -> places, weekday and time, what else.
GROUPS: dict[str, tuple[int, int, str, dict[str, Any]]] = {
    "chess": (1, 2, "16:30", {}),
    "judo": (2, 3, "16:30", {}),
    "dance": (1, 2, "17:00", {"instant": True}),
    "choir": (3, 4, "16:30", {"filling": "first_come"}),
    "robots": (2, 5, "16:30", {"financing": [{"source": "certificate", "price_total_roubles": 600, "hours": 60}]}),
}
OWN_IDS = tuple(GROUPS)
SNILS = ("11223344595", "08765430300", "16022337922", "12345678964")
NAMES = ("Вера", "Надежда", "Анна", "Нина")
# Of each parent, the numbers of children: the first and the second one have a child in common.
FAMILIES = ((0, 1), (0, 2), (3,))

RECEIVED = f"/v1/institutions/{CLUB}/applications"
# What staff decide, with what it takes.
DECISIONS: dict[str, dict[str, Any]] = {
    "take": {},
    "invite": {"place": "г. Кемерово, пр. Советский, 40"},
    "record_test passed": {"result": "passed"},
    "record_test failed": {"result": "failed"},
    "approve": {},
    "enrol": {"order_number": "1", "order_date": "2026-09-07"},
    "refuse": {"reason": "other"},
    "expel": {"reason": "other", "order_number": "3", "order_date": "2026-09-07"},
}


class Applications(RuleBasedStateMachine):
    """`server_dsn` and `folder` are set by the test."""

    server_dsn: ClassVar[str]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        live = self.open.enter_context(Live(self.open.enter_context(fresh_database(self.server_dsn)), self.folder))
        self.world = World(live)
        self.world.take_off_limits()
        # Of every application that was acknowledged, its number.
        self.acknowledged: dict[str, str] = {}
        self.asked: tuple[int, str, Any, str, Answer] | None = None

    def teardown(self) -> None:
        self.open.close()

    @initialize(rule=st.sampled_from(["refuse", "refuse", "warn"]), travel=st.sampled_from([0, 20]))
    def set_up(self, rule: str, travel: int) -> None:
        self.start = self.world.now
        self.world.live.sql("UPDATE institutions SET overlap_rule = $1, travel_minutes = $2", rule, travel)
        self.groups = {own_id: self.publish(own_id) for own_id in OWN_IDS}
        self.children = [
            {child: self.write_down(number, child) for child in family} for number, family in enumerate(FAMILIES)
        ]
        self.joined = False
        self.certificates = self.set_certificates()
        self.slot_id = Clinic(self.world).slot(starts_at="2026-10-06T16:00:00+07:00", capacity=4)

    def publish(self, own_id: str, more_places: int = 0) -> str:
        places, weekday, starts, more = GROUPS[own_id]
        times = {"enrolment_opens_at": self.start.isoformat()}
        times |= {"enrolment_closes_at": (self.start + timedelta(days=30)).isoformat()}
        lessons = [{"weekday": weekday, "starts": starts, "academic_hours": 1}]
        body = self.world.group(capacity=places + more_places, weekly_lessons=lessons, **times, **more)
        self.world.operator = self.world.live.client(42)
        return self.world.operator.put(f"/v1/institutions/{CLUB}/groups/{own_id}", body).ok()["id"]

    def set_certificates(self) -> dict[str, str]:
        """Of each person, the id of one that is enough for a group and a half."""
        rows = self.world.live.sql(
            """INSERT INTO certificates (region_id, id, number_hash, number_sealed, identity, municipality, year, unit,
                                         nominal, most_programmes)
               SELECT DISTINCT ON (identity) 42::smallint, gen_random_uuid(), identity, '', identity, '', 2026,
                      'roubles', 900, 2
               FROM persons RETURNING id, identity"""
        )
        of_identity = {row["identity"]: str(row["id"]) for row in rows}
        people = self.world.live.sql("SELECT id, identity FROM persons")
        return {str(row["id"]): of_identity[row["identity"]] for row in people}

    def write_down(self, number: int, child: int) -> str:
        return self.world.child(self.parent(number), first_name=NAMES[child], snils=SNILS[child])

    def parent(self, number: int) -> Api:
        """With a new token, for the clock moves."""
        return self.world.parent(100 + number)

    def item(self, number: int, child: int, own_id: str) -> dict[str, Any]:
        """What one of the parent's children applies for."""
        mine = list(self.children[number].values())
        item = {"group_id": self.groups[own_id], "person_id": mine[child % len(mine)]}
        return item | ({"certificate_id": self.certificates[item["person_id"]]} if own_id == "robots" else {})

    def create(self, number: int, path: str, body: Any) -> Answer:
        """Answered, and not by a failure; every application of it is remembered."""
        key = str(new_id())
        answer = self.parent(number).create(path, body, key)
        assert answer.status in (201, 404, 409), answer.content
        if answer.status == 201:
            self.asked = number, path, body, key, answer
            for application in answer.json.get("items", [answer.json]):
                if "number" in application:
                    self.acknowledged[application["id"]] = application["number"]
        return answer

    def mine(self, number: int, *statuses: str) -> list[Any]:
        applications = self.parent(number).get("/v1/applications", limit=100).ok()["items"]
        return [item for item in applications if not statuses or item["status"] in statuses]

    def move(self, number: int, application: dict[str, Any], verb: str) -> None:
        answer = self.parent(number).post(f"/v1/applications/{application['id']}/{verb}")
        assert answer.status in (200, 409), answer.content

    def nobody_was_overtaken_by_who_came(self, group_id: str) -> None:
        """Free places go to who waits first, whatever else is late. A family may have to wait for more of them."""
        statement = "SELECT id FROM applications WHERE group_id = $1 AND status = 'waiting' AND family_id IS NULL"
        assert self.world.live.sql(statement, group_id) == []

    # What parents do

    @rule(
        number=st.integers(0, 2),
        child=st.integers(0, 1),
        own_id=st.sampled_from(OWN_IDS),
        wait=st.sampled_from([True, True, False]),
    )
    def apply(self, number: int, child: int, own_id: str, wait: bool) -> None:
        self.comes(number, child, own_id, wait)

    def comes(self, number: int, child: int, own_id: str, wait: bool = True) -> None:
        answer = self.create(number, "/v1/applications", self.item(number, child, own_id) | {"wait": wait})
        if answer.status == 201 and answer.json["placed"]:
            self.nobody_was_overtaken_by_who_came(answer.json["group_id"])

    @rule(own_id=st.sampled_from(OWN_IDS), order=st.permutations([(0, 0), (0, 1), (1, 1), (2, 0)]))
    def everyone_wants_the_same(self, own_id: str, order: list[tuple[int, int]]) -> None:
        """Else queues would seldom be long enough for anybody to be overtaken."""
        for number, child in order:
            self.comes(number, child, own_id)

    @rule(
        number=st.integers(0, 1),
        own_ids=st.tuples(st.sampled_from(OWN_IDS), st.sampled_from(OWN_IDS)),
        wait=st.sampled_from([True, True, False]),
    )
    def apply_together(self, number: int, own_ids: tuple[str, str], wait: bool) -> None:
        items = [self.item(number, child, own_id) for child, own_id in enumerate(own_ids)]
        self.create(number, "/v1/family-applications", {"items": items, "wait": wait})

    @rule(
        number=st.integers(0, 1), own_id=st.sampled_from(["judo", "choir"]), verb=st.sampled_from(["accept", "decline"])
    )
    def siblings_wait_and_are_offered_places(self, number: int, own_id: str, verb: str) -> None:
        """Else they would seldom get so far: the group has no place for both, and then has."""
        taken: int = self.world.live.sql("SELECT taken FROM groups WHERE external_id = $1", own_id)[0]["taken"]
        room = max(taken, 1) - GROUPS[own_id][0]
        self.publish(own_id, room)
        items = [self.item(number, child, own_id) for child in (0, 1)]
        self.create(number, "/v1/family-applications", {"items": items, "wait": True})
        self.publish(own_id, room + 2)
        for one in self.mine(number, "offered"):
            self.what_must_never_be_is_not()
            self.move(number, one, verb)
            break

    @rule(number=st.integers(0, 2), child=st.integers(0, 1), own_id=st.sampled_from(OWN_IDS))
    def draft(self, number: int, child: int, own_id: str) -> None:
        self.create(number, "/v1/application-drafts", self.item(number, child, own_id) | {"wait": True})

    @precondition(lambda self: self.asked is not None)
    @rule()
    def ask_again(self) -> None:
        assert self.asked is not None
        number, path, body, key, answer = self.asked
        again = self.parent(number).create(path, body, key)
        assert (again.status, again.content) == (answer.status, answer.content)

    @rule(number=st.integers(0, 2), which=st.integers(0, 5))
    def withdraw(self, number: int, which: int) -> None:
        there = self.mine(number)
        if there:
            self.move(number, there[which % len(there)], "withdraw")

    @rule(number=st.integers(0, 2))
    def submit(self, number: int) -> None:
        for draft in self.mine(number, "draft"):
            self.move(number, draft, "submit")

    @rule(number=st.integers(0, 2), verb=st.sampled_from(["accept", "accept", "decline"]), last=st.booleans())
    def answer_an_offer(self, number: int, verb: str, last: bool) -> None:
        """One of them: with it go those of siblings."""
        offered = self.mine(number, "offered")
        if offered:
            self.move(number, offered[-1 if last else 0], verb)

    @rule()
    def book_a_doctor(self) -> None:
        """While the lessons of one group are on, for the child that two have."""
        body = {"slot_id": self.slot_id, "person_id": self.children[0][0]}
        self.create(0, "/v1/appointments", body)

    @precondition(lambda self: hasattr(self, "joined") and not self.joined)
    @rule(times=st.sampled_from([0, 0, 1]))
    def become_guardians_of_one(self, times: int) -> None:
        """The two records of the child become one. Later in a life rather than sooner."""
        if times:
            child = self.children[0][0]
            code = self.parent(0).create(f"/v1/persons/{child}/invitations", None).ok()["code"]
            self.parent(1).post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
            self.children[1][0] = child
            self.joined = True

    # What the club does

    @rule(which=st.integers(0, 30), name=st.sampled_from(["approve", "enrol", *DECISIONS]))
    def decide(self, which: int, name: str) -> None:
        received = self.received()
        if received:
            path = f"{RECEIVED}/{received[which % len(received)]}/decide"
            answer = self.world.operator.post(path, {"decision": self.decision(name)})
            assert answer.status in (200, 409), answer.content

    @rule(name=st.sampled_from(["take", "approve", "enrol"]))
    def decide_on_all(self, name: str) -> None:
        """Each of them is decided on, or refused with a code of its own."""
        if received := self.received():
            body = {"application_ids": received, "decision": self.decision(name)}
            self.world.operator.post(f"{RECEIVED}/decide", body).ok()

    @rule(which=st.integers(0, 30), own_id=st.sampled_from(OWN_IDS))
    def transfer(self, which: int, own_id: str) -> None:
        if received := self.received("enrolled"):
            order = {"order_number": "2", "order_date": "2026-09-07"}
            body = {"application_ids": [received[which % len(received)]], "group_id": own_id, **order}
            self.world.operator.post(f"{RECEIVED}/transfer", body).ok()

    def received(self, status: str | None = None) -> list[str]:
        wanted = {"status": status} if status else {}
        return [item["id"] for item in self.world.operator.get(RECEIVED, limit=100, **wanted).ok()["items"]]

    def decision(self, name: str) -> dict[str, Any]:
        at = {"at": (self.world.now + timedelta(hours=1)).isoformat()} if name == "invite" else {}
        return {"decision": name.partition(" ")[0], **DECISIONS[name], **at}

    @rule(own_id=st.sampled_from(OWN_IDS), more=st.integers(0, 2))
    def change_the_size(self, own_id: str, more: int) -> None:
        places, taken = self.world.live.sql("SELECT capacity, taken FROM groups WHERE external_id = $1", own_id)[0]
        if GROUPS[own_id][0] + more >= taken and GROUPS[own_id][0] + more != places:
            self.publish(own_id, more)
            # Before anything goes on by itself.
            self.comes(2, 0, own_id)

    # What goes by

    @rule(hours=st.sampled_from([1, 24, 50]))
    def time_goes_by(self, hours: int) -> None:
        self.world.live.clock.now += timedelta(hours=hours)
        self.world.operator = self.world.live.client(42)

    @rule()
    def what_goes_on_by_itself(self) -> None:
        self.world.live.work()
        in_vain = self.world.live.sql(WAITS_IN_VAIN)
        assert in_vain == [], "somebody waits while there are places"

    @invariant()
    def what_must_never_be_is_not(self) -> None:
        if not hasattr(self, "certificates"):
            return
        wrong = self.world.live.sql(ALL_NEVER)
        assert [dict(row) for row in wrong] == []
        legal = [(origin, status) for origin, ends in MOVES.items() for status in ends]
        given = (*map(list, zip(*legal, strict=True)), list(MOVES))
        assert [dict(row) for row in self.world.live.sql(WAYS, *given)] == []
        numbers = "SELECT id, number FROM applications UNION ALL SELECT id, number FROM appointments"
        there = {str(row["id"]): row["number"] for row in self.world.live.sql(numbers)}
        assert self.acknowledged.items() <= there.items()


def _run(server_dsn: str, folder: Path, examples: int, steps: int) -> None:
    Applications.server_dsn, Applications.folder = server_dsn, folder
    # Each example is a database: shrinking would take longer than reading the steps that were printed.
    phases = (Phase.explicit, Phase.generate)
    given = settings(max_examples=examples, stateful_step_count=steps, phases=phases, database=None)
    run_state_machine_as_test(
        Applications,
        settings=settings(given, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]),
    )


def test_applications_keep_what_was_promised(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 12, 40)


@pytest.mark.soak
def test_applications_keep_what_was_promised_for_long(server_dsn: str, tmp_path: Path) -> None:
    _run(server_dsn, tmp_path, 200, 60)
