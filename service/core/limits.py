"""How much anybody may ask for: a generic cell rate algorithm over a table that all workers of a machine share.

A caller of a class may ask `burst` times at once, and then once in each interval. All that is kept of them is one
instant: when they would be through with what they asked for, had they kept to the rate.
"""

import os
import secrets
import struct
import tempfile
import weakref
from collections.abc import Mapping
from fcntl import LOCK_EX, LOCK_UN, lockf
from functools import lru_cache
from hashlib import blake2b
from mmap import mmap
from typing import Literal, NamedTuple, get_args

from schemas import problems
from service.core.clock import Clock
from service.core.errors import DomainError

LimitClass = Literal[
    "address", "entering", "institution", "citizen", "writes", "codes", "client", "pressure", "attempts"
]
CLASSES: tuple[LimitClass, ...] = get_args(LimitClass)
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
# Of a machine word each: the name at an even place, its instant behind it.
_WORDS_OF_BUCKET = 2 * _CELLS_OF_BUCKET
_WORD = struct.Struct("=QQ")
# Whoever asks often is not hashed each time.
_KNOWN = 1024


class Table:
    """Who has asked how much, in a file without a name: cells of 16 bytes, a keyed hash of whom and the instant.

    Made once, before the workers are forked, who inherit it; it goes with the last of them. They share it mapped. A
    bucket of four cells is locked by the kernel for as long as it is worked on. The lock of a process that is killed
    goes with it, and an instant is written whole or not.

    Where a bucket is full, who is the least ahead of their rate goes, and starts anew when they come back. Who asks too
    much is far ahead, so they stay; nobody can tell into whose bucket they fall, for the hash is keyed.
    """

    def __init__(self, cells: int = 65536) -> None:
        if cells * _CELL_BYTES < _BUCKET_BYTES or cells & (cells - 1):
            raise ValueError("the number of cells must be a power of two, and fill a bucket")
        self._mask = cells // _CELLS_OF_BUCKET - 1
        self._key = secrets.token_bytes(16)
        self._file = _nameless_file(cells * _CELL_BYTES)
        weakref.finalize(self, os.close, self._file)
        self._words = memoryview(mmap(self._file, cells * _CELL_BYTES)).cast("Q")
        self._place = lru_cache(_KNOWN)(self._hashed)

    def take(self, whom: bytes, rate: Rate, now: int) -> Allowance:
        """Counts one request of theirs, where it may pass; one that is refused costs its caller nothing."""
        name, bucket = self._place(whom)
        lockf(self._file, LOCK_EX, 1, bucket)
        try:
            return self._take(name, bucket * _WORDS_OF_BUCKET, rate, now)
        finally:
            lockf(self._file, LOCK_UN, 1, bucket)

    def _take(self, name: int, first: int, rate: Rate, now: int) -> Allowance:
        words = self._words
        bucket = words[first : first + _WORDS_OF_BUCKET].tolist()
        # An empty cell is named 0, as somebody is once in 2^64.
        names, instants = bucket[::2], bucket[1::2]
        known = name in names
        place = names.index(name) if known else instants.index(min(instants))
        kept = instants[place] if known else 0
        allowance, keep = decide(rate, kept, now)
        if not allowance.wait or keep < kept:
            words[first + 2 * place + 1] = keep
            if not known:
                words[first + 2 * place] = name
        return allowance

    def _hashed(self, whom: bytes) -> tuple[int, int]:
        """Their name, and their bucket."""
        name, bucket = _WORD.unpack(blake2b(whom, key=self._key, digest_size=_WORD.size).digest())
        return name, bucket & self._mask


def _nameless_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("zapis-limits")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor


class Counted(NamedTuple):
    """A request that was counted, and the fields that tell of it (draft-ietf-httpapi-ratelimit-headers)."""

    name: LimitClass
    rate: Rate
    allowance: Allowance

    @property
    def policy(self) -> str:
        """RateLimit-Policy: the quota, and the seconds in which it comes back whole."""
        return f'"{self.name}";q={self.rate.burst};w={_seconds(self.rate.whole)}'

    @property
    def state(self) -> str:
        """RateLimit: what remains, and the seconds until there is more, or all of it again."""
        return f'"{self.name}";r={self.allowance.remaining};t={_seconds(self.allowance.wait or self.allowance.reset)}'

    @property
    def wait_seconds(self) -> int:
        return _seconds(self.allowance.wait)


def _seconds(nanoseconds: int) -> int:
    return -(-nanoseconds // _SECOND)


class TooMany(DomainError):
    """The caller is over a limit; when it is over is told in whole seconds."""

    def __init__(self, counted: Counted) -> None:
        super().__init__(problems.TOO_MANY_REQUESTS, retry_after_seconds=counted.wait_seconds)
        self.counted = counted


class Limits:
    """The limits of all classes over one table, by the clock. `rates`: other ones than the defaults."""

    def __init__(self, rates: Mapping[LimitClass, str], table: Table, clock: Clock) -> None:
        self._rates = {name: rate_of(rates.get(name, text)) for name, text in DEFAULTS.items()}
        self._prefixes = {name: name.encode() for name in CLASSES}
        self._table = table
        self._clock = clock

    def count(self, name: LimitClass, whom: bytes) -> Counted | None:
        """Counts one request of theirs in that class, and says whether it may pass; None where there is no limit."""
        rate = self._rates[name]
        if rate is None:
            return None
        now = int(self._clock().timestamp() * _SECOND)
        return Counted(name, rate, self._table.take(self._prefixes[name] + whom, rate, now))

    def take(self, name: LimitClass, whom: bytes) -> Counted | None:
        """The same, for one that passes. Raises TooMany."""
        counted = self.count(name, whom)
        if counted is not None and counted.allowance.wait:
            raise TooMany(counted)
        return counted
