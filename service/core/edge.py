"""The edge of the service: who calls, request ids, problems, headers, the access log, metrics.

It logs no query, path value or body.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache

import structlog
import uuid_utils
from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Middleware
from prometheus_client import Histogram

from schemas import problems
from service.core.callers import CALLER, Callers, Network
from service.core.counting import COUNTED
from service.core.errors import DomainError
from service.core.headers import Headers
from service.core.limits import Limits, TooMany
from service.core.logs import told_of
from service.core.problems import language_of, render
from service.core.watch import NOTED, Noted, Watch

_log = structlog.get_logger("zapis.access")
_GIVEN_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_OF_STATUS = {404: problems.NOT_FOUND, 405: problems.METHOD_NOT_ALLOWED, 413: problems.TOO_LARGE}
# The caller went away in the middle of the body, or it is not what its headers say.
_BROKEN_BODY = (web.RequestPayloadError, ConnectionError)
REQUESTS = Histogram(
    "zapis_request_seconds",
    "Time to answer, by operation and status.",
    ["operation", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# One child for each pair: there are as many as operations times statuses.
_timer = cache(REQUESTS.labels)

# How the request is named in whatever is written down of it.
REQUEST_ID = web.RequestKey("request_id", str)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# And the code of the refusal.
_Answered = tuple[web.StreamResponse, str | None]


def make_edge(callers: Callers, policies: Headers, limits: Limits, watch: Watch) -> Middleware:
    """Whatever happens behind it, the answer is one of ours: with a request id, and never a stack trace.

    An address that is over its limit is refused before anything else is done for it. Refusals of that kind leave no
    line in the log, but for their sum.
    """

    async def answer(request: web.Request, handler: Handler, operation: str, request_id: str) -> _Answered:
        counted = limits.count("address", request[CALLER].subject)
        if counted is not None and counted.allowance.wait:
            # Not so much as an exception.
            return _refused(request, TooMany(counted), request_id)
        try:
            return policies.preflight(request) or await handler(request), None
        except Exception as error:  # noqa: BLE001 - behind the edge is the caller
            response, code = _refused(request, _as_domain_error(error, operation, request_id), request_id)
            if isinstance(error, web.HTTPMethodNotAllowed):
                response.headers["Allow"] = error.headers["Allow"]
            return response, code

    @web.middleware
    async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _GIVEN_REQUEST_ID.fullmatch(given) else uuid_utils.uuid4().hex
        request[REQUEST_ID] = request_id
        request[NOTED] = Noted()
        operation: str = getattr(request.match_info.handler, "operation_id", "other")
        caller = request[CALLER] = callers.of(request)
        two_ends = _has_two_ends(request)
        response, code = await answer(request, _refuse if two_ends else handler, operation, request_id)
        if two_ends:
            # What comes behind it on this connection may be somebody else's.
            response.force_close()
        response.headers["X-Request-Id"] = request_id
        policies.put(response.headers, secure=caller.secure, origin=request.headers.get("Origin"))
        counted = request.get(COUNTED)
        if counted is not None:
            response.headers["RateLimit-Policy"] = counted.policy
            response.headers["RateLimit"] = counted.state
        seconds = time.perf_counter() - began
        _timer(operation, response.status).observe(seconds)
        watch.write(request, operation, response.status, code, request_id, seconds)
        return response

    return edge


def _refused(request: web.Request, error: DomainError, request_id: str) -> _Answered:
    if isinstance(error, TooMany):
        request[COUNTED] = error.counted
    return render(error, language_of(request.headers.get("Accept-Language")), request_id), error.refusal.code


def _has_two_ends(request: web.Request) -> bool:
    """Whether a proxy may read another end of its body than we do, and so another beginning of the next request.

    Of a coding that is not plainly `chunked`, or comes with HTTP/1.0, nobody knows what a proxy makes (RFC 9112, 6.1).
    What is worse than that the parser refuses by itself.
    """
    coding = request.headers.get("Transfer-Encoding")
    return coding is not None and (coding.lower() != "chunked" or request.version < HttpVersion11)


async def _refuse(_request: web.Request) -> web.StreamResponse:
    raise DomainError(problems.MALFORMED)


def _as_domain_error(error: Exception, operation: str, request_id: str) -> DomainError:
    if isinstance(error, DomainError):
        return error
    if isinstance(error, web.HTTPException):
        return DomainError(_OF_STATUS.get(error.status, problems.MALFORMED))
    if isinstance(error, _BROKEN_BODY):
        return DomainError(problems.MALFORMED)
    _log.error("unexpected", operation=operation, request_id=request_id, **told_of(error))
    return DomainError(problems.INTERNAL)


def only_for(networks: Sequence[Network], handler: Handler) -> Handler:
    """The handler, for callers from the networks; for all others there is nothing at its address."""

    async def for_them(request: web.Request) -> web.StreamResponse:
        if not request[CALLER].is_within(networks):
            raise DomainError(problems.NOT_FOUND)
        return await handler(request)

    return for_them
