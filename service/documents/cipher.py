"""Files at rest: AES-256-GCM in chunks, by the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015).

A file is a magic word, a random prefix, and sealed chunks of 64 KiB of which the last may be shorter. A chunk's nonce
is the prefix, its number, and whether it is the last: so a file that was cut, or whose chunks were left out, swapped
or taken from elsewhere, does not open. Each file has a key of its own, and the row it belongs to is associated data.
"""

import struct
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"ZD1\0"
PREFIX_BYTES = 7
HEADER_BYTES = len(MAGIC) + PREFIX_BYTES
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
KEY_BYTES = 32


class ChunkCipher:
    """Seals or opens the chunks of one file, in their order. Opening raises InvalidTag where one is not what it was."""

    def __init__(self, key: bytes, prefix: bytes, row: str) -> None:
        self._cipher = AESGCM(key)
        self._prefix = prefix
        self._row = row.encode()
        self._number = 0

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), chunk, self._row)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        return self._cipher.decrypt(self._nonce(last), sealed, self._row)

    def _nonce(self, last: bool) -> bytes:
        nonce = self._prefix + struct.pack(">IB", self._number, last)
        self._number += 1
        return nonce


def chunk_sizes(size_bytes: int) -> Iterator[tuple[int, bool]]:
    """Of each chunk of a file of so many bytes: how many it holds, and whether it is the last."""
    whole, rest = divmod(size_bytes, CHUNK_BYTES)
    sizes = [CHUNK_BYTES] * whole + ([rest] if rest or not whole else [])
    for number, size in enumerate(sizes, 1):
        yield size, number == len(sizes)


def sealed_size(size_bytes: int) -> int:
    """How long the file of so many bytes is on the disk."""
    return HEADER_BYTES + size_bytes + TAG_BYTES * sum(1 for _ in chunk_sizes(size_bytes))
