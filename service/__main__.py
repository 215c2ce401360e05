"""The command line: `zapis`, or `python -m service`."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import socket
from typing import Annotated

import typer

from service import client_commands, key_commands
from service.config import DEMO_VK_APP, Settings
from service.core import embedded
from service.migrations import newest
from service.mistakes import exit_of

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
seed_cli = typer.Typer(no_args_is_help=True, help="Fill the database.")
launch_cli = typer.Typer(no_args_is_help=True, help="Try launches by hand.")
draw_cli = typer.Typer(no_args_is_help=True, help="Draws of places.")
campaign_cli = typer.Typer(no_args_is_help=True, help="Campaigns: places by ranked wishes.")
audit_cli = typer.Typer(no_args_is_help=True, help="The logs of what was done, and of who was shown what.")
cli.add_typer(seed_cli, name="seed")
cli.add_typer(launch_cli, name="launch")
cli.add_typer(draw_cli, name="draw")
cli.add_typer(campaign_cli, name="campaign")
cli.add_typer(audit_cli, name="audit")


def main() -> None:
    """Errors that a person can mend are one line, not a traceback."""
    try:
        cli()
    except Exception as error:
        if (leaving := exit_of(error)) is None:
            raise
        sys.exit(leaving)


@contextmanager
def _database(settings: Settings) -> Generator[str]:
    """The DSN of the database: the one set, the embedded one that runs already, or the embedded one for as long."""
    if settings.database_url is not None:
        yield settings.database_url
    elif (dsn := embedded.running(settings.data_dir)) is not None:
        yield dsn
    else:
        with embedded.run(settings.data_dir) as server:
            _migrate_if_behind(server.dsn)
            yield server.dsn


def _migrate_if_behind(dsn: str) -> None:
    """In a process of its own: Alembic and SQLAlchemy would stay in the memory of every worker."""
    if asyncio.run(_revision(dsn)) != newest():
        subprocess.run([sys.executable, "-m", "service", "migrate", "--dsn", dsn], check=True)


async def _revision(dsn: str) -> str | None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
            return None
        return await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()


@cli.command()
def serve(
    seed_demo: Annotated[bool, typer.Option(help="Keep demonstration data in the embedded database.")] = False,
) -> None:
    """Serve the API; without ZAPIS_DATABASE_URL over the embedded database."""
    from service.server import listen

    settings = Settings()
    settings.keys()
    if settings.database_url is not None:
        if seed_demo:
            typer.echo("ZAPIS_DATABASE_URL is set: demonstration data goes there by `zapis seed demo` alone.")
        port = listen(settings)
        asyncio.run(key_commands.check(settings, settings.database_url))
        _serve(settings, settings.database_url, port)
    else:
        with embedded.run(settings.data_dir) as server:
            # Before what takes its time.
            port = listen(settings)
            _migrate_if_behind(server.dsn)
            asyncio.run(key_commands.check(settings, server.dsn))
            if seed_demo:
                _seed_if_behind(server.dsn)
            with _worker_beside(server.dsn):
                _serve(settings, server.dsn, port)


@contextmanager
def _worker_beside(dsn: str) -> Generator[None]:
    """`zapis worker` over the embedded database, for as long: who has it has one command alone."""
    worker = subprocess.Popen([sys.executable, "-m", "service", "worker", "--dsn", dsn])
    master = os.getpid()
    try:
        yield
    finally:
        # A worker of the server that leaves comes past here too.
        if os.getpid() == master:
            worker.terminate()
            worker.wait()


def _seed_if_behind(dsn: str) -> None:
    """In a process of its own, and only where there is something to add: a start of every day would wait for it."""
    if not asyncio.run(_is_demo_current(dsn)):
        subprocess.run([sys.executable, "-m", "service", "seed", "demo", "--if-empty", "--dsn", dsn], check=True)


async def _is_demo_current(dsn: str) -> bool:
    import asyncpg

    from service.demo.usecases import is_current

    connection = await asyncpg.connect(dsn)
    try:
        return await is_current(connection)
    finally:
        await connection.close()


def _serve(settings: Settings, dsn: str, port: socket) -> None:
    from service import server
    from service.core.limits import Table

    # Before the workers are: they inherit it.
    counts = Table()

    def make():
        from service.app import make_app

        return make_app(settings, dsn, counts=counts)

    server.serve(settings, port, make, lambda: _say_what_next(settings))


def _say_what_next(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    typer.echo(f"Zapis answers on {base}")
    typer.echo(f"  API reference   {base}/docs")
    typer.echo(f"  Is it ready?    curl {base}/readyz")
    typer.echo("  A walk-through with curl is in README.md. Ctrl-C stops.")


@cli.command()
def worker(dsn: Annotated[str | None, typer.Option(hidden=True)] = None) -> None:
    """Do what goes on by itself: offers that pass on, slots that are made ahead. Run one or several beside `serve`."""
    from service.worker import work

    settings = Settings()

    async def checked_and_done(found: str) -> None:
        await key_commands.check(settings, found)
        await work(settings, found)

    if dsn is not None:
        asyncio.run(checked_and_done(dsn))
        return
    with _database(settings) as found:
        asyncio.run(checked_and_done(found))


@cli.command()
def migrate(dsn: Annotated[str | None, typer.Option(hidden=True)] = None) -> None:
    """Bring the database to the schema of this version."""
    from service import migrations

    if dsn is not None:
        migrations.upgrade(dsn)
        return
    with _database(Settings()) as found:
        migrations.upgrade(found)
    typer.echo(f"The database is at migration {newest()}.")


cli.add_typer(key_commands.make(_database), name="keys")
cli.add_typer(client_commands.make(_database), name="client")
cli.add_typer(client_commands.make_sessions(_database), name="sessions")


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from service.app import document
    from service.core.document_text import as_yaml

    sys.stdout.write(as_yaml(document()))


@launch_cli.command("sign")
def launch_sign(
    page: Annotated[int, typer.Option(help="vk_group_id of the page.")] = 100001,
    user: Annotated[int, typer.Option(help="vk_user_id.")] = 1,
    role: Annotated[str, typer.Option(help="vk_viewer_group_role.")] = "none",
    app: Annotated[int | None, typer.Option(help="vk_app_id; the only one there is, where absent.")] = None,
) -> None:
    """Print a signed VK launch query string, for trying things by hand."""
    from service.launch import vk

    secrets = Settings().vk_secrets()
    app = app or next(iter(secrets), DEMO_VK_APP)
    if app not in secrets:
        raise typer.BadParameter(f"ZAPIS_VK_APPS has no app {app}")
    parameters = {
        "vk_app_id": str(app),
        "vk_group_id": str(page),
        "vk_language": "ru",
        "vk_platform": "mobile_web",
        "vk_ts": str(int(time.time())),
        "vk_user_id": str(user),
        "vk_viewer_group_role": role,
    }
    typer.echo(vk.sign(parameters, secrets[app][-1]))


@draw_cli.command("verify")
def draw_verify(
    record: Annotated[typer.FileBinaryRead, typer.Argument(help="The record (getDrawRecord); - reads it from stdin.")],
    seed_hash: Annotated[str | None, typer.Option(help="As published while requests were taken.")] = None,
    requests_digest: Annotated[str | None, typer.Option(help="As published when the draw was closed.")] = None,
) -> None:
    """Draw a published record anew, and say whether it is what the rules give. It needs no database."""
    from service.draws.rules import RecordWrong, replay

    try:
        drawn = replay(record.read(), published_seed_hash=seed_hash, published_digest=requests_digest)
    except RecordWrong as error:
        sys.exit(f"zapis: the record is not that of the draw: {error}")
    places = sum(slot.places for slot in drawn.slots)
    winners = sum(result.slot_id is not None for result in drawn.results)
    typer.echo(f"The record is right: {len(drawn.requests)} requests, {places} places, {winners} of them drawn.")
    if seed_hash is None or requests_digest is None:
        typer.echo("Compare it with what was published before: --seed-hash and --requests-digest.")


@campaign_cli.command("verify")
def campaign_verify(
    record: Annotated[
        typer.FileBinaryRead, typer.Argument(help="The record (getCampaignRecord); - reads it from stdin.")
    ],
    seed_hash: Annotated[str | None, typer.Option(help="As published while wishes were taken.")] = None,
    wishes_digest: Annotated[str | None, typer.Option(help="As published when they no longer were.")] = None,
) -> None:
    """Match a published record anew, and say whether it is what the rules give. It needs no database."""
    from service.campaigns.rules import RecordWrong, replay

    try:
        found = replay(record.read(), published_seed_hash=seed_hash, published_digest=wishes_digest)
    except RecordWrong as error:
        sys.exit(f"zapis: the record is not that of the matching: {error}")
    matched = sum(one.group_id is not None for one in found.matches)
    typer.echo(f"The record is right: {len(found.wishes)} children, {len(found.groups)} groups, {matched} matched.")
    if seed_hash is None or wishes_digest is None:
        typer.echo("Compare it with what was published before: --seed-hash and --wishes-digest.")


@audit_cli.command("head")
def audit_head() -> None:
    """Print where the chain of each log ends, to be written down where nobody who has the database can change it."""
    import asyncpg

    from service.audit.rules import chain_key
    from service.audit.usecases import list_heads

    settings = Settings()

    async def print_heads(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for chain, head in await list_heads(connection, chain_key(settings.keys().hashing)):
                typer.echo(f"{chain} {head}")
        finally:
            await connection.close()

    with _database(settings) as dsn:
        asyncio.run(print_heads(dsn))


@audit_cli.command("from")
def audit_from(
    address: Annotated[str, typer.Argument(help="An IPv4 or IPv6 address.")],
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In UTC; today where absent.")] = None,
) -> None:
    """Print what stands in the log (`from`) for an address on a day. It needs the keys, and no database."""
    from service.core.callers import subject_of
    from service.core.clock import utc_now
    from service.core.watch import Watch, day_of

    try:
        subject = subject_of(ip_address(address))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    named = Watch(Settings().keys().addresses).name_of(subject, day_of((day or utc_now()).replace(tzinfo=UTC)))
    typer.echo(named)


@audit_cli.command("verify")
def audit_verify(
    region: Annotated[int | None, typer.Option(help="Code of the region; all where absent.")] = None,
    log: Annotated[str | None, typer.Option(help="audit_trail or accesses; both where absent.")] = None,
    start: Annotated[
        int | None, typer.Option("--from", help="Position of an entry that was verified before; with --region, --log.")
    ] = None,
    head: Annotated[
        typer.FileText | None, typer.Option(help="What `zapis audit head` printed before; - reads it from stdin.")
    ] = None,
) -> None:
    """Seal every entry of the logs anew, and say where one is not what was written. Without --head an end that was cut
    off with its head is not seen.

    Leaves with 1 where one is not, with 3 where entries wait too long to be chained (is `zapis worker` running?), else
    with 0.
    """
    import asyncpg

    from service.audit.rules import chain_key, read_heads, read_log
    from service.audit.usecases import Verified, verify_all
    from service.core.clock import utc_now

    settings = Settings()
    try:
        chosen, written_down = read_log(log), read_heads(head.read() if head else "")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if start is not None and (region is None or chosen is None):
        raise typer.BadParameter("--from is a position in one chain: give --region and --log too")

    async def verified(dsn: str) -> list[Verified]:
        connection = await asyncpg.connect(dsn)
        try:
            key = chain_key(settings.keys().hashing)
            return await verify_all(
                connection, key, utc_now(), region_id=region, log=chosen, start=start, written_down=written_down
            )
        finally:
            await connection.close()

    with _database(settings) as dsn:
        found = asyncio.run(verified(dsn))
    telling = [one for one in found if one.tells]
    for one in telling:
        typer.echo(f"{one.chain}: {one.told()}")
    if empty := len(found) - len(telling):
        typer.echo(f"{empty} chains are empty.")
    if any(one.broken for one in found):
        sys.exit(1)
    if any(one.waiting for one in found):
        sys.exit(3)


@seed_cli.command("demo")
def seed_demo(
    if_empty: Annotated[bool, typer.Option(help="Do nothing, and say nothing, where there are other data.")] = False,
    dsn: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """A region like Kuzbass, with invented people: clinics, doctors, 14 days of slots, clubs.

    Where it is there already, it is brought up to today.
    """
    from service.demo.usecases import seed

    settings = Settings()
    if dsn is not None:
        asyncio.run(seed(dsn, settings, if_empty=if_empty))
        return
    with _database(settings) as found:
        asyncio.run(seed(found, settings, if_empty=if_empty))


if __name__ == "__main__":
    main()
