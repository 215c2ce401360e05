"""Whether a connection to the database could be listened to: what its address says, before anybody connects."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit


class Overheard(ValueError):
    """The address leads to another machine, and does not demand a connection that is encrypted and verified."""


def demand_verified(address: str, environment: Mapping[str, str]) -> None:
    """Raises Overheard unless all servers of a DSN are on this machine, or `sslmode=verify-full` stands in it.

    Not `verify-ca`: that believes whoever has a certificate of the same authority. What asyncpg would take from the
    environment counts for where it leads, never for how: what guards a connection stands in one place. An address
    that can't be read leads anywhere.
    """
    try:
        parts = urlsplit(address)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise Overheard("it can't be read") from None
    if options.get("sslmode") == ["verify-full"]:
        return
    # As asyncpg reads it: the first @ ends the login.
    login, at, rest = parts.netloc.partition("@")
    hosts = [unquote(_without_port(host)) for host in (rest if at else login).split(",") if host]
    hosts += [_without_port(host) for given in options.get("host", []) for host in given.split(",")]
    if not hosts:
        hosts = [_without_port(host) for host in environment.get("PGHOST", "").split(",") if host]
    if "service" in options or not _are_here(hosts):
        raise Overheard(
            "the server is not on this machine, and whoever is between could listen: add sslmode=verify-full and "
            "sslrootcert=FILE to it, or set ZAPIS_DATABASE_PLAIN=true where the network is your own"
        )


def stays_here(address: str) -> bool:
    """Whether host:port, or a socket file, is of this machine."""
    return _are_here([_without_port(address)])


def _without_port(host: str) -> str:
    if host.startswith("/"):
        return host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _are_here(hosts: Iterable[str]) -> bool:
    """Socket files, and addresses that never leave the machine. Without any it is both of these."""
    return all(host.startswith("/") or host == "localhost" or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
