"""The embedded PostgreSQL among other processes: who holds the folder, who was killed, what comes after."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from service.core import embedded
from tests.core.embedded.harness import (
    Launcher,
    is_alive,
    owner_of_process,
    query,
    root,
    wait_until,
    works,
)


def test_a_second_process_is_told_who_holds_the_folder(data: Path, launch: Callable[..., Launcher]) -> None:
    launcher = launch(data)
    launcher.answer()
    with pytest.raises(embedded.DataFolderBusy) as refusal, embedded.run(data):
        pass
    for word in (str(data), f"process {launcher.process.pid}.", "ZAPIS_DATA_DIR", "ZAPIS_PORT"):
        assert word in str(refusal.value)
    launcher.leave()
    with embedded.run(data):
        pass


def test_a_second_run_in_the_process_is_refused_and_loses_no_lock(data: Path, launch: Callable[..., Launcher]) -> None:
    with embedded.run(data) as server:
        with pytest.raises(embedded.DataFolderBusy, match=str(os.getpid())), embedded.run(data.parent / "." / "data"):
            pass
        assert launch(data).answer()["error"] == "DataFolderBusy"
        assert query(server.dsn, "SELECT 1") == 1


def test_a_forked_worker_that_leaves_does_not_stop_the_server(data: Path, launch: Callable[..., Launcher]) -> None:
    launcher = launch(data)
    launcher.answer()
    launcher.tell("fork")
    assert launcher.answer() == {"answers": True}
    with pytest.raises(embedded.DataFolderBusy), embedded.run(data):
        pass


def test_ctrl_c_lets_the_service_drain_first(data: Path, launch: Callable[..., Launcher]) -> None:
    launcher = launch(data)
    server = launcher.answer()
    os.killpg(launcher.process.pid, signal.SIGINT)
    assert launcher.answer() == {"answers": True}
    launcher.leave()
    assert not is_alive(server["process_id"])


def test_running_tells_the_server_of_another_process(data: Path, launch: Callable[..., Launcher]) -> None:
    assert embedded.running(data.parent / "absent") is None
    assert embedded.running(data) is None
    launcher = launch(data)
    server = launcher.answer()
    assert embedded.running(data) == server["dsn"]
    assert query(server["dsn"], "SELECT 1") == 1
    launcher.leave()
    assert embedded.running(data) is None


def test_a_killed_launcher_leaves_a_server_that_the_next_one_stops(data: Path, launch: Callable[..., Launcher]) -> None:
    launcher = launch(data)
    orphan = launcher.answer()
    query(orphan["dsn"], "CREATE TABLE kept AS SELECT 42 AS value")
    launcher.tell("keep a worker")
    worker = launcher.answer()["worker"]
    launcher.kill()
    assert query(orphan["dsn"], "SELECT 1") == 1
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT value FROM kept") == 42
        assert server.process_id != orphan["process_id"]
        assert not is_alive(orphan["process_id"])
        assert not Path(orphan["socket_folder"]).exists()
        assert is_alive(worker)
        os.kill(worker, signal.SIGKILL)


def test_the_server_gets_nothing_of_our_environment(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAPIS_VK_APPS", "a secret")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=on")
    with embedded.run(data) as server:
        monkeypatch.delenv("PGOPTIONS")
        query(server.dsn, "CREATE TABLE environment (line text)")
        query(server.dsn, "COPY environment FROM PROGRAM 'env'")
        environment = query(server.dsn, "SELECT string_agg(line, ' ') FROM environment")
    assert "PATH=" in environment
    assert "a secret" not in environment


def test_a_killed_server_recovers_what_it_acknowledged(data: Path) -> None:
    with embedded.run(data) as server:
        query(server.dsn, "CREATE TABLE kept AS SELECT 42 AS value")
        os.kill(server.process_id, signal.SIGKILL)
    assert embedded.running(data) is None
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT value FROM kept") == 42


def test_waits_for_the_last_child_of_a_killed_server(data: Path) -> None:
    async def kill_beside_a_stopped_backend() -> int:
        with embedded.run(data) as server:
            connection = await asyncpg.connect(server.dsn)
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            os.kill(backend, signal.SIGSTOP)
            os.kill(server.process_id, signal.SIGKILL)
        connection.terminate()
        return backend

    backend = asyncio.run(kill_beside_a_stopped_backend())
    timer = threading.Timer(1, os.kill, (backend, signal.SIGCONT))
    timer.start()
    with embedded.run(data) as server:
        assert not timer.is_alive()
        assert query(server.dsn, "SELECT 1") == 1
    timer.join()


def test_a_process_id_given_to_another_program_does_no_harm(data: Path) -> None:
    with embedded.run(data) as server:
        stale = (data / "postgres" / "postmaster.pid").read_text()
        uid = owner_of_process(server.process_id)
        os.kill(server.process_id, signal.SIGKILL)
    bystander = subprocess.Popen(["/bin/sleep", "600"], user=uid if os.geteuid() == 0 else None)
    try:
        stale = stale.replace(str(server.process_id), str(bystander.pid), 1)
        (data / "postgres" / "postmaster.pid").write_text(stale)
        assert embedded.running(data) is None
        with embedded.run(data) as server:
            assert query(server.dsn, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_an_emptied_process_file_does_no_harm(data: Path) -> None:
    (data / "postgres" / "postmaster.pid").touch()
    assert embedded.running(data) is None
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT 1") == 1


@root
@pytest.mark.skipif(not works("unshare", "--pid", "--fork", "--mount-proc"), reason="no process id namespaces here")
def test_a_reboot_that_gives_out_the_same_process_ids(data: Path, launch: Callable[..., Launcher]) -> None:
    machine = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    first = launch(data, machine)
    told = first.answer()
    query(told["dsn"], "CREATE TABLE kept AS SELECT 42 AS value")
    first.kill()
    wait_until(lambda: not any(is_alive(process_id) for process_id in servers_over(data)))
    second = launch(data, machine).answer()
    assert second["process_id"] == told["process_id"]
    assert query(second["dsn"], "SELECT value FROM kept") == 42


def servers_over(data: Path) -> list[int]:
    """The processes with that folder in their command line: initdb and what it starts, or the server."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.fsencode(data) + b"/postgres" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


@pytest.mark.parametrize("initdb_lives_on", [False, True])
def test_a_killed_initialisation_is_done_again(
    folder: Path, launch: Callable[..., Launcher], initdb_lives_on: bool
) -> None:
    data = folder / "data"
    launcher = launch(data)
    wait_until(lambda: list(data.glob("postgres.new-*/PG_VERSION")))
    launcher.kill()
    if not initdb_lives_on:
        for process_id in servers_over(data):
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
    assert not (data / "postgres").exists()
    with embedded.run(data) as server:
        assert query(server.dsn, "SELECT 1") == 1
    wait_until(lambda: not servers_over(data))
    with embedded.run(data) as server:
        assert sorted(path.name for path in data.iterdir()) == ["lock", "postgres", "postgres.log"]
