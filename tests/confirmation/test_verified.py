"""What is verified is as the provider says: nobody edits it by hand, and what was written before becomes it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.applications.people import group
from tests.confirmation.provider import (
    MOTHER,
    VERA,
    Browser,
    begins,
    code_on,
    completes,
    confirms,
    returns,
    running,
    settings,
)
from tests.doctors.clinic import Clinic
from tests.live import Api, Live
from tests.provocation import someone
from tests.world import World

OWN = {"last_name": "Соколова", "first_name": "Анна", "patronymic": "Петровна", "birth_date": "1990-02-03"}
SNILS, POLICY = "11223344595", "7700001234567895"


def persons(api: Api) -> list[dict[str, Any]]:
    return api.get("/v1/persons").ok()["items"]


def patch(api: Api, person: dict[str, Any], **fields: Any) -> Any:
    return api.call("PATCH", f"/v1/persons/{person['id']}", fields)


def myself(world: World, api: Api, **more: Any) -> str:
    return world.child(api, **{**OWN, "kinship": "self", **more})


@pytest.fixture
def mother(world: World) -> Api:
    """Confirmed, and so is the child."""
    mother = world.parent()
    confirms(world.live, mother).ok()
    return mother


# By hand -----------------------------------------------------------------------------------------------------------


def test_what_is_verified_cant_be_edited(world: World, mother: Api) -> None:
    before = world.live.sql("SELECT * FROM persons ORDER BY id")
    for person, another in zip(persons(mother), (SNILS, "08765430200"), strict=True):
        for fields in (
            {"last_name": "Орлова"}, {"first_name": "Мария"}, {"patronymic": None}, {"patronymic": "Ивановна"},
            {"birth_date": "1990-02-04"}, {"sex": "male"}, {"snils": None}, {"snils": another},
            {"last_name": "Орлова", "policy": POLICY},
        ):  # fmt: skip
            assert patch(mother, person, **fields).code == "person_verified", fields
    assert world.live.sql("SELECT * FROM persons ORDER BY id") == before


def test_what_is_not_verified_can_be_edited_still(mother: Api) -> None:
    own, child = persons(mother)
    assert patch(mother, own, policy=POLICY).ok()["policy_masked"] == "**** **** **** 7895"
    # A form that sends everything again changes nothing.
    same = {name: child[name] for name in ("last_name", "first_name", "patronymic", "birth_date", "sex")}
    assert patch(mother, child, **same, snils=SNILS, policy=POLICY).status == 200
    assert persons(mother)[1]["verified_at"] == child["verified_at"]


def test_the_database_holds_it_whoever_writes(world: World, mother: Api) -> None:
    assert persons(mother)[0]["verified_at"]
    for change in ("last_name = 'Орлова'", "birth_date = '1991-01-01'", "patronymic = NULL", "sex = 'male'"):
        with pytest.raises(asyncpg.PostgresError, match="person_verified"):
            world.live.sql(f"UPDATE persons SET {change}")  # noqa: S608


def test_who_is_verified_can_be_deleted_and_is_erased(world: World, mother: Api) -> None:
    own, _ = persons(mother)
    assert mother.call("DELETE", f"/v1/persons/{own['id']}").status == 204
    (row,) = world.live.sql("SELECT * FROM persons WHERE id = $1", own["id"])
    assert (row["last_name"], row["verified_at"], row["snils_verified_at"]) == ("", None, None)
    # And comes back by a new confirmation.
    confirms(world.live, mother).ok()
    assert {one["kinship"] for one in persons(mother)} == {"self", "child"}


# What was written before --------------------------------------------------------------------------------------------


def test_who_is_written_down_already_becomes_verified(world: World) -> None:
    """Though misspelt and without numbers; tickets and applications stay theirs."""
    mother = world.parent()
    own = myself(world, mother, last_name="Сокалова", patronymic=None, policy=POLICY)
    child = world.child(mother, first_name="ВЕРА", last_name="соколова")
    ticket = world.book(mother, Clinic(world).slot(), child).ok()
    application = world.apply(mother, group(world), child).ok()
    confirms(world.live, mother).ok()
    found = persons(mother)
    assert [one["id"] for one in found] == [own, child]
    assert found[0].items() >= {**OWN, "policy_masked": "**** **** **** 7895"}.items()
    assert (found[1]["first_name"], found[1]["snils_masked"]) == ("Вера", "***-***-*45 95")
    assert mother.get(f"/v1/appointments/{ticket['id']}").ok()["person"]["first_name"] == "Вера"
    assert mother.get(f"/v1/applications/{application['id']}").ok()["status"] == application["status"]
    tables = ("persons", "guardians", "appointments", "applications", "engagements")
    identities = {row["identity"] for table in tables for row in world.live.sql(f"TABLE {table}")}
    assert len(identities) == 2


def test_a_child_is_found_by_its_number_whatever_it_is_called(world: World) -> None:
    mother = world.parent()
    child = world.child(mother, first_name="Верочка", birth_date="2019-05-15", kinship="other", snils=SNILS)
    confirms(world.live, mother).ok()
    found = {one["id"]: one for one in persons(mother)}
    assert (len(found), found[child]["first_name"], found[child]["kinship"]) == (2, "Вера", "child")


def test_a_child_of_the_same_name_with_another_number_is_another_child(world: World) -> None:
    mother = world.parent()
    namesake = world.child(mother, snils="00100199801")
    confirms(world.live, mother).ok()
    found = {one["id"]: one for one in persons(mother)}
    assert len(found) == 3
    assert found[namesake]["verified_at"] is None


def test_one_child_written_down_twice_is_one_from_now_on(world: World) -> None:
    mother = world.parent()
    clinic = Clinic(world)
    by_name = world.child(mother)
    by_number = world.child(mother, first_name="Верочка", snils=SNILS)
    tickets = [
        world.book(mother, clinic.slot(), by_name).ok(),
        world.book(mother, Clinic(world).slot(hours=40), by_number).ok(),
    ]
    confirms(world.live, mother).ok()
    assert {one["id"] for one in persons(mother) if one["kinship"] == "child"} == {by_number}
    for ticket in tickets:
        assert mother.get(f"/v1/appointments/{ticket['id']}").ok()["person"]["id"] == by_number
    (gone,) = world.live.sql("SELECT last_name, deleted_at FROM persons WHERE id = $1", by_name)
    assert (gone["last_name"], gone["deleted_at"] is None) == ("", False)


def test_where_two_are_one_and_booked_twice_the_confirmation_waits(world: World) -> None:
    mother = world.parent()
    by_name = world.child(mother)
    by_number = world.child(mother, first_name="Верочка", snils=SNILS)
    world.book(mother, Clinic(world).slot(), by_name).ok()
    second = world.book(mother, Clinic(world).slot(hours=24.1), by_number).ok()
    begun = begins(mother)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    before = world.live.sql("SELECT * FROM persons ORDER BY id")
    assert completes(mother, begun, code).code == "person_busy"
    assert world.live.sql("SELECT * FROM persons ORDER BY id") == before
    assert world.live.sql("SELECT confirmed_as FROM citizens WHERE confirmed_as IS NOT NULL") == []
    mother.post(f"/v1/appointments/{second['id']}/cancel").ok()
    assert completes(mother, begun, code).status == 200


def test_who_is_written_down_as_oneself_and_is_another_is_not_overwritten(world: World) -> None:
    """A mother who wrote her child down as herself keeps the child's tickets the child's."""
    mother = world.parent()
    own = world.child(mother, kinship="self")
    begun = begins(mother)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "mother")))
    assert completes(mother, begun, code).code == "self_is_another"
    assert [(one["id"], one["first_name"]) for one in persons(mother)] == [(own, "Вера")]
    mother.call("DELETE", f"/v1/persons/{own}")
    assert completes(mother, begun, code).status == 200
    assert len(persons(mother)) == 2


# Several accounts and guardians ---------------------------------------------------------------------------------------


def test_an_account_is_one_human_being_for_good(world: World, mother: Api) -> None:
    before = world.live.sql("SELECT * FROM persons ORDER BY id")
    begun = begins(mother)
    code = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "father")))
    assert completes(mother, begun, code).code == "confirmed_as_another"
    assert world.live.sql("SELECT * FROM persons ORDER BY id") == before
    # Not even when the traces are gone.
    for one in persons(mother):
        mother.call("DELETE", f"/v1/persons/{one['id']}")
    assert completes(mother, begun, code).code == "confirmed_as_another"


def test_two_accounts_of_one_human_being_stay_two(world: World, mother: Api) -> None:
    """They are joined by the one-time code of an account alone; that nobody is booked twice holds all the same."""
    second = world.parent(someone())
    confirms(world.live, second).ok()
    assert {one["id"] for one in persons(mother)}.isdisjoint(one["id"] for one in persons(second))
    slot = Clinic(world)
    world.book(mother, slot.slot(), persons(mother)[1]["id"]).ok()
    again = world.book(second, slot.slot("s2", hours=30), persons(second)[1]["id"])
    assert again.code == "already_has_ticket"
    code = mother.post("/v1/identities/codes", key=str(uuid4())).ok()["code"]
    second.post("/v1/identities/join", {"code": code}).ok()
    found = persons(mother)
    assert len(found) == 2
    assert all(one["verified_at"] for one in found)


def test_accounts_of_two_human_beings_are_not_joined(world: World, mother: Api) -> None:
    father = world.parent(someone())
    confirms(world.live, father, "father").ok()
    code = mother.post("/v1/identities/codes", key=str(uuid4())).ok()["code"]
    assert father.post("/v1/identities/join", {"code": code}).code == "confirmed_as_another"
    # Joined before, and confirmed as another after: no.
    other = world.parent(someone())
    other.post("/v1/identities/join", {"code": code}).ok()
    begun = begins(mother)
    shown = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "father")))
    assert completes(mother, begun, shown).code == "confirmed_as_another"


def test_who_joins_brings_along_who_they_are(world: World, mother: Api) -> None:
    first = world.parent(someone())
    code = first.post("/v1/identities/codes", key=str(uuid4())).ok()["code"]
    mother.post("/v1/identities/join", {"code": code}).ok()
    begun = begins(first)
    shown = code_on(returns(world.live, Browser().logs_in(begun["authorization_url"], "father")))
    assert completes(first, begun, shown).code == "confirmed_as_another"


def test_a_second_guardian_sees_a_verified_child_and_cant_edit_it(world: World, mother: Api) -> None:
    father = world.parent(someone())
    twin = world.child(father, snils=SNILS, last_name="Иначе")
    child = persons(mother)[1]["id"]
    code = mother.create(f"/v1/persons/{child}/invitations", None).ok()["code"]
    father.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    (found,) = persons(father)
    assert (found["id"], bool(found["verified_at"])) == (child, True)
    assert found["id"] != twin
    assert patch(father, found, last_name="Иначе").code == "person_verified"
    # Their own confirmation finds the same child.
    confirms(world.live, father, "father").ok()
    assert {one["id"] for one in persons(father)} >= {child}
    assert len(persons(father)) == 2


def test_a_merged_record_stays_verified(world: World, mother: Api) -> None:
    """The one who is confirmed joins the guardians of a record that was written by hand."""
    father = world.parent(someone())
    child = world.child(father, snils=SNILS, last_name="Иначе")
    code = father.create(f"/v1/persons/{child}/invitations", None).ok()["code"]
    mother.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    (found,) = persons(father)
    assert (found["id"], found["last_name"], bool(found["verified_at"])) == (child, "Соколова", True)
    assert patch(father, found, last_name="Иначе").code == "person_verified"


def test_other_guardians_twins_become_one_too(world: World) -> None:
    """Both parents look after one record, and each has written the child down once more, with its number."""
    mother, father = world.parent(), world.parent(someone())
    shared = world.child(mother)
    code = mother.create(f"/v1/persons/{shared}/invitations", None).ok()["code"]
    father.post("/v1/guardianships", {"code": code, "kinship": "child"}).ok()
    for api in (mother, father):
        world.child(api, first_name="Верочка", snils=SNILS)
    confirms(world.live, mother).ok()
    assert [one["first_name"] for one in persons(father)] == ["Вера"]
    assert {one["id"] for one in persons(father)} <= {one["id"] for one in persons(mother)}


# Confirming again -----------------------------------------------------------------------------------------------------


@pytest.fixture
def renaming(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Live]]:
    """The service, and the same with the provider a year later: the mother has married, and a child was born."""
    vera, born = VERA | {"family_name": "Орлова"}, VERA | {"given_name": "Пётр", "gender": "male", "snils": None}
    married = MOTHER | {"family_name": "Орлова", "children": [vera, born]}
    with running({"mother": MOTHER | {"children": [VERA]}}) as before, running({"mother": married}) as after:
        folder = tmp_path_factory.mktemp("keys")
        with Live(dsn, folder, **settings(before)) as first, Live(dsn, folder, **settings(after)) as second:
            yield first, second


def test_confirming_again_brings_it_up_to_date(renaming: tuple[Live, Live]) -> None:
    first, second = renaming
    mother = World(first).parent()
    confirms(first, mother).ok()
    before = persons(mother)
    # The provider is the same one, at another address.
    first.sql("UPDATE citizens SET confirmed_as = NULL")
    mother = second.api(mother.token)
    second.clock.now += timedelta(minutes=5)
    confirms(second, mother).ok()
    after = persons(mother)
    assert [one["id"] for one in after[:2]] == [one["id"] for one in before]
    assert [one["last_name"] for one in after] == ["Орлова", "Орлова", "Соколова"]
    assert [one["first_name"] for one in after] == ["Анна", "Вера", "Пётр"]
