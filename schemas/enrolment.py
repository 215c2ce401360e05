"""How an institution enrols: its terms, and what it gives priority for."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.common import INTEGER, Name, Schema, example

BenefitCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["large_family"])]
_BENEFITS = [
    {"code": "large_family", "name": "Многодетная семья", "weight": 20},
    {"code": "svo_family", "name": "Семья участника СВО", "weight": 100},
]


class EnrolmentRules(Schema):
    """How an institution enrols. What is left out is as the law says, or as most do."""

    model_config = example(
        decision_days=7,
        decision_days_with_tests=45,
        originals_days=4,
        group_offer_hours=48,
        overlap_rule="refuse",
        travel_minutes=20,
        most_applications=5,
        most_groups=3,
    )

    decision_days: Annotated[
        int, Field(ge=1, le=90, description="Working days to decide on an application."), INTEGER
    ] = 7
    decision_days_with_tests: Annotated[
        int, Field(ge=1, le=90, description="The same, where children are tested."), INTEGER
    ] = 45
    originals_days: Annotated[
        int, Field(ge=1, le=30, description="For so many working days an approved child's place is kept."), INTEGER
    ] = 4
    group_offer_hours: Annotated[
        int, Field(ge=1, le=336, description="For so long a place is kept for who is offered it."), INTEGER
    ] = 48
    overlap_rule: Literal["refuse", "warn"] = Field(
        default="refuse", description="What becomes of an application whose lessons overlap with the child's others."
    )
    travel_minutes: Annotated[
        int, Field(ge=0, le=240, description="Between lessons at different addresses."), INTEGER
    ] = 0
    most_applications: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=None, description="So many undecided applications a child may have here at once; null: any number."
    )
    most_groups: Annotated[int, Field(ge=1, le=1000), INTEGER] | None = Field(
        default=None, description="In so many groups a child may be here at once; null: any number."
    )


class Benefit(Schema):
    """What goes before others where a group is filled by priority, and in its queue."""

    model_config = example(**_BENEFITS[0])

    code: BenefitCode
    name: Name
    weight: Annotated[int, Field(ge=1, le=1000, description="Those of an application are added up."), INTEGER]


class BenefitsBody(Schema):
    """All benefits that the institution knows: what is not listed is known no more."""

    model_config = example(items=_BENEFITS)

    items: Annotated[list[Benefit], Field(max_length=100)]


class BenefitList(Schema):
    """The benefits that the institution knows, the greatest first."""

    model_config = example(items=_BENEFITS[::-1])

    items: list[Benefit]
