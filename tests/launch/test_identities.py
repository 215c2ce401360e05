"""One human being on several platforms: accounts join, bring their family along, and leave."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.ids import new_id
from tests.conftest import fresh_database
from tests.doctors.clinic import Clinic
from tests.launch.test_platforms import APPS, data
from tests.live import Api, Live
from tests.provocation import someone, surname
from tests.registers.school import School
from tests.world import CLINIC, CLUB_PAGE, World


@pytest.fixture
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys"), **APPS) as live:
        world = World(live)
        world.put("/v1/pages/max/clinic", {"institution_id": str(CLINIC), "mini_apps": ["doctor"]})
        yield world


def on_max(world: World, user: int) -> Api:
    parameters = data(world, "max-token", start_param="clinic", user=f'{{"id":{user}}}')
    session = world.live.api().post("/v1/sessions", {"platform": "max", "parameters": parameters})
    return world.live.api(session.ok()["access_token"])


def code_of(api: Api) -> str:
    return api.post("/v1/identities/codes", key=str(new_id())).ok()["code"]


def persons(api: Api) -> list[str]:
    return sorted(item["id"] for item in api.get("/v1/persons").ok()["items"])


def test_family_and_bookings_of_both_accounts_are_one(world: World) -> None:
    clinic, user = Clinic(world), someone()
    mother, here = world.parent(user), on_max(world, user)
    name = surname()
    vera = world.child(mother, last_name=name)
    twin = world.child(here, last_name=name)
    ilya = world.child(here, last_name=name, first_name="Илья")
    for api in (mother, here):
        api.create("/v1/persons", {
            "last_name": name, "first_name": "Анна", "birth_date": "1990-01-01", "sex": "female", "kinship": "self",
        }).ok()  # fmt: skip
    ticket = world.book(here, clinic.slot(), twin).ok()
    kept = world.book(mother, clinic.slot("s2", hours=30), ilya)
    assert kept.code == "person_not_found"

    joined = here.post("/v1/identities/join", {"code": code_of(mother).lower()}).ok()["items"]
    assert [(item["platform"], item["first"]) for item in joined] == [("vk", True), ("max", False)]
    again = on_max(world, user)
    assert persons(again) == persons(mother)
    assert {vera, ilya} < set(persons(mother))
    assert twin not in persons(mother)
    assert len(persons(mother)) == 3
    for api in (mother, again):
        (found,) = api.get("/v1/appointments").ok()["items"]
        assert (found["id"], found["person"]["id"]) == (ticket["id"], vera)
    assert mother.post(f"/v1/appointments/{ticket['id']}/cancel").ok()["status"] == "cancelled"


def test_a_trial_lesson_of_the_account_that_joins_goes_over(world: World) -> None:
    school, user = School(world), someone()
    mother, here = world.parent(user), on_max(world, user)
    group = school.group_row(school.group(trial_places=1))["id"]
    body = {"group_id": str(group), "person_id": world.child(here, last_name=surname()), "lesson_id": "2026-09-14T0700"}
    trial = here.create("/v1/trials", body).ok()
    here.post("/v1/identities/join", {"code": code_of(mother)}).ok()
    assert mother.get("/v1/trials").ok()["items"] == [trial]
    whose = world.live.sql("SELECT citizen_id FROM trials UNION SELECT citizen_id FROM guardians")
    assert len(whose) == 1


def test_what_the_token_of_before_still_does_goes_over(world: World) -> None:
    user = someone()
    mother, here = world.parent(user), on_max(world, user)
    here.post("/v1/identities/join", {"code": code_of(mother)}).ok()
    late = world.child(here, last_name=surname())
    assert late not in persons(mother)
    world.live.work()
    assert persons(mother) == [late]


def test_an_account_leaves_and_begins_anew(world: World) -> None:
    user = someone()
    mother, here = world.parent(user), on_max(world, user)
    child = world.child(here, last_name=surname())
    here.post("/v1/identities/join", {"code": code_of(mother)}).ok()
    for _ in range(2):
        left = mother.post("/v1/identities/max/leave").ok()["items"]
        assert [item["platform"] for item in left] == ["vk"]
    assert persons(mother) == [child]
    assert persons(on_max(world, user)) == []
    assert mother.post("/v1/identities/vk/leave").code == "identity_first"


def test_a_code_is_good_once_for_ten_minutes_and_not_for_oneself(world: World) -> None:
    mother = world.parent(someone())
    code = code_of(mother)
    assert mother.post("/v1/identities/join", {"code": code}).code == "invitation_not_found"
    strangers = [on_max(world, someone()) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(
            answer.status
            for answer in threads.map(lambda api: api.post("/v1/identities/join", {"code": code}), strangers)
        )
    assert statuses == [200, 404, 404, 404]
    old = code_of(mother)
    new = code_of(mother)
    late = on_max(world, someone())
    assert late.post("/v1/identities/join", {"code": old}).code == "invitation_not_found"
    world.live.clock.now += timedelta(minutes=10)
    late = on_max(world, someone())
    assert late.post("/v1/identities/join", {"code": new}).code == "invitation_not_found"
    # Nothing that a code could be made of is in the database.
    assert code not in str(world.live.sql("SELECT * FROM identity_codes"))


def test_nobody_goes_through_all_codes(world: World) -> None:
    guesser, mother = on_max(world, someone()), world.parent(someone())
    codes = ["0000-0000"] * 5
    assert {guesser.post("/v1/identities/join", {"code": code}).code for code in codes} == {"invitation_not_found"}
    assert guesser.post("/v1/identities/join", {"code": code_of(mother)}).code == "too_many_attempts"
    world.live.clock.now += timedelta(hours=1)
    guesser, mother = on_max(world, someone()), world.live.citizen(100001, someone())
    assert guesser.post("/v1/identities/join", {"code": code_of(mother)}).status == 200


def test_many_wrong_codes_at_once_are_five(world: World) -> None:
    token = on_max(world, someone()).token

    def once(_number: int) -> str | None:
        return world.live.api(token).post("/v1/identities/join", {"code": "0000-0000"}).code

    with ThreadPoolExecutor(8) as threads:
        codes = sorted(str(code) for code in threads.map(once, range(16)))
    assert codes == ["invitation_not_found"] * 5 + ["too_many_attempts"] * 11


def test_wrong_codes_of_all_kinds_are_counted_together(world: World) -> None:
    user = someone()
    guesser = world.live.citizen(CLUB_PAGE, user)
    guesses = {
        "/v1/identities/join": {"code": "0000-0000"},
        "/v1/guardianships": {"code": "0000-0000", "kinship": "child"},
        "/v1/teachers/join": {"code": "00000000"},
        "/v1/staff/join": {"code": "00000000"},
    }
    paths = list(guesses)
    for path in (*paths, *paths[:1]):
        assert guesser.post(path, guesses[path]).status == 404
    for path, body in guesses.items():
        assert guesser.post(path, body).code == "too_many_attempts"
    # What is refused is not remembered, nor what counts no more.
    assert len(world.live.sql("TABLE wrong_codes")) == 5
    world.live.clock.now += timedelta(hours=1)
    guesser = world.live.citizen(CLUB_PAGE, user)
    assert guesser.post(paths[2], guesses[paths[2]]).code == "teacher_code_not_found"
    assert len(world.live.sql("TABLE wrong_codes")) == 1


def test_two_who_join_each_other_at_once_are_one(world: World) -> None:
    one, other = world.parent(someone()), on_max(world, someone())
    codes = code_of(one), code_of(other)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(
            lambda pair: pair[0].post("/v1/identities/join", {"code": pair[1]}), ((one, codes[1]), (other, codes[0]))
        ))  # fmt: skip
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(world.live.sql("SELECT FROM citizens WHERE same_as IS NOT NULL")) == 1


def test_all_that_names_a_citizen_is_handed_over(world: World) -> None:
    """Whoever adds a table that points at a citizen adds it to hand_over(), or says here why not."""
    columns = world.live.sql(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'citizen_id' AND table_schema = 'public'"
    )
    # Of the account alone, and for minutes: codes, guesses, attempts to confirm who one is.
    stay = {"identity_codes", "wrong_codes", "confirmations"}
    functions = Path(__file__).parents[2] / "service/migrations/functions/identities.sql"
    handing = functions.read_text(encoding="utf-8").partition("FUNCTION hand_over(")[2].partition("END $$")[0]
    assert {row["table_name"] for row in columns if f" {row['table_name']} " not in handing} == stay
