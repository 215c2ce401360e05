"""`zapis keys`: the keys that seal and sign follow one another without a restart."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.config import Settings
from service.connecting import DatabaseOf, over
from service.core.keys import KeysWrong

if TYPE_CHECKING:
    from service.core.database import Connection
    from service.core.ring import Purpose
    from service.keyring.usecases import Progress

_WATCH_SECONDS = 1


def make(database: DatabaseOf) -> typer.Typer:
    """The commands, over the database that `database` gives for the settings."""
    cli = typer.Typer(no_args_is_help=True, help="Keys that seal identifiers and sign tokens.")

    @cli.command("list")
    def list_() -> None:
        """Show all keys: next, current, retired, revoked."""
        settings = Settings()
        over(database, settings, lambda conn: _list(conn, settings))

    @cli.command()
    def rotate(
        purpose: Annotated[list[str] | None, typer.Option(help="seal or sign; both where absent.")] = None,
        after_seconds: Annotated[
            float | None, typer.Option(help="How long it is known before it is used; 60 to seal, 600 to sign.")
        ] = None,
    ) -> None:
        """Make the next key. What older ones sealed is sealed anew by `zapis worker`; what they signed stays valid."""
        settings = Settings()
        wanted = _purposes(purpose)
        lead = _lead(settings, after_seconds)
        over(database, settings, lambda conn: _rotate(conn, settings, wanted, lead))

    @cli.command()
    def status(
        watch: Annotated[bool, typer.Option(help="Go on until nothing is sealed by an older key.")] = False,
    ) -> None:
        """Show how much is still sealed by older keys."""
        settings = Settings()
        over(database, settings, lambda conn: _status(conn, settings, watch=watch))

    @cli.command()
    def revoke(key_id: Annotated[str, typer.Argument(help="As `zapis keys list` shows it.")]) -> None:
        """Destroy a retired key: what it signed is no longer valid. Refused while there is what it sealed."""
        from service.keyring.usecases import revoke

        settings = Settings()
        over(database, settings, lambda conn: revoke(conn, settings.keys(), key_id, _now()))
        typer.echo(f"{key_id} is revoked.")

    @cli.command()
    def rewrap() -> None:
        """Seal the keys in the database by the last of ZAPIS_SEALING_KEYS. No row of anybody is touched."""
        from service.keyring.usecases import rewrap

        settings = Settings()
        count = over(database, settings, lambda conn: rewrap(conn, settings.keys()))
        typer.echo(f"{count} keys are sealed by {list(settings.keys().sealing)[-1]} now.")

    return cli


async def check(settings: Settings, dsn: str) -> None:
    """Raises KeysWrong where the database holds keys that those of the settings do not open.

    Where the database is away, or not migrated, there is nothing to be said yet; where another one answers, there is.
    """
    import ssl

    import asyncpg

    from service.keyring.usecases import troubles

    try:
        connection = await asyncpg.connect(dsn, timeout=3)
    except ssl.SSLError:
        raise
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return
    try:
        if said := "; ".join(await troubles(connection, settings.keys())):
            raise KeysWrong(said)
    except asyncpg.UndefinedTableError:
        return
    finally:
        await connection.close()


def _now() -> datetime:
    from service.core.clock import utc_now

    return utc_now()


def _purposes(given: list[str] | None) -> "list[Purpose]":
    from service.core.ring import PURPOSES

    if unknown := set(given or ()) - set(PURPOSES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: seal or sign")
    return [purpose for purpose in PURPOSES if given is None or purpose in given]


def _lead(settings: Settings, after_seconds: float | None) -> timedelta | None:
    from service.keyring.rules import LOOKS_AHEAD

    least = LOOKS_AHEAD * settings.key_poll_seconds
    if after_seconds is not None and after_seconds < least:
        raise typer.BadParameter(f"every process has to hear of the key before: {least:g} seconds at least")
    return None if after_seconds is None else timedelta(seconds=after_seconds)


async def _list(conn: "Connection", settings: Settings) -> None:
    from service.keyring.usecases import list_keys

    for key in await list_keys(conn, settings.keys(), _now()):
        since = key.current_from.isoformat(timespec="seconds") if key.current_from else "always"
        where = "destroyed" if key.state == "revoked" else "in the settings"
        where = f"sealed by {key.wrapped_by}" if key.wrapped_by else where
        typer.echo(f"{key.id:16}  {key.purpose}  {key.state:8} {since:26} {where}")


async def _rotate(conn: "Connection", settings: Settings, wanted: "list[Purpose]", lead: timedelta | None) -> None:
    from service.keyring.usecases import rotate

    for purpose in wanted:
        key_id, since = await rotate(conn, settings.keys(), purpose, _now(), lead)
        typer.echo(f"{key_id} {purpose}s from {since.isoformat(timespec='seconds')} on.")


async def _status(conn: "Connection", settings: Settings, *, watch: bool) -> None:
    from service.keyring.usecases import progress

    while True:
        found = await progress(conn, settings.keys(), _now())
        left = sum(sum(one.older.values()) for one in found)
        total = left + sum(one.current for one in found)
        for one in found:
            if not watch or left == 0:
                typer.echo(_line(one))
        typer.echo(f"{total - left} of {total} are sealed by the current key, {left} are left.")
        if left == 0 or not watch:
            return
        await asyncio.sleep(_WATCH_SECONDS)


def _line(one: "Progress") -> str:
    older = ", ".join(f"{count} by {key_id}" for key_id, count in sorted(one.older.items()))
    return f"{one.column:28} {one.current} by the current key" + (f", {older}" if older else "")
