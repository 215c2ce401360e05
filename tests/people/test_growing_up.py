"""Who may do what for a child, and that it ends when the child comes of age: with the clock moved over birthdays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from schemas.people import Kinship
from service.core.ids import new_id
from service.people.rules import Right, age_on, birthday, guardian_may
from tests.applications.people import Family, group
from tests.conftest import fresh_database
from tests.consents.people import consent, require, withdraw
from tests.doctors.clinic import Clinic
from tests.documents.samples import pdf
from tests.live import Answer, Live
from tests.people.test_guardians import joins
from tests.world import REGION, World, person

ZONE = ZoneInfo("Asia/Novokuznetsk")
# Old enough, and too young, for an account of one's own on the 7th of September 2026.
FOURTEEN, NOT_YET = "2012-09-07", "2012-09-08"


@pytest.fixture(scope="module")
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: everybody in a test is new. Tests that move the clock come last."""
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys")) as live:
        yield World(live)


def invites(family: Family, child: str, **query: str) -> Answer:
    path = f"/v1/persons/{child}/invitations"
    return family.api.call("POST", path, params=query, key=str(new_id()))


def joined(world: World, family: Family, kinship: str, **query: str) -> Family:
    other = Family(world, 0)
    joins(other, invites(family, family.child, **query).ok()["code"], kinship).ok()
    other.children = [family.child]
    return other


def test_the_database_holds_the_same_table_of_rights(world: World) -> None:
    kinds, rights = get_args(Kinship), get_args(Right)
    rows = world.live.sql(
        "SELECT k, m, r, guardian_may(k, m, r) AS may FROM unnest($1::text[]) k, unnest($2::text[]) r, "
        "unnest(ARRAY[true, false]) m",
        kinds,
        rights,
    )
    assert len(rows) == len(kinds) * len(rights) * 2
    assert all(row["may"] == guardian_may(row["k"], row["r"], of_minor=row["m"]) for row in rows)
    helpers = {row["k"] for row in rows if row["m"] and not row["may"]}
    assert helpers == {"spouse", "parent", "other"}


def test_birthdays_are_counted_alike(world: World) -> None:
    days = [date(2004, 1, 1) + timedelta(days=number) for number in range(0, 4 * 366, 7)]
    days += [date(2004, 2, 28), date(2004, 2, 29), date(2004, 3, 1), date(2008, 2, 29), date(2005, 12, 31)]
    rows = world.live.sql(
        "SELECT d, y, birthday(d, y) AS day FROM unnest($1::date[]) d, unnest(ARRAY[14, 18, 20]) y", days
    )
    for row in rows:
        assert row["day"] == birthday(row["d"], row["y"])
        assert age_on(row["d"], row["day"]) == row["y"]
        assert age_on(row["d"], row["day"] - timedelta(days=1)) == row["y"] - 1
    assert birthday(date(2008, 2, 29), 18) == date(2026, 3, 1)


def test_a_helper_books_and_no_more(world: World) -> None:
    mother = Family(world)
    grandmother = joined(world, mother, "other", helper="true")
    application = mother.applies(group(world)).ok()
    papers = f"/v1/applications/{application['id']}/documents"
    uploaded = mother.api.call("POST", papers, pdf(), params={"kind": "snils"}, key="paper").ok()
    for path in (papers, f"/v1/documents/{uploaded['id']}"):
        assert (mother.api.get(path).status, grandmother.api.get(path).status) == (200, 404)
    assert grandmother.api.call("POST", papers, pdf(seed=2), params={"kind": "snils"}, key="x").status == 404
    assert grandmother.api.get(f"/v1/persons/{mother.child}/certificates").code == "person_not_found"
    assert consent(world, grandmother.api, mother.child).code == "guardian_may_not"
    assert invites(grandmother, mother.child).code == "guardian_may_not"
    changed = grandmother.api.call("PATCH", f"/v1/persons/{mother.child}", {"first_name": "Анна"})
    assert changed.code == "guardian_may_not"
    assert world.book(grandmother.api, Clinic(world).slot(), mother.child).status == 201
    assert grandmother.now_is(application)["status"] == "submitted"


def test_whoever_is_invited_to_help_does_not_become_a_parent(world: World) -> None:
    mother, other = Family(world), Family(world, 0)
    code = invites(mother, mother.child, helper="true").ok()["code"]
    for kinship in ("child", "ward", "self"):
        assert joins(other, code, kinship).code == "guardian_may_not"
    joins(other, code, "other").ok()
    assert joins(other, code, "child").code == "guardian_may_not", "nor afterwards"
    # Nor does a parent stop being one by a code of their own.
    joins(mother, invites(mother, mother.child).ok()["code"], "other").ok()
    # A second parent by a parent's code is one.
    father = joined(world, mother, "child")
    assert consent(world, father.api, mother.child).status == 200
    assert invites(father, mother.child).status == 201


