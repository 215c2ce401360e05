"""Decisions on many applications at once."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.applications import ApplicationStatus
from schemas.common import AN_APPLICATION, ANOTHER_CHILD, Day, ExternalId, Schema, example
from schemas.decisions import Decision, OrderNumber

MOST_AT_ONCE = 200
Applications = Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE, description="Their ids.")]
Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
_ORDER = {"order_number": "118-К", "order_date": "2026-11-20"}


class DecisionsBody(Schema):
    """One decision on many applications."""

    model_config = example(application_ids=[AN_APPLICATION], decision={"decision": "enrol", **_ORDER})

    application_ids: Applications
    decision: Decision


class TransferBody(Schema):
    """By one order, enrolled children change to another group of the institution (приказ о переводе)."""

    model_config = example(application_ids=[AN_APPLICATION], group_id="chess-2", **_ORDER, starts_on="2026-12-01")

    application_ids: Applications
    group_id: ExternalId = Field(description="The institution's own id of the group they change to.")
    order_number: OrderNumber
    order_date: Day
    starts_on: Day | None = Field(
        default=None, description="From this day on they go there; else from today, or the group's first day."
    )
    age_reason: Reason | None = Field(
        default=None, description="Why children whom the group's ages do not fit are taken. It is kept."
    )


class ItemRefusal(Schema):
    """Why one of several was refused: a code of the same kind as a problem's, and its title."""

    code: str
    title: str


class ItemOutcome(Schema):
    """What became of one application: its status, or why it stays as it was."""

    application_id: UUID
    status: ApplicationStatus | None = Field(description="Null where it was refused.")
    refusal: ItemRefusal | None


class DecisionsOutcome(Schema):
    """What became of each application, in the order they were named; each once."""

    model_config = example(
        items=[
            {"application_id": AN_APPLICATION, "status": "enrolled", "refusal": None},
            {
                "application_id": ANOTHER_CHILD,
                "status": None,
                "refusal": {"code": "application_not_found", "title": "Заявка не найдена"},
            },
        ]
    )

    items: list[ItemOutcome]
