"""Domain errors as RFC 9457 problems: one table from kinds to statuses, and the language of the titles."""

from collections.abc import Sequence
from functools import cache, lru_cache

from aiohttp import web
from multidict import CIMultiDict
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas import problems
from schemas.problems import FieldError, Kind, Problem, Refusal
from service.core.errors import DomainError
from service.core.operations import Language

STATUS = {
    Kind.malformed: 400,
    Kind.unauthenticated: 401,
    Kind.forbidden: 403,
    Kind.absent: 404,
    Kind.method: 405,
    Kind.slow: 408,
    Kind.conflict: 409,
    Kind.too_large: 413,
    Kind.media_type: 415,
    Kind.invalid: 422,
    Kind.unproven: 428,
    Kind.too_many: 429,
    Kind.internal: 500,
    Kind.unavailable: 503,
}
CONTENT_TYPE = "application/problem+json"
_RETRY_AFTER = {
    problems.BUSY.code: "1",
    problems.OUTCOME_UNKNOWN.code: "1",
    problems.UNAVAILABLE.code: "5",
    problems.STORAGE_FULL.code: "60",
    problems.PROVIDER_AWAY.code: "60",
}
_ERRORS_LISTED = 20
# Of headers, which are 8 kB at most: 2 MB, where somebody is after that.
_LANGUAGES_REMEMBERED = 256


def invalid(place: str, error: ValidationError) -> DomainError:
    """What pydantic found, without the values: they may be personal."""
    found = [
        FieldError(place=place, pointer="".join(f"/{part}" for part in item["loc"]), message=_said_of(item))
        for item in error.errors(include_url=False, include_input=False)[:_ERRORS_LISTED]
    ]
    return DomainError(problems.INVALID, errors=found)


def _said_of(item: ErrorDetails) -> str:
    """pydantic's words, but for the one message that quotes what was sent."""
    if item["type"] == "union_tag_invalid":
        context = item.get("ctx", {})
        return f"{context['discriminator']} should be one of: {context['expected_tags']}"
    return item["msg"]


@lru_cache(_LANGUAGES_REMEMBERED)
def language_of(accept_language: str | None) -> Language:
    """English where it is preferred to Russian (RFC 9110, 12.5.4), else Russian."""
    best: dict[str, float] = {}
    for item in (accept_language or "").split(",")[:20]:
        tag, _, parameters = item.partition(";")
        quality = parameters.partition("q=")[2].strip()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        primary = tag.strip().lower().partition("-")[0]
        best[primary] = max(weight, best.get(primary, 0.0))
    return "en" if best.get("en", 0.0) > best.get("ru", 0.0) else "ru"


def render(error: DomainError, language: Language, request_id: str) -> web.Response:
    """The problem as a response. `request_id`: letters, digits and `._-` alone.

    One that says nothing of its own is made but once: to refuse has to cost little, whatever it is for.
    """
    refusal = error.refusal
    if error.errors or error.alternatives is not None or error.extra:
        body, headers = _written(error, language, request_id), _headers(refusal, language, "error" in error.extra)
    else:
        before, after, kept = _made(refusal.code, language)
        body, headers = before + request_id.encode() + after, kept.copy()
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return web.Response(body=body, status=STATUS[refusal.kind], headers=headers)


@cache
def _made(code: str, language: Language) -> tuple[bytes, bytes, CIMultiDict[str]]:
    """A refusal that says nothing of its own: its body before the request's id and after it, and its headers."""
    refusal = problems.REFUSALS[code]
    before, _, after = _written(DomainError(refusal), language, "\0").partition(b"\\u0000")
    return before, after, _headers(refusal, language)


def _written(error: DomainError, language: Language, request_id: str) -> bytes:
    refusal = error.refusal
    problem = Problem(
        type=f"urn:zapis:problem:{refusal.code}",
        title=refusal.ru if language == "ru" else refusal.en,
        status=STATUS[refusal.kind],
        code=refusal.code,
        request_id=request_id,
        errors=list(error.errors) or None,
        alternatives=error.alternatives,
        **error.extra,
    )
    return problem.model_dump_json(exclude_none=True).encode()


def _headers(refusal: Refusal, language: Language, of_oauth: bool = False) -> CIMultiDict[str]:
    headers = CIMultiDict({"Content-Type": CONTENT_TYPE, "Content-Language": language, "Cache-Control": "no-store"})
    if refusal.code in _RETRY_AFTER:
        headers["Retry-After"] = _RETRY_AFTER[refusal.code]
    if refusal.kind is Kind.unauthenticated:
        headers["WWW-Authenticate"] = "Basic" if of_oauth else "Bearer"
    return headers


def by_kind(refusals: Sequence[Refusal]) -> dict[int, list[Refusal]]:
    """Refusals by the status they answer with, for the OpenAPI document."""
    found: dict[int, list[Refusal]] = {}
    for refusal in refusals:
        found.setdefault(STATUS[refusal.kind], []).append(refusal)
    return dict(sorted(found.items()))
