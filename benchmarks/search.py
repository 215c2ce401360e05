"""`python -m benchmarks.search`: what a hundred times as many slots do to a search through a region.

The same questions about one specialty over 3,000,000 slots of twenty specialties and over 30,000 of that one alone, so
that the answers are as long, with the same 300 clinics and 20,000 doctors: two databases of one server, taking turns in
one process. A ratio of medians above 2 is a missed bar; it is printed and fails nothing.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.ground import REGION, SERVER_SETTINGS
from service import migrations
from service.availability import store
from service.core import embedded

_MANY, _FEW = 3_000_000, 30_000
_MOST_RATIO = 2.0
_NOW = datetime(2026, 9, 7, 1, tzinfo=UTC)
_UNTIL = _NOW + timedelta(days=14)
_NIL = UUID(int=0)
_PAGE = 51

Query = Callable[[asyncpg.Connection, str, int], Awaitable[Any]]


def _search(conn: asyncpg.Connection, code: str, _number: int) -> Awaitable[Any]:
    return store.search_slots(conn, REGION, code, None, (_NOW, _NIL), _UNTIL, _NOW, _PAGE)


def _search_town(conn: asyncpg.Connection, code: str, number: int) -> Awaitable[Any]:
    return store.search_slots(conn, REGION, code, f"Город {number % 30}", (_NOW, _NIL), _UNTIL, _NOW, _PAGE)


def _first_free(conn: asyncpg.Connection, code: str, _number: int) -> Awaitable[Any]:
    return store.list_first_free(conn, REGION, code, None, _NOW)


QUERIES: Mapping[str, Query] = {
    "searchSlots, the whole region": _search,
    "searchSlots, one town": _search_town,
    "listFirstFree, 300 clinics": _first_free,
}


async def _filled(dsn: str, slots: int) -> asyncpg.Connection:
    """A connection to a database of so many slots, made without their secondary indexes, which come after."""
    conn = await asyncpg.connect(dsn, server_settings=SERVER_SETTINGS)
    indexes = await conn.fetch(
        "SELECT indexdef, indexname FROM pg_indexes JOIN pg_class ON relname = indexname "
        "JOIN pg_index ON indexrelid = pg_class.oid WHERE tablename = 'slots' AND NOT indisunique"
    )
    await conn.execute("; ".join(f"DROP INDEX {index['indexname']}" for index in indexes))
    await conn.execute("SELECT set_config('bench.slots', $1, false)", str(slots))
    await conn.execute("SELECT set_config('bench.specialties', $1, false)", "1" if slots == _FEW else "20")
    await conn.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    await conn.execute("SET maintenance_work_mem = '512MB'")
    for index in indexes:
        await conn.execute(index["indexdef"])
    await conn.execute("VACUUM ANALYZE")
    return conn


async def _seconds(query: Query, conn: asyncpg.Connection, code: str, number: int) -> float:
    started = time.perf_counter()
    await query(conn, code, number)
    return time.perf_counter() - started


async def _measure(dsns: Mapping[int, str], runs: int) -> dict[str, dict[int, float]]:
    """For each query the median of its seconds over so many slots."""
    conns = {slots: await _filled(dsn, slots) for slots, dsn in dsns.items()}
    code: str = await conns[_FEW].fetchval("SELECT code FROM codes WHERE nth = 0")
    found: dict[str, dict[int, float]] = {}
    for name, query in QUERIES.items():
        seconds: dict[int, list[float]] = {slots: [] for slots in conns}
        for number in range(runs):
            for slots, conn in conns.items():
                seconds[slots].append(await _seconds(query, conn, code, number))
        # The first half warms both up.
        found[name] = {slots: statistics.median(values[runs // 2 :]) for slots, values in seconds.items()}
    for conn in conns.values():
        await conn.close()
    return found


def _databases(server_dsn: str) -> dict[int, str]:
    """A migrated database for each number of slots."""

    async def create(name: str) -> None:
        conn = await asyncpg.connect(server_dsn)
        await conn.execute(f"CREATE DATABASE {name}")
        await conn.close()

    dsns = {slots: server_dsn.replace("/zapis?", f"/slots_{slots}?") for slots in (_FEW, _MANY)}
    for slots, dsn in dsns.items():
        asyncio.run(create(f"slots_{slots}"))
        migrations.upgrade(dsn)
    return dsns


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="of each query, in each database")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as folder, embedded.run(Path(folder)) as server:
        found = asyncio.run(_measure(_databases(server.dsn), runs))
    table = Table("query", f"{_FEW:,} slots", f"{_MANY:,} slots", "ratio", "bar", "")
    for name, medians in found.items():
        ratio = medians[_MANY] / medians[_FEW]
        met = "[green]met[/]" if ratio <= _MOST_RATIO else "[red]missed[/]"
        figures = (f"{1000 * medians[slots]:.2f} ms" for slots in (_FEW, _MANY))
        table.add_row(name, *figures, f"{ratio:.2f}", f"<= {_MOST_RATIO:g}", met)
    Console().print(table)


if __name__ == "__main__":
    main()
