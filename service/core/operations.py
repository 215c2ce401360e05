"""Operations as data: what the API can do, who may call it, and how its effect is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol
from uuid import UUID

from schemas.common import Schema
from schemas.problems import Refusal
from schemas.sessions import StaffRole

Language = Literal["ru", "en"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling. Everything comes out of a verified token."""

    kind: Literal["citizen", "system"]
    id: UUID
    region_id: int
    # The institution of a citizen's page, or that a system acts for; None: the whole region.
    institution_id: UUID | None
    role: StaffRole = "none"
    scopes: frozenset[str] = frozenset()
    # Of a citizen: which of their sessions this is.
    session_id: UUID | None = None
    # Of a doctor: whose tickets alone are theirs.
    practitioner_id: UUID | None = None
    # Of a citizen: when the launch was signed, in seconds since 1970; None where the session was only refreshed.
    launched_at: int | None = None
    # Of a system: which of its credentials' generations; earlier ones are refused.
    generation: int = 0


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key and a hash of what was asked under it."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer that is not JSON."""

    content_type: str
    content: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    # What it was made of, where `discloses` has to find ids in it.
    shows: Schema | None = None


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is not JSON, and is made while it is sent: `pieces` is not begun where nobody reads, as at HEAD.

    Where it fails in the middle, fewer than `size_bytes` come and the connection is closed.
    """

    content_type: str
    size_bytes: int
    pieces: AsyncIterator[bytes]
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Received(Protocol):
    """What became of a streamed body; `digest` stands for the bytes in the hash of an idempotency key."""

    @property
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """How a body that is too large to be held is taken. `admit` refuses what need not be read at all: it has a bare
    connection, and gives it back before the first byte is read. `receive` reads the `stream`, without any connection,
    and gives the use case its `received`; what is not wanted in the end is cleared away when its context is left.
    """

    media_types: tuple[str, ...]
    admit: Callable[..., Awaitable[None]]
    receive: Callable[..., AbstractAsyncContextManager[Received]]


class Transaction(Enum):
    """NONE: no connection. READ: a bare connection. STATEMENT: a bare connection, the use case's one statement is the
    transaction. WRITE: one transaction around the use case."""

    NONE = "none"
    READ = "read"
    STATEMENT = "statement"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call. `staff`: the people of an institution, at it, whose role has `scope`; a system needs it too.

    `teachers`: so may any citizen of the institution's page, and the use case sees whether they teach the group.
    `doctors`: so may its doctors, and the use case sees whether it is their own.
    """

    citizen: bool = False
    staff: bool = False
    teachers: bool = False
    doctors: bool = False
    system: bool = False
    scope: str | None = None
    # Only systems that act for the whole region.
    whole_region: bool = False
    # Only right after a launch: what changes whose the account is, or gives all of it away.
    fresh: bool = False

    @property
    def public(self) -> bool:
        return not (self.citizen or self.staff or self.system)


PUBLIC = Access()
CITIZEN = Access(citizen=True)
FRESH_CITIZEN = Access(citizen=True, fresh=True)
ANYONE = Access(citizen=True, system=True)


def staff(scope: str, *, teachers: bool = False, doctors: bool = False) -> Access:
    """The institution's side: whose role has the scope, systems with it; `teachers` and `doctors` where so."""
    return Access(staff=True, teachers=teachers, doctors=doctors, system=True, scope=scope)


def operator(scope: str) -> Access:
    """A regional operator's system."""
    return Access(system=True, scope=scope, whole_region=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API. Schemas are the annotations of the use case: `body`, `query` and what it returns."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    id: str
    use_case: Callable[..., Awaitable[Any]]
    access: Access
    transaction: Transaction
    summary: str
    refusals: tuple[Refusal, ...] = ()
    status: int = 200
    # Several where the answer may be of either.
    produces: str | tuple[str, ...] = "application/json"
    consumes: Literal["application/json", "application/x-www-form-urlencoded"] = "application/json"
    # The body is a stream of bytes, and the use case takes `received`.
    upload: Upload | None = None
    # Availability: kept for a second in each process, with a strong ETag.
    shared: bool = False
    # It sees what all may see, and no more: its one statement is a function that looks for itself whose rows they are.
    sees_public: bool = False
    # The answer may be kept by whoever asks for so many seconds; None: no-store.
    max_age_seconds: int | None = None
    # Where many may want the same at once: the places that a request with this body is after. Under pressure each
    # attempt of a citizen has to be paid for (core/proofs.py).
    contested: Callable[[Any], Sequence[UUID]] | None = None
    # Where it stands whose data the answer shows to somebody other than their family: "items.person.id" or
    # "items.application_id", or a part of the path, "{application_id}". It is recorded before it is given.
    discloses: tuple[str, ...] = ()
