"""Binds operations to aiohttp, once, at start: what each request costs beyond this was decided here.

bytes -> schema -> use case -> schema -> bytes. Who may call is checked before anything of the request is read.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from schemas import problems
from schemas.common import Schema
from service.core.cache import Kept, SecondCache
from service.core.callers import CALLER
from service.core.clock import Clock
from service.core.counting import counter
from service.core.database import Connection, Database, SeenDatabase
from service.core.disclosure import recording
from service.core.dispositions import file_name_of
from service.core.encoding import accepts_gzip
from service.core.errors import DomainError
from service.core.limits import CLASSES, Limits
from service.core.operations import Access, Actor, IdempotencyKey, Operation, Rendered, Streamed, Transaction
from service.core.problems import invalid, language_of
from service.core.proofs import HEADER as PROOF
from service.core.proofs import Proofs
from service.core.roles import role_may, role_may_all
from service.core.sight import ENTERING, Sight
from service.core.signatures import Signature, names_of, signature_of
from service.core.streams import stream_of, whole_body
from service.core.watch import NOTED

Authenticate = Callable[[str], Actor]
Endpoint = Callable[[web.Request], Awaitable[web.Response]]

# The IETF draft writes the key as a quoted string; most clients send it bare.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[A-Za-z0-9_-]{1,64})(?P=quote)')
_FORM_FIELDS = 20
# Forms are OAuth's, and RFC 6749, section 5.2 has codes of its own.
_BAD_FORM = {"error": "invalid_request"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What all operations stand on; `collaborators` are handed to use cases by the names of their parameters.

    What was asked under a key is kept as a hash by `request_key`: a plain one would tell a short number to whoever
    tries all of them.
    """

    database: Database
    authenticate: Authenticate
    request_key: bytes
    collaborators: Mapping[str, object]
    cache: SecondCache
    limits: Limits
    proofs: Proofs
    # How long a body may take to come, where it is no stream.
    body_seconds: float
    # For how long after it was signed a launch is a fresh one.
    fresh_seconds: int


def bind(operations: Sequence[Operation], ground: Ground) -> list[web.RouteDef]:
    """A route for each operation; HEAD beside GET.

    Raises TypeError where a use case asks for what nobody hands in, and ValueError for a limit of what there is not.
    """
    unknown = ground.limits.names() - CLASSES - {operation.id for operation in operations}
    if unknown:
        raise ValueError(f"ZAPIS_LIMITS: {sorted(unknown)} are neither classes of limits nor operations")
    return [_route(operation, _endpoint(operation, ground)) for operation in operations]


def _route(operation: Operation, endpoint: Endpoint) -> web.RouteDef:
    if operation.method == "GET":
        return web.get(operation.path, endpoint)
    return web.route(operation.method, operation.path, endpoint)


def _endpoint(operation: Operation, ground: Ground) -> Endpoint:
    signature = signature_of(operation)
    # What calls others over the network, or refuses before it needs a connection, goes to the database by itself.
    unknown = signature.collaborators - ground.collaborators.keys() - {"database"}
    if unknown:
        raise TypeError(f"{operation.id}: nobody hands in {sorted(unknown)}")
    count = counter(operation, signature, ground.limits)
    handed_in = {name: ground.collaborators[name] for name in signature.collaborators - {"database"}}
    cache_control = f"private, max-age={operation.max_age_seconds or 0}"
    clock: Any = ground.collaborators["clock"]
    recorded = recording(operation, clock)

    async def call(request: web.Request, actor: Actor | None) -> Any:
        arguments = await _arguments(operation, ground, signature, request, actor)
        arguments |= handed_in
        sight = _sight(operation, actor)
        if "database" in signature.collaborators:
            arguments["database"] = SeenDatabase(ground.database, sight)
        use_case = recorded(request, actor) if recorded else operation.use_case
        if operation.upload is None:
            return await _run(ground, operation.transaction, sight, use_case, arguments)
        return await _received(operation, ground, sight, request, arguments)

    def admitted(request: web.Request) -> Actor | None:
        actor = None if operation.access.public else _authorise(operation, request, ground.authenticate)
        count(request, actor)
        _check_fresh(operation.access, actor, clock, ground.fresh_seconds)
        return actor

    async def endpoint(request: web.Request) -> web.Response:
        actor = admitted(request)
        return _respond(operation, await call(request, actor))

    async def shared_endpoint(request: web.Request) -> web.Response:
        actor = admitted(request)

        async def make() -> bytes:
            return _json(await call(request, actor))

        region = actor.region_id if actor else None
        language = language_of(request.headers.get("Accept-Language")) if "language" in signature.names else None
        kept = await ground.cache.get((operation.id, region, language, request.raw_path), make)
        return _shared(request, kept, cache_control)

    made = shared_endpoint if operation.shared else endpoint
    made.__dict__["operation_id"] = operation.id
    return made


