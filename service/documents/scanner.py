"""Files are shown to clamd (ClamAV) before anybody else sees them: its command INSTREAM, over a socket."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import structlog
from prometheus_client import Counter

from schemas import problems
from service.core.errors import DomainError

_log = structlog.get_logger("zapis.documents")
INFECTED = Counter("zapis_documents_infected", "Uploads that the virus scanner found something in.")
_SECONDS = 60
_AT_ONCE = 4
# Longer than any answer is: "stream: <name of what was found> FOUND".
_ANSWER_BYTES = 4096


class Scanner:
    """Of the clamd at `address`: the path of its socket file, or host:port."""

    def __init__(self, address: str, seconds: float = _SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def scan(self, pieces: AsyncGenerator[bytes]) -> None:
        """Refuses a file in which something is found. Where clamd can't say, the refusal is `unavailable`: what was not
        looked at is not taken."""
        try:
            async with asyncio.timeout(self._seconds), self._turns, aclosing(pieces):
                answer = await self._asked(pieces)
        except (OSError, TimeoutError, asyncio.LimitOverrunError) as error:
            raise _unable(type(error).__name__) from None
        if answer == "stream: OK":
            return
        if answer.endswith(" FOUND"):
            INFECTED.inc()
            _log.warning("infected upload", found=answer.removeprefix("stream: ").removesuffix(" FOUND")[:100])
            raise DomainError(problems.DOCUMENT_INFECTED)
        if answer.startswith("INSTREAM size limit exceeded"):
            # No smaller by another try: but the machine's keeper can allow more.
            _log.warning("an upload is larger than StreamMaxLength of clamd")
            raise DomainError(problems.DOCUMENT_TOO_LARGE)
        # An error of its own, or nothing: its name is a path of its machine at most.
        raise _unable("said no more" if not answer else "said an error")

    async def _asked(self, pieces: AsyncGenerator[bytes]) -> str:
        reader, writer = await self._connected()
        # From the beginning on: clamd may have heard enough before it has heard all, and then it hangs up.
        answering = asyncio.ensure_future(reader.readuntil(b"\0"))
        try:
            with suppress(ConnectionError):
                writer.write(b"zINSTREAM\0")
                async for piece in pieces:
                    if answering.done():
                        break
                    writer.write(struct.pack(">I", len(piece)) + piece)
                    await writer.drain()
                writer.write(struct.pack(">I", 0))
            return (await answering)[:-1].decode(errors="replace")
        except asyncio.IncompleteReadError:
            # Cut in the middle: whatever it began to say was not said.
            return ""
        finally:
            answering.cancel()
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("/"):
            return await asyncio.open_unix_connection(self._address, limit=_ANSWER_BYTES)
        host, _, port = self._address.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port), limit=_ANSWER_BYTES)


def _unable(error: str) -> DomainError:
    _log.warning("the virus scanner gives no answer", error=error)
    return DomainError(problems.UNAVAILABLE)
