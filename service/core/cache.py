"""Availability for a second: many ask the same in the same moment, and one of them asks the database."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Kept:
    body: bytes
    etag: str


def etag_of(body: bytes) -> str:
    """A strong validator (RFC 9110, 8.8.3): equal bytes, equal tag."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


class SecondCache:
    """Keeps at most `size` answers for `seconds`; whoever asks for one that is being made waits for it."""

    def __init__(self, size: int = 2000, seconds: float = 1.0) -> None:
        self._size = size
        self._seconds = seconds
        self._made: OrderedDict[Hashable, tuple[float, asyncio.Future[Kept]]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> Kept:
        """What `make` gave within the last second, or gives now. A failure is not kept."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        found = self._made.get(key)
        if found is not None and found[0] > now:
            # Shielded: one impatient caller must not cancel what the others wait for.
            return await asyncio.shield(found[1])
        future: asyncio.Future[Kept] = loop.create_future()
        self._made[key] = (now + self._seconds, future)
        self._made.move_to_end(key)
        if len(self._made) > self._size:
            self._made.popitem(last=False)
        try:
            body = await make()
        except BaseException as error:
            if self._made.get(key, (0.0, None))[1] is future:
                del self._made[key]
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()
            else:
                future.cancel()
            raise
        kept = Kept(body, etag_of(body))
        future.set_result(kept)
        return kept
