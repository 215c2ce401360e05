"""Who has seen a person's data."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Instant, NextCursor, Schema, example

AccessRole = Literal["director", "registrar", "doctor", "teacher", "system", "operator"]


class Access(Schema):
    """That somebody was shown a person's data."""

    model_config = example(
        id="0199a1b2-0a01-7000-8000-000000000a01",
        at="2026-09-08T08:10:00+07:00",
        role="registrar",
        institution="Детская поликлиника № 1",
        looked_at="Приём врача за день",
    )

    id: UUID
    at: Instant
    role: AccessRole = Field(
        description="In which capacity: `system` is a program of the institution's, `operator` the regional centre."
    )
    institution: str | None = Field(description="Where, by its name; null where it was at no institution.")
    looked_at: str = Field(description="At what, in the language asked for.")


class AccessList(Schema):
    """A page of accesses, the latest first."""

    items: list[Access]
    next_cursor: NextCursor
