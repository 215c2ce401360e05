"""What every answer tells a browser: what it may do with the answer, and whose pages may read it."""

from collections.abc import Sequence

from aiohttp import web
from multidict import CIMultiDict

# Two years, as browsers' own lists want it.
_HSTS = "max-age=63072000; includeSubDomains"
_POLICIES = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CSP = "Content-Security-Policy"
_ASKED_HEADERS = "Authorization, Content-Disposition, Content-Type, Idempotency-Key, If-None-Match, Proof, X-Request-Id"
_TOLD_HEADERS = "Content-Disposition, ETag, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id"
_PREFLIGHT_SECONDS = "7200"
_CONTRACT = "/v1/"


class Headers:
    """The answers are data, so a browser may load nothing for them; pages bring a policy of their own along.

    `frame_ancestors`: whose pages may show an answer in a frame. `origins`: whose scripts may read the contract's
    answers (CORS). Never with credentials: there are no cookies, and a token comes in a header.
    """

    def __init__(self, frame_ancestors: Sequence[str] = (), origins: Sequence[str] = ()) -> None:
        ancestors = " ".join(frame_ancestors) or "'none'"
        self._rest = f"; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
        self._of_data = CIMultiDict({**_POLICIES, _CSP: "default-src 'none'" + self._rest})
        self._origins = frozenset(origins)

    def put(self, headers: CIMultiDict[str], *, secure: bool, origin: str | None) -> None:
        """All of them. HSTS (RFC 6797, 7.2) goes only over https."""
        policy = headers.get(_CSP)
        headers.update(self._of_data)
        if policy is not None:
            headers[_CSP] = policy + self._rest
        if secure:
            headers["Strict-Transport-Security"] = _HSTS
        if self._origins:
            # Also without an origin: a cache must not give the answer to one where it was made for another.
            headers.add("Vary", "Origin")
            if origin in self._origins:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = _TOLD_HEADERS

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a browser that asks whether a page of an allowed origin may send its request.

        None: nobody asks so, or the origin is not allowed; then OPTIONS is refused as any unknown method is.
        """
        if request.method != "OPTIONS" or request.headers.get("Origin") not in self._origins:
            return None
        refused = request.match_info.http_exception
        if not request.path.startswith(_CONTRACT) or not isinstance(refused, web.HTTPMethodNotAllowed):
            return None
        allowed = {
            "Access-Control-Allow-Methods": ", ".join(sorted(refused.allowed_methods)),
            "Access-Control-Allow-Headers": _ASKED_HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
        return web.Response(status=204, headers=allowed)
