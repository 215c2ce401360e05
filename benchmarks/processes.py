"""The processes that are measured."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

_START_SECONDS = 30
_STOP_SECONDS = 30
_POLL_SECONDS = 0.005


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    *arguments: str, port: int, ready: str, environment: Mapping[str, str] | None = None
) -> Generator[tuple[subprocess.Popen[bytes], float]]:
    """`python -m arguments`, and the seconds from its start until `ready` answered; stopped at the end."""
    began = time.perf_counter()
    # The log goes into a file, for /dev/null costs less than any log does.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **(environment or {})},
            stdout=output,
            start_new_session=True,
        )
    try:
        while not _answers(port, ready):
            if process.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                raise RuntimeError(f"{' '.join(arguments)} did not start")
            time.sleep(_POLL_SECONDS)
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_STOP_SECONDS)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def children(process_id: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def memory_megabytes(process_id: int) -> dict[str, float]:
    """Rss and Pss: with what is shared with others, and with each one's part of it."""
    said = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    return {
        name: int(kilobytes) / 1024 for name, kilobytes in re.findall(r"^(Rss|Pss): +(\d+) kB$", said, re.MULTILINE)
    }
