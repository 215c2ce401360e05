"""Who sends byte by byte is cut off, and holds up nobody meanwhile."""

import socket
import time
from pathlib import Path

from aiohttp import web

from service.app import make_app
from tests.live import Live

SECONDS = 30


def drip(port: int, head: bytes, drop: bytes) -> bytes:
    """What comes back before the connection is closed, while one drop after the other is sent."""
    answered = b""
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as connection:
        connection.sendall(head)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                received = connection.recv(65536)
            except TimeoutError:
                received = None
            except ConnectionError:
                return answered
            if received == b"":
                return answered
            answered += received or b""
            try:
                connection.sendall(drop)
            except ConnectionError:
                return answered
    raise AssertionError("it goes on for ever")


def test_a_body_that_drips_is_refused_and_its_connection_closed(dsn: str, tmp_path: Path) -> None:
    head = b"POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    with Live(dsn, tmp_path, body_seconds=0.2) as live:
        answered = drip(int(live.base.rpartition(":")[2]), head, b" ")
        assert answered.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"too_slow"' in answered
        assert live.api().post("/v1/sessions", {"platform": "vk", "parameters": "a=b"}).status == 401


def test_headers_that_drip_end_with_the_time_that_a_connection_may_be_idle(live: Live) -> None:
    async def start() -> tuple[web.AppRunner, int]:
        runner = web.AppRunner(make_app(live.settings, live.dsn), keepalive_timeout=0.3, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    runner, port = live.run(start())
    try:
        assert drip(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ", b"a") == b""
    finally:
        live.run(runner.cleanup())
