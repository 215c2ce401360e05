"""The service's own keys: from the settings, or made once into the data folder, readable by the owner alone.

They open the keys that the database holds (service/keyring/), and are the first of them: what they sealed and signed
before there were others stays readable and valid.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class KeysWrong(ValueError):
    """The keys can't be worked with, or not like this; the message says why, and holds no key."""


class SigningKey:
    """An Ed25519 key under the id that its tokens name."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.public = private.public_key()
        self.public_bytes = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(self.public_bytes).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Keys:
    """`signing` signs tokens, `sealing` (id -> 32 bytes) seals other keys by its last, `hashing` looks people up."""

    signing: Ed25519PrivateKey
    sealing: dict[str, bytes]
    hashing: bytes

    @property
    def cursors(self) -> bytes:
        return hmac.digest(self.hashing, b"cursors", hashlib.sha256)

    @property
    def proofs(self) -> bytes:
        return hmac.digest(self.hashing, b"proofs", hashlib.sha256)

    @property
    def requests(self) -> bytes:
        """For hashes of what was asked under an idempotency key."""
        return hmac.digest(self.hashing, b"requests", hashlib.sha256)

    @property
    def addresses(self) -> bytes:
        """For what stands in the log for an address."""
        return hmac.digest(self.hashing, b"addresses", hashlib.sha256)


def signing_key(pem: bytes) -> Ed25519PrivateKey:
    """Raises ValueError where the PEM does not hold an Ed25519 private key."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the signing key must be Ed25519")  # noqa: TRY004 - the file is wrong, not the type of an argument
    return key


def made_once(folder: Path) -> Keys:
    """The keys of this data folder, made at the first call. Whoever loses them loses the sealed identifiers."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Keys(
        signing=signing_key(_made_once(folder / "signing.pem", _new_signing_key)),
        sealing={"k1": _made_once(folder / "sealing-k1.key", lambda: secrets.token_bytes(32))},
        hashing=_made_once(folder / "hashing.key", lambda: secrets.token_bytes(32)),
    )


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content. Of several processes that make it at once, one wins and all read the same."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def secret_made_once(path: Path) -> str:
    """A random secret of this data folder, made at the first call."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _made_once(path, lambda: secrets.token_urlsafe(32).encode()).decode()
