"""Applications as the institution that received them sees them."""

from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import Field

from schemas.applications import Application
from schemas.clubs import FinancingSource
from schemas.common import A_GROUP, INTEGER_TEXT, ExternalId, Flag, NextCursor, Paged, Schema, example
from schemas.enrolment import BenefitCode

_STATUS = "draft|submitted|under_review|invited|approved|enrolled|waiting|offered|refused|withdrawn|expired|left"
_WHOLE = cast("dict[str, Any]", Application.model_config.get("json_schema_extra"))["examples"][0]


class ReceivedApplication(Application):
    """An application that the institution received."""

    model_config = example(**_WHOLE, overdue=False)

    overdue: bool = Field(description="It is not decided on, and `decide_by` went by.")


class ReceivedApplicationFilter(Paged):
    status: (
        Annotated[
            str,
            Field(
                pattern=f"^(?:{_STATUS})(?:,(?:{_STATUS})){{0,11}}$",
                description="Only applications of these statuses, with commas between them.",
                examples=["submitted,under_review"],
            ),
        ]
        | None
    ) = None
    group_id: UUID | None = Field(default=None, description="Only applications to this group.")
    own_group_id: ExternalId | None = Field(default=None, description="The same, by the institution's own id.")
    overdue: Flag = Field(default=False, description="Only those whose time to decide is over.")
    due_within_days: Annotated[int, Field(ge=0, le=90), INTEGER_TEXT] | None = Field(
        default=None, description="Only those to be decided on within so many days; 1 is the next 24 hours."
    )
    benefit: BenefitCode | None = Field(default=None, description="Only those that claim this benefit.")
    financing: FinancingSource | None = Field(default=None, description="Only those paid so.")
    has_test: Flag | None = Field(default=None, description="Only those that were invited to a test, or were not.")
    number: (
        Annotated[
            str,
            Field(pattern=r"^[0-9A-Za-z-]{1,9}$", description="Only those whose number begins so.", examples=["4FJ0"]),
        ]
        | None
    ) = None
    sort: Literal["order", "deadline"] = Field(
        default="order",
        description="`order`: as they were made. `deadline`: those that have to be decided on, the nearest first.",
    )


class ReceivedApplicationList(Schema):
    """A page of received applications."""

    items: list[ReceivedApplication]
    next_cursor: NextCursor


class GroupSummary(Schema):
    """How a group stands."""

    group_id: UUID
    own_group_id: str
    group_name: str
    programme_name: str
    capacity: int
    taken: int
    waiting: int
    submitted: int = Field(description="To be decided on: submitted, under review, invited.")
    overdue: int = Field(description="Of those, whose `decide_by` went by.")


class ApplicationSummary(Schema):
    """How the groups of an institution stand, by name."""

    model_config = example(
        items=[
            {
                "group_id": A_GROUP,
                "own_group_id": "chess-1",
                "group_name": "Группа 1, вторник и четверг",
                "programme_name": "Шахматы для начинающих",
                "capacity": 15,
                "taken": 12,
                "waiting": 0,
                "submitted": 4,
                "overdue": 1,
            }
        ],
        next_cursor=None,
    )

    items: list[GroupSummary]
    next_cursor: NextCursor


class ApplicationSummaryFilter(Paged):
    school_year: Annotated[int, Field(ge=2020, le=2100), INTEGER_TEXT] | None = Field(
        default=None, description="Only groups of this school year."
    )
