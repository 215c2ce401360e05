"""Why a group does not suit a child: the reasons against the rules of ages, and what is told of other bookings."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clubs.fits import months_ru
from service.core.ids import new_id
from tests.applications.people import applying, stranger
from tests.clubs.club_model import publish
from tests.doctors.clinic import Clinic
from tests.people.test_rules import with_snils_check
from tests.world import CLUB, World

TODAY = date(2026, 9, 7)
FRIDAY = [{"weekday": 5, "starts": "10:00", "academic_hours": 1}]


def looked_at(api: Any, person_id: str, language: str = "ru", **query: Any) -> dict[str, Any]:
    """Groups by their names."""
    answer = api.call(
        "GET", f"/v1/persons/{person_id}/groups", params={"limit": 100, **query}, headers={"Accept-Language": language}
    )
    assert answer.headers["Cache-Control"] == "no-store"
    return {item["name"]: item for item in answer.ok()["items"]}


def reasons(item: dict[str, Any]) -> dict[str, Any]:
    assert item["fit"]["fits"] == (item["fit"]["reasons"] == [])
    return {reason["code"]: reason for reason in item["fit"]["reasons"]}


def test_ages_are_refused_by_as_many_months_as_the_rules_say(world: World) -> None:
    groups = {group.id: group for group in publish(world, 30)}
    parent = world.parent(60)
    births = ["2024-02-29", "2020-08-31", "2019-01-30", "2016-12-31", "2016-01-01", "2012-09-07", "2026-09-01"]
    refused = 0
    for number, birth in enumerate(births):
        child = world.child(parent, birth_date=birth, first_name=f"Вера-{'абвгдежз'[number]}")
        for item in looked_at(parent, child).values():
            group, found = groups[item["id"]], reasons(item)
            (first, until), born = group.ages, date.fromisoformat(birth)
            assert {"too_young", "too_old"}.isdisjoint(found) == group.suits(born, TODAY), (birth, group)
            # Before the birth there are no months to compare with.
            if birth < "2026":
                months = group.months(born, TODAY)
                assert found.get("too_young", {}).get("months", 0) == max(first - months, 0), (birth, group)
                assert found.get("too_old", {}).get("months", 0) == max(months - until + 1, 0), (birth, group)
            assert ("group_full" in found) == group.full
            refused += not group.suits(born, TODAY)
        # What fits at once is exactly what says so, and what one can apply to.
        fitting = {item["id"] for item in looked_at(parent, child, fitting_only="true", facets="true").values()}
        assert fitting == {item["id"] for item in looked_at(parent, child).values() if item["fit"]["fits"]}
        for group_id in fitting:
            assert groups[group_id].is_open(world.now)
    assert refused > len(groups)


def test_every_reason_and_its_words(world: World) -> None:
    parent = world.parent(61)
    child = world.child(parent, birth_date="2020-01-01")
    world.publish_group("young", name="мал", age_from=7, age_to=9, starts_on="2026-10-01")
    world.publish_group("old", name="старше", age_from=4, age_to=5, starts_on="2026-10-01")
    tomorrow = (world.now + timedelta(days=1)).isoformat()
    world.publish_group("soon", name="скоро", enrolment_opens_at=tomorrow, weekly_lessons=FRIDAY)
    world.publish_group("late", name="поздно", enrolment_closes_at=world.now.isoformat(), weekly_lessons=FRIDAY)
    world.publish_group("locked", name="пауза", weekly_lessons=FRIDAY)
    world.operator.post(f"/v1/institutions/{CLUB}/groups/locked/lock", {"reason": "Ремонт"}).ok()
    full = world.publish_group("full", name="полна", capacity=1, weekly_lessons=FRIDAY).ok()["id"]
    stranger(world, full).answer("ru").ok()
    mine = world.publish_group("mine", name="моя").ok()["id"]
    applying(parent, mine, child).answer("ru").ok()
    world.publish_group("busy", name="в то же время")
    world.publish_group("fits", name="подходит", weekly_lessons=FRIDAY)
    told = {name: reasons(item) for name, item in looked_at(parent, child).items()}
    assert {name: set(found) for name, found in told.items()} == {
        "мал": {"too_young", "busy_with"},
        "старше": {"too_old", "busy_with"},
        "скоро": {"enrolment_not_open"},
        "поздно": {"enrolment_closed"},
        "пауза": {"group_locked"},
        "полна": {"group_full"},
        "моя": {"already_applied"},
        "в то же время": {"busy_with"},
        "подходит": set(),
    }
    assert (told["мал"]["too_young"]["title"], told["мал"]["too_young"]["months"]) == ("Мал на 3 месяца", 3)
    assert told["старше"]["too_old"]["title"] == "Старше на 10 месяцев"
    assert datetime.fromisoformat(told["скоро"]["enrolment_not_open"]["opens_at"]) == world.now + timedelta(days=1)
    busy = told["в то же время"]["busy_with"]
    assert busy["title"] == "Занят: «Шахматы» во вторник, 16:30"
    assert busy["busy_with"] == {"name": "Шахматы", "weekday": 2, "starts": "16:30"}
    english = {name: reasons(item) for name, item in looked_at(parent, child, "en").items()}
    assert english["мал"]["too_young"]["title"] == "Too young by 3 months"
    assert english["в то же время"]["busy_with"]["title"] == "Busy: Шахматы on Tuesday at 16:30"
    assert english["пауза"]["group_locked"]["title"] == "Enrolment in the group is paused"
    assert looked_at(parent, child, fitting_only="true").keys() == {"подходит"}


def test_of_another_guardians_bookings_nothing_is_told(world: World) -> None:
    snils = with_snils_check(123_456_789)
    mother, father = world.parent(62), world.parent(63)
    hers, his = (world.child(one, snils=snils, last_name=name) for one, name in ((mother, "Ясная"), (father, "Ясная")))
    applying(mother, world.publish_group("g1", name="первая").ok()["id"], hers).answer("ru").ok()
    world.publish_group("g2", name="вторая")
    for api, person_id, title, what in (
        (mother, hers, "Занят: «Шахматы» во вторник, 16:30", {"name": "Шахматы", "weekday": 2, "starts": "16:30"}),
        (father, his, "Занят", {"name": None, "weekday": None, "starts": None}),
    ):
        reason = reasons(looked_at(api, person_id)["вторая"])["busy_with"]
        assert (reason["title"], reason["busy_with"]) == (title, what)
    # Whose child it is not is not told that there is one.
    assert father.get(f"/v1/persons/{hers}/groups").code == "person_not_found"
    assert father.get(f"/v1/persons/{new_id()}/groups").code == "person_not_found"


def test_a_ticket_is_in_the_way_too(world: World) -> None:
    """The lesson of 6 October is at the time of a visit to the paediatrician."""
    clinic, parent = Clinic(world), world.parent(64)
    child = world.child(parent)
    hours = (datetime(2026, 10, 6, 10, tzinfo=world.now.tzinfo) - world.now).total_seconds() / 3600
    world.book(parent, clinic.slot(hours=hours), child).ok()
    world.publish_group(name="вторник")
    reason = reasons(looked_at(parent, child)["вторник"])["busy_with"]
    assert reason["busy_with"] == {"name": "Врач-педиатр", "weekday": 2, "starts": "17:00"}


@pytest.mark.parametrize(
    ("months", "words"), [(1, "1 месяц"), (2, "2 месяца"), (5, "5 месяцев"), (11, "11 месяцев"), (14, "14 месяцев")]
)
def test_known_months(months: int, words: str) -> None:
    assert months_ru(months) == words


@given(st.integers(1, 2000))
def test_months_go_by_their_last_digits(months: int) -> None:
    teens = months % 100 in range(11, 15)
    expected = "месяцев" if teens else {1: "месяц", 2: "месяца", 3: "месяца", 4: "месяца"}.get(months % 10, "месяцев")
    assert months_ru(months) == f"{months} {expected}"
