"""An account is erased: nobody is found in any table afterwards, and nobody else loses anything."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.problems import REFUSALS, Kind
from service.app import OPERATIONS
from tests import locks
from tests.applications.people import Family, group, on
from tests.contract.scene import Scene, set_scene
from tests.contract.stage import Stage
from tests.doctors.clinic import Clinic
from tests.live import Api, Live
from tests.people.test_guardians import invites, joins, stranger
from tests.personal_data.archives import Archive
from tests.waiting.people import waiting
from tests.world import World, person

# Where somebody may still be found after the erasure, and why. Whoever adds a table makes erase_account() forget what
# it holds of a citizen (functions/erasure.sql), or names it here.
STUBS = {
    "audit_trail": "what happened, by ids alone: there is nothing left that an id leads to",
    "accesses": "who of institutions was shown what: as the trail",
    "certificates": "the region's own list, by a keyed hash of СНИЛС",
    "attachments": "the clinic's own list, by the keyed hash of an identity",
    "referrals": "the clinic's own, as attachments",
}

NEEDS_AN_ACCOUNT = {"createPerson", "createIdentityCode", "holdSlot", "exportAccount"}
NEEDS_AN_ACCOUNT |= {"joinIdentity", "joinAsGuardian", "joinAsTeacher", "createConfirmation"}
# What is gone already is gone.
NOTHING_TO_DO = {"eraseAccount", "releaseHold", "leaveIdentity", "deleteSessions"}


def erases(api: Api) -> None:
    answer = api.call("DELETE", "/v1/account")
    assert (answer.status, answer.content) == (204, b"")


def tables(live: Live) -> list[str]:
    statement = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    return [row["tablename"] for row in live.sql(statement)]


def found_in(live: Live, needles: set[str]) -> dict[str, set[str]]:
    """In which tables one of them stands, read as text."""
    found: dict[str, set[str]] = {}
    for table in tables(live):
        text = "\n".join(row["row"] for row in live.sql(f"SELECT t::text AS row FROM {table} t"))  # noqa: S608
        if here := {needle for needle in needles if needle in text}:
            found[table] = here
    return found


def everything_of(live: Live, citizen: str) -> set[str]:
    """Ids, names and identity hashes of a citizen and of those who are theirs alone."""
    persons = live.sql(
        """SELECT p.id::text, p.last_name, encode(p.identity, 'hex') AS identity FROM guardians g
           JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
           WHERE g.citizen_id = $1 AND NOT EXISTS (
               SELECT FROM guardians o WHERE o.person_id = g.person_id AND o.citizen_id <> g.citizen_id)""",
        citizen,
    )
    names = {written for row in persons for written in (f",{row['last_name']},", f'"{row["last_name"]}"')}
    return {citizen} | names | {row[name] for row in persons for name in ("id", "identity")}


def id_of(live: Live, user: int) -> str:
    return str(live.sql("SELECT id FROM citizens WHERE external_id = $1", str(user))[0]["id"])


@pytest.fixture
def scene(world: World) -> Scene:
    return set_scene(world)


def test_nothing_of_who_is_erased_is_in_any_table(scene: Scene) -> None:
    live = scene.world.live
    citizen = id_of(live, 1)
    certificate = {"number": "4207000123", "snils": "11223344595", "municipality": "Кемерово", "year": 2026}
    certificate |= {"unit": "roubles", "nominal": 20000, "most_programmes": 3, "status": "active"}
    scene.world.put("/v1/certificates", {"items": [certificate]})
    live.sql("INSERT INTO wrong_codes VALUES (42, $1, gen_random_uuid(), $2)", citizen, scene.world.now)
    for _ in range(2):
        scene.parent.create("/v1/holds", {"slot_id": scene.free_slot_id}).ok()
    needles = everything_of(live, citizen)
    needles |= {"Справка.pdf", "11223344595"}
    assert len(needles) > 30
    before = found_in(live, needles)
    assert len(before) >= 18, "the scene has hardly anything of the parent"
    erases(scene.parent)
    live.work()
    # Answers to staff tell of people too: they are forgotten in their time.
    live.sql("DELETE FROM idempotency_keys WHERE caller_id <> $1", citizen)
    left = found_in(live, needles)
    assert left.keys() <= STUBS.keys(), f"{left.keys() - STUBS.keys()}: erase_account() leaves something there"
    names = {needle for needle in needles if "Соколова" in needle}
    assert not any(here & names for here in left.values())
    # The stub: that it was done, and how much there was.
    (stub,) = live.sql("SELECT * FROM audit_trail WHERE event = 'account_erased'")
    assert (str(stub["subject_id"]), stub["at"]) == (citizen, scene.world.now)
    assert '"tickets": 3' in stub["details"]
    assert "hashes" in stub["details"]


def test_all_that_is_under_way_is_given_back(world: World) -> None:
    family, waits = Family(world), Family(world)
    clinic, wanted = Clinic(world), group(world, capacity=1)
    slot = clinic.slot()
    ticket = world.book(family.api, slot, family.child).ok()
    family.applies(wanted).ok()
    next_one = waits.waits(wanted)
    tried = group(world, trial_places=1, starts_on="2026-09-08", **on(3, "10:00"))
    trial = {"group_id": tried, "person_id": family.child, "lesson_id": "2026-09-16T1000"}
    family.api.create("/v1/trials", trial).ok()
    second = clinic.slot("s2", hours=30)
    family.api.create("/v1/holds", {"slot_id": second}).ok()
    erases(family.api)
    assert world.book(waits.api, slot, waits.child).status == 201
    assert waits.now_is(next_one)["status"] == "offered"
    assert [row["taken"] for row in world.live.sql("SELECT taken FROM slots ORDER BY starts_at")] == [1, 0]
    assert {row["status"] for row in world.live.sql("SELECT status FROM trials")} == {"cancelled"}
    assert len(world.live.sql("SELECT FROM engagements")) == 1
    told = {row["event"] for row in world.live.sql("SELECT event FROM outbox WHERE subject_id = $1", ticket["id"])}
    assert "appointment_cancelled" in told


def test_who_waits_no_longer_waits(world: World) -> None:
    family = Family(world)
    clinic = Clinic(world)
    body = waiting(clinic, family.child)
    family.api.create("/v1/waiting-list", body).ok()
    erases(family.api)
    for table in ("waiting_entries", "waiting_persons", "offers"):
        assert world.live.sql(f"SELECT FROM {table}") == []


def test_a_second_guardian_keeps_the_child_and_all_that_is_booked(world: World) -> None:
    mother, father = Family(world), stranger(world)
    ticket = world.book(mother.api, Clinic(world).slot(), mother.child).ok()
    application = mother.applies(group(world)).ok()
    joins(father, invites(mother)["code"]).ok()
    child = father.api.get("/v1/persons").ok()
    erases(mother.api)
    assert father.api.get("/v1/persons").ok() == child
    assert father.api.get(f"/v1/appointments/{ticket['id']}").ok()["status"] == "booked"
    assert father.now_is(application)["status"] == "submitted"
    assert [row["own"] for row in Archive(father.api).data["tickets"]] == [True]
    assert len(father.api.get(f"/v1/persons/{mother.child}/guardians").ok()["items"]) == 1
    # The last one takes the child along.
    erases(father.api)
    assert {row["last_name"] for row in world.live.sql("SELECT last_name FROM persons")} == {""}
    assert world.live.sql("SELECT FROM appointments WHERE status = 'booked'") == []


def test_past_visits_stay_counted_and_nobodys(world: World) -> None:
    family = Family(world)
    clinic = Clinic(world)
    ticket = world.book(family.api, clinic.slot(), family.child).ok()
    world.live.clock.now = world.live.clock.now.replace(day=9)
    world.operator.post(f"/v1/institutions/{clinic.id}/appointments/{ticket['id']}/status", {"status": "fulfilled"})
    family.come_again()
    erases(family.api)
    (kept,) = world.live.sql("SELECT * FROM appointments")
    assert kept["status"] in {"booked", "fulfilled"}
    assert (kept["referral_number"], kept["home_address_sealed"], kept["active"]) == (None, None, False)
    names = {row["id"]: row["last_name"] for row in world.live.sql("SELECT * FROM persons")}
    assert names[kept["person_id"]] == ""
    assert family.child not in map(str, names)
    assert [row["platform"] for row in world.live.sql("SELECT platform FROM citizens")] == ["erased"]


def test_twice_is_no_error_and_a_new_launch_begins_anew(world: World) -> None:
    family = Family(world)
    first = id_of(world.live, family.user)
    erases(family.api)
    erases(family.api)
    assert len(world.live.sql("SELECT FROM audit_trail WHERE event = 'account_erased'")) == 1
    family.come_again()
    assert id_of(world.live, family.user) != first
    assert family.api.get("/v1/persons").ok()["items"] == []
    assert Archive(family.api).data["accounts"][0]["external_id"] == str(family.user)
    world.child(family.api)
    erases(family.api)
    stubs = world.live.sql(
        "SELECT details::jsonb -> 'hashes' AS hashes FROM audit_trail WHERE event = 'account_erased'"
    )
    assert len({stub["hashes"] for stub in stubs}) == 1, "one human being has one hash"


def test_all_platforms_of_a_citizen_are_erased(world: World) -> None:
    here, there = Family(world), Family(world)
    code = here.api.create("/v1/identities/codes", None).ok()["code"]
    there.api.post("/v1/identities/join", {"code": code}).ok()
    # By whichever: this token is still of the account that joined.
    erases(there.api)
    assert {row["platform"] for row in world.live.sql("SELECT platform FROM citizens")} == {"erased"}
    assert {row["last_name"] for row in world.live.sql("SELECT last_name FROM persons")} == {""}


def test_the_old_token_opens_nothing(scene: Scene) -> None:
    """Whatever is asked with it: refused, or there is nothing. And nothing is written."""
    live = scene.world.live
    stage = Stage(scene, ("", ""), {"parent": [scene.parent]}, {})
    citizen = id_of(live, 1)
    asks = {operation: stage.ask(operation) for operation in OPERATIONS if operation.access.citizen}
    erases(scene.parent)
    wrong: list[str] = []
    for operation, ask in asks.items():
        answer = ask.put_to(operation, scene.parent)
        told = f"{operation.id}: {answer.status} {answer.content.decode(errors='replace')[:200]}"
        if answer.status >= 400:
            kinds = {Kind.absent, Kind.conflict, Kind.unauthenticated}
            kinds = kinds if operation.id not in NEEDS_AN_ACCOUNT else {Kind.unauthenticated}
            wrong += [told] * (REFUSALS[answer.code].kind not in kinds)
        elif operation.id not in NOTHING_TO_DO:
            # What everybody may see, or a list of nothing.
            wrong += [told] * (
                operation.method != "GET" or any(one.encode() in answer.content for one in scene.private)
            )
    assert wrong == []
    assert found_in(live, {citizen}).keys() <= {"audit_trail", "idempotency_keys"}


def test_a_teacher_who_is_erased_leaves_the_institution_its_teacher(scene: Scene) -> None:
    live = scene.world.live
    erases(scene.teacher)
    (teacher,) = live.sql("SELECT citizen_id, last_name FROM teachers WHERE external_id = 't1'")
    assert tuple(teacher) == (None, "Орлов")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("book", "person_not_found"),
        ("apply", "person_not_found"),
        ("hold", "unauthenticated"),
        ("createPerson", "unauthenticated"),
        ("erase", None),
    ],
)
def test_nothing_is_done_for_who_is_just_being_erased(world: World, what: str, code: str | None) -> None:
    """It waits for the erasure, and then there is nobody."""
    family = Family(world)
    slot, wanted = Clinic(world).slot(), group(world)
    citizen = id_of(world.live, family.user)
    erasing = (
        f"SELECT lock_account(42::smallint, '{citizen}')",
        f"SELECT erase_account(42::smallint, ARRAY['{citizen}']::uuid[], '{{}}', '{citizen}', now())",
    )
    asked = {
        "book": lambda: world.book(family.api, slot, family.child),
        "apply": lambda: family.applies(wanted),
        "hold": lambda: family.api.create("/v1/holds", {"slot_id": slot}),
        "createPerson": lambda: family.api.create("/v1/persons", person(last_name="Новая")),
        "erase": lambda: family.api.call("DELETE", "/v1/account"),
    }[what]
    with ThreadPoolExecutor(1) as background:
        with locks.holding(world.live, *erasing, end="COMMIT"):
            answer = background.submit(asked)
            locks.wait_until_blocked(world.live)
        assert answer.result().status == 204 if code is None else answer.result().code == code
    assert [row["taken"] for row in world.live.sql("SELECT taken FROM slots")] == [0]
    assert {row["last_name"] for row in world.live.sql("SELECT last_name FROM persons")} <= {""}
    assert len(world.live.sql("SELECT FROM audit_trail WHERE event = 'account_erased'")) == 1


def test_an_erasure_that_can_not_be_done_whole_is_not_done(world: World) -> None:
    """Somebody holds a ticket's row for too long: nothing is changed, and it may be asked for again."""
    family = Family(world)
    world.book(family.api, Clinic(world).slot(), family.child).ok()
    with locks.holding(world.live, "SELECT FROM appointments FOR UPDATE"):
        assert family.api.call("DELETE", "/v1/account").code == "in_progress"
    assert [item["id"] for item in family.api.get("/v1/persons").ok()["items"]] == [family.child]
    assert world.live.sql("SELECT status FROM appointments")[0]["status"] == "booked"
    erases(family.api)
