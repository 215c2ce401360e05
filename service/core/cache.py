"""Availability for a second: many ask the same in the same moment, and one of them asks the database."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b

from service.core.encoding import pack


@dataclass(frozen=True)
class Kept:
    body: bytes
    etag: str
    # Where it is other than what it stands for (Content-Encoding).
    encoding: str | None = None

    @cached_property
    def packed(self) -> "Kept":
        """The same under gzip, with a tag of its own, made when it is first asked for; itself, where it is short."""
        found = pack(self.body)
        return self if found is None else Kept(found, f'{self.etag[:-1]}-gzip"', "gzip")


def etag_of(body: bytes) -> str:
    """A strong validator (RFC 9110, 8.8.3): equal bytes, equal tag."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


class SecondCache:
    """Keeps at most `size` answers for `seconds`; whoever asks for one that is being made waits for it.

    A full page of free times takes 20 to 40 kB, so the default is some 10 MB.
    """

    def __init__(self, size: int = 300, seconds: float = 1.0) -> None:
        self._size = size
        self._seconds = seconds
        # In the order in which they expire.
        self._made: OrderedDict[Hashable, tuple[float, asyncio.Task[Kept]]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> Kept:
        """What `make` gave within the last second, or gives now. A failure is not kept."""
        now = time.monotonic()
        expires, making = self._made.get(key, (0.0, None))
        if making is None or expires <= now:
            self._make_room(now)
            making = asyncio.create_task(_kept(make))
            making.add_done_callback(partial(self._forget_failure, key))
            self._made[key] = (now + self._seconds, making)
            self._made.move_to_end(key)
        if making.done():
            return making.result()
        # Shielded: one impatient caller, be it the first, must not cancel what the others wait for.
        return await asyncio.shield(making)

    def _make_room(self, now: float) -> None:
        """What nobody asks for any more goes at once, for a page of free times takes tens of kilobytes."""
        while self._made:
            oldest = next(iter(self._made))
            if self._made[oldest][0] > now and len(self._made) < self._size:
                return
            del self._made[oldest]

    def _forget_failure(self, key: Hashable, made: asyncio.Task[Kept]) -> None:
        failed = made.cancelled() or made.exception() is not None
        if failed and self._made.get(key, (0.0, None))[1] is made:
            del self._made[key]


async def _kept(make: Callable[[], Awaitable[bytes]]) -> Kept:
    body = await make()
    return Kept(body, etag_of(body))
