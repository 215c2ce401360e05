"""Jobs: batches until there is nothing to do, a failure that stops nobody else, and an end that loses nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from schemas import problems
from service.core.database import Connection, Database
from service.core.errors import DomainError
from service.core.jobs import Job, Jobs

HALF_DONE = UUID(int=1)


def run(dsn: str, jobs: list[Job], test: Callable[[Jobs], Awaitable[None]], **collaborators: object) -> None:
    async def bounded() -> None:
        database = Database(dsn, pool_size=3, statement_timeout_ms=2000, lock_timeout_ms=500)
        async with asyncio.timeout(20), database.opened():
            await test(Jobs(jobs, database, collaborators))

    asyncio.run(bounded())


def test_batches_go_on_until_nothing_is_left_and_each_is_a_transaction(dsn: str) -> None:
    left = [3, 2, 0]
    transactions: set[int] = set()

    async def work(conn: Connection, step: int) -> int:
        transactions.add(await conn.fetchval("SELECT pg_current_xact_id()::text::bigint"))
        return step * left.pop(0) if left else 0

    async def test(jobs: Jobs) -> None:
        assert await jobs.run_until_idle() == 50
        assert len(transactions) == 3

    run(dsn, [Job("work", 1, work)], test, step=10, unasked="for")


def test_what_nobody_hands_in_is_found_out_at_the_start(dsn: str) -> None:
    async def work(conn: Connection, sealer: object) -> int:
        raise AssertionError

    with pytest.raises(TypeError, match=r"work: nobody hands in \['sealer'\]"):
        run(dsn, [Job("work", 1, work)], lambda jobs: jobs.run(asyncio.Event()))


def test_one_that_fails_is_tried_again_and_stops_nobody_else(dsn: str) -> None:
    stop = asyncio.Event()
    failures = [ValueError("a mistake"), DomainError(problems.UNAVAILABLE)]
    done: list[str] = []

    async def failing(conn: Connection) -> int:
        # It can't be there twice.
        await conn.execute("INSERT INTO outbox VALUES (42, $1, now(), 'half_done', $1)", HALF_DONE)
        if failures:
            raise failures.pop()
        done.append("failing")
        return 0

    async def steady(conn: Connection) -> int:
        done.append("steady")
        if "failing" in done:
            stop.set()
        return 0

    async def test(jobs: Jobs) -> None:
        await jobs.run(stop)
        # What failed was undone, or the table would have been there.
        assert done.count("failing") == 1
        assert done.count("steady") > 1

    run(dsn, [Job("failing", 0.02, failing), Job("steady", 0.02, steady)], test)


def test_an_end_waits_for_what_is_under_way(dsn: str) -> None:
    stop = asyncio.Event()
    finished: list[bool] = []

    async def slow(conn: Connection) -> int:
        stop.set()
        await asyncio.sleep(0.2)
        finished.append(await conn.fetchval("SELECT true"))
        return 1

    run(dsn, [Job("slow", 60, slow)], lambda jobs: jobs.run(stop))
    assert finished == [True]


def test_a_worker_drains(dsn: str, tmp_path: Path) -> None:
    environment = os.environ | {"ZAPIS_DATABASE_URL": dsn, "ZAPIS_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "service", "worker"], env=environment, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            if "jobs ready" in line:
                break
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert "jobs drained" in said
    assert '"level":"error"' not in said
