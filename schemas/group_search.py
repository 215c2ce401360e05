"""The search for groups: by anybody, and by a citizen for a child of theirs."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.clubs import A_PUBLISHED_GROUP, Direction, FinancingSource, Form, Group, Level, Limitation, ProgrammeKind
from schemas.common import (
    INTEGER_TEXT,
    Day,
    Flag,
    Instant,
    LocalTime,
    Municipality,
    NextCursor,
    Paged,
    Schema,
    example,
)

Sort = Literal["start", "distance", "match"]
# By what the cheapest way to pay costs in a month: nothing, up to 1000 roubles, and so on.
PriceBand = Literal["free", "to_1000", "to_2000", "to_3000", "over_3000"]
Weekday = Literal["1", "2", "3", "4", "5", "6", "7"]
MisfitCode = Literal[
    "too_young",
    "too_old",
    "busy_with",
    "already_applied",
    "enrolment_not_open",
    "enrolment_closed",
    "group_locked",
    "group_by_wishes",
    "group_being_filled",
    "group_full",
]
_LATITUDE = r"-?(?:[0-8]?[0-9](?:\.[0-9]{1,6})?|90)"
_LONGITUDE = r"-?(?:(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]{1,6})?|180)"
Near = Annotated[
    str,
    Field(
        pattern=f"^{_LATITUDE},{_LONGITUDE}$",
        description="Degrees north and east (WGS 84), comma between: only groups not further from there than "
        "`within_km`, by the first of their places.",
        examples=["55.3543,86.0883"],
    ),
]


class GroupSearch(Paged):
    """What is looked for: all that is said has to be so."""

    institution_id: UUID | None = Field(default=None, description="Only groups of this institution.")
    programme_id: UUID | None = Field(default=None, description="Only groups of this programme.")
    municipality: Municipality | None = Field(default=None, description="Only groups in this town or district.")
    near: Near | None = None
    within_km: Annotated[int, Field(ge=1, le=500, description="With `near`: how far, in kilometres."), INTEGER_TEXT] = (
        20
    )
    school_year: (
        Annotated[int, Field(ge=2020, le=2100, description="2026: from September 2026."), INTEGER_TEXT] | None
    ) = None
    direction: Direction | None = Field(default=None, description="Only groups of this direction.")
    level: Level | None = Field(default=None, description="Only groups of this level.")
    kind: ProgrammeKind | None = Field(default=None, description="Only groups of programmes of this kind.")
    form: Form | None = Field(default=None, description="Only groups taught so; `distance`: from home.")
    financing: FinancingSource | None = Field(default=None, description="Only groups that can be paid for so.")
    limitation: Limitation | None = Field(default=None, description="Only groups adapted to this limitation (ОВЗ).")
    price_month_to: (
        Annotated[int, Field(ge=0, le=1_000_000, description="Roubles a month at most."), INTEGER_TEXT] | None
    ) = None
    weekdays: (
        Annotated[
            str,
            Field(
                pattern=r"^[1-7](?:,[1-7]){0,6}$",
                description="All lessons fall on these days; 1 is Monday, comma between.",
                examples=["6,7"],
            ),
        ]
        | None
    ) = None
    time_from: LocalTime | None = Field(default=None, description="No lesson begins earlier.")
    time_to: LocalTime | None = Field(default=None, description="No lesson ends later.")
    free_only: Flag = Field(default=False, description="Only groups with free places.")
    open_only: Flag = Field(default=False, description="Only groups that one can apply to now.")
    opens_within_days: (
        Annotated[int, Field(ge=1, le=366, description="Only groups that open so soon."), INTEGER_TEXT] | None
    ) = None
    text: (
        Annotated[
            str,
            Field(
                min_length=2,
                max_length=100,
                pattern=r"^[^\x00-\x1f\x7f]*$",
                description="Words of the programme, the group or the institution, be they misspelt.",
                examples=["шахмотты"],
            ),
        ]
        | None
    ) = None
    sort: Sort | None = Field(
        default=None,
        description="`start`: the first day; `distance` needs `near`, `match` needs `text`. Where absent: by match "
        "where there is a text, else by distance where there is a place, else by the first day.",
    )
    facets: Flag = Field(default=False, description="Counts too, over all pages.")


class GroupFilter(GroupSearch):
    born_on: Day | None = Field(default=None, description="Only groups that a child born on this day fits.")


class PersonGroupFilter(GroupSearch):
    fitting_only: Flag = Field(default=False, description="Only groups that the child can be applied for at once.")


class FoundGroup(Group):
    """A group, with where it is."""

    model_config = example(
        **A_PUBLISHED_GROUP, institution_name="Дом творчества", municipality="Кемерово", distance_km=1.2
    )

    institution_name: str
    municipality: str
    distance_km: float | None = Field(description="From `near`, as the crow flies.")


class Facets(Schema):
    """How many of the groups that are found, on all pages, have each value."""

    direction: dict[Direction, int]
    level: dict[Level, int]
    form: dict[Form, int]
    financing: dict[FinancingSource, int]
    weekday: dict[Weekday, int] = Field(description="With a lesson on that day; 1 is Monday.")
    limitation: dict[Limitation, int]
    price: dict[PriceBand, int] = Field(description="By the cheapest way to pay, a month.")
    free: int = Field(description="With free places.")
    open: int = Field(description="That one can apply to now.")
    opens_soon: int = Field(description="Within `opens_within_days`, or two weeks.")


_FACETS = {
    "direction": {"technical": 0, "science": 1, "arts": 0, "sports": 0, "tourism": 0, "social": 0},
    "level": {"introductory": 1, "basic": 0, "advanced": 0},
    "form": {"in_person": 1, "mixed": 0, "distance": 0},
    "financing": {"budget": 1, "certificate": 0, "own": 0},
    "weekday": {"1": 0, "2": 1, "3": 0, "4": 1, "5": 0, "6": 0, "7": 0},
    "limitation": {
        "hearing": 0, "vision": 0, "speech": 1, "musculoskeletal": 0, "development": 0, "autism": 0, "intellectual": 0,
    },
    "price": {"free": 1, "to_1000": 0, "to_2000": 0, "to_3000": 0, "over_3000": 0},
    "free": 1,
    "open": 1,
    "opens_soon": 0,
}  # fmt: skip
_FOUND = {**A_PUBLISHED_GROUP, "institution_name": "Дом творчества", "municipality": "Кемерово", "distance_km": None}


class GroupList(Schema):
    """A page of groups."""

    model_config = example(items=[_FOUND], next_cursor=None, facets=_FACETS)

    items: list[FoundGroup]
    next_cursor: NextCursor
    facets: Facets | None = Field(description="Null where they were not asked for.")


class BusyWith(Schema):
    """What the child is booked for at that time."""

    name: str | None = Field(description="Null where it is another guardian's booking, of which nothing is told.")
    weekday: int | None = Field(description="Of the first lesson that is in the way; 1 is Monday.")
    starts: LocalTime | None


class Misfit(Schema):
    """Why the child can't be applied for."""

    code: MisfitCode
    title: str = Field(description="In Russian, or in English where Accept-Language prefers it.")
    months: int | None = Field(default=None, description="Too young or too old by so many.")
    opens_at: Instant | None = Field(default=None, description="When enrolment opens.")
    busy_with: BusyWith | None = None


_BUSY = {"name": "Шахматы", "weekday": 2, "starts": "16:30"}
_MISFITS = [
    {"code": "too_young", "title": "Мал на 3 месяца", "months": 3, "opens_at": None, "busy_with": None},
    {
        "code": "busy_with",
        "title": "Занят: «Шахматы» во вторник, 16:30",
        "months": None,
        "opens_at": None,
        "busy_with": _BUSY,
    },
]
_FIT = {"fits": False, "reasons": _MISFITS}


class Fit(Schema):
    """Whether the child can be applied for at once."""

    model_config = example(**_FIT)

    fits: bool
    reasons: list[Misfit]


class GroupForPerson(FoundGroup):
    """A group, and how it suits a child."""

    model_config = example(**_FOUND, fit=_FIT)

    fit: Fit


class PersonGroupList(Schema):
    """A page of groups, looked at for a child."""

    model_config = example(items=[{**_FOUND, "fit": _FIT}], next_cursor=None, facets=None)

    items: list[GroupForPerson]
    next_cursor: NextCursor
    facets: Facets | None = Field(description="Null where they were not asked for.")
