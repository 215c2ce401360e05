"""What the service is compared with: `python -m benchmarks.baselines bare|empty PORT [DSN]`, a process of its own.

Both are as fast as aiohttp lets them be. `bare` books by the service's own statement through a pool like the service's,
and does nothing else: it validates nothing, asks nobody who they are, and takes no idempotency key. `empty` answers.
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import orjson
import uvloop
from aiohttp import web

from benchmarks.ground import POOL_SIZE, REGION, SERVER_SETTINGS
from service.core.clock import utc_now
from service.core.ids import new_id, new_number
from service.doctors.store import SQL

_POOL: web.AppKey[asyncpg.Pool] = web.AppKey("pool", asyncpg.Pool)


async def _no_reset(_connection: object) -> None:
    """The service's pool saves this round trip, so the baseline does."""


async def _book(asked: web.Request) -> web.Response:
    body = orjson.loads(await asked.read())
    key = new_id().hex
    async with asked.app[_POOL].acquire() as connection:
        kept: str = await connection.fetchval(
            SQL.book_appointments,
            REGION,
            UUID(body["citizen_id"]),
            "bookAppointment",
            key,
            hashlib.sha256(key.encode()).digest(),
            orjson.dumps([{**body, "id": new_id(), "number": new_number(), "event_id": new_id()}]).decode(),
            utc_now(),
        )
    return web.Response(body=kept.encode(), status=201, content_type="application/json")


async def _answer(_asked: web.Request) -> web.Response:
    return web.Response()


def bare(dsn: str) -> web.Application:
    async def pool(app: web.Application) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            dsn, min_size=POOL_SIZE, max_size=POOL_SIZE, reset=_no_reset, server_settings=SERVER_SETTINGS
        ) as opened:
            app[_POOL] = opened
            yield

    app = web.Application()
    app.cleanup_ctx.append(pool)
    app.router.add_post("/", _book)
    return app


def empty() -> web.Application:
    app = web.Application()
    app.router.add_get("/v1/slots", _answer)
    return app


if __name__ == "__main__":
    kind, port, *rest = sys.argv[1:]
    made = bare(*rest) if kind == "bare" else empty()
    web.run_app(made, host="127.0.0.1", port=int(port), access_log=None, print=None, loop=uvloop.new_event_loop())
