"""Outgoing calls reach nobody inside, however the address is written or come by."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, ip_network
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from service.core.outgoing import Outgoing, OutgoingFailed, OutgoingRefused, Reply, leads_inside

HERE = IPv4Network("127.0.0.1/32")


class Names(AbstractResolver):
    """A name server that says what it is told to; each further question is answered by the next address."""

    def __init__(self, *addresses: str) -> None:
        self.left = list(addresses)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked += 1
        address = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        family = 10 if ":" in address else 2
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0),
        ]

    async def close(self) -> None:
        pass


class Inside:
    """A service that nobody is to reach: counts who opens a connection at all."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[web.BaseRequest] = []
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        match request.path:
            case "/elsewhere":
                raise web.HTTPFound(f"http://127.0.0.1:{self.port}/secret")
            case "/large":
                return web.Response(body=b"x" * 100_000)
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b"x" * 10_000)
            case "/never":
                await asyncio.sleep(3)
            case "/packed":
                return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        return web.json_response({"secret": 1}, headers={"Set-Cookie": "kept=1"})


@asynccontextmanager
async def listening() -> AsyncIterator[Inside]:
    inside = Inside()
    server = web.Server(inside.handle)

    def connected() -> Any:
        inside.connections += 1
        return server()

    listener = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    inside.port = listener.sockets[0].getsockname()[1]
    try:
        yield inside
    finally:
        listener.close()
        await server.shutdown(0)


def inside(work: Callable[[Inside], Awaitable[None]]) -> Inside:
    async def run() -> Inside:
        async with listening() as found:
            await work(found)
        return found

    return asyncio.run(run())


async def get(outgoing: Outgoing, address: str, **more: Any) -> Reply:
    try:
        return await outgoing.call("GET", address, **more)
    finally:
        await outgoing.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "0.0.0.0", "0",  # noqa: S104
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]", "127。0。0。1", "①②⑦.0.0.1", "LOCALHOST", "127.0.0.1%00.example.org",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_way_of_writing_leads_inside(scheme: str, host: str) -> None:
    async def work(found: Inside) -> None:
        with pytest.raises((OutgoingRefused, OutgoingFailed)):
            await get(Outgoing(), f"{scheme}://{host}:{found.port}/")

    assert inside(work).connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.127.255.254", "0.0.0.0", "224.0.1.1", "239.1.1.1", "255.255.255.255", "240.0.0.1",  # noqa: S104
        "192.0.0.170",
        "192.0.2.1", "198.18.0.1", "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1",
        "ff02::1", "2001:db8::1", "2001::1", "2002:0a00:0001::", "2002:0808:0808::", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1",
        "fec0::1", "5f00::1", "100::1", "no address", "",
    ],
)  # fmt: skip
def test_a_name_that_resolves_inside_is_not_connected_to(address: str) -> None:
    assert leads_inside(address)

    async def work(found: Inside) -> None:
        names = Names(address)
        with pytest.raises((OutgoingRefused, OutgoingFailed)):
            await get(Outgoing(resolver=names), f"https://provider.example.org:{found.port}/")
        assert names.asked == 1

    assert inside(work).connections == 0


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2a02:6b8::2:242", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_the_public_internet_is_not_inside(address: str) -> None:
    assert not leads_inside(address)


@given(st.ip_addresses(v=4))
def test_what_wraps_an_address_is_judged_by_it(address: Any) -> None:
    expected = leads_inside(str(address))
    assert leads_inside(f"::ffff:{address}") == expected
    assert leads_inside(f"64:ff9b::{address}") == expected


@given(st.ip_addresses())
def test_every_address_that_is_called_is_a_global_one(address: Any) -> None:
    if not leads_inside(str(address)):
        assert address.is_global or address in ip_network("64:ff9b::/96") or address.ipv4_mapped
        assert not address.is_multicast


def test_a_name_that_changes_between_two_questions_gains_nothing() -> None:
    """What is judged is what is connected to: there is no second question."""

    async def work(found: Inside) -> None:
        names = Names("192.0.2.1", "127.0.0.1")
        outgoing = Outgoing(resolver=names)
        for _ in range(3):
            with pytest.raises(OutgoingRefused):
                await outgoing.call("GET", f"https://rebinding.example.org:{found.port}/")
        assert names.asked == 3
        await outgoing.close()

    assert inside(work).connections == 0


def test_what_is_opened_is_reached_and_nothing_beside_it() -> None:
    async def work(found: Inside) -> None:
        reply = await get(Outgoing([HERE]), f"http://localhost:{found.port}/")
        assert (reply.status, reply.content_type, reply.content) == (200, "application/json", b'{"secret": 1}')
        assert (await get(Outgoing([HERE]), f"http://[::ffff:127.0.0.1]:{found.port}/")).status == 200
        for address in ("127.0.0.2", "10.0.0.1", "[::1]"):
            with pytest.raises(OutgoingRefused):
                await get(Outgoing([HERE]), f"http://{address}:{found.port}/")

    assert inside(work).connections == 2


def test_plain_http_goes_to_opened_networks_alone() -> None:
    async def work(found: Inside) -> None:
        with pytest.raises(OutgoingRefused):
            await get(Outgoing([HERE], Names("8.8.8.8")), f"http://provider.example.org:{found.port}/")

    assert inside(work).connections == 0


def test_no_redirect_is_followed_and_no_cookie_kept() -> None:
    async def work(found: Inside) -> None:
        outgoing = Outgoing([HERE])
        for _ in range(2):
            assert (await outgoing.call("GET", f"http://127.0.0.1:{found.port}/elsewhere")).status == 302
            await outgoing.call("GET", f"http://127.0.0.1:{found.port}/cookie")
        await outgoing.close()

    found = inside(work)
    assert [request.path for request in found.requests] == ["/elsewhere", "/cookie"] * 2
    assert all("Cookie" not in request.headers for request in found.requests)


@pytest.mark.parametrize("path", ["/large", "/endless", "/never", "/packed"])
def test_what_is_too_large_too_slow_or_packed_is_no_answer(path: str) -> None:
    async def work(found: Inside) -> None:
        seconds = 0.2 if path == "/never" else 30
        with pytest.raises(OutgoingFailed):
            await get(Outgoing([HERE]), f"http://127.0.0.1:{found.port}{path}", largest=50_000, seconds=seconds)

    assert inside(work).connections == 1


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/", "/etc/passwd", "",
        "https:///", "https://user@example.org/", "https://user:word@example.org/", "http+unix://%2Frun%2Fs/",
        "https://example.org:99999/",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(address: str) -> None:
    names = Names("93.184.215.14")
    with pytest.raises(OutgoingRefused):
        asyncio.run(get(Outgoing(resolver=names), address))
    assert names.asked == 0


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(found: Inside) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{found.port}")
        for scheme in ("http", "https"):
            with pytest.raises(OutgoingRefused):
                await get(Outgoing(resolver=Names("10.0.0.1")), f"{scheme}://provider.example.org/")

    assert inside(work).connections == 0


def test_a_certificate_of_somebody_else_is_no_provider() -> None:
    """The connection is made, and nothing is said over it."""

    async def work(found: Inside) -> None:
        with pytest.raises(OutgoingFailed):
            await get(Outgoing([HERE]), f"https://127.0.0.1:{found.port}/")

    found = inside(work)
    assert (found.connections, found.requests) == (1, [])


def test_a_literal_is_not_resolved() -> None:
    names = Names("93.184.215.14")
    with pytest.raises(OutgoingRefused):
        asyncio.run(get(Outgoing(resolver=names), "https://127.0.0.1/"))
    assert names.asked == 0
