"""The load: as many requests as can be, over a few connections that are kept. One generator for all that is compared.

It parses no more of HTTP/1.1 than an answer of known length needs, so that the two cores are left to what is measured.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Measured:
    seconds: float
    statuses: Counter[int]

    @property
    def per_second(self) -> float:
        return self.statuses.total() / self.seconds


class _Connection(asyncio.Protocol):
    """Sends the next request when the last is answered."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int]) -> None:
        self._requests = requests
        self._statuses = statuses
        self._received = b""
        self._expected = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By its methods alone: uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.finished.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            head_end = self._received.find(_HEAD_END)
            if head_end < 0:
                return
            length = _LENGTH.search(self._received, 0, head_end)
            self._expected = head_end + len(_HEAD_END) + (int(length[1]) if length else 0)
        if len(self._received) >= self._expected:
            self._statuses[int(self._received[9:12])] += 1
            self._received = b""
            self._expected = 0
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionResetError("the server closed the connection"))


class Paced(_Connection):
    """Sends its requests at their times, and counts from then; one that is due before the last is answered waits."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        super().__init__(iter(requests), Counter[int]())
        self.milliseconds: list[float] = []
        self._due = self._interval = 0.0

    async def run(self, first: float, interval: float) -> None:
        """All of them, the first at `first` by the performance counter, the others so many seconds apart."""
        self._due, self._interval = first, interval
        self._wait()
        await self.finished

    @property
    def statuses(self) -> Counter[int]:
        return self._statuses

    def send(self) -> None:
        """The last is answered."""
        self.milliseconds.append((time.perf_counter() - self._due) * 1000)
        self._due += self._interval
        self._wait()

    def _wait(self) -> None:
        asyncio.get_running_loop().call_later(max(0.0, self._due - time.perf_counter()), super().send)


async def load(port: int, requests: Sequence[bytes], connections: int) -> Measured:
    """Sends all requests to 127.0.0.1. Connecting is not measured. Raises ConnectionError where one is lost."""
    loop = asyncio.get_running_loop()
    left, statuses = iter(requests), Counter[int]()
    opened = [
        (await loop.create_connection(lambda: _Connection(left, statuses), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for connection in opened:
        connection.send()
    await asyncio.gather(*(connection.finished for connection in opened))
    return Measured(time.perf_counter() - began, statuses)


def request(method: str, target: str, body: bytes = b"", **headers: str) -> bytes:
    """One request, ready to be sent; `headers` by their names with underscores."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
