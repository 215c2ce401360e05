"""Proof of work: what an attempt at a place costs the device that makes it, while its institution is under pressure.

Challenges are ALTCHA's, so that its public solvers solve them: of so many counters one makes the key that is looked
for, and each try derives a key by PBKDF2. Nothing is kept of a challenge; it comes back with its proof, and is known by
its signature. It is good for one request of one citizen. Why so: docs/decisions/0038-proof-of-work.md.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import altcha

from schemas import problems
from service.core.clock import Clock
from service.core.errors import DomainError
from service.core.ids import mark_of, marked
from service.core.limits import Limits
from service.core.operations import Actor

HEADER = "Proof"
LIFETIME = timedelta(minutes=2)
ALGORITHM, ITERATIONS = "PBKDF2/SHA-256", 500
# On the average half of them are tried: by reckoning 0.5 s on a phone with one worker.
COUNTERS = 2000
MOST_DOUBLINGS = 5
# What a proof of ours takes is 900 characters.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,4000}={0,2}")
_MALFORMED = (ValueError, KeyError, TypeError, RecursionError)


def counters_at(remaining: int) -> int:
    """How many counters a challenge has for whom so many attempts remain: the last of them cost twice as much each."""
    return COUNTERS << max(0, MOST_DOUBLINGS - remaining)


class Proofs:
    """Who has to prove work, and whether they have. `key` is the same on all machines."""

    def __init__(self, limits: Limits, key: bytes, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        # Both are text: so they are to ALTCHA.
        self._challenge_secret = hmac.digest(key, b"challenges", hashlib.sha256).hex()
        self._solution_secret = hmac.digest(key, b"solutions", hashlib.sha256).hex()

    def demand(self, actor: Actor, places: Sequence[UUID], asked: bytes, given: str | None) -> None:
        """Counts an attempt of a citizen at those places, by a request that is known by `asked`; `given`: the header.

        Raises proof_needed or proof_wrong with a challenge, where there is pressure and the header is no proof for this
        request. An institution's own people are not asked.
        """
        if actor.role != "none" or not self._under_pressure(actor, places):
            return
        bound = hashlib.blake2b(actor.id.bytes + asked, digest_size=16).hexdigest()
        if given is not None and self._proves(given, bound):
            return
        refusal = problems.PROOF_NEEDED if given is None else problems.PROOF_WRONG
        raise DomainError(refusal, extra={"challenge": self._challenge(actor, bound)})

    def _under_pressure(self, actor: Actor, places: Sequence[UUID]) -> bool:
        """Counts it at the institution of their page and at those of the places: mostly that is one.

        There is pressure while more than half of the burst is used up: of a burst of 1, always. Attempts that are
        refused count too, up to the whole burst: so it goes on for a while when they have become few.
        """
        marks = {marked(place) for place in places}
        if actor.institution_id is not None:
            marks.add(mark_of(actor.institution_id))
        region = actor.region_id.to_bytes()
        counted = [self._limits.count("pressure", region + mark) for mark in marks]
        return any(one is not None and 2 * one.allowance.remaining < one.rate.burst for one in counted)

    def _challenge(self, actor: Actor, bound: str) -> dict[str, object]:
        """Counts it: who asks for many has to try more counters for each."""
        counted = self._limits.count("attempts", actor.id.bytes)
        counters = COUNTERS if counted is None else counters_at(counted.allowance.remaining)
        until = int((self._clock() + LIFETIME).timestamp())
        made = altcha.create_challenge(  # pyright: ignore[reportUnknownMemberType] - it names no types in a dict
            ALGORITHM,
            ITERATIONS,
            counter=secrets.randbelow(counters),
            # ALTCHA's own expiry goes by a clock that we do not hand in.
            data={"bound": bound, "counters": counters, "until": until},
            hmac_secret=self._challenge_secret,
            hmac_key_secret=self._solution_secret,
        )
        return cast("dict[str, object]", made.to_dict())  # pyright: ignore[reportUnknownMemberType]

    def _proves(self, given: str, bound: str) -> bool:
        if _BASE64.fullmatch(given) is None:
            return False
        try:
            payload = altcha.Payload.from_base64(given)
        except _MALFORMED:
            return False
        found = altcha.verify_solution(payload, self._challenge_secret, hmac_key_secret=self._solution_secret)
        if not found.verified:
            return False
        # So it was put there by us.
        data = cast("dict[str, Any]", payload.challenge.parameters.data)  # pyright: ignore[reportUnknownMemberType]
        return data["bound"] == bound and data["until"] >= self._clock().timestamp()
