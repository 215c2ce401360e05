"""The one exception that a use case refuses with. It knows no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.problems import FieldError, FreeGroup, FreeSlot, Refusal


class DomainError(Exception):
    """A refusal with a stable code. `alternatives`: what could be had instead; `extra`: more members of the problem.

    `retry_after_seconds`: when it may be tried again, where that is known of this one.
    """

    def __init__(
        self,
        refusal: Refusal,
        *,
        errors: Sequence[FieldError] = (),
        alternatives: list[FreeSlot] | list[FreeGroup] | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.errors = errors
        self.alternatives = alternatives
        self.extra = extra or {}
        self.retry_after_seconds = retry_after_seconds
