"""Who was shown whose data: written down after the use case succeeded, and before its answer is given."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from aiohttp import web

from service.core.clock import Clock
from service.core.database import Connection
from service.core.edge import REQUEST_ID
from service.core.ids import new_id
from service.core.operations import Actor, Operation, Rendered, Transaction

RECORD = "SELECT record_access($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
# What an address ends with tells what its ids are of.
KINDS = ("person_id", "application_id", "appointment_id")

UseCase = Callable[..., Awaitable[Any]]


def recording(operation: Operation, clock: object) -> Callable[[web.Request, Actor | None], UseCase] | None:
    """Makes of a request the operation's use case, which then records what it answers; None where it discloses nothing.

    The record is in the transaction of the use case where that has one. Where it can't be written, nothing is answered.
    Raises TypeError for an operation that has no connection to write it on, or whose answers are kept.
    """
    if not operation.discloses:
        return None
    if operation.transaction is Transaction.NONE or operation.shared or operation.upload or operation.access.public:
        raise TypeError(f"{operation.id}: what it discloses can't be recorded")
    ways = [(address, kind_of(operation, address)) for address in operation.discloses]

    def recorded(request: web.Request, actor: Actor | None) -> UseCase:
        assert actor is not None

        async def use_case(conn: Connection, **arguments: Any) -> Any:
            answer = await operation.use_case(conn=conn, **arguments)
            found: dict[str, list[UUID]] = {kind: [] for kind in KINDS}
            for address, kind in ways:
                found[kind] += ids_at(address, answer, arguments)
            now = cast(Clock, clock)()
            role = role_of(actor)
            institution_id: UUID | None = arguments.get("institution_id", actor.institution_id)
            await conn.execute(
                RECORD,
                actor.region_id,
                new_id(),
                now,
                operation.id,
                request.path,
                actor.kind,
                actor.id,
                role,
                institution_id,
                *found.values(),
                request[REQUEST_ID],
            )
            return answer

        return use_case

    return recorded


def role_of(actor: Actor) -> str:
    """As what the caller looks: a system is its institution's, or an operator's of the whole region."""
    if actor.kind == "system":
        return "operator" if actor.institution_id is None else "system"
    # Whoever has no role and is let in all the same teaches the group.
    return "teacher" if actor.role == "none" else actor.role


def kind_of(operation: Operation, address: str) -> str:
    """Of what the ids at the address are. Raises TypeError where it does not tell."""
    name = address.strip("{}").split(".")[-1] if not address.endswith("person.id") else "person_id"
    if name not in KINDS:
        raise TypeError(f"{operation.id}: {address} does not tell whose data it discloses")
    return name


def ids_at(address: str, answer: object, path: dict[str, Any]) -> Iterator[UUID]:
    """All ids that stand at the address, in the answer or in the path; of a list, those in each of its items."""
    if address.startswith("{"):
        yield path[address.strip("{}")]
    else:
        yield from _ids_in(answer.shows if isinstance(answer, Rendered) else answer, address.split("."))


def _ids_in(part: Any, steps: Sequence[str]) -> Iterator[UUID]:
    if isinstance(part, list):
        for item in cast(list[Any], part):
            yield from _ids_in(item, steps)
    elif steps and part is not None:
        yield from _ids_in(getattr(part, steps[0]), steps[1:])
    elif part is not None:
        yield part
