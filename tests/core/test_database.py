"""What comes of a transaction when the database can't: it is tried again, refused in the right word, or a mistake."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas import problems
from schemas.problems import Refusal
from service.core.database import ATTEMPTS, Collision, Connection, Database
from service.core.errors import DomainError
from service.core.operations import Transaction

READ, STATEMENT, WRITE = Transaction.READ, Transaction.STATEMENT, Transaction.WRITE
Work = Callable[[Connection], Awaitable[Any]]
# What is done here to a database, only its owner may: nobody looks through these connections.
OWNER = None


def run(dsn: str, test: Callable[[Database], Awaitable[None]]) -> None:
    async def bounded() -> None:
        database = Database(dsn, pool_size=2, statement_timeout_ms=300, lock_timeout_ms=200, acquire_seconds=0.2)
        async with asyncio.timeout(20), database.opened():
            await test(database)

    asyncio.run(bounded())


async def refusal_of(database: Database, transaction: Transaction, work: Work) -> Refusal:
    with pytest.raises(DomainError) as refused:
        await database.run(transaction, work, OWNER)
    return refused.value.refusal


async def lose_connection(conn: Connection) -> None:
    await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def sleep_in_database(conn: Connection) -> None:
    await conn.execute("SELECT pg_sleep(5)")


def test_a_lost_connection_is_told_by_what_may_have_been_written(dsn: str) -> None:
    async def test(database: Database) -> None:
        assert await refusal_of(database, READ, lose_connection) is problems.UNAVAILABLE
        assert await refusal_of(database, STATEMENT, lose_connection) is problems.OUTCOME_UNKNOWN
        assert await refusal_of(database, WRITE, lose_connection) is problems.OUTCOME_UNKNOWN
        # The pool has recovered by itself.
        assert await database.run(READ, lambda conn: conn.fetchval("SELECT 1"), OWNER) == 1

    run(dsn, test)


def test_a_connection_that_broke_under_somebody_else_is_let_go(dsn: str) -> None:
    """The driver finds it in the midst of another's work, which will never end."""

    async def test(database: Database) -> None:
        async def backend(conn: Connection) -> int:
            return await conn.fetchval("SELECT pg_backend_pid()")

        broken: list[int] = []

        async def find_it_busy(conn: Connection) -> None:
            broken.append(await backend(conn))
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

        assert await refusal_of(database, READ, find_it_busy) is problems.UNAVAILABLE
        assert await refusal_of(database, STATEMENT, find_it_busy) is problems.OUTCOME_UNKNOWN
        assert await refusal_of(database, WRITE, find_it_busy) is problems.OUTCOME_UNKNOWN
        assert len(set(broken)) == 3
        assert await database.run(READ, backend, OWNER) not in broken

    run(dsn, test)


@pytest.mark.parametrize("sqlstate", ["57P01", "57P02", "08006"])
def test_the_last_word_of_a_server_counts_before_the_connection_is_seen_to_close(dsn: str, sqlstate: str) -> None:
    async def test(database: Database) -> None:
        async def hear_of_the_end(conn: Connection) -> None:
            await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")

        assert await refusal_of(database, READ, hear_of_the_end) is problems.UNAVAILABLE
        assert await refusal_of(database, STATEMENT, hear_of_the_end) is problems.OUTCOME_UNKNOWN
        assert await refusal_of(database, WRITE, hear_of_the_end) is problems.OUTCOME_UNKNOWN

    run(dsn, test)


def test_what_takes_too_long_is_unavailable(dsn: str) -> None:
    async def test(database: Database) -> None:
        for transaction in (READ, STATEMENT, WRITE):
            assert await refusal_of(database, transaction, sleep_in_database) is problems.UNAVAILABLE

        async def hold(_conn: Connection) -> None:
            await asyncio.sleep(0.5)

        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(database.run(READ, hold, OWNER))
            await asyncio.sleep(0.1)
            # No connection is left.
            assert await refusal_of(database, READ, hold) is problems.UNAVAILABLE

    run(dsn, test)


