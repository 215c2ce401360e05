"""`python -m benchmarks.abuse`: what others notice of somebody who asks a thousand times a second.

One worker of the service, with its default limits. 60 citizens, each from an address of their own, ask 200
times a second together for free times; in every second round an abuser asks 1,000 times a second from one address, over
16 connections, whether they are answered or not: now for free times, no two alike, under a token that is good, now for
a session with a launch that nobody signed. An answer's time is counted from when its request was due, so that one that
had to wait for the one before it tells. Both kinds of rounds take turns, and the median of their p99 is compared.
"""

import asyncio
import math
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.bars import met
from benchmarks.ground import POOL_SIZE, Requests, prepare
from benchmarks.load import Paced, request
from benchmarks.processes import free_port, running
from service import migrations
from service.config import Settings
from service.core import embedded

CITIZENS, THEIR_RATE = 60, 200
ABUSERS_CONNECTIONS, ABUSERS_RATE = 16, 1000
ROUNDS, SECONDS = 10, 6.0
MOST_RATIO = 1.5
_LAUNCH = b'{"platform": "vk", "parameters": "vk_app_id=1&vk_user_id=1&vk_ts=1&sign=nobody"}'


@dataclass
class Figures:
    """Milliseconds of the median and of the p99 of the citizens, round by round; what the abuser was answered."""

    quiet: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    abused: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    citizens_statuses: Counter[int] = field(default_factory=Counter[int])
    abusers_statuses: Counter[int] = field(default_factory=Counter[int])

    @property
    def ratio(self) -> float:
        return statistics.median(p99 for _, p99 in self.abused) / statistics.median(p99 for _, p99 in self.quiet)


async def _ask(port: int, asked: Sequence[tuple[str, Sequence[bytes]]], rate: float) -> list[Paced]:
    """Each address over a connection of its own, all together so many times a second."""
    loop = asyncio.get_running_loop()
    interval = len(asked) / rate
    opened = [
        (await loop.create_connection(lambda: Paced(requests), "127.0.0.1", port, local_addr=(source, 0)))[1]  # noqa: B023
        for source, requests in asked
    ]
    began = time.perf_counter()
    await asyncio.gather(*(one.run(began + number / rate, interval) for number, one in enumerate(opened)))
    return opened


def _abuse(port: int, requests: Sequence[bytes], answered: "multiprocessing.Queue[Counter[int]]") -> None:
    """In a process of its own, that gives way: an abuser's machine is not ours, and what it computes must hold up
    neither the service nor who measures."""
    os.nice(19)
    asked = [("127.0.9.9", requests[number::ABUSERS_CONNECTIONS]) for number in range(ABUSERS_CONNECTIONS)]
    answered.put(sum((one.statuses for one in uvloop.run(_ask(port, asked, ABUSERS_RATE))), Counter[int]()))


def _round(port: int, requests: Requests, figures: Figures, abused: bool) -> None:
    context = multiprocessing.get_context("spawn")
    answered: multiprocessing.Queue[Counter[int]] = context.Queue()
    abuser = None
    if abused:
        count = int(ABUSERS_RATE * SECONDS)
        looks = requests.reads(count // 2, citizen=CITIZENS + 1, alike=False)
        launches = [request("POST", "/v1/sessions", _LAUNCH)] * (count - len(looks))
        sent = [one for pair in zip(looks, launches, strict=True) for one in pair]
        abuser = context.Process(target=_abuse, args=(port, sent, answered))
        abuser.start()
        # It is at work before the others come, and still is when they have been answered.
        time.sleep(1.5)
    each = int(THEIR_RATE * (SECONDS - 2)) // CITIZENS
    asked = [(f"127.0.1.{number + 1}", requests.reads(each, citizen=number + 1)) for number in range(CITIZENS)]
    opened = uvloop.run(_ask(port, asked, THEIR_RATE))
    if abuser is not None:
        figures.abusers_statuses += answered.get()
        abuser.join()
    times = sorted(one for each_one in opened for one in each_one.milliseconds)
    figures.citizens_statuses += sum((one.statuses for one in opened), Counter[int]())
    found = (statistics.median(times), times[math.ceil(0.99 * len(times)) - 1])
    (figures.abused if abused else figures.quiet).append(found)


def measure(rounds: int = ROUNDS) -> Figures:
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as name:
        folder, port = Path(name), free_port()
        with embedded.run(folder) as server:
            migrations.upgrade(server.dsn)
            asyncio.run(prepare(server.dsn, CITIZENS + 1))
            environment = {
                "ZAPIS_DATA_DIR": str(folder),
                "ZAPIS_DATABASE_URL": server.dsn,
                "ZAPIS_PORT": str(port),
                "ZAPIS_WORKERS": "1",
                "ZAPIS_POOL_SIZE": str(POOL_SIZE),
            }
            requests = Requests(Settings(data_dir=folder))
            with running("service", "serve", port=port, ready="/readyz", environment=environment):
                figures, warm = Figures(), Figures()
                _round(port, requests, warm, abused=False)
                for _ in range(rounds):
                    _round(port, requests, figures, abused=False)
                    _round(port, requests, figures, abused=True)
    return figures


def table(figures: Figures) -> Table:
    shown = Table("others, while one asks 1,000 times a second", "median, ms", "p99, ms", "ratio", "bar", "")
    for name, found in (("nobody does", figures.quiet), ("somebody does", figures.abused)):
        middle = [f"{statistics.median(values):.1f}" for values in zip(*found, strict=True)]
        judged = (f"{figures.ratio:.2f}", f"<= {MOST_RATIO}", met(figures.ratio <= MOST_RATIO))
        shown.add_row(name, *middle, *(judged if found is figures.abused else ("", "", "")))
    refused = figures.abusers_statuses[429] / max(1, figures.abusers_statuses.total())
    shown.add_row(f"of the abuser's requests {refused:.0%} are refused by 429", "", "", "", "", "")
    missed = figures.citizens_statuses.total() - figures.citizens_statuses[200]
    shown.add_row(f"of the others' {missed} are not answered 200", "", "", "", "", met(missed == 0))
    return shown


if __name__ == "__main__":
    Console().print(table(measure()))
