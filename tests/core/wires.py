"""TLS before a real PostgreSQL, and certificates for it.

The embedded server is built without TLS, so what stands before it is a small server that speaks it: it answers an
SSLRequest as PostgreSQL does, and hands what is said inside on to the server's socket file.
"""

import asyncio
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# PostgreSQL's protocol, 54.2.11: length and code of the message that asks for TLS.
_ASKED = struct.pack(">II", 8, 80877103)


@dataclass
class Authority:
    """Who signs certificates; its own is a file that may be named as `sslrootcert`."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        self.root = self.folder / f"{self.name}.crt"
        own = self._begun(self._subject, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.root.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def certificate(self, host: str) -> Path:
        """For a name or an address: the certificate and its key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative: x509.GeneralName = x509.IPAddress(ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._begun(subject, key).add_extension(x509.SubjectAlternativeName([alternative]), False)
        pem = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        pem += key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.folder / f"{self.name}.{host}.pem"
        path.write_bytes(pem)
        return path

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        begun = x509.CertificateBuilder().subject_name(subject).issuer_name(self._subject)
        begun = begun.public_key(key.public_key()).serial_number(x509.random_serial_number())
        now = datetime.now(UTC)
        begun = begun.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        begun = begun.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        return begun.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)


class Front:
    """A server on 127.0.0.1 before the one at `socket`; without a certificate it speaks no TLS.

    With `clients` it lets in only whom that authority knows. `plain`: connections that were not encrypted, or began so.
    """

    def __init__(self, socket: Path, certificate: Path | None, clients: Authority | None = None) -> None:
        self._socket = socket
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
            if clients is not None:
                self._context.load_verify_locations(clients.root)
                self._context.verify_mode = ssl.CERT_REQUIRED
        self.port = 0
        self.encrypted = 0
        self.plain = 0

    @contextmanager
    def served(self) -> Iterator[Self]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._take, "127.0.0.1", 0), loop).result()
            self.port = server.sockets[0].getsockname()[1]
            yield self
            loop.call_soon_threadsafe(server.close)
        finally:
            asyncio.run_coroutine_threadsafe(_ended(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(8)
            if first == _ASKED:
                writer.write(b"S" if self._context else b"N")
                if self._context:
                    await writer.start_tls(self._context)
                    self.encrypted += 1
                    first = b""
                else:
                    first = await reader.readexactly(8)
            if first:
                self.plain += 1
            inner_reader, inner_writer = await asyncio.open_unix_connection(str(self._socket))
            inner_writer.write(first)
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
