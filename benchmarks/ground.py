"""The database that the benchmark runs over, and the requests for what is in it."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson

from benchmarks.load import request
from service.config import Settings
from service.core.clock import utc_now
from service.core.operations import Actor
from service.launch.tokens import Tokens

REGION = 42
POOL_SIZE = 10
# What the service asks its connections for: plans are the same for all that is compared.
SERVER_SETTINGS = {"jit": "off", "enable_seqscan": "off"}
_CLINICS = 20
_SPECIALTIES = ("58", "122", "34", "45", "54")
_CLINIC, _SLOT, _CITIZEN, _PERSON = 1, 5, 6, 7
_LEAST_DAYS, _MOST_DAYS = 6, 62


def bench_id(kind: int, number: int) -> UUID:
    """As the function of that name in ground.sql."""
    return UUID(f"00000000-{kind:04x}-7000-8000-{number:012x}")


async def prepare(dsn: str, bookings: int) -> None:
    """Fills a migrated database for so many bookings, numbered from 1."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT set_config('bench.bookings', $1, false)", str(bookings))
        await connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


class Requests:
    """The requests that the service and its baselines are asked with."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = Tokens(settings.keys().signing, utc_now)

    def _authorization(self, citizen: UUID) -> str:
        actor = Actor("citizen", citizen, REGION, bench_id(_CLINIC, 0))
        return f"Bearer {self._tokens.issue(actor, 'vk:1', int(timedelta(hours=1).total_seconds())).token}"

    def bookings(self, numbers: range) -> list[bytes]:
        """Each by another citizen, under a token that the service has not seen."""
        return [
            request(
                "POST",
                "/v1/appointments",
                orjson.dumps({"slot_id": bench_id(_SLOT, number), "person_id": bench_id(_PERSON, number)}),
                Authorization=self._authorization(bench_id(_CITIZEN, number)),
                Idempotency_Key=f"bench-{number}",
            )
            for number in numbers
        ]

    def bare_bookings(self, numbers: range) -> list[bytes]:
        """The same without a token and a key: the baseline asks nobody who they are."""
        return [
            request(
                "POST",
                "/",
                orjson.dumps(
                    {
                        "citizen_id": bench_id(_CITIZEN, number),
                        "slot_id": bench_id(_SLOT, number),
                        "person_id": bench_id(_PERSON, number),
                    }
                ),
            )
            for number in numbers
        ]

    def reads(
        self, count: int, *, citizen: int = 1, alike: bool = True, if_none_match: str | None = None
    ) -> list[bytes]:
        """First pages of free times of a specialty at a clinic: a hundred questions in turn, or no two `alike`."""
        headers = {"Authorization": self._authorization(bench_id(_CITIZEN, citizen))}
        if if_none_match is not None:
            headers["If_None_Match"] = if_none_match
        made: list[bytes] = []
        for number in range(count):
            clinic, specialty = number % _CLINICS, _SPECIALTIES[number // _CLINICS % len(_SPECIALTIES)]
            # However many days are asked for, the first page is full.
            days = 14 if alike else _LEAST_DAYS + number // 100 % (_MOST_DAYS - _LEAST_DAYS)
            target = f"/v1/slots?institution_id={bench_id(_CLINIC, clinic)}&specialty_code={specialty}&days={days}"
            made.append(request("GET", target, b"", **headers))
        return made
