"""Problems (RFC 9457) and every refusal the API knows: a stable code, a kind, and what a person can do about it.

The kinds have their HTTP statuses in core/problems.py. One rule divides 422 from 409: a value that can't be right by
itself is invalid; values that are right by themselves but can't stand with each other, or with what is stored, are in
conflict.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from schemas.common import A_GROUP, A_SLOT, AN_APPLICATION, ConsentPurpose, Instant, PersonName, Schema, example


class Kind(StrEnum):
    malformed = "malformed"
    unauthenticated = "unauthenticated"
    forbidden = "forbidden"
    absent = "absent"
    method = "method"
    slow = "slow"
    conflict = "conflict"
    too_large = "too_large"
    media_type = "media_type"
    invalid = "invalid"
    unproven = "unproven"
    too_many = "too_many"
    unavailable = "unavailable"
    internal = "internal"


class FieldError(BaseModel):
    """One field that is not as the schema says."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(description="`body`, `query`, `path` or `header`.", examples=["body"])
    pointer: str = Field(description="JSON pointer (RFC 6901) to the value.", examples=["/birth_date"])
    message: str = Field(description="What is wrong with it, in English, for developers.")


class FreeSlot(Schema):
    """A free time in place of the one that is taken."""

    model_config = example(slot_id=A_SLOT, starts_at="2026-09-08T08:15:00+07:00")

    slot_id: UUID
    starts_at: Instant


class FreeGroup(Schema):
    """A group with free places instead of the full one."""

    model_config = example(group_id=A_GROUP, programme="Шахматы для начинающих", group="Группа 2, суббота", free=4)

    group_id: UUID
    programme: str
    group: str
    free: int


class HeldBy(PersonName):
    """Whose application stands in the way of what an institution wants to change. Only its own people are told."""

    model_config = example(
        application_id=AN_APPLICATION,
        number="4FJ0-2W7C",
        status="enrolled",
        last_name="Соколова",
        first_name="Вера",
        patronymic="Ильинична",
    )

    application_id: UUID
    number: str
    status: str


class _Altcha(Schema):
    """Named as ALTCHA's solvers name it."""

    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True)


class ChallengeData(_Altcha):
    """What the service wants to see again."""

    bound: str = Field(description="The request that it is for, as a hash.")
    counters: int = Field(description="The counter that is looked for is less than this: so far the way is at most.")
    until: int = Field(description="The proof is good until then; seconds since 1970.")


class ChallengeParameters(_Altcha):
    """By which a key is derived for each counter, beginning with 0, until one has the prefix."""

    algorithm: Literal["PBKDF2/SHA-256"]
    cost: int = Field(description="Iterations for each counter.")
    key_length: int
    key_prefix: str
    key_signature: str
    nonce: str
    salt: str
    data: ChallengeData


class Challenge(_Altcha):
    """A challenge of ALTCHA, version 2: `solveChallenge` of the npm package `altcha-lib` solves it."""

    parameters: ChallengeParameters
    signature: str


class Problem(BaseModel):
    """A problem by RFC 9457, as `application/problem+json`. Programs look at `code`, people read `title`."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="`urn:zapis:problem:` and the code.", examples=["urn:zapis:problem:time_taken"])
    title: str = Field(description="In Russian, or in English where Accept-Language prefers it.")
    status: int
    code: str = Field(description="Stable; the operation lists those it can answer with.", examples=["time_taken"])
    request_id: str = Field(description="Also in the header X-Request-Id; name it when you ask for help.")
    errors: list[FieldError] | None = Field(default=None, description="The fields that were refused.")
    alternatives: list[FreeSlot] | list[FreeGroup] | None = Field(
        default=None,
        description="At `time_taken` and `group_full`: up to three nearest free places, the nearest first.",
    )
    held_by: list[HeldBy] | None = Field(
        default=None,
        description="At `group_over_capacity` who is in, at `group_times_held` whose other bookings are in the way.",
    )
    purpose: ConsentPurpose | None = Field(default=None, description="At `consent_missing`: to what.")
    possible_at: Instant | None = Field(
        default=None,
        description="At `hold_paused`, `applying_paused` and `too_many_today`: when it is possible again.",
    )
    challenge: Challenge | None = Field(
        default=None, description="At `proof_needed` and `proof_wrong`: solve it, and repeat the request with `Proof`."
    )
    error: str | None = Field(default=None, description="At createToken: the error code of RFC 6749, section 5.2.")


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    kind: Kind
    ru: str
    en: str


REFUSALS: dict[str, Refusal] = {}


def refusal(code: str, kind: Kind, ru: str, en: str) -> Refusal:
    """Makes a refusal known. Raises ValueError where its code is taken."""
    if code in REFUSALS:
        raise ValueError(f"two refusals have the code {code}")
    REFUSALS[code] = Refusal(code, kind, ru, en)
    return REFUSALS[code]
