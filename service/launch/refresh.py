"""Refresh tokens: which session one is of, and 256 random bits. Nothing is kept of them but hashes."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from service.core.sealing import Sealer

# 48 bytes are 64 characters, with no bit to spare: a token has one form.
_FORM = re.compile(r"zr\.([0-9]{2})\.([A-Za-z0-9_-]{64})")
_SESSION_BYTES, _SECRET_BYTES = 16, 32


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    region_id: int
    session_id: UUID
    secret: bytes

    @classmethod
    def new(cls, region_id: int, session_id: UUID) -> Self:
        return cls(region_id, session_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None where it has not the form of one."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        both = urlsafe_b64decode(found[2])
        return cls(int(found[1]), UUID(bytes=both[:_SESSION_BYTES]), both[_SESSION_BYTES:])

    @property
    def text(self) -> str:
        return f"zr.{self.region_id:02d}.{urlsafe_b64encode(self._both).decode()}"

    @property
    def hash(self) -> bytes:
        """Of 256 random bits a plain SHA-256 is as good as a slow hash."""
        return hashlib.sha256(self._both).digest()

    def successor(self, sealer: Sealer) -> "RefreshToken":
        """Made of this one by our key: whoever asks twice is told the same, though it is kept nowhere."""
        return RefreshToken(self.region_id, self.session_id, sealer.hash("refresh_token", self.text))

    @property
    def _both(self) -> bytes:
        return self.session_id.bytes + self.secret
