"""What an institution decides on an application."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.clubs import FinancingSource
from schemas.common import Address, Day, Instant, Schema, Text, example
from schemas.enrolment import BenefitCode

RefusalReason = Literal[
    "age",
    "contraindication",
    "no_places",
    "test_failed",
    "test_missed",
    "did_not_come",
    "data_differ",
    "certificate",
    "withdrawn",
    "duplicate",
    "other",
]
ExpulsionReason = Literal[
    "own_wish", "absence", "contraindication", "conduct", "certificate", "moved", "completed", "other"
]
OrderNumber = Annotated[str, Field(pattern=r"^[0-9A-Za-zА-Яа-яЁё/№-]{1,40}$", examples=["112-К"])]


class Taking(Schema):
    """Somebody looks at it."""

    decision: Literal["take"]


class TestInvitation(Schema):
    """To a test. Another invitation changes its date."""

    decision: Literal["invite"]
    at: Instant
    place: Address
    bring: Text | None = Field(default=None, description="What to bring.")


class ResultOfTest(Schema):
    """How the test went: who passed may be approved."""

    decision: Literal["record_test"]
    result: Literal["passed", "failed", "missed"]
    comment: Text | None = None


class Approval(Schema):
    """The documents may be brought: the place is kept until `originals_by`."""

    decision: Literal["approve"]
    comment: Text | None = None


class Enrolment(Schema):
    """By an order of the institution (приказ о зачислении); of a child enrolled at once, the order that follows."""

    decision: Literal["enrol"]
    order_number: OrderNumber
    order_date: Day
    starts_on: Day | None = Field(
        default=None, description="From this day on the child goes there; else from today, or the group's first day."
    )
    financing: FinancingSource | None = Field(
        default=None, description="Another one than was applied for: `budget` or `own`."
    )
    originals_seen: bool = Field(
        default=False, description="Where a medical certificate is needed and not uploaded: it was seen on paper."
    )
    comment: Text | None = None


class RefusalOfApplication(Schema):
    """The place is free again."""

    decision: Literal["refuse"]
    reason: RefusalReason
    comment: Text | None = None


class Expulsion(Schema):
    """An enrolled child leaves, by an order of the institution (приказ об отчислении)."""

    decision: Literal["expel"]
    reason: ExpulsionReason
    order_number: OrderNumber
    order_date: Day
    comment: Text | None = None


class CheckOfBenefits(Schema):
    """Which of the benefits that were claimed are proved; the others count no more."""

    decision: Literal["check_benefits"]
    confirmed: Annotated[list[BenefitCode], Field(max_length=10)]


Decision = Annotated[
    Taking | TestInvitation | ResultOfTest | Approval | Enrolment | RefusalOfApplication | Expulsion | CheckOfBenefits,
    Field(discriminator="decision"),
]


class DecisionBody(Schema):
    """What the institution decided."""

    model_config = example(decision={"decision": "enrol", "order_number": "112-К", "order_date": "2026-09-20"})

    decision: Decision


class EnrolmentOrder(Schema):
    """The order (приказ) by which a child was enrolled."""

    order_number: str | None = Field(description="Null where the group enrols at once, and no order was written yet.")
    order_date: Day | None
    enrolled_on: Day = Field(description="From this day on the child goes there.")


class EntranceTest(Schema):
    """The test that a child is invited to, and how it went."""

    at: Instant
    place: str
    bring: str | None = Field(description="What to bring.")
    result: Literal["passed", "failed", "missed"] | None = Field(description="Null until it is known.")
    comment: str | None
