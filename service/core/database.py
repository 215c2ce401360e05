"""The database: the pool, the ways of a transaction, violated constraints as refusals, the checks at start."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from schemas import problems
from schemas.problems import FieldError, Refusal
from service.core.errors import DomainError
from service.core.logs import told_of
from service.core.operations import Transaction
from service.core.sight import NOBODY, SERVICE, Sight, SightedConnection

if TYPE_CHECKING:
    Record = asyncpg.Record
    Connection = asyncpg.Connection[Record] | PoolConnectionProxy[Record]
    Pool = asyncpg.Pool[Record]
else:
    # asyncpg's classes are generic in their stubs alone.
    Record, Connection, Pool = asyncpg.Record, asyncpg.Connection, asyncpg.Pool

_log = structlog.get_logger("zapis.database")
ATTEMPTS = 3
# The transaction is gone as if it never was, and may well succeed the next time.
_UNLUCKY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError)
# The statement was not carried out: it took too long, the disk is full, the server is a standby by now.
_UNABLE = (asyncpg.QueryCanceledError, asyncpg.InsufficientResourcesError, asyncpg.ReadOnlySQLTransactionError)
# The last word of a server that goes down: it may come a moment before the connection is seen to close.
_ENDED = (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.PostgresConnectionError)
_ANY_FAILURE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# The SQLSTATE of functions/core.sql: refuse().
_REFUSED = "ZP001"
# An access token outlives its account by minutes. What is written for a citizen who is gone is refused by the
# reference, or by a function that looks for the account itself.
_GONE = re.compile(r"citizen_id_fkey$|^citizen_gone$")
_SHARD_SUFFIX = re.compile(r"_\d{5,}$")


class Collision(Exception):
    """Something random came out twice, a ticket's number say: the whole transaction is tried again."""


class DatabaseNotReady(Exception):
    """The database can't be worked with; the message says what is missing."""


@contextmanager
def refusing(violations: Mapping[str, Refusal | type[Collision]]) -> Generator[None]:
    """Turns the violation of a named constraint into the refusal it stands for."""
    try:
        yield
    except asyncpg.PostgresError as error:
        name: str | None = getattr(error, "constraint_name", None)
        # On Citus the name is that of the shard's constraint.
        refusal = violations.get(_SHARD_SUFFIX.sub("", name)) if name else None
        if refusal is None:
            raise
        if isinstance(refusal, Refusal):
            more = _more(error)
            wait = more.pop("retry_after_seconds", None)
            raise DomainError(refusal, errors=_item(error), extra=more, retry_after_seconds=wait) from None
        raise refusal from None


def _item(error: asyncpg.PostgresError) -> list[FieldError]:
    """Which item of several a refusal of ours is about."""
    pointer: str | None = getattr(error, "detail", None)
    if getattr(error, "sqlstate", None) != _REFUSED or not pointer:
        return []
    return [FieldError(place="body", pointer=pointer, message="this one is refused")]


def _more(error: asyncpg.PostgresError) -> dict[str, Any]:
    """What a refusal of ours says beside its name: more members of the problem, and when to come again."""
    hint: str | None = getattr(error, "hint", None)
    if getattr(error, "sqlstate", None) != _REFUSED or not hint:
        return {}
    return json.loads(hint)


async def _keep_session_state(_connection: object) -> None:
    """In place of the pool's own reset, a round trip for each request: all that is changed is whose eyes it has."""