def test_a_helper_stands_on_the_consent_of_a_representative(world: World) -> None:
    mother, clinic = Family(world), Clinic(world)
    grandmother = joined(world, mother, "other", helper="true")
    require(world)
    try:
        slot = clinic.slot()
        assert world.book(grandmother.api, slot, mother.child).code == "consent_missing"
        consent(world, mother.api, mother.child).ok()
        ticket = world.book(grandmother.api, slot, mother.child).ok()
        assert withdraw(mother.api, mother.child).ok()["ended"] == [{"kind": "appointment", "id": ticket["id"]}]
    finally:
        require(world, required=False)
    # Not even where the region requires none.
    assert world.book(grandmother.api, slot, mother.child).code == "consent_missing"


def test_an_account_of_ones_own_from_fourteen_on(world: World) -> None:
    young, old = Family(world, birth_date=NOT_YET), Family(world, birth_date=FOURTEEN)
    assert joins(Family(world, 0), invites(young, young.child).ok()["code"], "self").code == "guardian_may_not"
    teenager = joined(world, old, "self")
    assert consent(world, teenager.api, old.child).ok()["kinship"] == "self"
    assert consent(world, old.api, old.child).ok()["kinship"] == "child", "so do the parents, until eighteen"
    # One is oneself once.
    code = teenager.api.create(f"/v1/persons/{old.child}/invitations", None).ok()["code"]
    assert joins(Family(world, 0), code, "self").code == "guardian_may_not"
    alone = world.parent(teenager.user + 100000)
    own = alone.create("/v1/persons", person(kinship="self", last_name="Галкина", birth_date=NOT_YET)).ok()["id"]
    assert consent(world, alone, own).code == "guardian_may_not"


# Coming of age: these move the clock, so they come last --------------------------------------------------------------


def turn(world: World, moment: datetime, *families: Family) -> None:
    world.live.clock.now = moment.astimezone(UTC)
    world.operator = world.live.client(REGION)
    for family in families:
        family.come_again()


@pytest.mark.parametrize(
    ("born", "eighteen"),
    [("2008-10-05", datetime(2026, 10, 5, tzinfo=ZONE)), ("2012-02-29", datetime(2030, 3, 1, tzinfo=ZONE))],
)
def test_at_eighteen_nobody_but_the_person_books(world: World, born: str, eighteen: datetime) -> None:
    """By the day of their region: at midnight, and before the job has come by."""
    clinic, moment = Clinic(world), timedelta(seconds=1)
    turn(world, eighteen - timedelta(hours=2))
    child: dict[str, Any] = {"birth_date": born}
    mother, grandmother, helped = (
        Family(world, **child),
        Family(world, kinship="other", **child),
        Family(world, **child),
    )
    teenager = joined(world, helped, "self")
    before, after = clinic.slot("before", hours=30), clinic.slot("after", hours=31)
    turn(world, eighteen - moment, mother, grandmother, helped, teenager)
    ticket = world.book(helped.api, before, helped.child).ok()
    consent(world, helped.api, helped.child).ok()
    turn(world, eighteen, mother, grandmother, helped, teenager)
    for family in (mother, grandmother, helped):
        assert world.book(family.api, after, family.child).code == "person_not_found"
        assert consent(world, family.api, family.child).code == "person_not_found"
        assert invites(family, family.child, helper="false").code == "person_not_found"
    world.live.work()
    for family in (mother, grandmother, helped):
        assert family.api.get("/v1/persons").ok()["items"] == []
        assert family.api.get("/v1/appointments").ok()["items"] == []
        assert family.api.get(f"/v1/appointments/{ticket['id']}").code == "appointment_not_found"
    # What was booked is valid, and the grown person's.
    (kept,) = teenager.api.get("/v1/appointments").ok()["items"]
    assert (kept["id"], kept["status"]) == (ticket["id"], "booked")
    # Who asks their mother to go on helping has asked her as a grown person.
    code = teenager.api.create(f"/v1/persons/{helped.child}/invitations", None).ok()["code"]
    joins(helped, code, "child").ok()
    world.live.work()
    assert [item["id"] for item in helped.api.get("/v1/appointments").ok()["items"]] == [ticket["id"]]


def test_whoever_looks_after_a_grown_person_goes_on(world: World) -> None:
    """A mother of seventy, and somebody who is under guardianship as an adult (ГК, art. 29)."""
    daughter, guardian = (
        Family(world, kinship="parent", birth_date="1950-01-01"),
        Family(world, kinship="ward", birth_date="1990-01-01"),
    )
    turn(world, world.now + timedelta(days=400), daughter, guardian)
    world.live.work()
    for family in (daughter, guardian):
        assert len(family.api.get("/v1/persons").ok()["items"]) == 1
        assert consent(world, family.api, family.child).status == 200


def test_a_corrected_birth_date_moves_the_day(world: World) -> None:
    mother = Family(world, birth_date=(world.now - timedelta(days=16 * 365)).date().isoformat())
    (row,) = world.live.sql("SELECT ends_on FROM guardians WHERE person_id = $1", mother.child)
    born = (world.now - timedelta(days=12 * 365)).date()
    mother.api.call("PATCH", f"/v1/persons/{mother.child}", {"birth_date": born.isoformat()}).ok()
    (later,) = world.live.sql("SELECT ends_on FROM guardians WHERE person_id = $1", mother.child)
    assert row["ends_on"] < later["ends_on"] == birthday(born, 18)
