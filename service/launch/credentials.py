"""What a system proves itself with: a secret of 256 random bits, of which a hash is kept, or public keys of its own."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from service.core.sealing import Sealer
from service.launch.assertions import check_public_key

# Who acts from the command line: nobody whom a token could speak for.
COMMAND_LINE = UUID(int=0)
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """With keys there is no secret: it is empty."""

    secret: str
    public_keys: list[str]

    @classmethod
    def new(cls, public_keys: Sequence[str]) -> Self:
        """Raises ValueError on a key that can't be used."""
        for key in public_keys:
            check_public_key(key)
        return cls("" if public_keys else secrets.token_urlsafe(_SEED_BYTES), list(public_keys))

    @property
    def secret_hash(self) -> bytes | None:
        return hashed(self.secret) if self.secret else None


def name_of(region_id: int, client_id: UUID) -> str:
    """By what the system calls itself at createToken: it says where to look."""
    return f"{region_id:02d}.{client_id}"


def hashed(secret: str) -> bytes:
    """Of 256 random bits a plain SHA-256 is as good as a slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def new_seed() -> str:
    """What a secret is made of that has to be told again where its request is repeated, and is kept nowhere."""
    return secrets.token_hex(_SEED_BYTES)


def secret_of(sealer: Sealer, seed: str) -> str:
    return urlsafe_b64encode(sealer.hash("client's secret", seed)).rstrip(b"=").decode()
