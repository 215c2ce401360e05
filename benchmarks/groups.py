"""`python -m benchmarks.groups`: what ten times as many groups do to a search for them, with its facets.

The same questions to a region of 20,000 groups with 500,000 applications and to one of 2,000 groups: two databases of
one server, taking turns in one process. What is measured is a page as it is answered: the question to the database,
which is one, and the JSON made of it. A ratio of medians above 2.5 is a missed bar; it is printed and fails nothing.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.bars import met
from benchmarks.ground import REGION, SERVER_SETTINGS, bench_id
from schemas.common import Schema
from schemas.group_search import GroupFilter, PersonGroupFilter
from service import migrations
from service.clubs import search
from service.core import embedded
from service.core.cursors import Cursors
from service.core.operations import Actor

_MANY, _FEW = 20_000, 2_000
_MOST_RATIO = 2.5
_ACTOR = Actor("citizen", bench_id(5, 1), REGION, None)
_CURSORS = Cursors(bytes(32))
# Of a page without a group.
_LEAST_BYTES = 40
_BORN = date(2018, 5, 14)

Page = Callable[[asyncpg.Connection, int], Awaitable[Schema]]


def _now() -> datetime:
    return datetime(2026, 9, 7, 1, tzinfo=UTC)


def _asking(**filters: object) -> Page:
    def ask(conn: asyncpg.Connection, number: int) -> Awaitable[Schema]:
        town = {"municipality": f"Город {number % 30}"} if filters.get("municipality") else {}
        return search.list_groups(conn, _ACTOR, GroupFilter(**{**filters, **town}), _CURSORS, _now)

    return ask


def _for_a_child(conn: asyncpg.Connection, number: int) -> Awaitable[Schema]:
    query = PersonGroupFilter(municipality=f"Город {number % 30}", fitting_only=True, facets=True)
    return search.list_groups_for_person(conn, _ACTOR, bench_id(6, 1), query, _CURSORS, _now, "ru")


PAGES: Mapping[str, Page] = {
    "a town, this child's age, facets": _asking(municipality="any", born_on=_BORN, facets=True),
    "the whole region, facets": _asking(facets=True),
    "the whole region, this child's age, facets": _asking(born_on=_BORN, facets=True),
    "a misspelt text, facets": _asking(text="шахмотты", facets=True),
    "100 km around, facets": _asking(near="55.3543,86.0883", within_km=100, facets=True),
    "a town, what fits a child of mine, facets": _for_a_child,
    "the whole region, without facets": _asking(),
}


async def _filled(dsn: str, groups: int) -> asyncpg.Connection:
    conn = await asyncpg.connect(dsn, server_settings={**SERVER_SETTINGS, "timezone": "UTC"})
    await conn.execute("SELECT set_config('bench.groups', $1, false)", str(groups))
    await conn.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    await conn.execute("RESET session_replication_role")
    await conn.execute("VACUUM ANALYZE")
    return conn


async def _milliseconds(page: Page, conn: asyncpg.Connection, number: int) -> float:
    """Of one page. Raises RuntimeError where it asks the database more than once."""
    asked: list[str] = []

    def count(query: asyncpg.connection.LoggedQuery) -> None:
        asked.append(query.query)

    with conn.query_logger(count):
        started = time.perf_counter()
        answer = (await page(conn, number)).model_dump_json()
        seconds = time.perf_counter() - started
        # The logger is told behind the answer.
        await asyncio.sleep(0)
    if len(asked) != 1 or len(answer) < _LEAST_BYTES:
        raise RuntimeError(f"{len(asked)} queries, {len(answer)} bytes")
    return 1000 * seconds


async def _measure(dsns: Mapping[int, str], runs: int) -> dict[str, dict[int, float]]:
    """For each page the median of its milliseconds over so many groups."""
    conns = {groups: await _filled(dsn, groups) for groups, dsn in dsns.items()}
    found: dict[str, dict[int, float]] = {}
    for name, page in PAGES.items():
        taken: dict[int, list[float]] = {groups: [] for groups in conns}
        for number in range(runs):
            for groups, conn in conns.items():
                taken[groups].append(await _milliseconds(page, conn, number))
        # The first half warms both up.
        found[name] = {groups: statistics.median(values[runs // 2 :]) for groups, values in taken.items()}
    for conn in conns.values():
        await conn.close()
    return found


def _databases(server_dsn: str) -> dict[int, str]:
    """A migrated database for each number of groups."""

    async def create(name: str) -> None:
        conn = await asyncpg.connect(server_dsn)
        await conn.execute(f"CREATE DATABASE {name}")
        await conn.close()

    dsns = {groups: server_dsn.replace("/zapis?", f"/groups_{groups}?") for groups in (_FEW, _MANY)}
    for groups, dsn in dsns.items():
        asyncio.run(create(f"groups_{groups}"))
        migrations.upgrade(dsn)
    return dsns


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.groups", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="of each page, in each database")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as folder, embedded.run(Path(folder)) as server:
        found = asyncio.run(_measure(_databases(server.dsn), runs))
    table = Table("a page of 50", f"{_FEW:,} groups", f"{_MANY:,} groups", "ratio", "bar", "")
    for name, medians in found.items():
        ratio = medians[_MANY] / medians[_FEW]
        figures = (f"{medians[groups]:.2f} ms" for groups in (_FEW, _MANY))
        table.add_row(name, *figures, f"{ratio:.2f}", f"<= {_MOST_RATIO:g}", met(ratio <= _MOST_RATIO))
    Console().print(table)


if __name__ == "__main__":
    main()
