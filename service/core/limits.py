"""How much anybody may ask for: a generic cell rate algorithm over a table that all workers of a machine share.

A caller of a class may ask `burst` times at once, and then once in each interval. All that is kept of them is one
instant: when they would be through with what they asked for, had they kept to the rate.
"""

import secrets
import struct
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from hashlib import blake2b
from mmap import mmap
from multiprocessing import get_context
from typing import Literal, NamedTuple, get_args

from schemas import problems
from service.core.clock import Clock, nanoseconds
from service.core.errors import DomainError

LimitClass = Literal[
    "address", "entering", "institution", "citizen", "writes", "codes", "client", "pressure", "attempts"
]
CLASSES: frozenset[LimitClass] = frozenset(get_args(LimitClass))
PATTERN = r"^(off|[1-9]\d{0,6}/(s|min|h) burst [1-9]\d{0,6})\z"
# Why these: docs/decisions/0027-the-edge.md.
DEFAULTS: Mapping[LimitClass, str] = {
    "address": "300/s burst 3000",
    "entering": "50/s burst 1000",
    "institution": "1000/s burst 10000",
    "citizen": "10/s burst 60",
    "writes": "2/s burst 30",
    "codes": "10/min burst 10",
    "client": "50/s burst 500",
    # These refuse nobody, but say when work has to be proven and how much: docs/decisions/0038-proof-of-work.md.
    "pressure": "20/s burst 600",
    "attempts": "1/min burst 13",
}
_SECOND = 1_000_000_000
_PERIODS = {"s": _SECOND, "min": 60 * _SECOND, "h": 3600 * _SECOND}


class Rate(NamedTuple):
    """So many at once, and then one in each interval; nanoseconds. `whole`: until all that was used is there again."""

    burst: int
    interval: int
    whole: int


