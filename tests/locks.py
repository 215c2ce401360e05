"""Making the service wait: a transaction of the test's own that holds a lock, and an end for whoever waits."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal

import asyncpg

from tests.live import Live

_WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@contextmanager
def holding(live: Live, *statements: str, end: Literal["COMMIT", "ROLLBACK"] = "ROLLBACK") -> Iterator[None]:
    """What the statements did is not committed, and their locks are held, until the context ends."""
    connection: asyncpg.Connection = live.run(asyncpg.connect(live.dsn))
    try:
        live.run(connection.execute("; ".join(("BEGIN", *statements))))
        yield
        live.run(connection.execute(end))
    finally:
        live.run(connection.close())


def wait_until_blocked(live: Live, count: int = 1, then: str = "") -> None:
    """Returns when so many connections wait for a lock; `then` is what to do with each of their `pid`."""
    for _ in range(1000):
        if len(live.sql(f"SELECT pid {_WAITING}")) >= count:
            if then:
                live.sql(f"SELECT {then} {_WAITING}")
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


@contextmanager
def terminated_when_blocked(live: Live, statement: str) -> Iterator[None]:
    """Whoever waits for what the statement locks loses their connection, as in a crash of the database."""
    with holding(live, statement), ThreadPoolExecutor(1) as background:
        killing = background.submit(wait_until_blocked, live, 1, "pg_terminate_backend(pid)")
        yield
        killing.result()
