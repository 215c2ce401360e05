"""Services that share a database and keys, and whoever looks after the keys."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import jwt

from service.core.database import Connection
from service.core.ring import Purpose
from service.keyring import usecases
from service.keyring.rules import LEADS
from tests.live import Live
from tests.races.processes import wait_until

POLL_SECONDS = 0.05


def looking_often(dsn: str, folder: Path) -> Live:
    """A service that hears of new keys at once."""
    return Live(dsn, folder, key_poll_seconds=POLL_SECONDS)


def ask(live: Live, work: Callable[[Connection], Awaitable[Any]]) -> Any:
    """What `zapis keys` does, at the time of the service."""

    async def run() -> Any:
        connection = await asyncpg.connect(live.dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return live.run(run())


def rotate(live: Live, purpose: Purpose, lead: timedelta | None = None) -> str:
    """The id of the next key."""
    key_id, _ = ask(live, lambda conn: usecases.rotate(conn, live.settings.keys(), purpose, live.clock(), lead))
    return key_id


def revoke(live: Live, key_id: str) -> None:
    ask(live, lambda conn: usecases.revoke(conn, live.settings.keys(), key_id, live.clock()))


def states(live: Live, purpose: Purpose) -> dict[str, str]:
    """Of each key, those of the settings too."""
    listed = ask(live, lambda conn: usecases.list_keys(conn, live.settings.keys(), live.clock()))
    return {key.id: key.state for key in listed if key.purpose == purpose}


def current(live: Live, purpose: Purpose) -> str:
    (key_id,) = [key_id for key_id, state in states(live, purpose).items() if state == "current"]
    return key_id


def published(live: Live) -> list[str]:
    return [key["kid"] for key in live.api().get("/.well-known/jwks.json").ok()["keys"]]


def signed_by(token: str | None) -> str:
    assert token is not None
    return jwt.get_unverified_header(token)["kid"]


def rotate_and_wait(live: Live, *others: Live) -> tuple[str, str]:
    """The signing key of before and of now, as every service knows."""
    old, new = current(live, "sign"), rotate(live, "sign")
    for one in (live, *others):
        wait_until(lambda one=one: new in published(one))
    live.clock.now += LEADS["sign"] + timedelta(seconds=1)
    return old, new


def left(live: Live) -> int:
    """How much is still sealed by older keys."""
    found = ask(live, lambda conn: usecases.progress(conn, live.settings.keys(), live.clock()))
    return sum(sum(column.older.values()) for column in found)
