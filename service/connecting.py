"""The one connection that a command has to the database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from service.config import Settings

if TYPE_CHECKING:
    from service.core.database import Connection

_T = TypeVar("_T")
# Gives the DSN for the settings, for as long as its context.
DatabaseOf = Callable[[Settings], AbstractContextManager[str]]


def over(database: DatabaseOf, settings: Settings, work: "Callable[[Connection], Awaitable[_T]]") -> _T:
    """What `work` gives, over a connection whose statements are planned as the service's are."""
    import asyncpg  # noqa: PLC0415 - a command that needs no database does not wait for it

    async def run(dsn: str) -> _T:
        connection = await asyncpg.connect(dsn, server_settings={"enable_seqscan": "off", "jit": "off"})
        try:
            return await work(connection)
        finally:
            await connection.close()

    with database(settings) as dsn:
        return asyncio.run(run(dsn))