class Database:
    """A pool of connections to `dsn`, and how an operation gets its transaction."""

    def __init__(
        self,
        dsn: str,
        *,
        pool_size: int,
        statement_timeout_ms: int,
        lock_timeout_ms: int,
        acquire_seconds: float = 10.0,
    ) -> None:
        self._acquire_seconds = acquire_seconds
        self._make = lambda: asyncpg.create_pool(
            dsn,
            # A worker starts while the database is away, too: /readyz tells, and it recovers by itself.
            min_size=0,
            max_size=pool_size,
            reset=_keep_session_state,
            connection_class=SightedConnection,
            server_settings={
                "application_name": "zapis",
                "timezone": "UTC",
                "jit": "off",
                # Every statement of ours has its index. A plan that was kept while a table was empty would stay a scan
                # through all its rows, just in the first rush.
                "enable_seqscan": "off",
                "statement_timeout": str(statement_timeout_ms),
                "lock_timeout": str(lock_timeout_ms),
                "idle_in_transaction_session_timeout": str(statement_timeout_ms * 2),
            },
        )
        self._pool: Pool | None = None
        self._first: Callable[[Connection], Awaitable[bool]] | None = None

    def before_first_use(self, work: Callable[[Connection], Awaitable[bool]]) -> None:
        """`work` is done, outside a transaction and by the service's eyes, before anything else is; and again until it
        gives True."""
        self._first = work

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Database"]:
        """The pool is open for as long as the context; leaving waits for what is under way."""
        async with self._make() as pool:
            self._pool = pool
            yield self

    async def run(
        self, transaction: Transaction, work: Callable[[Connection], Awaitable[Any]], sight: Sight | None = NOBODY
    ) -> Any:
        """Runs `work` in its kind of transaction, with the eyes of `sight`; serialization failures and deadlocks are
        tried again, here alone. Without a `sight` (None) it can't be known which rows there are.

        Where the database can't answer, the refusal is `unavailable` if nothing was written, and `outcome_unknown` if
        the connection was lost while something was.
        """
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(transaction, work, sight)
            except (*_UNLUCKY, Collision):
                await asyncio.sleep(0.01 * 2**attempt)
            except asyncpg.LockNotAvailableError:
                break
        raise DomainError(problems.BUSY)

    async def _once(
        self, transaction: Transaction, work: Callable[[Connection], Awaitable[Any]], sight: Sight | None
    ) -> Any:
        assert self._pool is not None, "the database is not open"
        lost = problems.UNAVAILABLE if transaction is Transaction.READ else problems.OUTCOME_UNKNOWN
        connection = await self._acquire(self._pool)
        try:
            await self._prepare(connection, sight)
            if transaction is Transaction.WRITE:
                async with connection.transaction():
                    return await work(connection)
            return await work(connection)
        except _UNABLE as error:
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                # Whatever the DSN leads to now may be the server that took over.
                await self._pool.expire_connections()
            raise _told(error, problems.UNAVAILABLE) from None
        except _ANY_FAILURE as error:
            # On a connection that lives it is a mistake, or the refusal of a constraint.
            if not (isinstance(error, _ENDED) or _is_closed(connection)):
                if _GONE.search(_SHARD_SUFFIX.sub("", getattr(error, "constraint_name", None) or "")):
                    raise DomainError(problems.UNAUTHENTICATED) from None
                raise
            raise _told(error, lost) from None
        except asyncpg.InternalClientError as error:
            # It broke under whoever had it before, and neither the driver nor its pool has seen that yet.
            connection.terminate()
            raise _told(error, lost) from None
        finally:
            # Shielded inside the pool: a cancelled request does not leave a connection half-way.
            await self._pool.release(connection)

    async def _prepare(self, connection: "PoolConnectionProxy[Record]", sight: Sight | None) -> None:
        if sight is None:
            return
        # The pool's proxy has what its connection has.
        eyes = cast(SightedConnection, connection)
        try:
            # Several may come first at once.
            if (first := self._first) is not None:
                await eyes.look_as(SERVICE)
                if await first(connection):
                    self._first = None
            await eyes.look_as(sight)
        except asyncpg.InvalidParameterValueError as error:
            # There is no such role: the database is not migrated yet, as /readyz tells.
            raise _told(error, problems.UNAVAILABLE) from None

    async def _acquire(self, pool: Pool) -> "PoolConnectionProxy[Record]":
        try:
            # The pool's own timeout would cost a task for each request.
            async with asyncio.timeout(self._acquire_seconds):
                return await pool.acquire()
        except _ANY_FAILURE as error:
            raise _told(error, problems.UNAVAILABLE) from None


class SeenDatabase:
    """A database by the eyes of one caller."""

    def __init__(self, database: Database, sight: Sight) -> None:
        self._database = database
        self._sight = sight

    async def run(self, transaction: Transaction, work: Callable[[Connection], Awaitable[Any]]) -> Any:
        """As Database.run."""
        return await self._database.run(transaction, work, self._sight)


def _is_closed(connection: "PoolConnectionProxy[Record]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool took it back when it broke.
        return True


def _told(error: Exception, refusal: Refusal) -> DomainError:
    _log.warning("database", refusal=refusal.code, **told_of(error))
    return DomainError(refusal)


@asynccontextmanager
async def savepoint(conn: Connection, *, keep: bool) -> AsyncGenerator[None]:
    """What is done inside stays or, where it was only tried, is undone."""
    inner = conn.transaction()
    await inner.start()
    try:
        yield
    except BaseException:
        await inner.rollback()
        raise
    await (inner.commit() if keep else inner.rollback())


async def check(conn: Connection, newest_migration: str) -> None:
    """Raises DatabaseNotReady where the database is not writable, not migrated, or does not fold Cyrillic."""
    if await conn.fetchval("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"):
        raise DatabaseNotReady("the database is read-only")
    # A database in the C locale takes «Ж» and «ж» for strangers: search and duplicate checks would silently miss.
    if not await conn.fetchval("SELECT lower('ЖУК') = 'жук' AND 'ж' ~ '^[[:alpha:]]$'"):
        raise DatabaseNotReady("the database does not fold Cyrillic: create it with ENCODING UTF8 and a UTF-8 LC_CTYPE")
    if not await conn.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
        raise DatabaseNotReady("the database is empty: run `zapis migrate`")
    version = await conn.fetchval("SELECT version_num FROM alembic_version")
    # A newer one is fine: it is migrated first, and this process is about to be replaced.
    if version < newest_migration:
        raise DatabaseNotReady(f"the database is at migration {version}, not {newest_migration}: run `zapis migrate`")
