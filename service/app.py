"""Puts the HTTP application together: the operations of every domain, and what they are handed."""

from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog
from aiohttp import web

from service.availability import operations as availability
from service.clubs import operations as clubs
from service.config import Settings
from service.core import logs, openapi, reference
from service.core.binding import Ground, bind
from service.core.cache import SecondCache
from service.core.clock import Clock, utc_now
from service.core.cursors import Cursors
from service.core.database import Database
from service.core.edge import edge
from service.core.health import Health
from service.core.sealing import Sealer
from service.doctors import operations as doctors
from service.institutions import operations as institutions
from service.launch import operations as launch
from service.launch.tokens import Tokens
from service.launch.usecases import LaunchTerms
from service.migrations import newest
from service.people import operations as people

_DOMAINS = (launch, institutions, people, doctors, availability, clubs)
OPERATIONS = tuple(operation for domain in _DOMAINS for operation in domain.OPERATIONS)
_log = structlog.get_logger("zapis")


def document() -> dict[str, Any]:
    """The OpenAPI document of all operations."""
    tags = {domain.__name__.split(".")[1]: domain.__doc__ or "" for domain in _DOMAINS}
    try:
        return openapi.document(OPERATIONS, version("zapis"), tags)
    except PackageNotFoundError:
        return openapi.document(OPERATIONS, "0", tags)


def make_app(settings: Settings, dsn: str, clock: Clock = utc_now) -> web.Application:
    """One worker's application over the database at `dsn`."""
    logs.configure(settings.log_level)
    database = Database(
        dsn,
        pool_size=settings.pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
        lock_timeout_ms=settings.lock_timeout_ms,
    )
    keys = settings.keys()
    tokens = Tokens(keys.signing, clock)
    collaborators: dict[str, object] = {
        "clock": clock,
        "tokens": tokens,
        "sealer": Sealer(keys.sealing, keys.hashing),
        "cursors": Cursors(keys.cursors),
        "launch_terms": LaunchTerms(
            vk_apps=settings.vk_secrets(),
            max_age_seconds=settings.launch_max_age_seconds,
            max_ahead_seconds=settings.launch_max_ahead_seconds,
            citizen_token_seconds=settings.citizen_token_seconds,
            administrator_token_seconds=settings.administrator_token_seconds,
            system_token_seconds=settings.system_token_seconds,
        ),
    }
    health = Health(database, newest())
    app = web.Application(middlewares=[edge], client_max_size=settings.max_body_bytes)
    app.add_routes(bind(OPERATIONS, Ground(database, tokens.authenticate, collaborators, SecondCache())))
    app.add_routes(health.routes())
    app.add_routes(reference.routes(document))

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with database.opened():
            _log.info("worker ready")
            yield
        _log.info("worker drained")

    async def drain(_app: web.Application) -> None:
        health.draining = True

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(drain)
    return app
