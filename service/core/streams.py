"""A request's body, as a stream where it is large: nothing is read before it is asked for, nor more than that."""

import asyncio

from aiohttp import StreamReader, web

from schemas import problems
from service.core.errors import DomainError


class BodyStream:
    """`media_type`: what the caller says it is. `declared_bytes`: how much they say will come; a body may lie."""

    def __init__(self, content: StreamReader, media_type: str, declared_bytes: int | None) -> None:
        self.media_type = media_type
        self.declared_bytes = declared_bytes
        self._content = content

    async def chunk(self, size: int, seconds: float) -> bytes:
        """The next `size` bytes, fewer where the body ends. Refuses whoever takes longer than `seconds` to send them.

        Raises ConnectionError or RequestPayloadError where the body is cut: the edge knows what to answer.
        """
        gathered = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while len(gathered) < size:
                    piece = await self._content.read(size - len(gathered))
                    if not piece:
                        break
                    gathered += piece
        except TimeoutError:
            raise DomainError(problems.TOO_SLOW) from None
        return bytes(gathered)


async def whole_body(request: web.Request, seconds: float) -> bytes:
    """All of a body that is small. Refuses whoever takes longer than `seconds` to send it."""
    if request.content.is_eof():
        # It is here already, as nearly always.
        return await request.read()
    try:
        async with asyncio.timeout(seconds):
            return await request.read()
    except TimeoutError:
        raise DomainError(problems.TOO_SLOW) from None


def stream_of(request: web.Request, media_types: tuple[str, ...]) -> BodyStream:
    """Refuses another media type, and a body that is compressed: it would be unpacked before anybody counts it."""
    if request.content_type not in media_types or "Content-Encoding" in request.headers:
        raise DomainError(problems.MEDIA_TYPE)
    return BodyStream(request.content, request.content_type, request.content_length)
