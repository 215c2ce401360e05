"""Puts the HTTP application together: the operations of every domain, and what they are handed."""

from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog
from aiohttp import web

from service.applications import operations as applications
from service.audit import operations as audit
from service.availability import operations as availability
from service.campaigns import operations as campaigns
from service.certificates import operations as certificates
from service.clubs import operations as clubs
from service.collaborators import make_collaborators, make_database, make_key_keeper
from service.config import Settings
from service.confirmation import operations as confirmation
from service.consents import operations as consents
from service.core import events, logs, openapi, reference
from service.core.binding import Ground, bind
from service.core.cache import SecondCache
from service.core.callers import Callers
from service.core.clock import Clock, utc_now
from service.core.edge import make_edge
from service.core.headers import Headers
from service.core.health import Health
from service.core.limits import Limits, Table
from service.core.operations import Actor
from service.core.outgoing import Outgoing
from service.core.proofs import Proofs
from service.core.ring import KeyRing
from service.core.watch import Watch
from service.doctors import operations as doctors
from service.documents import operations as documents
from service.documents.files import DocumentFiles
from service.draws import operations as draws
from service.institutions import operations as institutions
from service.launch import operations as launch
from service.launch.ended import EndedSessions
from service.launch.tokens import Tokens
from service.migrations import newest
from service.people import operations as people
from service.personal_data import operations as personal_data
from service.reception import operations as reception
from service.registers import operations as registers
from service.schedules import operations as schedules
from service.staff import operations as staff
from service.waiting import operations as waiting

_DOMAINS = (
    launch, institutions, people, consents, confirmation, doctors, availability, schedules, waiting, draws, reception,
    clubs, campaigns, applications, certificates, documents, registers, audit, staff, personal_data,
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


def make_app(settings: Settings, dsn: str, clock: Clock = utc_now, counts: Table | None = None) -> web.Application:
    """One worker's application over the database at `dsn`; all workers of a machine count in one table."""
    logs.configure(settings.log_level)
    database = make_database(settings, dsn)
    collaborators = make_collaborators(settings, clock)
    names = ("tokens", "ended_sessions", "ring", "outgoing", "document_files")
    tokens, ended, ring, outgoing, files = (collaborators[name] for name in names)
    assert isinstance(tokens, Tokens)
    assert isinstance(ended, EndedSessions)
    assert isinstance(ring, KeyRing)
    assert isinstance(outgoing, Outgoing)
    assert isinstance(files, DocumentFiles)
    keeper = make_key_keeper(settings, database, collaborators, clock)
    health = Health(database, newest(), settings.metrics_from)
    limits = Limits(settings.limits, counts or Table(), clock)
    policies = Headers(settings.frame_ancestors, settings.allowed_origins)
    watch = Watch(ring.keys.addresses)
    edge = make_edge(Callers(settings.trusted_proxies), policies, limits, watch)

    def authenticate(token: str) -> Actor:
        return ended.admit(tokens.authenticate(token))

    app = web.Application(middlewares=[edge], client_max_size=settings.max_body_bytes)
    ground = Ground(
        database=database,
        authenticate=authenticate,
        request_key=ring.keys.requests,
        collaborators=collaborators,
        cache=SecondCache(),
        limits=limits,
        proofs=Proofs(limits, ring.keys.proofs, clock),
        body_seconds=settings.body_seconds,
        fresh_seconds=settings.fresh_launch_seconds,
    )
    app.add_routes(bind(OPERATIONS, ground))
    app.add_routes(health.routes())
    app.add_routes(reference.routes(document, settings.docs_from))

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with events.summed_up(), database.opened(), keeper.polling(), ended.followed(database):
            _log.info("worker ready")
            yield
            await outgoing.close()
            await files.close()
        _log.info("worker drained")

    async def drain(_app: web.Application) -> None:
        health.draining = True

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(drain)
    return app
