"""The API reference at /docs: Swagger UI served from a wheel, with nothing loaded from outside."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiohttp import web

from service.core.callers import Network
from service.core.edge import only_for

# The edge adds who may show it in a frame.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)
_POLICIES = {"Content-Security-Policy": _CSP, "Cross-Origin-Opener-Policy": "same-origin"}
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_PAGE = """<!doctype html>
<html lang="ru">
<meta charset="utf-8">
<title>Zapis API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
"""
_START = "SwaggerUIBundle({url: '/openapi.yaml', dom_id: '#reference', deepLinking: true, validatorUrl: null});\n"


def routes(make_document: Callable[[], dict[str, Any]], seen_from: Sequence[Network]) -> list[web.RouteDef]:
    """The page, its files, and /openapi.yaml, which is made when it is first asked for; for callers from there."""
    kept: list[str] = []

    async def openapi(_request: web.Request) -> web.Response:
        if not kept:
            # Here: a worker whom nobody asks for it does not hold what writes it.
            from service.core.document_text import as_yaml  # noqa: PLC0415

            kept.append(as_yaml(make_document()))
        return web.Response(text=kept[0], content_type="application/yaml")

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html", headers=_POLICIES)

    async def start(_request: web.Request) -> web.Response:
        return web.Response(text=_START, content_type="text/javascript")

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.FileResponse(_distribution() / name, headers={"Content-Type": _FILES[name]})

    handlers = {"/openapi.yaml": openapi, "/docs": page, "/docs/start.js": start, "/docs/{name}": file}
    return [web.get(path, only_for(seen_from, handler)) for path, handler in handlers.items()]


def _distribution() -> Path:
    spec = find_spec("swagger_ui_bundle")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("**/swagger-ui-bundle.js")).parent