def test_a_lock_that_is_not_to_be_had_is_busy(dsn: str) -> None:
    async def test(database: Database) -> None:
        async def ask_another(conn: Connection) -> None:
            await conn.execute("LOCK TABLE outbox")
            lock = database.run(WRITE, lambda other: other.execute("LOCK TABLE outbox"), OWNER)
            with pytest.raises(DomainError) as refused:
                await lock
            assert refused.value.refusal is problems.BUSY

        await database.run(WRITE, ask_another, OWNER)

    run(dsn, test)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_an_unlucky_transaction_is_tried_again(dsn: str, sqlstate: str) -> None:
    async def test(database: Database) -> None:
        tried: list[int] = []

        async def unlucky(conn: Connection, times: int) -> str:
            tried.append(await conn.fetchval("SELECT pg_backend_pid()"))
            if len(tried) <= times:
                await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")
            return "done"

        assert await database.run(WRITE, lambda conn: unlucky(conn, ATTEMPTS - 1), OWNER) == "done"
        assert len(tried) == ATTEMPTS
        tried.clear()
        assert await refusal_of(database, WRITE, lambda conn: unlucky(conn, ATTEMPTS)) is problems.BUSY
        assert len(tried) == ATTEMPTS

    run(dsn, test)


def test_a_collision_undoes_the_transaction_and_tries_it_again(dsn: str) -> None:
    async def test(database: Database) -> None:
        tried = 0

        async def collide_once(conn: Connection) -> int:
            nonlocal tried
            tried += 1
            await conn.execute("CREATE TABLE tried (n integer)")
            if tried == 1:
                raise Collision
            return tried

        assert await database.run(WRITE, collide_once, OWNER) == 2

    run(dsn, test)


def test_a_migration_meanwhile_costs_nobody_a_failure(dsn: str) -> None:
    """PostgreSQL refuses a prepared statement whose columns have changed; inside a transaction asyncpg can't help."""

    async def test(database: Database) -> None:
        def read(conn: Connection) -> Awaitable[Any]:
            return conn.fetch("SELECT * FROM regions LIMIT 1")

        columns = len((await database.run(WRITE, read, OWNER))[0])
        await database.run(WRITE, lambda conn: conn.execute("ALTER TABLE regions ADD COLUMN more integer"), OWNER)
        assert len((await database.run(WRITE, read, OWNER))[0]) == columns + 1

    run(dsn, test)


def test_who_is_told_that_the_database_is_read_only_goes_by_the_dsn_anew(dsn: str) -> None:
    """After a failover the open connections lead to a standby, and the DSN to the server that took over."""

    async def test(database: Database) -> None:
        async def become_standby(conn: Connection) -> int:
            await conn.execute("SET default_transaction_read_only = on")
            return await conn.fetchval("SELECT pg_backend_pid()")

        async def write(conn: Connection) -> int:
            await conn.execute("CREATE TABLE written ()")
            return await conn.fetchval("SELECT pg_backend_pid()")

        standby = await database.run(READ, become_standby, OWNER)
        assert await refusal_of(database, WRITE, write) is problems.UNAVAILABLE
        assert await database.run(WRITE, write, OWNER) != standby

    run(dsn, test)


def test_a_mistake_is_not_taken_for_a_broken_database(dsn: str) -> None:
    async def test(database: Database) -> None:
        for mistake, work in (
            (asyncpg.InterfaceError, lambda conn: conn.fetchval("SELECT 1", 2)),
            (asyncpg.DataError, lambda conn: conn.fetchval("SELECT $1::integer", "x")),
            (asyncpg.UndefinedTableError, lambda conn: conn.fetchval("SELECT * FROM nowhere")),
        ):
            for transaction in (READ, WRITE):
                with pytest.raises(mistake):
                    await database.run(transaction, work, OWNER)

    run(dsn, test)


def test_a_service_starts_without_its_database(tmp_path: Path) -> None:
    async def test(database: Database) -> None:
        for transaction in (READ, WRITE):
            assert await refusal_of(database, transaction, sleep_in_database) is problems.UNAVAILABLE

    run(f"postgresql://zapis@/zapis?host={tmp_path}", test)
