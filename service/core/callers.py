"""Who is at the other end: the peer of the connection, or whom a proxy names that is trusted by setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from aiohttp import web

Network = IPv4Network | IPv6Network
# A socket file, whose other end has no address.
UNIX = "unix"
# Behind one network of 64 bits is one household, and it has all of its addresses to choose from.
_IPV6_SUBJECT_BYTES = 8
# More hops than that, and it is no chain of proxies.
_MOST_HOPS = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """`address`: None behind a socket file, or where the peer is gone. `secure`: they came over https."""

    address: IPv4Address | IPv6Address | None
    secure: bool
    # Somebody says that the request is another's, and is not trusted.
    disputed: bool
    # What is counted as one caller: an IPv4 address, or an IPv6 network of 64 bits.
    subject: bytes

    def is_within(self, networks: Sequence[Network]) -> bool:
        """A disputed one is nowhere in particular: the proxy that is next to us may speak for the whole world."""
        if self.disputed or self.address is None:
            return any(network.prefixlen == 0 for network in networks)
        return any(self.address in network for network in networks)


@lru_cache(maxsize=1024)
def _caller(address: IPv4Address | IPv6Address | None, secure: bool, disputed: bool) -> Caller:
    return Caller(address, secure, disputed, b"" if address is None else subject_of(address))


def subject_of(address: IPv4Address | IPv6Address) -> bytes:
    """What is counted, and named in logs, as one caller."""
    return address.packed[:_IPV6_SUBJECT_BYTES] if isinstance(address, IPv6Address) else address.packed


# What requests know of their caller, for whoever is behind the edge.
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


class Callers:
    """`trusted`: the networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; or `unix`."""

    def __init__(self, trusted: Sequence[Network | Literal["unix"]]) -> None:
        self._networks = [network for network in trusted if not isinstance(network, str)]
        self._unix_trusted = UNIX in trusted
        self._known = lru_cache(maxsize=1024)(self._look_at)

    def of(self, request: web.Request) -> Caller:
        """The peer; or, where the peer is trusted, the right-most address of X-Forwarded-For that is not.

        A header that is malformed where it matters is not believed: then it is the peer. What stands to the left of
        the caller was said by the caller, and is not even looked at.
        """
        address, trusted = self._known(request.remote or "")
        headers = request.headers
        if not trusted:
            return _caller(address, False, "X-Forwarded-For" in headers)
        secure = headers.getall("X-Forwarded-Proto", None) == ["https"]
        named = ",".join(headers.getall("X-Forwarded-For", ()))
        return _caller(self._named_by(named) or address, secure, False)

    def _named_by(self, forwarded_for: str) -> IPv4Address | IPv6Address | None:
        found = None
        for item in reversed(forwarded_for.rsplit(",", _MOST_HOPS)):
            found, trusted = self._known(item.strip())
            if found is None or not trusted:
                break
        return found

    def _look_at(self, text: str) -> tuple[IPv4Address | IPv6Address | None, bool]:
        try:
            address = ip_address(text)
        except ValueError:
            # uvloop and asyncio give a peer behind a socket file no name; an item of a header is never so.
            return None, text == "" and self._unix_trusted
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address, any(address in network for network in self._networks)
