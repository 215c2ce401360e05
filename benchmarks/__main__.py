"""`make bench`: how fast one worker of the service is, each figure beside a baseline measured in the same run.

The rounds of what is compared take turns, and the median of each counts, so that a machine that is busy for a while is
so for all. The figures of a machine mean nothing on another; the ratios do. A missed bar is printed and fails nothing.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks import abuse, pgbench, rush
from benchmarks.bars import met
from benchmarks.ground import POOL_SIZE, Requests, prepare
from benchmarks.load import load
from benchmarks.processes import children, free_port, memory_megabytes, running
from service import migrations
from service.config import Settings
from service.core import embedded
from service.core.limits import CLASSES

_CONNECTIONS = 32
_LEAST_BOOKINGS_RATIO, _LEAST_READS_RATIO, _MOST_MEGABYTES, _MOST_READY_SECONDS = 0.5, 0.4, 100, 2.0


@dataclass(frozen=True)
class _Size:
    rounds: int
    bookings: int
    reads: int
    starts: int


_FULL = _Size(rounds=5, bookings=2000, reads=10_000, starts=5)
_QUICK = _Size(rounds=2, bookings=500, reads=4000, starts=2)


@dataclass(frozen=True)
class Figures:
    bookings: Mapping[str, float]
    reads: Mapping[str, float]
    memory_megabytes: Mapping[str, float]
    ready_seconds: float
    ready_seconds_embedded: float


Round = Callable[[int], Awaitable[float]]


async def _in_turns(rounds: int, variants: Mapping[str, Round]) -> dict[str, float]:
    """The median of each variant over rounds in which they take turns; the first round warms up and does not count."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, measure in variants.items():
            found[name].append(await measure(number))
    return {name: statistics.median(values[1:]) for name, values in found.items()}


async def _rate(port: int, requests: list[bytes], expected: int) -> float:
    measured = await load(port, requests, _CONNECTIONS)
    if measured.statuses != Counter({expected: len(requests)}):
        raise RuntimeError(f"port {port} answered {dict(measured.statuses)}, not {expected} alone")
    return measured.per_second


async def _bookings(dsn: str, size: _Size, requests: Requests, service: int, bare: int) -> dict[str, float]:
    def numbers(number: int, variant: int) -> range:
        first = 1 + (number * 3 + variant) * size.bookings
        return range(first, first + size.bookings)

    return await _in_turns(
        size.rounds,
        {
            "service": lambda number: _rate(service, requests.bookings(numbers(number, 0)), 201),
            "bare": lambda number: _rate(bare, requests.bare_bookings(numbers(number, 1)), 201),
            "pgbench": lambda number: pgbench.bookings_per_second(dsn, numbers(number, 2)),
        },
    )


