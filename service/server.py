"""Several processes of the application under gunicorn: they share one port, and drain when they are told to stop."""

import os
import tempfile
from collections.abc import Callable
from typing import Any

from aiohttp import web
from gunicorn.app.base import BaseApplication

from service.config import Settings


class _Gunicorn(BaseApplication):
    def __init__(self, settings: Settings, make: Callable[[], web.Application], when_ready: Callable[[], None]) -> None:
        self._settings = settings
        self._make = make
        self._when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        options: dict[str, Any] = {
            "bind": f"{settings.host}:{settings.port}",
            "workers": settings.workers,
            "worker_class": "aiohttp.GunicornUVLoopWebWorker",
            "graceful_timeout": settings.drain_seconds,
            # A worker whose loop stands still for so long is replaced.
            "timeout": 60,
            "backlog": 2048,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda _arbiter: self._when_ready(),
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> web.Application:
        return self._make()


def serve(settings: Settings, make: Callable[[], web.Application], when_ready: Callable[[], None]) -> None:
    """Serves until SIGTERM or SIGINT. `make` runs in each worker; `when_ready` when the port is open.

    Leaves by SystemExit, in the master and in every forked worker alike.
    """
    if settings.workers > 1:
        # Read by prometheus-client when the first metric is made, so before `make` imports any.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="zapis-metrics-"))
    _Gunicorn(settings, make, when_ready).run()
