"""Liveness, readiness and metrics: for whoever runs the service, outside the public contract."""

import os
from collections.abc import Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from service.core.callers import Network
from service.core.database import Connection, Database, DatabaseNotReady, check
from service.core.edge import only_for
from service.core.errors import DomainError
from service.core.operations import Transaction


class Health:
    """`draining` is set when the process begins to stop. The metrics are for callers from `metrics_from` alone."""

    def __init__(self, database: Database, newest_migration: str, metrics_from: Sequence[Network]) -> None:
        self._database = database
        self._newest_migration = newest_migration
        self._metrics_from = metrics_from
        self.draining = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", only_for(self._metrics_from, self.metrics)),
        ]

    async def healthz(self, _request: web.Request) -> web.Response:
        """The loop is alive."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """The database is writable and migrated, and the process is not draining; else 503 says what is missing."""
        missing = "the process is stopping" if self.draining else await self._missing()
        if missing is None:
            return web.json_response({"status": "ready"}, headers={"Cache-Control": "no-store"})
        headers = {"Cache-Control": "no-store", "Retry-After": "5"}
        return web.json_response({"status": "not ready", "missing": missing}, status=503, headers=headers)

    async def _missing(self) -> str | None:
        async def work(conn: Connection) -> None:
            await check(conn, self._newest_migration)

        try:
            await self._database.run(Transaction.READ, work, sight=None)
        except DatabaseNotReady as error:
            return str(error)
        except DomainError:
            return "the database does not answer"
        return None

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus's text format, of all workers together."""
        registry = REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
