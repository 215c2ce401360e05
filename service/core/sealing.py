"""Identifiers at rest: sealed with AES-256-GCM, looked up by a keyed hash. They are never logged."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Sealer:
    """Seals with the newest of `keys` (id -> 32 bytes, in order) and opens with whichever sealed.

    The sealed text is `<key id>.<base64url of nonce and ciphertext>`. The row is associated data: a text copied to
    another row or column does not open.
    """

    def __init__(self, keys: Mapping[str, bytes], hash_key: bytes) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = list(keys)[-1]
        self._hash_key = hash_key

    def seal(self, text: str, row: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, text.encode(), row.encode())
        return f"{self._newest}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, row: str) -> str:
        """Raises InvalidTag where the text was not sealed for this row, KeyError where its key is gone."""
        key_id, _, encoded = sealed.partition(".")
        token = urlsafe_b64decode(encoded)
        return self._ciphers[key_id].decrypt(token[:_NONCE_BYTES], token[_NONCE_BYTES:], row.encode()).decode()

    def hash(self, *parts: str) -> bytes:
        """A keyed hash of the parts, 32 bytes: equal for equal parts, and worth nothing without the key."""
        message = "\0".join(parts).encode()
        return hmac.digest(self._hash_key, message, hashlib.sha256)
