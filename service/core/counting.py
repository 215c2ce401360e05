"""Which limits an operation's requests are counted under, once it is known who calls."""

from collections.abc import Callable

from aiohttp import web

from service.core.callers import CALLER
from service.core.limits import Counted, Limits
from service.core.operations import Actor, Operation
from service.core.signatures import Signature

# Of the limits that a request is counted under, the one with the least left: the edge tells it.
COUNTED: web.RequestKey[Counted] = web.RequestKey("counted", Counted)
Count = Callable[[web.Request, Actor | None], None]


def counter(operation: Operation, signature: Signature, limits: Limits) -> Count:
    """Counts a request of that operation. Raises TooMany.

    Whoever has no token yet and changes something is entering, and so is whoever tries a one-time code: there an
    address is counted more closely. An operation with a limit of its own is counted by caller, or by address where it
    has no caller.
    """
    writes = operation.method != "GET"
    tries_code = signature.body is not None and "code" in signature.body.model_fields
    public, own = operation.access.public, operation.id in limits.names()
    of_address = (*_if("entering", tries_code or (writes and public)), *_if(operation.id, own and public))
    of_citizen = ("citizen", *_if("writes", writes), *_if("codes", tries_code), *_if(operation.id, own))
    of_system = ("client", *_if(operation.id, own))

    def count(request: web.Request, actor: Actor | None) -> None:
        counted = [limits.take(name, request[CALLER].subject) for name in of_address]
        if actor is not None:
            whom = actor.id.bytes
            counted += [limits.take(name, whom) for name in (of_system if actor.kind == "system" else of_citizen)]
            # The rush for one institution does not take the place of all others, nor of its own people. What is kept
            # for a second costs so little that it is not counted.
            visits = actor.kind == "citizen" and actor.role == "none" and not operation.shared
            if visits and actor.institution_id is not None:
                counted.append(limits.take("institution", actor.institution_id.bytes))
        limited = [one for one in counted if one is not None]
        if limited:
            request[COUNTED] = limited[0] if len(limited) == 1 else min(limited, key=_remaining)

    return count


def _if(name: str, applies: bool) -> tuple[str, ...]:
    return (name,) if applies else ()


def _remaining(counted: Counted) -> int:
    return counted.allowance.remaining
