"""Puts the HTTP application together: the operations of every domain, and what they are handed."""

from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog
from aiohttp import web

from service.applications import operations as applications
from service.availability import operations as availability
from service.campaigns import operations as campaigns
from service.certificates import operations as certificates
from service.clubs import operations as clubs
from service.collaborators import make_collaborators, make_database
from service.config import Settings
from service.confirmation import operations as confirmation
from service.core import logs, openapi, reference
from service.core.binding import Ground, bind
from service.core.cache import SecondCache
from service.core.clock import Clock, utc_now
from service.core.edge import edge
from service.core.health import Health
from service.core.outgoing import Outgoing
from service.doctors import operations as doctors
from service.documents import operations as documents
from service.draws import operations as draws
from service.institutions import operations as institutions
from service.launch import operations as launch
from service.launch.tokens import Tokens
from service.migrations import newest
from service.people import operations as people
from service.reception import operations as reception
from service.registers import operations as registers
from service.schedules import operations as schedules
from service.waiting import operations as waiting

_DOMAINS = (
    launch, institutions, people, doctors, availability, schedules, waiting, draws, reception, clubs, campaigns,
    applications, certificates, documents, registers, confirmation,
)  # fmt: skip
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
    database = make_database(settings, dsn)
    collaborators = make_collaborators(settings, clock)
    tokens, outgoing = collaborators["tokens"], collaborators["outgoing"]
    assert isinstance(tokens, Tokens)
    assert isinstance(outgoing, Outgoing)
    health = Health(database, newest())
    app = web.Application(middlewares=[edge], client_max_size=settings.max_body_bytes)
    app.add_routes(bind(OPERATIONS, Ground(database, tokens.authenticate, collaborators, SecondCache())))
    app.add_routes(health.routes())
    app.add_routes(reference.routes(document))

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with database.opened():
            _log.info("worker ready")
            yield
            await outgoing.close()
        _log.info("worker drained")

    async def drain(_app: web.Application) -> None:
        health.draining = True

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(drain)
    return app
