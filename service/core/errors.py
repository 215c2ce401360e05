"""The one exception that a use case refuses with. It knows no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.problems import FieldError, FreeGroup, FreeSlot, Refusal


class DomainError(Exception):
    """A refusal with a stable code. `alternatives`: what could be had instead; `extra`: more members of the problem."""

    def __init__(
        self,
        refusal: Refusal,
        *,
        errors: Sequence[FieldError] = (),
        alternatives: list[FreeSlot] | list[FreeGroup] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.errors = errors
        self.alternatives = alternatives
        self.extra = extra or {}
