"""What the database refuses by itself, to whoever goes round the service: and then nothing has changed."""

from itertools import product
from typing import Any, get_args

import asyncpg
import pytest

from schemas.applications import ApplicationStatus
from service.applications.rules import FIRST, MOVES, PLACED
from service.core.ids import new_id
from tests.applications.people import Family, group, on
from tests.doctors.clinic import Clinic
from tests.world import World

STATUSES: tuple[ApplicationStatus, ...] = get_args(ApplicationStatus)
TABLES = ("applications", "groups", "engagements", "certificates")
# From a beginning to each status by the shortest way.
WAYS: dict[ApplicationStatus, tuple[ApplicationStatus, ...]] = {
    "draft": (),
    "submitted": ("submitted",),
    "under_review": ("submitted", "under_review"),
    "invited": ("submitted", "invited"),
    "approved": ("submitted", "approved"),
    "enrolled": ("submitted", "enrolled"),
    "waiting": ("waiting",),
    "offered": ("waiting", "offered"),
    "refused": ("submitted", "refused"),
    "withdrawn": ("withdrawn",),
    "expired": ("expired",),
    "left": ("submitted", "enrolled", "left"),
}


def everything(world: World) -> list[Any]:
    return [[tuple(row) for row in world.live.sql(f"SELECT t::text FROM {name} t ORDER BY 1")] for name in TABLES]  # noqa: S608


def to(world: World, application_id: str, status: str) -> None:
    """As an application moves, but for who may move it: a submitted one takes a place."""
    world.live.sql(
        "UPDATE applications SET status = $1, placed = placed OR $1 = 'submitted' WHERE id = $2", status, application_id
    )


def refused(world: World, statement: str, *arguments: object) -> str:
    """By which name; and nothing has changed."""
    before = everything(world)
    with pytest.raises(asyncpg.PostgresError) as caught:
        world.live.sql(statement, *arguments)
    assert everything(world) == before
    return getattr(caught.value, "constraint_name", None) or ""


def at(world: World, status: ApplicationStatus, group_id: str | None = None) -> str:
    """The id of an application of that status."""
    family = Family(world)
    draft = family.drafts(group_id or group(world)).ok()
    for step in WAYS[status]:
        to(world, draft["id"], step)
    return draft["id"]


@pytest.mark.parametrize("origin", STATUSES)
def test_every_illegal_move(world: World, origin: ApplicationStatus) -> None:
    application_id = at(world, origin)
    for status in STATUSES:
        if status != origin and status not in MOVES[origin]:
            statement = "UPDATE applications SET status = $1, placed = $2 WHERE id = $3"
            for placed in (False, True):
                name = refused(world, statement, status, placed, application_id)
                assert name == "application_illegal_move", status
    (row,) = world.live.sql("SELECT status FROM applications WHERE id = $1", application_id)
    assert row["status"] == origin


def test_the_legal_ones_are_taken(world: World) -> None:
    """The negative control, and the counts are kept in step by the database as well."""
    moves: list[tuple[ApplicationStatus, ApplicationStatus]] = [(one, to) for one in STATUSES for to in MOVES[one]]
    for origin, status in moves:
        wanted = group(world, capacity=1, **on(2))
        application_id = at(world, origin, wanted)
        to(world, application_id, status)
        (row,) = world.live.sql("SELECT taken, waiting FROM groups WHERE id = $1", wanted)
        placed = status in PLACED or status == "submitted"
        assert tuple(row) == (int(placed), int(status == "waiting")), (origin, status)
        engaged = world.live.sql("SELECT FROM engagements WHERE booking_id = $1", application_id)
        assert len(engaged) == int(placed and status != "offered"), (origin, status)


def insert_another(world: World, application_id: str, **columns: object) -> str:
    """A copy under another id; the name that refuses it."""
    given = {"id": str(new_id()), "number": str(new_id()), **columns}
    (row,) = world.live.sql(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS names FROM"
        " information_schema.columns WHERE table_name = 'applications' AND table_schema = 'public'"
    )
    values = ", ".join(
        f"${list(given).index(name) + 2}::text::{'uuid' if name in ('id', 'group_id') else 'text'}"
        if name in given
        else name
        for name in row["names"].split(", ")
    )
    statement = f"INSERT INTO applications SELECT {values} FROM applications WHERE id = $1"  # noqa: S608
    return refused(world, statement, application_id, *given.values())


