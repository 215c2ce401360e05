"""The chain of a log: each entry is sealed together with all that was chained before it.

Whoever holds the database alone can't make a seal: the key is derived from one that is not in it.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

Log = Literal["audit_trail", "accesses"]
# What an entry is made of, in the order in which it is sealed.
COLUMNS: Mapping[Log, tuple[str, ...]] = {
    "audit_trail": ("id", "at", "actor_id", "event", "subject_id", "details"),
    "accesses": (
        "id", "at", "operation", "path", "actor_kind", "actor_id", "role", "institution_id", "person_ids", "request_id",
    ),
}  # fmt: skip
# An entry that waits for longer was forgotten by the job, or put there behind its back.
CHAINED_WITHIN = timedelta(minutes=10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PURPOSE = b"zapis audit chain"
_ABSENT = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class AuditTerms:
    """The key of the chains, and how long each log is kept."""

    key: bytes
    keep: Mapping[Log, timedelta]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's place in the chain, and its seal."""

    position: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.mac.hex()}"


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of a log in a region."""

    key: bytes
    region_id: int
    log: Log

    def __str__(self) -> str:
        return f"{self.region_id} {self.log}"

    def genesis(self) -> Link:
        """What the first entry is chained to."""
        return Link(0, self._sealed("genesis"))

    def sealed(self, before: Link, entry: Mapping[str, Any]) -> Link:
        """The link of the entry that comes next."""
        position = before.position + 1
        values = [entry[name] for name in COLUMNS[self.log]]
        return Link(position, self._sealed("entry", before.mac, position, *values))

    def seal_of_base(self, base: Link) -> bytes:
        """That the chain may begin behind this entry, because the term of all before it is over."""
        return self._sealed("base", base.position, base.mac)

    def _sealed(self, *parts: object) -> bytes:
        return hmac.digest(self.key, canonical((self.log, self.region_id, *parts)), hashlib.sha256)


@dataclass(slots=True)
class Looked:
    """How far somebody has come who looks at all chains in turn: of those that are long, where to go on; of each the
    farthest link that was right, which the chain has to lead through from then on; and behind which it goes on.
    """

    going_on: dict[Chain, int] = field(default_factory=dict[Chain, int])
    noted: dict[Chain, Link] = field(default_factory=dict[Chain, Link])
    last: str = ""


def chain_key(secret: bytes) -> bytes:
    """The key of all chains, by HKDF with SHA-256 (RFC 5869)."""
    extracted = hmac.digest(bytes(32), secret, hashlib.sha256)
    return hmac.digest(extracted, _PURPOSE + b"\x01", hashlib.sha256)


def canonical(values: Sequence[object]) -> bytes:
    """The bytes that stand for these values and for no others: each has its length before it."""
    return b"".join(_ABSENT if value is None else _measured(_bytes_of(value)) for value in values)


def _measured(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


def _bytes_of(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, int):
        return value.to_bytes(8, signed=True)
    if isinstance(value, datetime):
        return ((value - _EPOCH) // _MICROSECOND).to_bytes(8, signed=True)
    if isinstance(value, list):
        return canonical(cast(list[object], value))
    raise TypeError(f"a log does not hold {type(value).__name__}")


def read_log(name: str | None) -> Log | None:
    """Raises ValueError where there is no such log."""
    for log in COLUMNS:
        if log == name:
            return log
    if name is None:
        return None
    raise ValueError(f"there are the logs {' and '.join(COLUMNS)}")


def read_heads(text: str) -> dict[tuple[int, str], Link]:
    """Heads as `zapis audit head` has printed them: region, log, position and seal in each line.

    Raises ValueError where a line is none.
    """
    found: dict[tuple[int, str], Link] = {}
    for line in filter(str.strip, text.splitlines()):
        region, log, link = line.split()
        position, _, mac = link.partition(":")
        if log not in COLUMNS or len(mac) != 2 * hashlib.sha256().digest_size:
            raise ValueError(f"not a head: {line}")
        found[int(region), log] = Link(int(position), bytes.fromhex(mac))
    return found
