"""Alembic's entry: one connection, one transaction, waiting for whoever else migrates."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from service.migrations.script import fill_calendar, open_doors, run_functions

# Any number will do as long as every version of Zapis uses the same.
_MIGRATION_LOCK = 5_287_142_001


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection)
    with context.begin_transaction():
        # A migration that can't have its lock soon must not stand in the way of everybody who comes after it.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        context.run_migrations()
        run_functions(connection)
        open_doors(connection)
        fill_calendar(connection)


async def _main() -> None:
    dsn: str = context.config.attributes["dsn"]
    # asyncpg reads the DSN itself: it knows sockets and options that an URL of SQLAlchemy can't hold.
    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=pool.NullPool, async_creator=lambda: asyncpg.connect(dsn)
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_main())