def test_where_an_application_may_not_begin(world: World) -> None:
    application_id, other = at(world, "draft"), group(world)
    for status in set(STATUSES) - set(FIRST):
        assert insert_another(world, application_id, status=status, group_id=other) == "application_illegal_move"


@pytest.mark.parametrize("status", ["submitted", "waiting", "offered", "enrolled"])
def test_one_application_of_a_child_to_a_group(world: World, status: ApplicationStatus) -> None:
    wanted = group(world, **on(2))
    application_id = at(world, "draft", wanted)
    to(world, application_id, "waiting")
    assert insert_another(world, application_id, status=status) == "applications_person_once_a_group"
    if status == "submitted":
        assert insert_another(world, at(world, "draft"), status="draft") == "applications_one_draft"


@pytest.mark.parametrize("status", PLACED)
def test_a_group_is_never_overfull(world: World, status: ApplicationStatus) -> None:
    wanted = group(world, capacity=1)
    held, waits = at(world, status, wanted), at(world, "waiting", wanted)
    assert refused(world, "UPDATE applications SET status = 'offered' WHERE id = $1", waits) == "groups_not_oversold"
    draft = at(world, "draft", wanted)
    for next_status in ("submitted", "enrolled"):
        statement = "UPDATE applications SET status = $1, placed = true WHERE id = $2"
        assert refused(world, statement, next_status, draft) == "groups_not_oversold"
    for statement in (
        "UPDATE groups SET taken = 2 WHERE id = $1",
        "UPDATE groups SET taken = -1 WHERE id = $1",
        "UPDATE groups SET capacity = 0 WHERE id = $1",
    ):
        assert refused(world, statement, wanted) in ("groups_not_oversold", "groups_size")
    assert refused(world, "UPDATE groups SET waiting = -1 WHERE id = $1", wanted) == "groups_waiting_check"
    assert held


def test_a_child_is_in_one_place(world: World) -> None:
    first, second = group(world, **on(2)), group(world, **on(2, "17:00"))
    family = Family(world)
    family.applies(first).ok()
    draft = family.drafts(second).ok()
    for status in ("submitted", "enrolled"):
        statement = "UPDATE applications SET status = $1, placed = true WHERE id = $2"
        assert refused(world, statement, status, draft["id"]) == "engagements_one_place_at_a_time"
    # Also where the institution only warns: then it is the enrolled child.
    world.live.sql("UPDATE applications SET overlap_rule = 'warn' WHERE id = $1", draft["id"])
    to(world, draft["id"], "submitted")
    name = refused(world, "UPDATE applications SET status = 'enrolled' WHERE id = $1", draft["id"])
    assert name == "engagements_one_place_at_a_time"
    other = Family(world)
    slot = Clinic(world).slot(starts_at="2026-10-06T16:15:00+07:00")
    world.book(other.api, slot, other.child).ok()
    draft = other.drafts(second).ok()
    world.live.sql("UPDATE engagements SET times = (SELECT lessons FROM groups WHERE id = $1) WHERE identity = "
                   "(SELECT identity FROM persons WHERE id = $2)", second, other.child)  # fmt: skip
    statement = "UPDATE applications SET status = 'submitted', placed = true WHERE id = $1"
    assert refused(world, statement, draft["id"]) == "engagements_one_place_at_a_time"


