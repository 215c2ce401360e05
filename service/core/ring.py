"""The keys that a process knows of, and which of them it uses at this moment: next -> current -> retired."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import problems
from service.core.clock import Clock
from service.core.errors import DomainError
from service.core.keys import Keys, SigningKey

Purpose = Literal["seal", "sign"]
PURPOSES: tuple[Purpose, ...] = ("seal", "sign")

# A ticket's code is shown on the day of the visit, which is booked months before.
SIGNATURES_LIVE = timedelta(days=400)
# Who has heard nothing for so long does not seal: the key may be about to be destroyed.
SILENCE_SECONDS = 300
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger("zapis.keys")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as the database has it; `secret` is absent of one that was revoked, or does not open here."""

    id: str
    purpose: Purpose
    secret: bytes | None
    current_from: datetime
    revoked: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """Never changed, but replaced by another as a whole: threads read it."""

    openers: dict[str, AESGCM] = field(default_factory=dict[str, AESGCM])
    sealers: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    verifiers: dict[str, SigningKey] = field(default_factory=dict[str, SigningKey])
    signers: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])


class KeyRing:
    """The keys of the settings, and those that it was told of.

    Until it was told for the first time, it opens and verifies by the keys of the settings, and refuses to seal, to
    sign and to open by any other: `unavailable`.
    """

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self.keys = keys
        self._clock = clock
        self.loaded = False
        self._heard_at = 0.0
        # Counts how often a key ceased to verify.
        self.generation = 0
        # Rows with something sealed that does not open: whoever seals anew passes them over.
        self.unopened: set[UUID] = set()
        # Asks whoever keeps the ring to look for new keys, from any thread.
        self.ask_for_more: Callable[[], object] = lambda: None
        self._secrets: dict[str, bytes] = {}
        self._pem = SigningKey(keys.signing)
        self._known = self._of(())

    def learn(self, known: Iterable[KnownKey]) -> None:
        """These are all keys that there are beside those of the settings.

        One that does not open any more, but did, is still known: it may have been wrapped anew for who starts next.
        """
        before = self._known.verifiers.keys()
        opened = [key if key.secret or key.revoked else self._as_before(key) for key in known]
        self._secrets = {key.id: key.secret for key in opened if key.secret}
        self._known = self._of(opened)
        self.generation += bool(before - self._known.verifiers.keys())
        self._heard_at = time.monotonic()
        self.loaded = True

    def known_ids(self) -> frozenset[str]:
        """Of all keys that open or verify."""
        return frozenset((*self._known.openers, *self._known.verifiers))

    def sealing(self) -> tuple[str, AESGCM]:
        """The key that seals now, with its id; `unavailable` where nothing was heard of the keys for minutes."""
        self._require_loaded()
        if time.monotonic() - self._heard_at > SILENCE_SECONDS:
            _log.error("keys not heard of")
            raise DomainError(problems.UNAVAILABLE)
        known = self._known
        key_id = _current(known.sealers, self._clock())
        return key_id, known.openers[key_id]

    def opening(self, key_id: str) -> AESGCM:
        """The key of that id; `unavailable` where there is none, for another process may have made it just now."""
        try:
            return self._known.openers[key_id]
        except KeyError:
            self.ask_for_more()
            _log.error("unknown key", key=key_id[:40])
            raise DomainError(problems.UNAVAILABLE) from None

    def signing(self) -> SigningKey:
        """The key that signs now."""
        self._require_loaded()
        known = self._known
        return known.verifiers[_current(known.signers, self._clock())]

    def verifying(self, key_id: str) -> SigningKey | None:
        """The key of that id. None where there is none; `unavailable` where it may be one not heard of yet."""
        key = self._known.verifiers.get(key_id)
        if key is None:
            self.ask_for_more()
            self._require_loaded()
        return key

    def published(self) -> list[SigningKey]:
        """All keys that verify now, or will."""
        self._require_loaded()
        return list(self._known.verifiers.values())

    def old_sealing_keys(self) -> list[str]:
        """The keys that have sealed and do no longer."""
        current, _ = self.sealing()
        now = self._clock()
        return [key_id for since, key_id in self._known.sealers if since <= now and key_id != current]

    def _as_before(self, key: KnownKey) -> KnownKey:
        return replace(key, secret=self._secrets.get(key.id))

    def _require_loaded(self) -> None:
        if not self.loaded:
            raise DomainError(problems.UNAVAILABLE)

    def _of(self, given: Iterable[KnownKey]) -> _Known:
        known = _Known()
        for key_id, secret in self.keys.sealing.items():
            known.openers[key_id] = AESGCM(secret)
            known.sealers.append((_ALWAYS, key_id))
        ordered = sorted(given, key=lambda key: key.current_from)
        if self._pem.id not in {key.id for key in ordered if key.revoked}:
            known.verifiers[self._pem.id] = self._pem
            known.signers.append((_ALWAYS, self._pem.id))
        for key in ordered:
            if key.secret is None:
                continue
            if key.purpose == "seal":
                known.openers[key.id] = AESGCM(key.secret)
                known.sealers.append((key.current_from, key.id))
            else:
                known.verifiers[key.id] = SigningKey(Ed25519PrivateKey.from_private_bytes(key.secret))
                known.signers.append((key.current_from, key.id))
        for (_, key_id), (retired_at, _) in pairwise(known.signers):
            if retired_at + SIGNATURES_LIVE <= self._clock():
                del known.verifiers[key_id]
        return known


def _current(keys: list[tuple[datetime, str]], now: datetime) -> str:
    return next(key_id for since, key_id in reversed(keys) if since <= now)
