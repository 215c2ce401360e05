"""Sessions that were ended, and credentials that were taken back, while access tokens of theirs are still good: each
worker knows them, in memory."""

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
_AN_HOUR = timedelta(hours=1)


class EndedSessions:
    """Remembers each for as long as an access token lives: then its tokens have expired by themselves.

    Of a system it is known which generation of its tokens is the first that is good: none of a revoked one's is.
    """

    def __init__(
        self, token_lifetime: timedelta, every_seconds: float, clock: Clock, system_lifetime: timedelta = _AN_HOUR
    ) -> None:
        self._lifetime = token_lifetime + _OVERLAP
        self._system_lifetime = system_lifetime + _OVERLAP
        self._every_seconds = every_seconds
        self._clock = clock
        self._ended: dict[UUID, datetime] = {}
        self._clients: dict[UUID, tuple[int, datetime]] = {}
        self._since: datetime | None = None
        self._failing = False

    def admit(self, actor: Actor) -> Actor:
        """The caller, if their session goes on, or their credentials. Raises DomainError `unauthenticated`."""
        if actor.session_id in self._ended:
            raise DomainError(problems.UNAUTHENTICATED)
        if self._clients and actor.kind == "system" and actor.generation < self._first_good(actor.id):
            raise DomainError(problems.UNAUTHENTICATED)
        return actor

    def _first_good(self, client_id: UUID) -> int:
        known = self._clients.get(client_id)
        return known[0] if known else 0

    def add(self, session_ids: Iterable[UUID]) -> None:
        """Here they are refused at once; elsewhere when it is next asked for."""
        self._ended |= dict.fromkeys(session_ids, self._clock())

    def add_client(self, client_id: UUID, generation: int) -> None:
        """Its tokens of before that generation are refused: here at once, elsewhere when it is next asked for."""
        self._clients[client_id] = max(generation, self._first_good(client_id)), self._clock()

    async def learn(self, conn: Connection) -> None:
        """What was ended since it was last asked."""
        now = self._clock()
        oldest, oldest_of_systems = now - self._lifetime, now - self._system_lifetime
        since = self._since - _OVERLAP if self._since else None
        found = await store.ended_since(conn, since or oldest, since or oldest_of_systems)
        self._since = now
        for row in found:
            if row["generation"] is None:
                self._ended[row["id"]] = row["at"]
            else:
                # Of two answers that overtake each other the later end counts.
                self._clients[row["id"]] = max(row["generation"], self._first_good(row["id"])), row["at"]
        self._ended = {session_id: at for session_id, at in self._ended.items() if at > oldest}
        self._clients = {one: (first, at) for one, (first, at) in self._clients.items() if at > oldest_of_systems}

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
