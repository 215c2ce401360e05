"""What the tests of the embedded PostgreSQL share: second processes, queries, waiting."""

import asyncio
import json
import os
import pwd
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

CHILD = Path(__file__).with_name("child.py")
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
    try:
        return "State:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        # It may be gone between any two looks.
        return False


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
