"""The launcher of the embedded PostgreSQL, over real servers and real processes."""

import asyncio
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.core import embedded

CHILD = Path(__file__).with_name("embedded_child.py")
NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")
READING = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
# What Docker leaves to root by default.
DOCKER_CAPABILITIES = (
    "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,"
    "+mknod,+audit_write,+setfcap"
)

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")


def works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def query(dsn: str, statement: str, *arguments: object) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())


def copy(source: Path, target: Path) -> None:
    """A copy that belongs to the same users."""
    subprocess.run(["/bin/cp", "-a", source, target], check=True)


def owner_of_process(process_id: int) -> int:
    return Path(f"/proc/{process_id}").stat().st_uid


def is_alive(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Launcher:
    """A second process that holds a server."""

    def __init__(self, data_folder: Path, prefix: Sequence[str] = ()) -> None:
        command = [*prefix, sys.executable, str(CHILD), str(data_folder)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        assert select.select([self.process.stdout], [], [], 60)[0], "the launcher is silent"
        return json.loads(self.process.stdout.readline())

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        """Let it stop its server and end."""
        self.process.communicate(timeout=60)


@pytest.fixture
def launch() -> Iterator[Callable[..., Launcher]]:
    launchers: list[Launcher] = []

    def start(data_folder: Path, prefix: Sequence[str] = ()) -> Launcher:
        launchers.append(Launcher(data_folder, prefix))
        return launchers[-1]

    yield start
    for launcher in launchers:
        with suppress(ValueError):  # It has left already.
            launcher.leave()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a database in it, to copy from."""
    with tempfile.TemporaryDirectory(prefix="test-embedded-") as folder:
        Path(folder).chmod(0o755)
        with embedded.run(Path(folder) / "data"):
            pass
        yield Path(folder) / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user can enter, unlike tmp_path."""
    path = Path(tempfile.mkdtemp(prefix="test-embedded-"))
    path.chmod(0o755)
    yield path
    for pgdata in path.rglob("postgres"):
        left_over = embedded._read_postmaster(pgdata)
        if left_over and embedded._is_postmaster(left_over.process_id, pgdata):
            os.kill(left_over.process_id, signal.SIGQUIT)
            wait_until(lambda pgdata=pgdata, left=left_over: not embedded._is_postmaster(left.process_id, pgdata))
    shutil.rmtree(path)


@pytest.fixture
def data(made: Path, folder: Path) -> Path:
    """A data folder with a database in it."""
    copy(made, folder / "data")
    return folder / "data"


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


# --- An ordinary user


@pytest.fixture
def ordinary() -> tuple[str, ...]:
    """What makes a command run as an ordinary user: nothing where the tests do; `nobody` where they run as root."""
    if os.geteuid() != 0:
        return ()
    python = (sys.executable, "-c", "import asyncpg")
    for prefix in ((*AS_NOBODY, "--"), (*AS_NOBODY, *READING, "--")):
        if (
            shutil.which("setpriv")
            and subprocess.run([*prefix, *python], capture_output=True, check=False).returncode == 0
        ):
            return prefix
    pytest.skip("an ordinary user cannot start this Python: it is in a folder of root")


@pytest.fixture
def own_folder(folder: Path) -> Path:
    """A data folder that belongs to the ordinary user."""
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, NOBODY.pw_uid, NOBODY.pw_gid)
    return data


def test_an_ordinary_user(own_folder: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]) -> None:
    launcher = launch(own_folder, ordinary)
    server = launcher.answer()
    owner = own_folder.stat().st_uid
    assert owner_of_process(server["process_id"]) == owner != 0
    query(server["dsn"], "CREATE TABLE kept AS SELECT 42 AS value")
    launcher.kill()
    launcher = launch(own_folder, ordinary)
    server = launcher.answer()
    assert query(server["dsn"], "SELECT value FROM kept") == 42
    launcher.leave()
    assert not is_alive(server["process_id"])
    assert {path.stat().st_uid for path in own_folder.rglob("*")} == {owner}


def test_a_folder_that_cannot_be_written(
    own_folder: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]
) -> None:
    own_folder.chmod(0o500)
    answer = launch(own_folder, ordinary).answer()
    assert answer["error"] == "EmbeddedError"
    assert str(own_folder) in answer["message"]
    assert "Permission denied" in answer["message"]
    assert "ZAPIS_DATA_DIR" in answer["message"]


@root
def test_the_database_of_another_user(
    own_folder: Path, made: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]
) -> None:
    copy(made / "postgres", own_folder / "postgres")
    for path in (own_folder / "postgres", *(own_folder / "postgres").rglob("*")):
        os.chown(path, 1, 1)
    answer = launch(own_folder, ordinary).answer()
    assert "Permission denied" in answer["message"]
    # Root runs it as the one whose it is.
    (own_folder / "lock").unlink()
    with embedded.run(own_folder) as server:
        assert owner_of_process(server.process_id) == 1


# --- Root


def rights_on_the_way_to(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    steps = {step for path in paths for step in (path, *path.parents)}
    return {step: (step.stat().st_mode, step.stat().st_uid, step.stat().st_gid) for step in steps}


@root
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_root_changes_no_rights(folder: Path, mode: int) -> None:
    if mode == 0o700 and not works(*AS_NOBODY, *READING, "--"):
        pytest.skip("this root may not let others pass (CAP_DAC_READ_SEARCH)")
    folder.chmod(mode)
    (folder / "data").mkdir()
    places = (folder / "data", embedded._wheel_binaries(), Path(tempfile.gettempdir()))
    before = rights_on_the_way_to(*places)
    for _ in range(2):
        with embedded.run(folder / "data") as server:
            assert query(server.dsn, "SELECT 1") == 1
            assert owner_of_process(server.process_id) == (folder / "data" / "postgres").stat().st_uid != 0
            assert rights_on_the_way_to(*places) == before
    assert rights_on_the_way_to(*places) == before


@root
@pytest.mark.skipif(not works("setpriv", "--bounding-set=-sys_admin"), reason="this root may not give up capabilities")
def test_root_in_a_container(data: Path, launch: Callable[..., Launcher]) -> None:
    container = ("setpriv", f"--bounding-set={DOCKER_CAPABILITIES}", "--")
    launcher = launch(data, container)
    killed = launcher.answer()
    assert query(killed["dsn"], "SELECT 1") == 1
    launcher.kill()
    launcher = launch(data, container)
    assert query(launcher.answer()["dsn"], "SELECT 1") == 1
    assert not is_alive(killed["process_id"])
    launcher.leave()
    data.parent.chmod(0o700)
    answer = launch(data, container).answer()
    assert answer["error"] == "EmbeddedError"
    assert f"cannot enter {data.parent}." in answer["message"]
    assert "ZAPIS_DATA_DIR" in answer["message"]


@root
@pytest.mark.skipif(not works("setpriv", "--bounding-set=-all"), reason="this root may not give up capabilities")
def test_root_that_may_not_change_user(data: Path, launch: Callable[..., Launcher]) -> None:
    answer = launch(data, ("setpriv", "--bounding-set=-all", "--")).answer()
    assert answer["error"] == "EmbeddedError"
    assert "may not act as user" in answer["message"]