def certified(world: World, cost: int, nominal: int, programmes: int = 2) -> str:
    """A submitted application that is paid by a certificate of so much."""
    application_id, certificate_id = at(world, "submitted"), new_id()
    world.live.sql(
        """INSERT INTO certificates (region_id, id, number_hash, number_sealed, identity, municipality, year, unit,
                                     nominal, most_programmes)
           SELECT region_id, $1, identity, '', identity, '', 2026, 'roubles', $2, $3 FROM applications WHERE id = $4""",
        certificate_id,
        nominal,
        programmes,
        application_id,
    )
    world.live.sql(
        "UPDATE applications SET certificate_id = $1, certificate_cost = $2 WHERE id = $3",
        certificate_id,
        cost,
        application_id,
    )
    return application_id


@pytest.mark.parametrize("status", ["approved", "enrolled"])
def test_a_certificate_is_never_overspent(world: World, status: str) -> None:
    statement = "UPDATE applications SET status = $1 WHERE id = $2"
    assert refused(world, statement, status, certified(world, 901, 900)) == "certificates_not_overspent"
    assert refused(world, statement, status, certified(world, 1, 900, 0)) == "certificates_few_programmes"
    suspended = certified(world, 900, 900)
    world.live.sql("UPDATE certificates SET status = 'suspended'")
    assert refused(world, statement, status, suspended) == "certificate_suspended"
    world.live.sql("UPDATE certificates SET status = 'active'")
    to(world, suspended, status)
    # What is reserved or spent follows the cost, within the certificate; nor is more given back than was taken.
    statement = "UPDATE applications SET certificate_cost = $1 WHERE id = $2"
    assert refused(world, statement, 901, suspended) == "certificates_not_overspent"
    world.live.sql(statement, 100, suspended)
    used = world.live.sql(
        "SELECT reserved + spent FROM certificates c JOIN applications a ON a.certificate_id = c.id WHERE a.id = $1",
        suspended,
    )
    assert used[0][0] == 100
    world.live.sql(statement, 900, suspended)
    if status == "enrolled":
        statement = "UPDATE applications SET status = 'left', certificate_back = 901 WHERE id = $1"
        assert refused(world, statement, suspended) != ""
    assert refused(world, "UPDATE certificates SET reserved = -1") == "certificates_reserved_check"
    assert refused(world, "UPDATE certificates SET spent = -1") == "certificates_spent_check"


@pytest.mark.parametrize("status", STATUSES)
def test_an_application_is_not_simply_gone(world: World, status: ApplicationStatus) -> None:
    application_id = at(world, status)
    name = refused(world, "DELETE FROM applications WHERE id = $1", application_id)
    assert name == "application_illegal_move"


def test_an_enrolled_child_alone_changes_groups(world: World) -> None:
    other = group(world, capacity=1, **on(4))
    for status in STATUSES:
        application_id = at(world, status)
        statement = "UPDATE applications SET group_id = $1 WHERE id = $2"
        if status != "enrolled":
            assert refused(world, statement, other, application_id) == "application_illegal_move", status
        else:
            full = group(world, capacity=1, **on(5))
            at(world, "submitted", full)
            assert refused(world, statement, full, application_id) == "groups_not_oversold"
            world.live.sql(statement, other, application_id)
            (row,) = world.live.sql("SELECT taken FROM groups WHERE id = $1", other)
            assert row["taken"] == 1


def test_nobody_is_decided_on_while_applications_are_collected(world: World) -> None:
    collecting = group(world)
    world.live.sql(
        "UPDATE groups SET filling = 'priority', collect_until = enrolment_closes_at WHERE id = $1", collecting
    )
    application = Family(world).applies(collecting).ok()
    assert (application["status"], application["placed"]) == ("submitted", False)
    for status in ("under_review", "invited", "approved", "enrolled"):
        name = refused(world, "UPDATE applications SET status = $1 WHERE id = $2", status, application["id"])
        assert name == "group_not_filled"


def test_a_place_is_where_the_status_says(world: World) -> None:
    """Whatever is written of it."""
    for status, placed in product(STATUSES, (False, True)):
        application_id = at(world, status)
        world.live.sql("UPDATE applications SET placed = $1 WHERE id = $2", placed, application_id)
        (row,) = world.live.sql("SELECT placed FROM applications WHERE id = $1", application_id)
        assert row["placed"] == (status in PLACED or status == "submitted"), (status, placed)