def rate_of(text: str) -> Rate | None:
    """As in the settings: `300/s burst 3000`; None: `off`. Raises ValueError or KeyError for anything else."""
    if text == "off":
        return None
    often, _, burst = text.partition(" burst ")
    count, _, period = often.partition("/")
    # Rounded up: never more often than was said.
    interval = -(-_PERIODS[period] // int(count))
    return Rate(int(burst), interval, int(burst) * interval)


class Allowance(NamedTuple):
    """What became of one request. `remaining`: how many more may follow at once; `reset`: until all is there again;
    `wait`: until the next may come, 0 where this one may pass; both in nanoseconds."""

    remaining: int
    reset: int
    wait: int


def decide(rate: Rate, kept: int, now: int) -> tuple[Allowance, int]:
    """The decision at `now`, and the instant to keep from then on.

    What was kept can't be further ahead than a whole burst: then the clock was set back, or the rate has changed, and
    the caller has used up all of it now.
    """
    _, interval, whole = rate
    begins = min(kept, now + whole) if kept > now else now
    ends = begins + interval
    room = now + whole - ends
    if room < 0:
        return Allowance(0, begins - now, -room), begins
    return Allowance(room // interval, ends - now, 0), ends


_CELL_BYTES, _CELLS_OF_BUCKET = 16, 4
_BUCKET_BYTES = _CELL_BYTES * _CELLS_OF_BUCKET
# Of words: the name at an even place, its instant behind it.
_CELL, _BUCKET = struct.Struct("=QQ"), struct.Struct("=8Q")
# Whoever asks often is not hashed each time.
_KNOWN = 1024
# So many parts of the table are locked by themselves.
_PARTS = 16
# Whoever holds a lock for so long has died with it: it is held for microseconds.
_DEAD_SECONDS = 0.1


class Table:
    """Who has asked how much, in memory that processes share: cells of 16 bytes, a keyed hash of whom and the instant.

    Made once, before the workers are forked, who inherit it; it goes with the last of them. A part of it is locked for
    as long as one of its buckets of four cells is worked on. Who waits for the lock of a process that was killed waits
    a tenth of a second, once; an instant is written whole or not.

    Where a bucket is full, who is the least ahead of their rate goes, and starts anew when they come back. Who asks too
    much is far ahead, so they stay; nobody can tell into whose bucket they fall, for the hash is keyed.
    """

    def __init__(self, cells: int = 65536) -> None:
        if cells * _CELL_BYTES < _BUCKET_BYTES or cells & (cells - 1):
            raise ValueError("the number of cells must be a power of two, and fill a bucket")
        self._mask = cells // _CELLS_OF_BUCKET - 1
        self._key = secrets.token_bytes(16)
        self._cells = mmap(-1, cells * _CELL_BYTES)
        self._words = memoryview(self._cells).cast("Q")
        # Of processes that are forked: neither takes a system call where nobody else has it.
        self._locks = [get_context("fork").Lock() for _ in range(_PARTS)]
        self._place = lru_cache(_KNOWN)(self._hashed)

    def take(self, whom: bytes, rate: Rate, now: int) -> Allowance:
        """Counts one request of theirs, where it may pass; one that is refused costs its caller nothing."""
        name, bucket = self._place(whom)
        lock = self._locks[bucket % _PARTS]
        # Where it can't be had, it is released for whoever died; and where two find that out, once.
        lock.acquire(True, _DEAD_SECONDS)
        try:
            return self._take(name, bucket * _BUCKET_BYTES, rate, now)
        finally:
            try:  # noqa: SIM105 - a context would take longer than the lock does
                lock.release()
            except ValueError:
                pass

    def _take(self, name: int, offset: int, rate: Rate, now: int) -> Allowance:
        bucket = _BUCKET.unpack_from(self._cells, offset)
        # An empty cell is named 0, as somebody is once in 2^64.
        names = bucket[::2]
        if name in names:
            place = 2 * names.index(name)
            kept = bucket[place + 1]
            allowance, keep = decide(rate, kept, now)
            if not allowance.wait or keep < kept:
                self._words[offset // 8 + place + 1] = keep
            return allowance
        instants = bucket[1::2]
        place = 2 * instants.index(min(instants))
        allowance, keep = decide(rate, 0, now)
        # The instant before the name: whoever dies in between leaves nobody with less than they had.
        self._words[offset // 8 + place + 1] = keep
        self._words[offset // 8 + place] = name
        return allowance

    def _hashed(self, whom: bytes) -> tuple[int, int]:
        """Their name, and their bucket."""
        name, bucket = _CELL.unpack(blake2b(whom, key=self._key, digest_size=_CELL.size).digest())
        return name, bucket & self._mask


class Counted(NamedTuple):
    """A request that was counted, and the fields that tell of it (draft-ietf-httpapi-ratelimit-headers)."""

    name: str
    rate: Rate
    allowance: Allowance

    @property
    def policy(self) -> str:
        """RateLimit-Policy: the quota, and the seconds in which it comes back whole."""
        return _policy(self.name, self.rate)

    @property
    def state(self) -> str:
        """RateLimit: what remains, and the seconds until there is more, or all of it again."""
        return f'"{self.name}";r={self.allowance.remaining};t={_seconds(self.allowance.wait or self.allowance.reset)}'

    @property
    def wait_seconds(self) -> int:
        return _seconds(self.allowance.wait)


@cache
def _policy(name: str, rate: Rate) -> str:
    return f'"{name}";q={rate.burst};w={_seconds(rate.whole)}'


def _seconds(nanoseconds: int) -> int:
    return -(-nanoseconds // _SECOND)


class TooMany(DomainError):
    """The caller is over a limit; when it is over is told in whole seconds."""

    def __init__(self, counted: Counted) -> None:
        super().__init__(problems.TOO_MANY_REQUESTS, retry_after_seconds=counted.wait_seconds)
        self.counted = counted


class Limits:
    """The limits of all classes over one table, by the clock. `rates`: other ones than the defaults, and those of
    single operations.
    """

    def __init__(self, rates: Mapping[str, str], table: Table, clock: Clock) -> None:
        texts: Mapping[str, str] = {**DEFAULTS, **rates}
        self._rates = {name: rate_of(text) for name, text in texts.items()}
        self._prefixes = {name: name.encode() for name in texts}
        self._table = table
        self._now = nanoseconds(clock)

    def names(self) -> AbstractSet[str]:
        """Of the classes and operations that have one."""
        return self._rates.keys()

    def count(self, name: str, whom: bytes) -> Counted | None:
        """Counts one request of theirs in that class, and says whether it may pass; None where there is no limit."""
        rate = self._rates[name]
        if rate is None:
            return None
        return Counted(name, rate, self._table.take(self._prefixes[name] + whom, rate, self._now()))

    def take(self, name: str, whom: bytes) -> Counted | None:
        """The same, for one that passes. Raises TooMany."""
        counted = self.count(name, whom)
        if counted is not None and counted.allowance.wait:
            raise TooMany(counted)
        return counted
