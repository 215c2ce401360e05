"""Several processes of the application under gunicorn: they share one port, and drain when they are told to stop."""

import errno
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from aiohttp import web
from aiohttp.worker import GunicornUVLoopWebWorker
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from service.config import Settings
from service.core import logs

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


class _Worker(GunicornUVLoopWebWorker):
    """Hears at any time, and at once, that it has to stop.

    gunicorn's own worker loses a signal that comes before its loop runs, which is after the application was imported,
    and the master would wait for it in vain. And it would take up SIGTERM up to a second later.
    """

    def init_process(self) -> None:
        for number in _STOPS:
            signal.signal(number, _leave)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        super().init_process()

    def init_signals(self) -> None:
        """Not yet: the loop's handlers hear nothing until it runs."""

    def run(self) -> None:
        super().init_signals()
        super().run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.handle_quit(sig, frame)


def _leave(_number: int, _frame: FrameType | None) -> None:
    # Nothing has begun yet. An exception would be lost where it happens to arise in a destructor.
    os._exit(0)


def _hold_stops_at_forks() -> None:
    """What comes between the fork and `init_process` waits for it."""
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS),
    )


class _Log(Logger):
    """gunicorn's words come out as all others do."""

    def setup(self, cfg: Any) -> None:
        self.error_log.setLevel(cfg.loglevel.upper())
        self.error_log.propagate = True


class _Gunicorn(BaseApplication):
    def __init__(self, options: dict[str, Any], make: Callable[[], web.Application]) -> None:
        self._options = options
        self._make = make
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        app = self._make()
        # What is there now stays: to walk over all of it at each full collection would halt the loop for tens of
        # milliseconds. What a request makes seldom needs collecting at all.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        return app


def listen(settings: Settings) -> socket.socket:
    """The port, taken but not yet listened at. Leaves by SystemExit, in one line, where it can't be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.socket(family)
    try:
        # Connections of the service before this one may linger.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((settings.host, settings.port))
    except OSError as error:
        taken.close()
        where = f"zapis: cannot listen on {settings.host}, port {settings.port}"
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"{where}: another process does. Stop it, or set ZAPIS_PORT to another port.")
        sys.exit(f"{where}: {error.strerror}.")
    return taken


def serve(
    settings: Settings, port: socket.socket, make: Callable[[], web.Application], when_ready: Callable[[], None]
) -> None:
    """Serves on `port` until SIGTERM or SIGINT. `make` runs in each worker; `when_ready` when the port is open.

    Leaves by SystemExit, in the master and in every forked worker alike.
    """

    def say_ready(_arbiter: object) -> None:
        when_ready()

    logs.configure(settings.log_level)
    options: dict[str, Any] = {
        "bind": f"fd://{port.detach()}",
        "backlog": 2048,
        "workers": settings.workers,
        "worker_class": _Worker,
        "logger_class": _Log,
        "loglevel": "warning",
        "graceful_timeout": settings.drain_seconds,
        # A worker whose loop stands still for so long is replaced.
        "timeout": 60,
        # Longer than proxies keep an idle connection: who closes first loses the request that comes meanwhile.
        "keepalive": 75,
        # Nothing is written into the folder where the service was started.
        "control_socket_disable": True,
        "when_ready": say_ready,
        "child_exit": _forget_metrics,
    }
    _hold_stops_at_forks()
    with _metrics_folder(settings.workers):
        _Gunicorn(options, make).run()


@contextmanager
def _metrics_folder(workers: int) -> Generator[None]:
    """Where several workers put their metrics together; nothing of it is left afterwards."""
    if workers == 1 or _METRICS in os.environ:
        yield
        return
    master = os.getpid()
    # Read by prometheus-client when it is imported, so nothing before `make` imports it.
    os.environ[_METRICS] = tempfile.mkdtemp(prefix="zapis-metrics-")
    try:
        yield
    finally:
        # A worker that leaves comes past here too.
        if os.getpid() == master:
            shutil.rmtree(os.environ.pop(_METRICS), ignore_errors=True)


def _forget_metrics(_arbiter: object, worker: _Worker) -> None:
    """What is true of live processes alone; the counters of a dead one still count."""
    if _METRICS in os.environ:
        from prometheus_client import multiprocess  # noqa: PLC0415 - see _metrics_folder

        multiprocess.mark_process_dead(worker.pid)  # pyright: ignore[reportUnknownMemberType] - it has no annotations
