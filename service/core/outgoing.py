"""Calls out of the service. Whatever address one leads to, none reaches inside: the address that is judged is the one
that is connected to, so neither a name that resolves inside, nor a trick of writing, nor a redirect gets there."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

Network = IPv4Network | IPv6Network
_LARGEST_ANSWER = 256 * 1024
_SECONDS = 10.0
_PIECE = 16 * 1024
_CONNECTIONS = 20
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# They carry a packet on to an address that is written in them, or to whoever offers to.
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"), IPv4Network("192.88.99.0/24"))


class OutgoingRefused(Exception):
    """Nobody was called: the address is not of `https`, or leads inside."""


class OutgoingFailed(Exception):
    """Nothing whole came back: no connection, no time left, too large an answer. Says no more, not even whose."""


class _Inside(OSError):
    """An address that is not connected to."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    content_type: str
    content: bytes


def leads_inside(address: str) -> bool:
    """Whether an address is anything else than one host of the public Internet; so is what is no address at all."""
    try:
        given = _plain(address)
    except ValueError:
        return True
    if not given.is_global or given.is_multicast or given.is_reserved:
        return True
    if isinstance(given, IPv6Address) and given not in _GLOBAL_UNICAST:
        return True
    return any(given in network for network in _TUNNELS)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The address; of one that only wraps an IPv4 address, that one."""
    given = ip_address(address)
    if isinstance(given, IPv4Address):
        return given
    if given.ipv4_mapped is not None:
        return given.ipv4_mapped
    if given in _NAT64:
        return IPv4Address(int(given) & 0xFFFFFFFF)
    return given


class Outgoing:
    """Calls over https to the public Internet; http as well, and inside, only to the networks `allowed`.

    No redirect is followed, no cookie kept, no proxy of the environment asked, nothing compressed taken.
    """

    def __init__(self, allowed: Sequence[Network] = (), resolver: AbstractResolver | None = None) -> None:
        self._allowed = tuple(allowed)
        self._resolver = resolver
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def call(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        seconds: float = _SECONDS,
        largest: int = _LARGEST_ANSWER,
    ) -> Reply:
        """The answer, whatever its status. Raises OutgoingRefused or OutgoingFailed.

        It takes `seconds` at most, all together, and is `largest` bytes at most.
        """
        url = _url(address)
        given = {"Accept-Encoding": "identity", **(headers or {})}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session(url.scheme).request(
                method, url, headers=given, data=form if content is None else content, timeout=timeout,
                allow_redirects=False, max_line_size=_PIECE,
            ) as response:  # fmt: skip
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise OutgoingFailed
                return Reply(response.status, response.content_type, await _read(response, largest))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if _is_inside(error):
                raise OutgoingRefused from None
            raise OutgoingFailed from None

    async def close(self) -> None:
        """Ends what is kept open."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        # Made when it is first asked for: a session belongs to a loop, and most processes call nobody.
        if scheme not in self._sessions:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, limit=_CONNECTIONS,
                socket_factory=self._socket_for_https if scheme == "https" else self._socket_for_http,
            )  # fmt: skip
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._sessions[scheme]

    def _socket_for_https(self, target: tuple[Any, ...]) -> socket.socket:
        """Asked for each address right before it is connected to, however the address was come by."""
        return self._socket(target, public=True)

    def _socket_for_http(self, target: tuple[Any, ...]) -> socket.socket:
        return self._socket(target, public=False)

    def _socket(self, target: tuple[Any, ...], *, public: bool) -> socket.socket:
        family, kind, protocol, _, (address, *_) = target
        if not (self._is_allowed(address) or (public and not leads_inside(address))):
            raise _Inside
        return socket.socket(family=family, type=kind, proto=protocol)

    def _is_allowed(self, address: str) -> bool:
        if not self._allowed:
            return False
        given = _plain(address)
        return any(given in network for network in self._allowed)


def _url(address: str) -> URL:
    try:
        url = URL(address)
    except ValueError:
        raise OutgoingRefused from None
    if url.scheme not in ("https", "http") or not url.host or url.user is not None or url.password is not None:
        raise OutgoingRefused
    return url


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    pieces = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        pieces += piece
        if len(pieces) > largest:
            response.close()
            raise OutgoingFailed
    return bytes(pieces)


def _is_inside(error: BaseException) -> bool:
    """aiohttp tells why no socket was made as the cause of its own error."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _Inside):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
