"""The embedded PostgreSQL: how it is made, started, stopped, and what it refuses."""

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from service.core import embedded
from tests.core.embedded.harness import (
    NOBODY,
    is_alive,
    query,
    wait_until,
)


def test_a_new_database_is_as_designed(folder: Path) -> None:
    with embedded.run(folder / "a" / "data") as server:
        expected = {
            "data_checksums": "on",
            "fsync": "on",
            "synchronous_commit": "on",
            "server_encoding": "UTF8",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "listen_addresses": "",
        }
        assert {name: query(server.dsn, f"SHOW {name}") for name in expected} == expected
        locale = "SELECT (datlocprovider, datlocale, datcollate, datctype)::text FROM pg_database WHERE datname = $1"
        assert query(server.dsn, locale, "zapis") == "(b,C.UTF-8,C,C.UTF-8)"
        assert query(server.dsn, "SELECT current_user || ' ' || current_database()") == "zapis zapis"
        assert query(server.dsn, "SELECT lower('ЖУК')") == "жук"
        query(server.dsn, "CREATE EXTENSION pg_trgm")
        assert query(server.dsn, "SELECT cardinality(show_trgm('жук'))") == 4
        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "a" / "data" / "postgres").stat().st_mode & 0o777 == 0o700


def test_stops_cleanly_and_leaves_nothing_running(data: Path) -> None:
    with embedded.run(data) as server:
        assert is_alive(server.process_id)
    assert not is_alive(server.process_id)
    assert not server.socket_folder.exists()
    assert not (data / "postgres" / "postmaster.pid").exists()
    control = [embedded._wheel_binaries() / "pg_controldata", data / "postgres"]
    state = subprocess.run(control, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    assert "Database cluster state:               shut down\n" in state


def test_stops_though_a_client_is_in_a_transaction(data: Path) -> None:
    async def stop_under_a_client() -> None:
        with embedded.run(data) as server:
            connection = await asyncpg.connect(server.dsn)
            await connection.execute("BEGIN; CREATE TABLE t ()")
            began = time.monotonic()
            server.stop()
            server.stop()
            assert time.monotonic() - began < 30
            connection.terminate()

    asyncio.run(stop_under_a_client())


def test_data_survives_a_restart(data: Path) -> None:
    with embedded.run(data) as server:
        query(server.dsn, "CREATE TABLE kept AS SELECT 42 AS value")
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT value FROM kept") == 42


def test_a_dropped_database_is_made_again(data: Path) -> None:
    with embedded.run(data) as server:
        query(embedded._dsn(server.socket_folder, "postgres"), "DROP DATABASE zapis")
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT 1") == 1


def test_odd_and_long_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = folder / "в р%е+м&я ?#=@:"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with embedded.run(folder / "Мои документы" / ("запись " * 9) / "д'а\"нные") as server:
        assert server.socket_folder.parent == temporary
        assert query(server.dsn, "SELECT 1") == 1
        psql = [embedded._wheel_binaries() / "psql", "-XAtc", "SELECT current_database()", server.dsn]
        assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout == "zapis\n"


@pytest.mark.parametrize("major", [15, 16, 17])
def test_other_versions(folder: Path, major: int) -> None:
    binaries = Path(f"/usr/lib/postgresql/{major}/bin")
    if not (binaries / "initdb").exists():
        pytest.skip(f"PostgreSQL {major} is not installed")
    for _ in range(2):
        with embedded.run(folder / "data", binaries=binaries) as server:
            assert query(server.dsn, "SHOW server_version").startswith(f"{major}.")
            assert query(server.dsn, "SELECT lower('ЖУК')") == "жук"
            assert query(server.dsn, "SHOW data_checksums") == "on"
    with pytest.raises(embedded.EmbeddedError, match=f"made by PostgreSQL {major}"), embedded.run(folder / "data"):
        pass


def answers(dsn: str) -> bool:
    with suppress(asyncpg.PostgresError, OSError):
        return query(dsn, "SELECT 1") == 1
    return False


def test_the_log_tells_no_personal_data(data: Path) -> None:
    secret = "Ivanova"  # In Latin: of a crashed backend's query the server shows nothing else.

    async def crash_a_backend(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        backend = connection.get_server_pid()
        sleeping = asyncio.create_task(connection.execute(f"SELECT '{secret}', pg_sleep(600)"))
        await asyncio.sleep(0.3)
        os.kill(backend, signal.SIGKILL)
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await sleeping

    with embedded.run(data) as server:
        query(server.dsn, "CREATE TABLE people (name text PRIMARY KEY)")
        query(server.dsn, "INSERT INTO people VALUES ($1)", secret)
        for statement, arguments in (
            ("INSERT INTO people VALUES ($1)", (secret,)),
            ("SELECT $1::text::uuid", (secret,)),
            (f"SELECT '{secret}'::int", ()),
            (f"SELEKT '{secret}'", ()),
        ):
            with pytest.raises(asyncpg.PostgresError):
                query(server.dsn, statement, *arguments)
        asyncio.run(crash_a_backend(server.dsn))
        # PostgreSQL 18 sometimes takes no notice of a fast shutdown that comes while it starts anew after a crash.
        wait_until(lambda: answers(server.dsn))
    log = (data / "postgres.log").read_text()
    assert "was terminated by signal 9" in log
    assert secret not in log


def test_the_log_stays_bounded(data: Path) -> None:
    (data / "postgres.log").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    with embedded.run(data):
        pass
    assert 0 < (data / "postgres.log").stat().st_size < 100_000


def test_a_failed_start_shows_the_log(data: Path) -> None:
    (data / "postgres.log").write_text("said earlier\n")
    with (data / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("nonsense = on\n")
    with pytest.raises(embedded.EmbeddedError, match='parameter "nonsense"') as failure, embedded.run(data):
        pass
    assert "said earlier" not in str(failure.value)
    with pytest.raises(embedded.EmbeddedError, match="nonsense"), embedded.run(data):
        pass  # Not DataFolderBusy: the lock of the failed start is gone.


def test_another_major_version_is_refused(data: Path) -> None:
    (data / "postgres" / "PG_VERSION").write_text("14\n")
    message = "made by PostgreSQL 14, and this is PostgreSQL 18"
    with pytest.raises(embedded.EmbeddedError, match=message), embedded.run(data):
        pass


@pytest.mark.parametrize("what", ["a file", "a foreign folder", "no programs"])
def test_what_cannot_be_used_is_named(folder: Path, what: str) -> None:
    data, binaries, named = folder / "data", None, folder / "data"
    if what == "a file":
        data.touch()
    elif what == "a foreign folder":
        (data / "postgres").mkdir(parents=True)
        os.chown(data / "postgres", NOBODY.pw_uid, NOBODY.pw_gid) if os.geteuid() == 0 else None
        named = data / "postgres" / "PG_VERSION"
    else:
        binaries = named = folder / "bin"
    with pytest.raises(embedded.EmbeddedError, match=str(named)), embedded.run(data, binaries=binaries):
        pass