def _sight(operation: Operation, actor: Actor | None) -> Sight:
    """An administrator who asks for the family sees the family; who works at the institution, the institution. What is
    kept for others too is seen by nobody in particular, and so is what needs no more than that.
    """
    access = operation.access
    if actor is None:
        return ENTERING
    if operation.shared or operation.sees_public:
        return Sight("own", actor.region_id)
    if actor.kind == "citizen":
        at_work = access.staff and actor.role != "none"
        as_citizen = access.citizen or access.teachers
        return Sight(
            "own",
            actor.region_id,
            actor.id if as_citizen else None,
            actor.institution_id if at_work else None,
        )
    return Sight("own" if actor.institution_id else "region", actor.region_id, None, actor.institution_id)


async def _run(
    ground: Ground,
    transaction: Transaction,
    sight: Sight,
    use_case: Callable[..., Awaitable[Any]],
    arguments: dict[str, Any],
) -> Any:
    if transaction is Transaction.NONE:
        return await use_case(**arguments)

    async def work(conn: Connection) -> Any:
        return await use_case(conn=conn, **arguments)

    return await ground.database.run(transaction, work, sight)


async def _received(
    operation: Operation, ground: Ground, sight: Sight, request: web.Request, arguments: dict[str, Any]
) -> Any:
    """The life of a streamed body: what need not be read is refused, then it is read, then it takes effect."""
    upload = operation.upload
    assert upload is not None
    arguments["stream"] = stream_of(request, upload.media_types)

    def named_by(function: Callable[..., Any]) -> dict[str, Any]:
        return {name: arguments[name] for name in names_of(function) if name in arguments}

    await _run(ground, Transaction.READ, sight, upload.admit, named_by(upload.admit))
    async with upload.receive(**named_by(upload.receive)) as received:
        arguments["received"] = received
        if "key" in arguments:
            # What was asked is known only now, when the bytes are.
            name: str | None = arguments.get("content_name")
            asked = received.digest if name is None else received.digest + name.encode()
            arguments["key"] = _idempotency_key(operation, ground, request, asked)
        return await _run(ground, operation.transaction, sight, operation.use_case, named_by(operation.use_case))


