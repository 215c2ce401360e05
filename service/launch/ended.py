"""Sessions that were ended while access tokens of theirs are still good: each worker knows them, in memory."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from schemas import problems
from service.core.clock import Clock
from service.core.database import Connection, Database
from service.core.errors import DomainError
from service.core.logs import told_of
from service.core.operations import Actor, Transaction
from service.core.sight import SERVICE
from service.launch import store

_log = structlog.get_logger("zapis.sessions")
# A session's end may be seen so much later than it is dated: clocks differ, and a statement takes its time.
_OVERLAP = timedelta(minutes=2)


class EndedSessions:
    """Remembers each for as long as an access token lives: then its tokens have expired by themselves."""

    def __init__(self, token_lifetime: timedelta, every_seconds: float, clock: Clock) -> None:
        self._lifetime = token_lifetime + _OVERLAP
        self._every_seconds = every_seconds
        self._clock = clock
        self._ended: dict[UUID, datetime] = {}
        self._since: datetime | None = None
        self._failing = False

    def admit(self, actor: Actor) -> Actor:
        """The caller, if their session goes on. Raises DomainError `unauthenticated`."""
        if actor.session_id in self._ended:
            raise DomainError(problems.UNAUTHENTICATED)
        return actor

    def add(self, session_ids: Iterable[UUID]) -> None:
        """Here they are refused at once; elsewhere when it is next asked for."""
        self._ended |= dict.fromkeys(session_ids, self._clock())

    async def learn(self, conn: Connection) -> None:
        """What was ended since it was last asked."""
        now = self._clock()
        oldest = now - self._lifetime
        found = await store.ended_sessions(conn, self._since - _OVERLAP if self._since else oldest)
        self._since = now
        known = self._ended | {row["session"]: row["at"] for row in found}
        self._ended = {session_id: at for session_id, at in known.items() if at > oldest}

    @asynccontextmanager
    async def followed(self, database: Database) -> AsyncGenerator[None]:
        """Is asked for in the background, again and again, and once before anything else."""
        await self._tried(database)
        following = asyncio.create_task(self._follow(database))
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def _follow(self, database: Database) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            await self._tried(database)

    async def _tried(self, database: Database) -> None:
        """Where it fails, what is known stays known, and the next time may do."""
        try:
            await database.run(Transaction.READ, self.learn, SERVICE)
        except Exception as error:  # noqa: BLE001 - the worker goes on
            if not self._failing:
                _log.warning("ended sessions are not known", **told_of(error))
            self._failing = True
        else:
            self._failing = False
