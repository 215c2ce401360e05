"""`python -m benchmarks.proof`: what a proof of work costs the service, and whoever has to bring it.

Two services with one worker each over one database: at one nobody is asked for proofs, at the other everybody is. Both
are sent bookings, in turns: the first books them, the second refuses them with a challenge. Of the requests with a
proof that is forged, the signature is wrong. Beside it, how long the parts take in one process of this machine, and how
long one of its cores tries to find what is looked for, by the C of OpenSSL: a program has no slower one.
"""

import asyncio
import json
import statistics
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import Any

import altcha
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.bars import met
from benchmarks.ground import POOL_SIZE, Requests, prepare
from benchmarks.load import load
from benchmarks.processes import free_port, running
from service import migrations
from service.config import Settings
from service.core import embedded
from service.core.clock import utc_now
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.limits import CLASSES, Limits
from service.core.limits import Table as Counts
from service.core.operations import Actor
from service.core.proofs import COUNTERS, HEADER, ITERATIONS, MOST_DOUBLINGS, Proofs

ROUNDS, BOOKINGS, CONNECTIONS, TIMES = 3, 1000, 32, 500
# To refuse must cost less than to do what is asked.
LEAST_RATIO = 1.0
_ASKS_ALWAYS = "1/h burst 1"


@dataclass(frozen=True)
class Figures:
    """Answers a second by one worker, and seconds."""

    booked: float
    refused: float
    forged: float
    parts: Mapping[str, float]
    derived_seconds: float


@contextmanager
def _service(environment: Mapping[str, str], pressure: str) -> Generator[int]:
    port = free_port()
    limits = dict.fromkeys(CLASSES, "1000000/s burst 1000000") | {"pressure": pressure}
    own = {"ZAPIS_LIMITS": json.dumps(limits), "ZAPIS_PORT": str(port)}
    with running("service", "serve", port=port, ready="/readyz", environment={**environment, **own}):
        yield port


async def _rate(port: int, requests: Sequence[bytes], expected: int) -> float:
    measured = await load(port, requests, CONNECTIONS)
    if measured.statuses != Counter({expected: len(requests)}):
        raise RuntimeError(f"answered {dict(measured.statuses)}, not {expected} alone")
    return measured.per_second


def _with_proof(requests: Sequence[bytes], proof: str) -> list[bytes]:
    field = f"\r\n{HEADER}: {proof}\r\n".encode()
    return [request.replace(b"\r\n", field, 1) for request in requests]


def _challenged() -> tuple[Proofs, Actor, Any]:
    proofs = Proofs(Limits({"pressure": _ASKS_ALWAYS, "attempts": "off"}, Counts(), utc_now), bytes(32), utc_now)
    citizen = Actor("citizen", new_id(), 42, new_id())
    try:
        proofs.demand(citizen, [new_id()], b"asked", None)
    except DomainError as refused:
        return proofs, citizen, refused.extra["challenge"]
    raise AssertionError("nobody was asked")


def _seconds(part: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(TIMES):
        part()
    return (time.perf_counter() - began) / TIMES


def _parts() -> tuple[dict[str, float], str]:
    """How long each takes; and a proof whose signature is wrong."""
    proofs, citizen, challenge = _challenged()
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))  # pyright: ignore[reportUnknownMemberType]
    assert solution is not None

    def proof(challenge: Any) -> str:
        shown = {"challenge": challenge, "solution": solution.to_dict()}  # pyright: ignore[reportUnknownMemberType]
        return b64encode(json.dumps(shown).encode()).decode()

    def demand(given: str | None) -> None:
        with suppress(DomainError):
            proofs.demand(citizen, [], b"asked", given)

    good, forged = proof(challenge), proof({**challenge, "signature": "0" * 64})
    quiet = Proofs(Limits({"pressure": "1000000/s burst 1000000"}, Counts(), utc_now), bytes(32), utc_now)
    parts = {
        "on a quiet day": _seconds(lambda: quiet.demand(citizen, [], b"asked", None)),
        "to ask": _seconds(lambda: demand(None)),
        "to look at a proof that is good": _seconds(lambda: demand(good)),
        "to refuse a forged one, and ask anew": _seconds(lambda: demand(forged)),
    }
    return parts, forged


def measure() -> Figures:
    parts, forged = _parts()
    derived = _seconds(lambda: pbkdf2_hmac("sha256", bytes(20), bytes(16), ITERATIONS, 32))
    booked, refused, wrong = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="zapis-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(embedded.run(folder))
        migrations.upgrade(server.dsn)
        asyncio.run(prepare(server.dsn, (ROUNDS + 1) * BOOKINGS))
        environment = {
            "ZAPIS_DATA_DIR": str(folder),
            "ZAPIS_DATABASE_URL": server.dsn,
            "ZAPIS_WORKERS": "1",
            "ZAPIS_POOL_SIZE": str(POOL_SIZE),
        }
        quiet = stack.enter_context(_service(environment, "off"))
        pressed = stack.enter_context(_service(environment, _ASKS_ALWAYS))
        asked = Requests(Settings(data_dir=folder))
        for number in range(ROUNDS + 1):
            requests = asked.bookings(range(1 + number * BOOKINGS, 1 + (number + 1) * BOOKINGS))
            refused.append(uvloop.run(_rate(pressed, requests, 428)))
            wrong.append(uvloop.run(_rate(pressed, _with_proof(requests, forged), 428)))
            booked.append(uvloop.run(_rate(quiet, requests, 201)))
    # The first round warms up.
    middle = [statistics.median(rates[1:]) for rates in (booked, refused, wrong)]
    return Figures(middle[0], middle[1], middle[2], parts, derived)


def table(figures: Figures) -> Table:
    shown = Table("a proof of work", "figure", "of bookings", "bar", "")
    shown.add_row("bookings, nobody is asked", f"{figures.booked:,.0f}/s", "", "", "")
    for what, rate in (("refused without a proof", figures.refused), ("refused with a forged one", figures.forged)):
        ratio = rate / figures.booked
        shown.add_row(what, f"{rate:,.0f}/s", f"{ratio:.2f}", f">= {LEAST_RATIO}", met(ratio >= LEAST_RATIO))
    shown.add_section()
    for what, seconds in figures.parts.items():
        shown.add_row(what, f"{seconds * 1e6:,.0f} us", "", "", "")
    shown.add_section()
    for what, counters in (("to solve, at first", COUNTERS), ("at the most", COUNTERS << MOST_DOUBLINGS)):
        shown.add_row(f"{what}: a core here, on the average", f"{figures.derived_seconds * counters / 2:.2f} s")
    return shown


if __name__ == "__main__":
    Console().print(table(measure()))
