"""The database is killed under load and comes back: nothing acknowledged is lost, and the service recovers alone."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from service import migrations
from service.core import embedded
from tests.locks import wait_until_blocked
from tests.races.processes import SECONDS, WORKERS, Served, wait_until
from tests.races.test_stops import BOOKINGS, booked, bookings, tickets_of, unanswered
from tests.races.town import Town, outcomes


class Database:
    """A server that can be killed and started again under one DSN: a link leads to where its socket is now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._link = folder / "socket"

    def start(self) -> None:
        self._running = ExitStack()
        self._server = self._running.enter_context(embedded.run(self._folder / "data"))
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self._server.socket_folder)
        address = urlsplit(self._server.dsn)
        assert parse_qs(address.query)["host"] == [str(self._server.socket_folder)]
        self.dsn = f"postgresql://{address.netloc}{address.path}?host={self._link}&port={self._server.port}"

    def kill(self) -> None:
        process_id = self._server.process_id
        children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
        for victim in (process_id, *map(int, children)):
            os.kill(victim, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def database() -> Iterator[Database]:
    # The path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="zapis-test-") as folder:
        database = Database(Path(folder))
        database.start()
        migrations.upgrade(database.dsn)
        yield database
        database.stop()


def test_the_database_is_killed_under_load(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Served(database.dsn, tmp_path_factory.mktemp("served")) as served:
        town = Town(served)
        calls = bookings(town)
        before = served.call_at_once(calls[: BOOKINGS // 2])
        calls = calls[BOOKINGS // 2 :]
        locking: asyncpg.Connection = served.run(asyncpg.connect(database.dsn))
        served.run(locking.execute("BEGIN; LOCK TABLE outbox IN SHARE MODE"))
        crowd, calling = served.start_calling(calls)
        wait_until_blocked(served, served.settings.pool_size)
        database.kill()
        calling.result(SECONDS)
        served.run(locking.close())
        assert len(crowd.answered) == len(calls)
        # Some were under way in the database, others had not begun.
        assert outcomes(crowd.answered).keys() == {"outcome_unknown", "unavailable"}
        assert all(answer.status == 503 and answer.headers["Retry-After"] for answer in crowd.answered)

        assert served.api().get("/readyz").status == 503
        # A process that ends meanwhile is replaced by one that waits for the database as well.
        victim = served.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: served.output().count('"worker ready"') == WORKERS + 1)
        (answer,) = served.call_at_once(calls[:1])
        assert (answer.status, answer.code) == (503, "unavailable")

        database.start()
        wait_until(lambda: served.api().get("/readyz").status == 200)
        acknowledged = tickets_of(before)
        assert acknowledged.items() <= booked(town).items()
        retried = tickets_of(served.call_at_once(calls))
        assert acknowledged | retried == booked(town)
        assert len(acknowledged | retried) == BOOKINGS


def test_a_database_that_became_read_only_is_told(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As after a failover, when the pool still leads to the server that is a standby by now."""
    with Served(database.dsn, tmp_path_factory.mktemp("served")) as served:
        town = Town(served)
        (parent,) = town.parents(1)
        (slot_id,) = town.slots(town.tomorrow)
        served.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        served.sql("SELECT pg_reload_conf()")
        wait_until(lambda: served.api().get("/readyz").status == 503)
        assert served.api().get("/readyz").json["missing"] == "the database is read-only"
        call = parent.books(slot_id)
        (answer,) = served.call_at_once([call])
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "5")
        served.sql("ALTER SYSTEM RESET default_transaction_read_only")
        served.sql("SELECT pg_reload_conf()")
        wait_until(lambda: served.api().get("/readyz").status == 200)
        # The other process may hear of it a moment later.
        wait_until(lambda: served.call_at_once([call])[0].status == 201)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_killed_at_any_moment(
    database: Database, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    moments = Random(seed)
    acknowledged: dict[str, str] = {}
    interrupted = 0
    with Served(database.dsn, tmp_path_factory.mktemp("served")) as served:
        town = Town(served)
        for _ in range(5):
            calls = bookings(town)
            crowd, calling = served.start_calling(calls)
            time.sleep(moments.uniform(0, 0.3))
            if moments.random() < 0.5:
                os.kill(moments.choice(served.workers()), signal.SIGKILL)
            else:
                database.kill()
                database.start()
            calling.result(SECONDS)
            acknowledged |= tickets_of(crowd.answered)
            assert acknowledged.items() <= booked(town).items()
            unknown = unanswered(calls, crowd)
            interrupted += len(unknown)
            wait_until(lambda: served.api().get("/readyz").status == 200)
            acknowledged |= tickets_of(served.call_at_once(unknown))
            assert acknowledged == booked(town)
        assert len(acknowledged) == 5 * BOOKINGS
        assert interrupted
