"""The migrations give the reference schema, whoever runs them and however often; /readyz tells where they have not."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from service import migrations
from service.core import embedded
from tests.conftest import database_url, execute, fresh_database
from tests.contract.reference_schema import COMMITTED, dumped
from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.live import Answer, Live
from tests.world import World

# The oldest that is supported, where the machine has it.
_OLDEST = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def empty_database(server_dsn: str, name: str, options: str = "") -> Iterator[str]:
    execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {options}")
    yield database_url(server_dsn, name)
    execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def test_an_empty_database_comes_to_be_the_reference_schema_and_stays_it(server_dsn: str) -> None:
    with empty_database(server_dsn, "empty") as dsn:
        # Two at once: one migrates, the other waits and finds it done.
        command = [sys.executable, "-m", "service", "migrate", "--dsn", dsn]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(2)]
        for process in both:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, said.decode()
        schema = dumped(dsn)
        assert schema == COMMITTED.read_text(encoding="utf-8"), "make schema"
        migrations.upgrade(dsn)
        assert dumped(dsn) == schema


def test_an_upgrade_costs_nobody_who_books_meanwhile_a_failure(world: World) -> None:
    """`zapis migrate` runs while the service of the version before serves."""
    clinic = Clinic(world)
    clinic.publish(*(world.slot(f"s{number}", hours=24 + number / 4) for number in range(80))).ok()
    bookings = [stranger(world, clinic.slot_id(f"s{number}")) for number in range(80)]
    statuses: set[int] = set()
    with ThreadPoolExecutor(4) as threads:
        # Each upgrade meets bookings that are under way, and leaves connections that have booked before it.
        for first in range(0, 80, 20):
            answers = [threads.submit(booking.answer, "ru") for booking in bookings[first : first + 20]]
            migrations.upgrade(world.live.dsn)
            statuses |= {answer.result().status for answer in answers}
    assert statuses == {201}


def test_readyz_says_what_a_database_lacks(server_dsn: str, tmp_path: Path) -> None:
    """The service starts all the same: whoever runs it reads there what to do."""
    with empty_database(server_dsn, "lacking") as dsn, Live(dsn, tmp_path) as live:
        assert readiness(live) == (503, "the database is empty: run `zapis migrate`")
        assert live.api().get("/healthz").status == 200
        migrations.upgrade(dsn)
        assert readiness(live) == (200, None)
        live.sql("UPDATE alembic_version SET version_num = '0000'")
        missing = f"the database is at migration 0000, not {migrations.newest()}: run `zapis migrate`"
        assert readiness(live) == (503, missing)


def test_readyz_says_that_a_database_is_read_only(server_dsn: str, tmp_path: Path) -> None:
    with fresh_database(server_dsn) as dsn:
        name = dsn.partition("@/")[2].partition("?")[0]
        execute(server_dsn, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with Live(dsn, tmp_path) as live:
            assert readiness(live) == (503, "the database is read-only")
            assert live.api().get("/v1/regions").status == 200


def test_readyz_says_that_a_database_does_not_fold_cyrillic(server_dsn: str, tmp_path: Path) -> None:
    options = "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
    with empty_database(server_dsn, "folding_not", options) as dsn:
        migrations.upgrade(dsn)
        with Live(dsn, tmp_path) as live:
            status, missing = readiness(live)
            assert status == 503
            assert missing is not None
            assert missing.startswith("the database does not fold Cyrillic")


@pytest.mark.skipif(not (_OLDEST / "initdb").exists(), reason="PostgreSQL 15 is not installed here")
def test_the_oldest_supported_postgresql_does_it_all(tmp_path: Path) -> None:
    with embedded.run(tmp_path / "postgres", binaries=_OLDEST) as server:
        migrations.upgrade(server.dsn)
        with Live(server.dsn, tmp_path / "keys") as live:
            assert readiness(live) == (200, None)
            assert live.sql("SELECT current_setting('server_version_num')::int / 10000 AS major")[0]["major"] == 15
            world = World(live)
            world.publish_slots(world.slot("s1"))
            group = world.publish_group().ok()
            mother = world.parent()
            child = world.child(mother)
            ticket = world.book(mother, world.slot_id("s1"), child).ok()
            assert mother.post(f"/v1/appointments/{ticket['id']}/cancel").ok()["status"] == "cancelled"
            application = world.apply(mother, group["id"], child).ok()
            assert mother.post(f"/v1/applications/{application['id']}/withdraw").ok()["status"] == "withdrawn"


def readiness(live: Live) -> tuple[int, str | None]:
    answer: Answer = live.api().get("/readyz")
    if answer.status == 503:
        assert answer.headers["Retry-After"]
    return answer.status, answer.json.get("missing")
