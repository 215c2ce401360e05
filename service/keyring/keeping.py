"""A process keeps its ring up to what the database says, without a restart."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog

from service.core import events
from service.core.clock import Clock
from service.core.database import Connection, Database
from service.core.errors import DomainError
from service.core.logs import told_of
from service.core.operations import Transaction
from service.core.ring import KeyRing
from service.core.sight import SERVICE
from service.keyring.usecases import refresh

# A start does not wait longer for a database that is away.
_FIRST_LOOK_SECONDS = 3
# Whoever asks for keys that there are not does not make us look without pause.
_PAUSE_SECONDS = 1
_log = structlog.get_logger("zapis.keys")


class KeyKeeper:
    """Looks before the database is used for the first time, every few seconds, and when somebody asks for a key."""

    def __init__(self, database: Database, ring: KeyRing, clock: Clock, every_seconds: float) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._every_seconds = every_seconds
        self._troubles: list[str] = []
        self._known: frozenset[str] | None = None
        database.before_first_use(self._load)

    @asynccontextmanager
    async def polling(self) -> AsyncGenerator[None]:
        """The database is open. The ring is up to date, or will be as soon as the database answers."""
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._ring.ask_for_more = lambda: loop.call_soon_threadsafe(wake.set)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_SECONDS):
                await self._look()
        task = loop.create_task(self._poll(wake))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _poll(self, wake: asyncio.Event) -> None:
        pause = min(_PAUSE_SECONDS, self._every_seconds / 2)
        while True:
            await asyncio.sleep(pause)
            if self._ring.loaded:
                # Not wait_for: before Python 3.12 it goes on where it is cancelled just when somebody asks.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_seconds - pause):
                        await wake.wait()
            wake.clear()
            await self._look()

    async def _look(self) -> None:
        async def work(conn: Connection) -> None:
            await self._load(conn)

        try:
            await self._database.run(Transaction.STATEMENT, work, SERVICE)
        except DomainError:
            # The database is away, and was told of.
            pass
        except Exception as error:  # noqa: BLE001 - what is known stays known, and the next look comes
            _log.error("keys not read", **told_of(error))

    async def _load(self, conn: Connection) -> bool:
        """False where there is no table of keys yet: the database is not migrated, which /readyz tells."""
        try:
            troubles = await refresh(conn, self._ring, self._clock())
        except asyncpg.UndefinedTableError:
            return False
        if troubles != self._troubles:
            self._troubles = troubles
            for trouble in troubles:
                events.tell(events.KEYS_IN_TROUBLE, trouble=trouble)
        self._tell_changes()
        return True

    def _tell_changes(self) -> None:
        """Somebody has made a key, or destroyed one: each process tells when it hears of it."""
        known = self._ring.known_ids()
        if self._known is not None and known != self._known:
            events.tell(events.KEYS_CHANGED, added=sorted(known - self._known), gone=sorted(self._known - known))
        self._known = known
