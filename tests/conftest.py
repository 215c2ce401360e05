"""The ground of the tests: a real PostgreSQL for each test process, a fresh database for each test, a live service."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from service import migrations
from service.core import embedded
from tests.live import Api, Live
from tests.world import World

settings.register_profile("zapis", deadline=None)
settings.load_profile("zapis")

_TEMPLATE = "zapis_template"
# Several servers are there at once, each with its log of a gigabyte at most.
_MEMORY, _ROOM_BYTES = "/dev/shm", 6 << 30  # noqa: S108
_numbers = count()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What `make check` let pass is said again where the end of it is read."""
    audit = Path("build/audit.txt")
    if audit.exists() and (told := audit.read_text()).startswith("NOT AUDITED"):
        terminalreporter.section("known vulnerabilities", red=True)
        terminalreporter.write(told, red=True)


def database_url(server_dsn: str, name: str) -> str:
    """The DSN of another database of the same server."""
    return server_dsn.replace("/zapis?", f"/{name}?")


def execute(dsn: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """A server of this test process, with a migrated database to clone."""
    # Not pytest's tmp_path, which is closed to the account that PostgreSQL runs as where the tests run as root.
    with (
        tempfile.TemporaryDirectory(prefix="zapis-test-", dir=_roomy_memory()) as folder,
        embedded.run(_enterable(folder)) as server,
    ):
        execute(server.dsn, f"CREATE DATABASE {_TEMPLATE}")
        migrations.upgrade(database_url(server.dsn, _TEMPLATE))
        yield server.dsn


def _roomy_memory() -> str | None:
    """Memory that is a file system, where there is plenty: a database is a thousand files, and ext4 takes a third of a
    second to find names for them where as many were just deleted.
    """
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES and os.access(_MEMORY, os.W_OK) else None
    except OSError:
        return None


def _enterable(folder: str) -> Path:
    Path(folder).chmod(0o755)
    return Path(folder)


@contextmanager
def fresh_database(server_dsn: str) -> Iterator[str]:
    """A migrated database, for as long as the context."""
    name = f"test_{next(_numbers)}"
    execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield database_url(server_dsn, name)
    execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def dsn(server_dsn: str) -> Iterator[str]:
    with fresh_database(server_dsn) as dsn:
        yield dsn


@pytest.fixture
def live(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service on a port of its own, over real HTTP, in a thread of this process; its clock can be set."""
    with Live(dsn, tmp_path_factory.mktemp("keys")) as live:
        yield live


@pytest.fixture
def api(live: Live) -> Api:
    """Nobody yet: `as_citizen`, `as_client` give callers."""
    return live.api()


@pytest.fixture
def world(live: Live) -> World:
    """A region with a clinic and a club, published through the API, and citizens who come from their pages."""
    return World(live)
