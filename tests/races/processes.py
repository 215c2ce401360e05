"""The service as it runs in earnest, in processes of its own under the real clock, and a crowd that calls at once."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
from prometheus_client.multiprocess import MultiProcessCollector
from requests.structures import CaseInsensitiveDict

from service.core.clock import utc_now
from service.core.ids import new_id
from service.core.limits import CLASSES
from tests.live import VK_APP, VK_SECRET, Answer, Clock, Live

WORKERS = 2
SECONDS = 30
UNLIMITED: Mapping[str, str] = dict.fromkeys(map(str, CLASSES), "off")


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass(frozen=True)
class Call:
    """A POST by somebody, under a key of its own."""

    token: str | None
    path: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: str(new_id()))


class Crowd:
    """Everyone calls at the same time, each over a connection of their own that is open before the first word."""

    def __init__(self, base: str, calls: Sequence[Call]) -> None:
        self._base = base
        self._calls = calls
        # In the order of the calls; None: no answer, or none yet.
        self.answers: list[Answer | None] = [None] * len(calls)

    @property
    def answered(self) -> list[Answer]:
        return [answer for answer in self.answers if answer is not None]

    async def call(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self._base, connector=connector) as session:
            await asyncio.gather(*(self._open(session) for _ in self._calls))
            await asyncio.gather(*(self._ask(session, number) for number in range(len(self._calls))))

    async def _open(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get("/healthz") as response:
                await response.read()
        except aiohttp.ClientConnectionError:
            # Who was let in by a process that is killed meanwhile calls all the same.
            pass

    async def _ask(self, session: aiohttp.ClientSession, number: int) -> None:
        call = self._calls[number]
        headers = {"Idempotency-Key": call.key}
        if call.token is not None:
            headers["Authorization"] = f"Bearer {call.token}"
        try:
            async with session.post(call.path, json=call.body, headers=headers) as response:
                content = await response.read()
                self.answers[number] = Answer(response.status, CaseInsensitiveDict(response.headers), content)
        except aiohttp.ClientConnectionError:
            pass


class Now(Clock):
    """The real time."""

    def __call__(self) -> datetime:
        return utc_now()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(dsn: str, folder: Path, port: int, limits: Mapping[str, str] = UNLIMITED) -> subprocess.Popen[bytes]:
    """`python -m service serve` with two workers; what it writes is in `folder`: data, cwd, tmp and output."""
    for name in ("data", "cwd", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZAPIS_")}
    environment |= {
        "ZAPIS_DATABASE_URL": dsn,
        "ZAPIS_DATA_DIR": str(folder / "data"),
        "ZAPIS_PORT": str(port),
        "ZAPIS_WORKERS": str(WORKERS),
        "ZAPIS_LIMITS": json.dumps({**limits}),
        "ZAPIS_VK_APPS": f'{{"{VK_APP}": "{VK_SECRET}"}}',
        "TMPDIR": str(folder / "tmp"),
    }
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            cwd=folder / "cwd",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class Served(Live):
    """The service over `dsn` in processes of its own; what it leaves behind is in `folder`."""

    def __init__(self, dsn: str, folder: Path, limits: Mapping[str, str] = UNLIMITED) -> None:
        super().__init__(dsn, folder / "data")
        self._folder = folder
        self._limits = limits
        self.port = free_port()
        self.clock = Now()

    def __enter__(self) -> Self:
        self._thread.start()
        self.process = start(self.dsn, self._folder, self.port, self._limits)
        wait_until(lambda: self.output().count('"worker ready"') == WORKERS or self.process.poll() is not None)
        assert self.process.poll() is None, self.output()
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def stop(self) -> None:
        """It ends well, says nothing of trouble, and leaves nothing behind."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS) == 0, self.output()
        assert "Traceback" not in self.output()
        assert [*(self._folder / "cwd").iterdir(), *(self._folder / "tmp").iterdir()] == []

    def output(self) -> str:
        return (self._folder / "output").read_text()

    def workers(self) -> list[int]:
        process_id = self.process.pid
        return [int(child) for child in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]

    def answered_by_workers(self, operation: str) -> list[int]:
        """How many requests of that operation each of the workers has answered."""
        return [
            sum(
                int(sample.value)
                for metric in MultiProcessCollector.merge([str(kept)])
                for sample in metric.samples
                if sample.name.endswith("_count") and sample.labels["operation"] == operation
            )
            for kept in (self._folder / "tmp").glob("zapis-metrics-*/histogram_*.db")
        ]

    def start_calling(self, calls: Sequence[Call]) -> tuple[Crowd, "Future[None]"]:
        crowd = Crowd(self.base, calls)
        return crowd, asyncio.run_coroutine_threadsafe(crowd.call(), self._loop)

    def call_at_once(self, calls: Sequence[Call]) -> list[Answer]:
        """Everyone is answered."""
        crowd, calling = self.start_calling(calls)
        calling.result(SECONDS)
        assert len(crowd.answered) == len(calls), self.output()
        return crowd.answered
