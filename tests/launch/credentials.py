"""Credentials of a system."""

from uuid import UUID

import asyncpg

from service.launch.clients import SCOPES, create_by_hand
from tests.live import Live


def credentials(
    live: Live, region: int, institution: UUID | str | None = None, scopes: tuple[str, ...] = SCOPES
) -> tuple[str, str]:
    """The id and the secret of a new client."""

    async def create() -> tuple[str, str]:
        connection = await asyncpg.connect(live.dsn)
        try:
            owner = UUID(str(institution)) if institution else None
            return await create_by_hand(connection, region, owner, "test", list(scopes), live.clock)
        finally:
            await connection.close()

    return live.run(create())