async def _reads(size: _Size, requests: Requests, service: int, empty: int) -> dict[str, float]:
    mix, current = requests.reads(size.reads), requests.reads(size.reads, if_none_match="*")
    # Rounds of no two alike are short: each must not find its answers from the round before.
    distinct = requests.reads(size.reads // 10, alike=False)
    return await _in_turns(
        size.rounds,
        {
            "service": lambda _: _rate(service, mix, 200),
            "empty": lambda _: _rate(empty, mix, 200),
            "unchanged": lambda _: _rate(service, current, 304),
            "distinct": lambda _: _rate(service, distinct, 200),
        },
    )


def _ready_seconds(starts: int, environment: Mapping[str, str]) -> float:
    found: list[float] = []
    for _ in range(starts):
        with _service(environment) as (_port, _process, seconds):
            found.append(seconds)
    return statistics.median(found)


@contextmanager
def _service(environment: Mapping[str, str]) -> Generator[tuple[int, int, float]]:
    """The port, the process id, and the seconds until it was ready."""
    port = free_port()
    # The requests are counted as in earnest, but nobody is refused: they all come from one address.
    unlimited = {"ZAPIS_LIMITS": json.dumps(dict.fromkeys(CLASSES, "1000000/s burst 1000000"))}
    environment = {
        **environment,
        **unlimited,
        "ZAPIS_PORT": str(port),
        "ZAPIS_WORKERS": "1",
        "ZAPIS_POOL_SIZE": str(POOL_SIZE),
    }
    with running("service", "serve", port=port, ready="/readyz", environment=environment) as (process, seconds):
        yield port, process.pid, seconds


@contextmanager
def _baseline(kind: str, *arguments: str) -> Generator[int]:
    port = free_port()
    with running("benchmarks.baselines", kind, str(port), *arguments, port=port, ready="/"):
        yield port


def _measure(size: _Size, folder: Path) -> Figures:
    # Modules are compiled once, as where it is installed in earnest, whatever this shell says about that.
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "pycache"), "PYTHONDONTWRITEBYTECODE": ""}
    data = {"ZAPIS_DATA_DIR": str(folder), **compiled}
    with embedded.run(folder) as server:
        migrations.upgrade(server.dsn)
        # One round more warms up.
        asyncio.run(prepare(server.dsn, 3 * (size.rounds + 1) * size.bookings))
        environment = {**data, "ZAPIS_DATABASE_URL": server.dsn}
        _ready_seconds(1, environment)
        requests = Requests(Settings(data_dir=folder))
        with (
            _service(environment) as (service, process_id, _),
            _baseline("bare", server.dsn) as bare,
            _baseline("empty") as empty,
        ):
            bookings = uvloop.run(_bookings(server.dsn, size, requests, service, bare))
            reads = uvloop.run(_reads(size, requests, service, empty))
            (worker,) = children(process_id)
            memory = memory_megabytes(worker)
        ready = _ready_seconds(size.starts, environment)
    return Figures(bookings, reads, memory, ready, _ready_seconds(size.starts, data))


def _print(console: Console, figures: Figures) -> None:
    table = Table("one worker of the service", "figure", "of the baseline", "bar", "")
    bookings, reads = figures.bookings, figures.reads

    def rate(what: str, per_second: float, baseline: float | None = None, least: float | None = None) -> None:
        ratio = per_second / baseline if baseline else None
        compared = f"{ratio:.2f}" if ratio else ""
        bar, judged = (f">= {least}", met(ratio >= least)) if ratio and least else ("", "")
        table.add_row(what, f"{per_second:,.0f}/s", compared, bar, judged)

    def size(what: str, figure: float, unit: str, most: float) -> None:
        table.add_row(what, f"{figure:,.2f} {unit}", "", f"<= {most:g} {unit}", met(figure <= most))

    rate("bookings", bookings["service"], bookings["bare"], _LEAST_BOOKINGS_RATIO)
    rate("  baseline: aiohttp and asyncpg", bookings["bare"])
    rate("  pgbench", bookings["pgbench"])
    table.add_section()
    rate("free slots", reads["service"], reads["empty"], _LEAST_READS_RATIO)
    rate("  baseline: an empty handler", reads["empty"])
    rate("  unchanged: 304", reads["unchanged"], reads["empty"])
    rate("  no two alike: nothing is kept", reads["distinct"], reads["empty"])
    table.add_section()
    size("memory after it: Rss", figures.memory_megabytes["Rss"], "MB", _MOST_MEGABYTES)
    size("memory after it: Pss", figures.memory_megabytes["Pss"], "MB", _MOST_MEGABYTES)
    size("ready, a server of one's own", figures.ready_seconds, "s", _MOST_READY_SECONDS)
    size("ready, the embedded server", figures.ready_seconds_embedded, "s", _MOST_READY_SECONDS)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some three minutes, rougher figures")
    size = _QUICK if parser.parse_args().quick else _FULL
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as folder:
        _print(Console(), _measure(size, Path(folder)))
    Console().print(abuse.table(abuse.measure(2 * size.rounds)))
    Console().print(rush.table(rush.measure()))


if __name__ == "__main__":
    main()
