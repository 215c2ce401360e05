"""The edge of the service: request ids, problems, the access log, metrics. It logs no query, path value or body."""

import re
import time
from collections.abc import Awaitable, Callable
from functools import cache

import structlog
import uuid_utils
from aiohttp import web
from prometheus_client import Histogram

from schemas import problems
from service.core.errors import DomainError
from service.core.logs import told_of
from service.core.problems import language_of, render

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


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever happens behind it, the answer is one of ours: with a request id, and never a stack trace."""
    began = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    request_id = given if _GIVEN_REQUEST_ID.fullmatch(given) else uuid_utils.uuid4().hex
    request[REQUEST_ID] = request_id
    operation: str = getattr(request.match_info.handler, "operation_id", "other")
    code = None
    try:
        response = await handler(request)
    except Exception as error:  # noqa: BLE001 - behind the edge is the caller
        refused = _as_domain_error(error, operation, request_id)
        code = refused.refusal.code
        response = render(refused, language_of(request.headers.get("Accept-Language")), request_id)
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = error.headers["Allow"]
    headers = response.headers
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    seconds = time.perf_counter() - began
    _timer(operation, response.status).observe(seconds)
    _log.info(
        "request",
        operation=operation,
        method=request.method,
        status=response.status,
        code=code,
        request_id=request_id,
        ms=round(seconds * 1000, 2),
    )
    return response


def _as_domain_error(error: Exception, operation: str, request_id: str) -> DomainError:
    if isinstance(error, DomainError):
        return error
    if isinstance(error, web.HTTPException):
        return DomainError(_OF_STATUS.get(error.status, problems.MALFORMED))
    if isinstance(error, _BROKEN_BODY):
        return DomainError(problems.MALFORMED)
    _log.error("unexpected", operation=operation, request_id=request_id, **told_of(error))
    return DomainError(problems.INTERNAL)
