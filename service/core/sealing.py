"""Identifiers at rest: sealed with AES-256-GCM, looked up by a keyed hash. They are never logged."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


@runtime_checkable
class SealingKeys(Protocol):
    """One of them seals, all of them open."""

    def sealing(self) -> tuple[str, AESGCM]: ...
    def opening(self, key_id: str) -> AESGCM: ...


class _FixedKeys:
    """These alone; the last seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = list(keys)[-1]

    def sealing(self) -> tuple[str, AESGCM]:
        return self._newest, self._ciphers[self._newest]

    def opening(self, key_id: str) -> AESGCM:
        return self._ciphers[key_id]


class Sealer:
    """Seals with the key that is current and opens with whichever sealed; or with fixed keys, id -> 32 bytes in order.

    The sealed text is `<key id>.<base64url of nonce and ciphertext>`. The row is associated data: a text copied to
    another row or column does not open.
    """

    def __init__(self, keys: SealingKeys | Mapping[str, bytes], hash_key: bytes) -> None:
        self._keys = keys if isinstance(keys, SealingKeys) else _FixedKeys(keys)
        self._hash_key = hash_key

    def seal(self, text: str, row: str) -> str:
        key_id, cipher = self._keys.sealing()
        return f"{key_id}.{urlsafe_b64encode(wrap(cipher, text.encode(), row)).decode()}"

    def open(self, sealed: str, row: str) -> str:
        """Raises InvalidTag where the text was not sealed for this row; where its key is gone, what the keys say."""
        key_id, _, encoded = sealed.partition(".")
        return unwrap(self._keys.opening(key_id), urlsafe_b64decode(encoded), row).decode()

    def hash(self, *parts: str) -> bytes:
        """A keyed hash of the parts, 32 bytes: equal for equal parts, and worth nothing without the key."""
        message = "\0".join(parts).encode()
        return hmac.digest(self._hash_key, message, hashlib.sha256)


def wrap(cipher: AESGCM, content: bytes, row: str) -> bytes:
    """A new nonce, and the content sealed for that row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, row.encode())


def unwrap(cipher: AESGCM, wrapped: bytes, row: str) -> bytes:
    """Raises InvalidTag where it was not sealed so."""
    return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], row.encode())
