"""Campaigns: groups of a region that are filled by matching children's ranked wishes, and the record of it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from schemas.applications import BenefitCode
from schemas.common import (
    A_CAMPAIGN,
    A_CHILD,
    A_DRAW_REQUEST,
    A_GROUP,
    INTEGER,
    ExternalId,
    Instant,
    Name,
    NextCursor,
    Paged,
    Schema,
    example,
)
from schemas.draws import Sha256
from schemas.people import PersonInBooking

MOST_WISHES = 10
_ANOTHER_WISH = "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"
_SEED_HASH = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
_TERMS = {
    "name": "Запись в кружки на 2026/27 год",
    "wishes_from": "2026-09-01T08:00:00+07:00",
    "wishes_until": "2026-09-15T08:00:00+07:00",
    "confirm_until": "2026-09-22T08:00:00+07:00",
    "most_wishes": 5,
}
Phase = Literal["announced", "wishes", "matching", "confirmation", "first_come"]


def _distinct(wishes: list[UUID]) -> list[UUID]:
    if len(set(wishes)) != len(wishes):
        raise ValueError("a group comes twice")
    return wishes


RankedGroups = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=MOST_WISHES,
        description="Groups of the campaign, the best first. Whoever ranks them as they are wished for fares best.",
        json_schema_extra={"uniqueItems": True},
    ),
    AfterValidator(_distinct),
]


class CampaignBody(Schema):
    """When wishes are taken, and until when a matched place is to be confirmed."""

    model_config = example(**_TERMS)

    name: Name
    wishes_from: Instant
    wishes_until: Instant = Field(description="Then the wishes are matched, which takes some minutes.")
    confirm_until: Instant = Field(description="A place that is not accepted until then passes on.")
    most_wishes: Annotated[int, Field(ge=1, le=MOST_WISHES, description="Of one child."), INTEGER] = 5


_CAMPAIGN = {
    "id": A_CAMPAIGN,
    "external_id": "autumn-2026",
    **_TERMS,
    "phase": "wishes",
    "progress_percent": None,
    "groups": 2846,
    "wishes": None,
    "matched": None,
    "first_choices": None,
    "seed_hash": _SEED_HASH,
    "wishes_digest": None,
    "matched_at": None,
}


class Campaign(CampaignBody):
    """A campaign, and how far it is."""

    model_config = example(**_CAMPAIGN)

    id: UUID
    external_id: ExternalId
    phase: Phase = Field(
        description="`matching`: wishes are matched and places offered; no group takes applications. `confirmation`: "
        "matched places wait to be accepted, and pass on. `first_come`: it is over; whoever comes has what is left."
    )
    progress_percent: int | None = Field(description="While `matching`, how much of it is done.")
    groups: int = Field(description="How many take part.")
    wishes: int | None = Field(description="How many children take part; null until wishes are no longer taken.")
    matched: int | None = Field(description="How many of them have a place; null until they are matched.")
    first_choices: int | None = Field(description="How many have the place they ranked first.")
    seed_hash: Sha256 = Field(description="SHA-256 of the lot's seed: keep it, and see that the record has the same.")
    wishes_digest: Sha256 | None = Field(
        description="Published when wishes are no longer taken, before the seed is: none comes or goes after that."
    )
    matched_at: Instant | None


class CampaignFilter(Paged):
    pass


class CampaignList(Schema):
    """A page of campaigns."""

    items: list[Campaign]
    next_cursor: NextCursor


class WishesBody(Schema):
    """Which groups, ranked, and what the child has priority for."""

    model_config = example(group_ids=[A_GROUP], benefits=[])

    group_ids: RankedGroups
    benefits: Annotated[
        list[BenefitCode], Field(max_length=10, description="What the institutions give priority for.")
    ] = Field(default_factory=list)


class CampaignWishes(Schema):
    """A child's ranked wishes, and what came of them."""

    model_config = example(
        id=A_DRAW_REQUEST,
        campaign_id=A_CAMPAIGN,
        person={"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
        group_ids=[A_GROUP],
        benefits=[],
        matched=True,
        matched_group_id=A_GROUP,
        rank=1,
        created_at="2026-09-02T08:05:00+07:00",
        updated_at="2026-09-02T08:05:00+07:00",
    )

    id: UUID = Field(description="By it the wishes are found in the record. Nobody else is shown whose they are.")
    campaign_id: UUID
    person: PersonInBooking
    group_ids: list[UUID]
    benefits: list[str]
    matched: bool = Field(description="The matching is over, whatever came of it.")
    matched_group_id: UUID | None = Field(description="Null where no place was left among them: the child waits there.")
    rank: int | None = Field(description="Which of the wishes that is, 1 for the best.")
    created_at: Instant
    updated_at: Instant


# The record --------------------------------------------------------------------------------------------------------


class RecordedGroup(Schema):
    """A group that takes part."""

    id: UUID
    places: Annotated[int, Field(ge=0, description="Free places when wishes were no longer taken."), INTEGER]


class RecordedWish(Schema):
    """A child's wishes. The id is random, says nothing of a person, and is shown to its parents alone."""

    id: UUID
    groups: list[UUID] = Field(description="Ranked, the best first.")
    weights: list[Annotated[int, INTEGER]] = Field(description="What goes before others at each of the groups.")


class RecordedMatch(Schema):
    """What came of a child's wishes."""

    wish_id: UUID
    group_id: UUID | None
    rank: int | None = Field(description="Which of the wishes that is, 1 for the best.")


class CampaignClosing(Schema):
    """What stands when no more wishes are taken, before the seed is known."""

    version: Literal[1]
    campaign_id: UUID
    groups: list[RecordedGroup] = Field(description="In the order of their ids.")
    wishes: list[RecordedWish] = Field(description="In the order of their ids.")
    wishes_digest: Sha256
    seed_hash: Sha256


class CampaignRecord(CampaignClosing):
    """A whole matching. `zapis campaign verify` replays it; docs/decisions say how to do so without."""

    model_config = example(
        version=1,
        campaign_id=A_CAMPAIGN,
        groups=[{"id": A_GROUP, "places": 1}],
        wishes=[
            {"id": _ANOTHER_WISH, "groups": [A_GROUP], "weights": [0]},
            {"id": A_DRAW_REQUEST, "groups": [A_GROUP], "weights": [10]},
        ],
        wishes_digest="ca115405f093b9da6befa01c95b36ba1b7df318781b6629703907d79f81ff896",
        seed_hash=_SEED_HASH,
        seed="000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        matches=[
            {"wish_id": A_DRAW_REQUEST, "group_id": A_GROUP, "rank": 1},
            {"wish_id": _ANOTHER_WISH, "group_id": None, "rank": None},
        ],
    )

    seed: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="32 random bytes in hexadecimal.")]
    matches: list[RecordedMatch] = Field(description="In the order of the lot.")
