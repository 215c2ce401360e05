"""What becomes of a key: next -> current -> retired -> revoked, and what each sealed text is bound to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from service.core.ring import Purpose

State = Literal["next", "current", "retired", "revoked"]

# How long a key is known before it is used. Public keys are kept by those who verify for as long as the answer of
# getKeySet says, five minutes; processes of the service look for new keys every few seconds.
LEADS: dict[Purpose, timedelta] = {"seal": timedelta(minutes=1), "sign": timedelta(minutes=10)}
# A process may be late by a look that failed.
LOOKS_AHEAD = 3
# How long a key has to be out of use before it may be destroyed: longer than a process that hears nothing goes on
# sealing (core/ring.py), and what it sealed takes to be committed.
RESTS_BEFORE_REVOKED = timedelta(minutes=10)


class Turn(NamedTuple):
    """When a key comes to be used, and whether it was revoked."""

    id: str
    current_from: datetime
    revoked: bool


def states_of(turns: Sequence[Turn], now: datetime) -> dict[str, State]:
    """The state of each key of one purpose."""
    # Of those of the settings, which were always there, the last.
    past = [(turn.current_from, number) for number, turn in enumerate(turns) if turn.current_from <= now]
    current = max((found for found in past if not turns[found[1]].revoked), default=None)

    def state(turn: Turn) -> State:
        if turn.revoked:
            return "revoked"
        if current is not None and turn is turns[current[1]]:
            return "current"
        return "next" if turn.current_from > now else "retired"

    return {turn.id: state(turn) for turn in turns}


def wrapping_row(purpose: str, key_id: str) -> str:
    """What a data key is sealed for."""
    return f"data_keys:{purpose}:{key_id}"


# What a sealed text is bound to, as the domains say it that seal: {region}, {id} are those of the row.
SEALED_FOR = {
    ("persons", "snils_sealed"): "persons:{region}:{id}:snils",
    ("persons", "policy_sealed"): "persons:{region}:{id}:policy",
    ("appointments", "home_address_sealed"): "appointments:{region}:{id}:home_address",
    ("certificates", "number_sealed"): "certificates:{region}:{id}:number",
    ("documents", "key_sealed"): "documents:{region}:{id}:key",
    ("documents", "name_sealed"): "documents:{region}:{id}:name",
    ("draws", "seed_sealed"): "draws:{region}:{id}:seed",
    ("campaigns", "seed_sealed"): "campaigns:{region}:{id}:seed",
}