def _authorise(operation: Operation, request: web.Request, authenticate: Authenticate) -> Actor:
    """The caller, if the operation is open to them. Somebody else's institution answers as one that does not exist."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise DomainError(problems.UNAUTHENTICATED)
    actor = request[NOTED].who = authenticate(token)
    access = operation.access
    if actor.kind == "citizen":
        may = role_may if access.doctors else role_may_all
        allowed = access.citizen or access.teachers or (access.staff and may(actor.role, access.scope))
    else:
        allowed = access.system and (access.scope is None or access.scope in actor.scopes)
        allowed = allowed and not (access.whole_region and actor.institution_id is not None)
    if not allowed:
        raise DomainError(problems.FORBIDDEN)
    if access.staff and actor.institution_id is not None:
        try:
            named = UUID(request.match_info["institution_id"])
        except ValueError:
            named = None
        if named != actor.institution_id:
            raise DomainError(problems.INSTITUTION_NOT_FOUND)
    return actor


def _check_fresh(access: Access, actor: Actor | None, clock: Clock, seconds: int) -> None:
    """Raises DomainError `fresh_launch_needed` where a launch of now is asked for, and the session was refreshed or is
    of an earlier one.
    """
    if access.fresh:
        launched_at = actor.launched_at if actor else None
        if launched_at is None or launched_at < clock().timestamp() - seconds:
            raise DomainError(problems.FRESH_LAUNCH_NEEDED)


async def _arguments(
    operation: Operation, ground: Ground, signature: Signature, request: web.Request, actor: Actor | None
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    names = signature.names
    for name, adapter in signature.path.items():
        try:
            arguments[name] = adapter.validate_strings(request.match_info[name])
        except ValidationError as error:
            raise invalid("path", error) from None
    if signature.query is not None:
        arguments["query"] = _query(signature.query, request)
    elif request.query_string:
        raise DomainError(problems.INVALID, errors=[_unexpected("query")])
    raw = b""
    if signature.body is not None:
        raw, arguments["body"] = await _body(operation, signature.body, request, ground.body_seconds)
    if "actor" in names:
        arguments["actor"] = actor
    if "key" in names:
        arguments["key"] = _idempotency_key(operation, ground, request, raw)
    if operation.contested is not None:
        assert actor is not None
        places = operation.contested(arguments["body"])
        ground.proofs.demand(actor, places, _asked(operation, request, raw), request.headers.get(PROOF))
    return arguments | {name: read(request) for name, read in _OF_REQUEST.items() if name in names}


def _query(model: type[Schema], request: web.Request) -> Schema:
    query = request.query
    if len(set(query)) != len(query):
        raise DomainError(problems.INVALID, errors=[_unexpected("query", "a parameter comes twice")])
    try:
        return model.model_validate_strings(dict(query))
    except ValidationError as error:
        raise invalid("query", error) from None


async def _body(
    operation: Operation, model: type[Schema], request: web.Request, seconds: float
) -> tuple[bytes, Schema]:
    if request.content_type != operation.consumes:
        raise DomainError(problems.MEDIA_TYPE)
    raw = await whole_body(request, seconds)
    try:
        if operation.consumes == "application/json":
            return raw, model.model_validate_json(raw)
        return raw, model.model_validate_strings(_form(raw))
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise DomainError(problems.MALFORMED) from None
        refused = invalid("body", error)
        if operation.consumes != "application/json":
            refused.extra = _BAD_FORM
        raise refused from None


def _form(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_FORM_FIELDS, errors="strict")
    except ValueError:
        raise DomainError(problems.MALFORMED, extra=_BAD_FORM) from None
    if len(dict(pairs)) != len(pairs):
        raise DomainError(problems.MALFORMED, extra=_BAD_FORM)
    return dict(pairs)


def _unexpected(place: str, message: str = "no parameters are expected") -> problems.FieldError:
    return problems.FieldError(place=place, pointer="", message=message)


def _idempotency_key(operation: Operation, ground: Ground, request: web.Request, raw: bytes) -> IdempotencyKey:
    found = _KEY.fullmatch(request.headers.get("Idempotency-Key", ""))
    if found is None:
        raise DomainError(problems.KEY_MISSING)
    asked = b"\0".join((operation.id.encode(), request.path_qs.encode(), raw))
    return IdempotencyKey(found["key"], hmac.digest(ground.request_key, asked, hashlib.sha256))


def _asked(operation: Operation, request: web.Request, raw: bytes) -> bytes:
    """What a proof of work is for: this request and its repetitions, which have the same key, and no other."""
    key = request.headers.get("Idempotency-Key", "")
    return b"\0".join((operation.id.encode(), key.encode(errors="surrogateescape"), request.path_qs.encode(), raw))


def _basic_credentials(request: web.Request) -> tuple[str, str] | None:
    """The id and secret of HTTP Basic (RFC 7617), if they came so."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise DomainError(problems.CLIENT_INVALID, extra={"error": "invalid_client"}) from None
    return name, secret


# What a use case may want to know of the request itself.
_OF_REQUEST: Mapping[str, Callable[[web.Request], object]] = {
    "language": lambda request: language_of(request.headers.get("Accept-Language")),
    "address": lambda request: request[CALLER].subject.hex(),
    "basic_credentials": _basic_credentials,
    "content_name": lambda request: file_name_of(request.headers.getall("Content-Disposition", ())),
    "noted": lambda request: request[NOTED],
}


def _json(result: Schema) -> bytes:
    return result.__pydantic_serializer__.to_json(result)


def _respond(operation: Operation, result: Schema | Rendered | Streamed | None) -> web.Response:
    age = operation.max_age_seconds
    headers = {"Cache-Control": "no-store" if age is None else f"public, max-age={age}"}
    if result is None:
        return web.Response(status=204, headers=headers)
    if isinstance(result, Rendered):
        return web.Response(
            body=result.content,
            status=operation.status,
            content_type=result.content_type,
            headers=headers | result.headers,
        )
    if isinstance(result, Streamed):
        sized = {"Content-Length": str(result.size_bytes), "Content-Type": result.content_type}
        return web.Response(body=result.pieces, status=operation.status, headers=headers | sized | result.headers)
    return web.Response(body=_json(result), status=operation.status, content_type="application/json", headers=headers)


def _shared(request: web.Request, kept: Kept, cache_control: str) -> web.Response:
    """An answer for many, in the form that this one takes; or that they have it already."""
    if accepts_gzip(request.headers.get("Accept-Encoding", "")):
        kept = kept.packed
    headers = {"ETag": kept.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if _is_current(request, kept.etag):
        return web.Response(status=304, headers=headers)
    if kept.encoding is not None:
        headers["Content-Encoding"] = kept.encoding
    return web.Response(body=kept.body, content_type="application/json", headers=headers)


def _is_current(request: web.Request, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110, 13.1.2)."""
    asked = request.headers.get("If-None-Match", "")
    return asked == "*" or etag in (item.strip().removeprefix("W/") for item in asked.split(","))
