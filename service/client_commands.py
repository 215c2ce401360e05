"""`zapis client` and `zapis sessions`: what was given to systems and citizens, and how it is taken back."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.config import Settings
from service.connecting import DatabaseOf, over

if TYPE_CHECKING:
    from schemas.clients import Client
    from service.core.database import Connection

_KEEP_HOURS = 24
_PublicKeys = Annotated[
    list[Path] | None,
    typer.Option("--public-key", help="PEM of the system's own key, in place of a secret. May be given twice."),
]


def make(database: DatabaseOf) -> typer.Typer:
    """The commands for clients, over the database that `database` gives for the settings."""
    cli = typer.Typer(no_args_is_help=True, help="Credentials of institutions' and operators' systems.")

    @cli.command()
    def create(
        name: Annotated[str, typer.Option(help="Whose system it is, for people to read.")],
        region: Annotated[int, typer.Option(help="Code of the region.")],
        scope: Annotated[list[str], typer.Option(help="May be given several times.")],
        institution: Annotated[
            UUID | None, typer.Option(help="Without it the client acts for the whole region.")
        ] = None,
        public_key: _PublicKeys = None,
    ) -> None:
        """Make credentials for createToken. The secret is shown once."""
        client_id, secret = over(
            database, Settings(), lambda conn: _create(conn, region, institution, name, scope, _read(public_key))
        )
        typer.echo(f"client_id={client_id}" + (f"\nclient_secret={secret}" if secret else ""))

    @cli.command("list")
    def list_(region: Annotated[int | None, typer.Option(help="Code of the region; all where absent.")] = None) -> None:
        """Show all systems: when they last took a token, what they may do, whose keys are short."""
        over(database, Settings(), lambda conn: _list(conn, region))

    @cli.command()
    def rotate(
        client_id: Annotated[str, typer.Argument(help="As `zapis client list` shows it.")],
        keep_hours: Annotated[
            int, typer.Option(min=0, max=24 * 14, help="How long what it has stays good; 0: its tokens end, too.")
        ] = _KEEP_HOURS,
        public_key: _PublicKeys = None,
    ) -> None:
        """Give a system another secret, or other keys. The secret is shown once."""
        keys, keep = _read(public_key), timedelta(hours=keep_hours)
        secret = over(database, Settings(), lambda conn: _rotate(conn, *_named(client_id), keep, keys))
        typer.echo(f"client_id={client_id}" + (f"\nclient_secret={secret}" if secret else ""))
        typer.echo(
            f"What it had is good for {keep_hours} more hours."
            if keep_hours
            else "What it had is worth nothing any more; its tokens end within seconds."
        )

    @cli.command()
    def revoke(client_id: Annotated[str, typer.Argument(help="As `zapis client list` shows it.")]) -> None:
        """Take a system's credentials back: they are worth nothing any more, its tokens nothing within seconds."""
        if not over(database, Settings(), lambda conn: _revoke(conn, *_named(client_id))):
            raise typer.BadParameter("there is no such client")
        typer.echo(f"{client_id} is revoked.")

    return cli


def make_sessions(database: DatabaseOf) -> typer.Typer:
    """The commands for sessions."""
    cli = typer.Typer(no_args_is_help=True, help="Sessions of citizens.")

    # With one command alone typer would leave its name out.
    @cli.callback()
    def sessions() -> None:
        pass

    @cli.command()
    def end(
        region: Annotated[int, typer.Option(help="Code of the region.")],
        citizen: Annotated[
            str, typer.Option(help="The id of the account, or its platform and the user's id there: vk:19039187.")
        ],
    ) -> None:
        """End all sessions of a citizen, on all platforms: they are out within seconds, until their next launch."""
        ended = over(database, Settings(), lambda conn: _end(conn, region, citizen))
        if ended is None:
            raise typer.BadParameter("there is no such citizen in the region")
        typer.echo(f"{ended} sessions have ended.")

    return cli


def _read(files: list[Path] | None) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in files or ()]


def _named(client_id: str) -> tuple[int, UUID]:
    region, _, own_id = client_id.partition(".")
    try:
        return int(region), UUID(own_id)
    except ValueError:
        raise typer.BadParameter("a client is named as in `zapis client list`: the region, a dot, and a UUID") from None


async def _create(
    conn: "Connection", region: int, institution: UUID | None, name: str, scopes: list[str], keys: list[str]
) -> tuple[str, str]:
    import asyncpg

    from service.core.clock import utc_now
    from service.launch.clients import create_by_hand

    try:
        return await create_by_hand(conn, region, institution, name, scopes, utc_now, keys)
    except asyncpg.ForeignKeyViolationError:
        raise typer.BadParameter("there is no such region, or no such institution in it") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


async def _list(conn: "Connection", region: int | None) -> None:
    from service.core.clock import utc_now
    from service.institutions.usecases import list_regions
    from service.launch.clients import all_clients

    now = utc_now()
    regions = [one.code for one in (await list_regions(conn, "en")).items] if region is None else [region]
    for code in regions:
        async for client in all_clients(conn, code):
            typer.echo(_line(client, now))


def _line(client: "Client", now: datetime) -> str:
    is_replaced = client.earlier_until is not None and client.earlier_until > now
    state = "revoked" if client.revoked_at else "replaced" if is_replaced else "good"
    used = client.used_at.isoformat(timespec="seconds") if client.used_at else "never"
    keys = ", ".join(key.kind + (" (short: replace it)" if key.short else "") for key in client.keys)
    whose = client.institution.name if client.institution else "the whole region"
    scopes = ",".join(client.scopes)
    return f"{client.client_id}  {state:8}  used {used:25}  {keys or 'secret'}  {scopes}  {client.name} ({whose})"


async def _rotate(conn: "Connection", region: int, client_id: UUID, keep: timedelta, keys: list[str]) -> str:
    from service.core.clock import utc_now
    from service.core.errors import DomainError
    from service.launch.clients import rotate_by_hand

    try:
        return await rotate_by_hand(conn, region, client_id, keep, keys, utc_now)
    except DomainError as error:
        raise typer.BadParameter(error.refusal.en) from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


async def _revoke(conn: "Connection", region: int, client_id: UUID) -> bool:
    from service.core.clock import utc_now
    from service.launch.clients import revoke_by_hand

    return await revoke_by_hand(conn, region, client_id, utc_now)


async def _end(conn: "Connection", region: int, citizen: str) -> int | None:
    from service.core.clock import utc_now
    from service.launch.sessions import end_by_hand

    platform, named, user = citizen.partition(":")
    try:
        account = (platform, user) if named else UUID(citizen)
    except ValueError:
        raise typer.BadParameter("a citizen is an id, or a platform and the user's id there: vk:19039187") from None
    return await end_by_hand(conn, region, account, utc_now)
