"""What an application takes of a certificate, and gives back: never more than there is, whatever becomes of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from tests import locks
from tests.applications.staff import EXPULSION, ORDER, decide, go_to, taken
from tests.applications.test_transfer import codes, target, transfer
from tests.certificates.purse import PRICES, Holder, holder, paid_group, put
from tests.world import World

REFUSAL: dict[str, Any] = {"decision": "refuse", "reason": "did_not_come"}
CERTIFICATES = "SELECT reserved, spent, programmes FROM certificates"


def books(world: World) -> tuple[int, int, int]:
    """What is reserved, spent, and for how many programmes; of the only certificate there is."""
    rows = world.live.sql(CERTIFICATES)
    assert len(rows) == 1
    return tuple(rows[0])


def withdraw(child: Holder, application: str) -> None:
    child.world.parent(child.user).post(f"/v1/applications/{application}/withdraw").ok()


def test_reserved_on_approval_and_spent_on_enrolment(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    assert books(world) == (0, 0, 0), "applying takes nothing"
    for decision, expected in (
        ("take", (0, 0, 0)),
        ("approve", (6000, 0, 1)),
        (ORDER, (0, 6000, 1)),
        # Before the first lesson all of it comes back.
        (EXPULSION, (0, 0, 0)),
    ):
        for _ in range(2):
            decide(world, application, decision).ok()
            assert books(world) == expected, decision


@pytest.mark.parametrize("end", ["refuse", "withdraw", "expire", "other money"])
def test_what_was_reserved_comes_back(world: World, end: str) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    decide(world, application, "approve").ok()
    assert child.left() == (4000, 1)
    if end == "refuse":
        decide(world, application, REFUSAL).ok()
    elif end == "withdraw":
        withdraw(child, application)
    elif end == "other money":
        enrolled = decide(world, application, ORDER | {"financing": "budget"}).ok()
        assert (enrolled["certificate_id"], enrolled["financing"]["source"]) == (None, "budget")
    else:
        world.live.sql("UPDATE applications SET status = 'expired' WHERE id = $1", application)
    assert (books(world), child.left()) == ((0, 0, 0), (10000, 2))


def test_at_once_enrolled_at_once_spent(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world, instant=True)).ok()["id"]
    assert books(world) == (0, 6000, 1)
    # The order that comes later can still name other money.
    decide(world, application, ORDER | {"financing": "budget"}).ok()
    assert books(world) == (0, 0, 0)


def test_who_leaves_gets_the_lessons_to_come_back(world: World) -> None:
    child = holder(world)
    wanted = paid_group(world)
    application = child.applies(wanted).ok()["id"]
    decide(world, application, ORDER).ok()
    go_to(world, "2027-02-01T08:00:00+07:00")
    lessons = "SELECT count(*), count(*) FILTER (WHERE lower(l) > $2) FROM groups, unnest(lessons) l WHERE id = $1"
    total, to_come = world.live.sql(lessons, wanted, world.now)[0]
    assert 0 < to_come < total
    withdraw(child, application)
    assert books(world) == (0, 6000 - 6000 * to_come // total, 0)
    assert child.shown()["uses"][0]["state"] == "left"


def test_who_leaves_behind_the_last_lesson_gets_nothing(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    decide(world, application, ORDER).ok()
    go_to(world, "2027-06-01T08:00:00+07:00")
    decide(world, application, EXPULSION).ok()
    assert books(world) == (0, 6000, 0)


def test_hours_are_counted_in_hours(world: World) -> None:
    child = holder(world, unit="hours", nominal=36)
    application = child.applies(paid_group(world)).ok()["id"]
    decide(world, application, "approve").ok()
    assert child.left() == (0, 1)
    # Where a group has no price in hours, none are taken for nothing.
    in_roubles = [{"source": "certificate", "price_total_roubles": 100}]
    assert child.applies(paid_group(world, financing=in_roubles)).code == "financing_not_offered"
    decide(world, application, ORDER).ok()
    own_id, _ = target(world, financing=in_roubles)
    assert codes(transfer(world, [application], own_id)) == ["financing_not_offered"]


def test_more_than_is_left_is_refused(world: World) -> None:
    child = holder(world)
    first, second = (child.applies(paid_group(world, price)).ok()["id"] for price in (6000, 4001))
    decide(world, first, "approve").ok()
    for decision in ("approve", ORDER):
        assert decide(world, second, decision).code == "certificate_spent"
    assert books(world) == (6000, 0, 1)
    assert child.change(nominal=10001)["outcome"] == "changed"
    decide(world, second, "approve").ok()
    assert child.left() == (0, 0)


def test_more_programmes_than_it_gives_are_refused(world: World) -> None:
    child = holder(world, most_programmes=1)
    first, second = (child.applies(paid_group(world, 10)).ok()["id"] for _ in range(2))
    decide(world, first, "approve").ok()
    assert decide(world, second, "approve").code == "certificate_programmes_spent"
    decide(world, first, REFUSAL).ok()
    assert decide(world, second, ORDER).ok()["status"] == "enrolled"


def test_a_suspended_one_pays_for_nothing_new(world: World) -> None:
    child = holder(world)
    first, second, third = (child.applies(paid_group(world, 3000)).ok()["id"] for _ in range(3))
    decide(world, first, ORDER).ok()
    decide(world, second, "approve").ok()
    child.change(status="suspended")
    assert child.applies(paid_group(world)).code == "certificate_suspended"
    for application, decision in ((second, ORDER), (third, "approve"), (third, ORDER)):
        assert decide(world, application, decision).code == "certificate_suspended"
    # What was agreed on ends as ever.
    decide(world, second, REFUSAL).ok()
    decide(world, first, EXPULSION).ok()
    assert books(world) == (0, 0, 0)


@pytest.mark.parametrize(
    ("year", "starts_on", "code"),
    [
        (2026, "2026-10-01", None),
        (2027, "2026-10-01", "certificate_of_another_year"),
        (2027, "2027-01-11", None),
        (2026, "2027-01-11", "certificate_of_another_year"),
        # It has begun: today counts.
        (2026, "2025-10-01", None),
        (2025, "2025-10-01", "certificate_of_another_year"),
    ],
)
def test_it_is_good_for_the_year_in_which_lessons_begin(
    world: World, year: int, starts_on: str, code: str | None
) -> None:
    answer = holder(world, year=year).applies(paid_group(world, starts_on=starts_on))
    assert (None if answer.status == 201 else answer.code) == code


def test_what_is_unspent_ends_with_the_year(world: World) -> None:
    """Reserved and not spent by then, it pays for nothing in January, and is as good as given back."""
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    go_to(world, "2026-12-31T23:59:00+07:00")
    decide(world, application, "approve").ok()
    go_to(world, "2027-01-01T00:00:00+07:00")
    assert decide(world, application, ORDER).code == "certificate_of_another_year"
    assert decide(world, application, ORDER | {"financing": "budget"}).ok()["status"] == "enrolled"
    assert books(world) == (0, 0, 0)


@pytest.mark.parametrize(
    ("birth_date", "code"),
    [
        ("2021-10-01", None),
        ("2021-10-02", "certificate_age"),
        ("2008-10-02", None),
        ("2008-10-01", "certificate_age"),
    ],
)
def test_it_pays_from_five_until_eighteen(world: World, birth_date: str, code: str | None) -> None:
    child = holder(world, child={"birth_date": birth_date})
    answer = child.applies(paid_group(world, age_from=0, age_to=30))
    assert (None if answer.status == 201 else answer.code) == code


def test_a_certificate_of_another_child(world: World) -> None:
    child, other = holder(world), holder(world)
    answer = child.applies(paid_group(world), certificate_id=other.shown()["id"])
    assert answer.code == "certificate_not_found"
    # Found out only later: the child is somebody else.
    application = child.applies(paid_group(world)).ok()["id"]
    child.parent.call("PATCH", f"/v1/persons/{child.person_id}", {"snils": None}).ok()
    assert decide(world, application, "approve").code == "certificate_not_found"


def test_a_transfer_takes_the_difference(world: World) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    decide(world, application, ORDER).ok()

    def to(price: int) -> list[str | None]:
        financing = [PRICES[0] | {"price_total_roubles": price}]
        own_id, _ = target(world, financing=financing)
        return codes(transfer(world, [application], own_id))

    assert to(10001) == ["certificate_spent"]
    assert books(world) == (0, 6000, 1)
    assert to(10000) == [None]
    assert books(world) == (0, 10000, 1)
    child.change(status="suspended")
    assert to(10000) == [None], "the same is taken"
    assert to(2000) == [None]
    assert books(world) == (0, 2000, 1)
    assert to(2001) == ["certificate_suspended"]
    decide(world, application, EXPULSION).ok()
    assert books(world) == (0, 0, 0)


def test_a_transfer_in_the_middle_pays_each_lesson_once(world: World) -> None:
    child = holder(world)
    wanted = paid_group(world)
    application = child.applies(wanted).ok()["id"]
    decide(world, application, ORDER).ok()
    go_to(world, "2026-12-01T08:00:00+07:00")
    counted = "SELECT count(*), count(*) FILTER (WHERE lower(l) > $2) FROM groups, unnest(lessons) l WHERE id = $1"
    total, to_come = world.live.sql(counted, wanted, world.now)[0]
    used = 6000 - 6000 * to_come // total
    own_id, other = target(world, financing=[PRICES[0] | {"price_total_roubles": 3000}], starts_on="2026-10-02")
    assert codes(transfer(world, [application], own_id)) == [None]
    total, to_come = world.live.sql(counted, other, world.now)[0]
    share = 3000 * to_come // total
    assert books(world) == (0, used + share, 1)
    # Back comes what the second group has not given yet, and nothing of the first.
    decide(world, application, EXPULSION).ok()
    assert books(world) == (0, used, 0)


def test_two_applications_for_the_last_roubles(world: World) -> None:
    """Both wait for the certificate, on two connections; one has it."""
    child = holder(world)
    groups = [paid_group(world) for _ in range(2)]
    applications = [child.applies(one).ok()["id"] for one in groups]
    with ThreadPoolExecutor(2) as pool:
        with locks.holding(world.live, "SELECT FROM certificates FOR UPDATE"):
            asked = [pool.submit(decide, world, one, "approve") for one in applications]
            locks.wait_until_blocked(world.live, 2)
        answers = [one.result() for one in asked]
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert [answer.code for answer in answers if answer.status == 409] == ["certificate_spent"]
    assert books(world) == (6000, 0, 1)
    assert [taken(world, one) for one in groups] == [1, 1]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE certificates SET spent = 10001", "certificates_not_overspent"),
        ("UPDATE certificates SET reserved = reserved - 6001", "certificates_reserved_check"),
        ("UPDATE certificates SET spent = -1", "certificates_spent_check"),
        ("UPDATE certificates SET programmes = 3", "certificates_few_programmes"),
        ("UPDATE applications SET certificate_cost = 10001", "certificates_not_overspent"),
        ("UPDATE applications SET status = 'left', certificate_back = 6001", "certificates_spent_check"),
    ],
)
def test_the_database_holds_it_alone(world: World, statement: str, constraint: str) -> None:
    child = holder(world)
    application = child.applies(paid_group(world)).ok()["id"]
    moves = ("approve", ORDER) if "left" in statement or "cost" in statement else ("approve",)
    for decision in moves:
        decide(world, application, decision).ok()
    with pytest.raises(asyncpg.CheckViolationError) as violated:
        world.live.sql(statement)
    assert violated.value.constraint_name == constraint


def test_two_lists_of_certificates_leave_others_alone(world: World) -> None:
    first, second = holder(world), holder(world)
    put(world, first.certificate | {"nominal": 5})
    assert (first.left(), second.left()) == ((5, 2), (10000, 2))
