"""What is counted of a group, packed into one integer: the same order of bits as in functions/group_facets.sql."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from schemas.clubs import Direction, FinancingSource, Form, Level, Limitation
from schemas.group_search import Facets, GroupSearch, PriceBand, Weekday

# Where a number of so many bits begins.
_NUMBERS: dict[str, tuple[int, int]] = {"direction": (0, 3), "level": (3, 2), "form": (5, 2)}
_FINANCING_AT, _WEEKDAY_AT, _LIMITATION_AT, _FULL_AT = 10, 13, 20, 27
_VALUES: dict[str, tuple[str, ...]] = {
    "direction": get_args(Direction),
    "level": get_args(Level),
    "form": get_args(Form),
    "financing": get_args(FinancingSource),
    "weekday": get_args(Weekday),
    "limitation": get_args(Limitation),
    "price": get_args(PriceBand),
}


def packed_wish(query: GroupSearch) -> tuple[int, int]:
    """(mask, packed): a group is found where `packed_of_the_group & mask == packed`."""
    mask = packed = 0
    for name, (place, bits) in _NUMBERS.items():
        if (value := getattr(query, name)) is not None:
            mask |= ((1 << bits) - 1) << place
            packed |= _VALUES[name].index(value) << place
    for name, place in (("financing", _FINANCING_AT), ("limitation", _LIMITATION_AT)):
        if (value := getattr(query, name)) is not None:
            bit = 1 << place + _VALUES[name].index(value)
            mask, packed = mask | bit, packed | bit
    if query.weekdays is not None:
        mask |= sum(1 << _WEEKDAY_AT + day - 1 for day in range(1, 8) if str(day) not in query.weekdays.split(","))
    if query.free_only:
        mask |= 1 << _FULL_AT
    return mask, packed


def facets_of(counts: Mapping[str, Any]) -> Facets:
    """What facet_counts() gives; a sum over nothing is null there."""
    named: dict[str, Any] = {name: _named(values, counts[name]) for name, values in _VALUES.items()}
    return Facets.model_validate(named | {name: counts[name] or 0 for name in ("free", "open", "opens_soon")})


def _named(values: Sequence[str], counts: Sequence[int | None]) -> dict[str, int]:
    return {value: count or 0 for value, count in zip(values, counts, strict=True)}
