"""Opaque signed cursors: a position in one list, under one set of filters."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import orjson

from schemas import problems
from schemas.common import Paged
from service.core.errors import DomainError

_TAG_BYTES = 16


class Cursors:
    """Signs positions with `key`. A cursor of another list, other filters or another key is no cursor."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def position(self, scope: str, query: Paged) -> list[str] | None:
        """Where the page begins: the last position of the one before, or None for the first page."""
        if query.cursor is None:
            return None
        try:
            token = urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
        except ValueError:
            raise DomainError(problems.CURSOR_UNKNOWN) from None
        tag, position = token[:_TAG_BYTES], token[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(scope, query, position)):
            raise DomainError(problems.CURSOR_UNKNOWN)
        return orjson.loads(position)

    def cursor(self, scope: str, query: Paged, position: Sequence[object]) -> str:
        """The cursor to what comes behind `position`."""
        encoded = orjson.dumps([str(part) for part in position])
        token = self._tag(scope, query, encoded) + encoded
        return urlsafe_b64encode(token).rstrip(b"=").decode()

    def _tag(self, scope: str, query: Paged, position: bytes) -> bytes:
        filters = query.model_dump_json(exclude={"cursor", "limit"}).encode()
        message = b"\0".join((scope.encode(), filters, position))
        return hmac.digest(self._key, message, hashlib.sha256)[:_TAG_BYTES]
