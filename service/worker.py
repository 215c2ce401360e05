"""The process that does what goes on by itself: the jobs of every domain, until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from service.applications import jobs as applications
from service.audit import jobs as audit
from service.campaigns import jobs as campaigns
from service.collaborators import make_collaborators, make_database, make_key_keeper
from service.config import Settings
from service.confirmation import jobs as confirmation
from service.core import events, logs
from service.core.callers import Callers
from service.core.clock import Clock, utc_now
from service.core.database import Database
from service.core.edge import make_edge
from service.core.headers import Headers
from service.core.health import Health
from service.core.jobs import Jobs
from service.core.limits import Limits, Table
from service.core.watch import Watch
from service.doctors import jobs as doctors
from service.documents import jobs as documents
from service.draws import jobs as draws
from service.filling import jobs as filling
from service.keyring import jobs as keyring
from service.launch import jobs as launch
from service.migrations import newest
from service.people import jobs as people
from service.personal_data import jobs as personal_data
from service.reception import jobs as reception
from service.schedules import jobs as schedules
from service.waiting import jobs as waiting

JOBS = (
    *launch.JOBS, *people.JOBS, *doctors.JOBS, *schedules.JOBS, *waiting.JOBS, *draws.JOBS, *reception.JOBS,
    *filling.JOBS, *campaigns.JOBS, *applications.JOBS, *documents.JOBS,
    *personal_data.JOBS,
    *confirmation.JOBS, *keyring.JOBS,
    # The last, for it chains what the others write.
    *audit.JOBS,
)  # fmt: skip
_log = structlog.get_logger("zapis")


def make_jobs(settings: Settings, database: Database, clock: Clock = utc_now) -> Jobs:
    """The jobs over an open database."""
    collaborators = make_collaborators(settings, clock)
    make_key_keeper(settings, database, collaborators, clock)
    return Jobs(JOBS, database, collaborators)


async def work(settings: Settings, dsn: str) -> None:
    """Works until SIGTERM or SIGINT, and then finishes what is under way."""
    logs.configure(settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = make_database(settings, dsn)
    collaborators = make_collaborators(settings, utc_now)
    keeper = make_key_keeper(settings, database, collaborators, utc_now)
    jobs = Jobs(JOBS, database, collaborators)
    async with events.summed_up(), database.opened(), keeper.polling(), _answering(settings, database):
        _log.info("jobs ready")
        await jobs.run(stop)
    _log.info("jobs drained")


@asynccontextmanager
async def _answering(settings: Settings, database: Database) -> AsyncGenerator[None]:
    """The worker tells how it is at a port of its own, where one is set. Leaves by SystemExit where it can't be had."""
    if settings.worker_port is None:
        yield
        return
    limits = Limits(settings.limits, Table(), utc_now)
    watch = Watch(settings.keys().addresses)
    app = web.Application(middlewares=[make_edge(Callers(settings.trusted_proxies), Headers(), limits, watch)])
    app.add_routes(Health(database, newest(), settings.metrics_from).routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.worker_port).start()
    except OSError as error:
        where = f"{settings.host}, port {settings.worker_port}"
        sys.exit(f"zapis: cannot listen on {where}: {error.strerror}. Set ZAPIS_WORKER_PORT to another port.")
    try:
        yield
    finally:
        await runner.cleanup()
