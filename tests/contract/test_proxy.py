"""ops/nginx.conf, in front of the service, where there is an nginx: `make soak`."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import fresh_database
from tests.live import Live
from tests.races.processes import free_port, wait_until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
CONFIGURATION = Path(__file__).parents[2] / "ops" / "nginx.conf"
NAME, BURST = "zapis.example", 40
pytestmark = [pytest.mark.soak, pytest.mark.skipif(NGINX is None, reason="there is no nginx here")]


@dataclass
class Proxy:
    folder: Path
    port: int
    live: Live

    @property
    def base(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))

    def get(self, path: str, **headers: str) -> requests.Response:
        named = {"Host": NAME, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.get(self.base + path, headers=named, verify=str(self.folder / "fullchain.pem"), timeout=10)

    def connect(self) -> ssl.SSLSocket:
        return self.context().wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=10), server_hostname=NAME
        )

    def said(self, raw: bytes) -> bytes:
        """All that is answered to these bytes."""
        with self.connect() as connection:
            connection.sendall(raw)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))


@pytest.fixture(scope="module")
def proxy(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    assert NGINX is not None
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    _certify(folder)
    limits = {"address": f"1/h burst {BURST}"}
    with (
        fresh_database(server_dsn) as dsn,
        Live(dsn, tmp_path_factory.mktemp("data"), limits=limits, trusted_proxies=["127.0.0.1/32"]) as live,
    ):
        text = CONFIGURATION.read_text()
        for ours, here in (
            ("listen 443 ", f"listen 127.0.0.1:{port} "),
            ("/etc/ssl/zapis/", f"{folder}/"),
            ("/run/nginx.pid", f"{folder}/nginx.pid"),
            ("/var/log/nginx/", f"{folder}/"),
            ("127.0.0.1:8080", live.base.removeprefix("http://")),
            ("limit_conn callers 1000", "limit_conn callers 5"),
        ):
            assert text.count(ours) >= 1, ours
            text = text.replace(ours, here)
        (folder / "nginx.conf").write_text(text)
        process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])
        try:
            wait_until((folder / "nginx.pid").exists)
            yield Proxy(folder, port, live)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(autouse=True)
def _nobody_is_over_a_limit(proxy: Proxy) -> None:
    proxy.live.clock.now += timedelta(days=7)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_answers_come_over_tls_and_tell_browsers_to_stay_there(proxy: Proxy) -> None:
    answer = proxy.get("/v1/regions")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    old = proxy.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as plain:
        old.wrap_socket(plain, server_hostname=NAME)
    assert [proxy.get(path).status_code for path in ("/readyz", "/metrics", "/healthz")] == [404, 404, 200]


def test_nobody_is_another_by_saying_so(proxy: Proxy) -> None:
    """All of these are one address, whatever they say."""
    statuses = [
        proxy.get("/v1/regions", X_Forwarded_For=f"203.0.113.{number}", Forwarded=f"for=203.0.113.{number}").status_code
        for number in range(BURST + 5)
    ]
    assert statuses[-1] == 429
    assert 200 in statuses


def test_an_address_has_so_many_connections(proxy: Proxy) -> None:
    # A connection counts for as long as a request of it is under way.
    begun = b"POST /v1/sessions HTTP/1.1\r\nHost: zapis.example\r\nContent-Length: 9\r\n\r\n{"
    with ExitStack() as held:
        for _ in range(5):
            held.enter_context(proxy.connect()).sendall(begun)
        wait_until(
            lambda: b" 429 " in proxy.said(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[:20]
        )


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length : 5\r\n",
    ],
)
def test_one_request_is_not_two(proxy: Proxy, headers: bytes) -> None:
    """What two could read as a body or as a request is refused by nginx, who closes; nothing of it comes through."""
    hidden = b"GET /v1/hidden HTTP/1.1\r\nHost: zapis.example\r\nX-Request-Id: hidden-request\r\n\r\n"
    begun = b"POST /v1/sessions HTTP/1.1\r\nHost: zapis.example\r\n"
    end = b"GET /healthz HTTP/1.1\r\nHost: zapis.example\r\nConnection: close\r\n\r\n"
    # One that is clear: its body, and two requests behind it.
    answers = proxy.said(begun + b"Content-Length: 5\r\n\r\n0\r\n\r\n" + hidden + end)
    assert re.findall(rb"HTTP/1\.1 (\d{3})", answers) == [b"415", b"404", b"200"]
    assert b"X-Request-Id: hidden-request" in answers
    answers = proxy.said(begun + headers + b"\r\n0\r\n\r\n" + hidden + end)
    assert re.findall(rb"HTTP/1\.1 (\d{3})", answers) in ([b"400"], [b"501"])
    assert b"hidden-request" not in answers
