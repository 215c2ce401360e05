"""Background work: reconcilers that take no input, look at what is there, and do what is to be done.

A job may run in many processes at once, and be killed at any moment: each batch is one transaction, and rows that
another process works on are skipped. So there is no queue whose messages could be lost or come twice.
"""

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from prometheus_client import Counter, Gauge

from service.core.database import Connection, Database
from service.core.errors import DomainError
from service.core.logs import told_of
from service.core.operations import Transaction
from service.core.sight import SERVICE

_log = structlog.get_logger("zapis.jobs")
# So that processes that were started together do not all look at the same moment.
_JITTER = 0.2
_EVERY = Gauge("zapis_job_every_seconds", "How often a job looks.", ["job"], multiprocess_mode="max")
_SUCCEEDED = Gauge(
    "zapis_job_last_success_timestamp_seconds", "When a job last did its batch.", ["job"], multiprocess_mode="max"
)
_FAILURES = Counter("zapis_job_failures", "Batches of a job that failed, or were put off.", ["job"])


@dataclass(frozen=True, slots=True)
class Job:
    """`work` takes `conn` and collaborators by their names, does a bounded batch, and gives how many things it did."""

    name: str
    every_seconds: float
    work: Callable[..., Awaitable[int]]


class Jobs:
    """Jobs over a database, each handed what its work names. Raises TypeError where nobody hands that in."""

    def __init__(self, jobs: Sequence[Job], database: Database, collaborators: Mapping[str, object]) -> None:
        self._database = database
        self._jobs = [(job, _bound(job, collaborators)) for job in jobs]

    async def run_until_idle(self) -> int:
        """Runs all jobs in turn until none has anything to do; gives how many things were done."""
        done = 0
        while batch := await self.run_once():
            done += batch
        return done

    async def run_once(self) -> int:
        """A batch of each job; gives how many things were done."""
        return sum([await self._batch(work) for _, work in self._jobs])

    async def run(self, stop: asyncio.Event) -> None:
        """Runs the jobs until `stop` is set, and then finishes the batches that are under way."""
        for job, _ in self._jobs:
            # One that never succeeds is late from the start.
            _SUCCEEDED.labels(job.name).set(time.time())
            _EVERY.labels(job.name).set(job.every_seconds)
            _FAILURES.labels(job.name)
        async with asyncio.TaskGroup() as group:
            for job, work in self._jobs:
                group.create_task(self._keep_running(job, work, stop))

    async def _keep_running(self, job: Job, work: Callable[..., Awaitable[int]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            if await self._tried(job, work):
                continue
            seconds = job.every_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # nosec B311 # noqa: S311 - spreads load
            try:
                async with asyncio.timeout(seconds):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _tried(self, job: Job, work: Callable[..., Awaitable[int]]) -> int:
        """A batch; one that fails is told of and tried again at its next time, for a reconciler loses nothing by it."""
        try:
            done = await self._batch(work)
        except DomainError as error:
            _log.warning("job put off", job=job.name, code=error.refusal.code)
            _FAILURES.labels(job.name).inc()
            return 0
        except Exception as error:  # noqa: BLE001 - the other jobs go on
            _log.error("job failed", job=job.name, **told_of(error))
            _FAILURES.labels(job.name).inc()
            return 0
        _SUCCEEDED.labels(job.name).set(time.time())
        if done:
            _log.info("job", job=job.name, done=done)
        return done

    async def _batch(self, work: Callable[..., Awaitable[int]]) -> int:
        async def once(conn: Connection) -> int:
            return await work(conn=conn)

        return await self._database.run(Transaction.WRITE, once, SERVICE)


def _bound(job: Job, collaborators: Mapping[str, object]) -> Callable[..., Awaitable[int]]:
    names = inspect.signature(job.work).parameters.keys() - {"conn"}
    if unknown := names - collaborators.keys():
        raise TypeError(f"{job.name}: nobody hands in {sorted(unknown)}")
    return partial(job.work, **{name: collaborators[name] for name in names})
