"""Whose eyes a connection has: what row-level security lets its statements see (migrations/functions/sight.sql)."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg

Reach = Literal["nobody", "own", "region", "service", "entering"]


@dataclass(frozen=True, slots=True)
class Sight:
    """`own`: what is the citizen's, and what is the institution's; `entering`: what tells who somebody is."""

    reach: Reach
    region_id: int | None = None
    citizen_id: UUID | None = None
    institution_id: UUID | None = None


NOBODY = Sight("nobody")
ENTERING = Sight("entering")
SERVICE = Sight("service")


# One round trip, and only where it is another's turn. Whoever migrates owns the tables; the role owns nothing.
_LOOK = """
SELECT set_config('role', 'zapis_service', false), set_config('zapis.reach', $1, false),
       set_config('zapis.region', $2, false), set_config('zapis.citizen', $3, false),
       set_config('zapis.institution', $4, false)
"""


class SightedConnection(asyncpg.Connection):  # pyright: ignore[reportMissingTypeArgument] - generic in the stubs alone
    """A connection that knows whose eyes it has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sight: Sight | None = None

    async def look_as(self, sight: Sight) -> None:
        """From now on statements see what `sight` does. Raises asyncpg.InvalidParameterValueError where the database
        was never migrated so far that there are walls.
        """
        if sight == self._sight:
            return
        # Where it fails half-way nobody knows whose they are.
        self._sight = None
        await self.execute(
            _LOOK, sight.reach, *(_text(part) for part in (sight.region_id, sight.citizen_id, sight.institution_id))
        )
        self._sight = sight


def _text(value: int | UUID | None) -> str:
    return "" if value is None else str(value)
