"""Fifty draws of 5,000 requests for 500 places, with fixed seeds: every request's chances are as announced.

The statistic is Pearson's, sum((found - expected)^2 / expected), and each test refuses what would be chance once in a
thousand times. The quantiles are from the table of upper critical values of the chi-square distribution in the
NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4; beyond 100 degrees of freedom, where the table ends,
from Wilson and Hilferty's approximation (PNAS 17, 684, 1931).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import perm, sqrt
from random import Random
from uuid import UUID

import pytest

from schemas.draws import DrawRecord, RecordedRequest, RecordedSlot
from service.draws.rules import close, draw, replay, seed_hash

DRAWS, REQUESTS, SLOTS, TENTHS = 50, 5000, 500, 10
# Each request wishes for the ten times of one practitioner, in an order of its own; a hundred wish for the same ten.
WISHES = 10
RIVALS = REQUESTS * WISHES // SLOTS
# The rare last ranks are counted as one.
POOLED_FROM = 8
# Of the normal distribution, and of chi-square with 8 degrees of freedom, at 0.999.
NORMAL, CHI_SQUARE_8 = 3.0902, 26.125


def chi_square_quantile(degrees: int) -> float:
    """At 0.999, by Wilson and Hilferty."""
    return degrees * (1 - 2 / (9 * degrees) + NORMAL * sqrt(2 / (9 * degrees))) ** 3


def pearson(found: Iterable[float], expected: Iterable[float]) -> float:
    return sum((one - other) ** 2 / other for one, other in zip(found, expected, strict=True))


@dataclass(frozen=True)
class Drawn:
    """A request by its number: in the order in which they came."""

    position: list[int]
    rank: list[int | None]


def drawn(number: int) -> tuple[Drawn, DrawRecord]:
    random = Random(number)
    slots = [RecordedSlot(id=UUID(int=slot + 1), places=1) for slot in range(SLOTS)]
    ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(REQUESTS)]
    requests: list[RecordedRequest] = []
    for request, request_id in enumerate(ids):
        first = request // RIVALS * WISHES
        wishes = [slot.id for slot in slots[first : first + WISHES]]
        random.shuffle(wishes)
        requests.append(RecordedRequest(id=request_id, wishes=wishes))
    seed = random.randbytes(32)
    record = draw(close(UUID(int=number), seed_hash(seed), slots, requests), seed)
    position = {request_id: place for place, request_id in enumerate(record.order)}
    rank = {result.request_id: result.rank for result in record.results}
    return Drawn([position[one] for one in ids], [rank[one] for one in ids]), record


@pytest.fixture(scope="module")
def draws() -> Sequence[Drawn]:
    return [drawn(number)[0] for number in range(DRAWS)]


def chance(rank: int) -> Fraction:
    """Of the rank-th wish: the mean over the places k in which one may come among the rivals.

    k - 1 of the ten times are gone then, any of them alike: the better ones must be among these, and this one not.
    """
    chances = (
        Fraction(perm(gone, rank - 1), perm(WISHES, rank - 1)) * Fraction(WISHES - gone, WISHES - rank + 1)
        for gone in range(WISHES)
    )
    return sum(chances, Fraction(0)) / RIVALS


def test_the_chances_by_rank_are_as_announced(draws: Sequence[Drawn]) -> None:
    """One of each hundred rivals counts in each draw, another each time: those of one draw share ten places."""
    chances = [chance(rank) for rank in range(1, WISHES + 1)]
    nothing = 1 - sum(chances)
    assert nothing == 1 - Fraction(WISHES, RIVALS)
    expected = [*chances[: POOLED_FROM - 1], sum(chances[POOLED_FROM - 1 :]), nothing]
    sampled = [
        one.rank[first + number % RIVALS] for number, one in enumerate(draws) for first in range(0, REQUESTS, RIVALS)
    ]
    found = Counter(rank and min(rank, POOLED_FROM) for rank in sampled)
    samples = found.total()
    counts = [found[rank] for rank in (*range(1, POOLED_FROM + 1), None)]
    assert pearson(counts, [float(one) * samples for one in expected]) < CHI_SQUARE_8


def test_every_request_wins_as_often_as_any_other(draws: Sequence[Drawn]) -> None:
    wins = [sum(one.rank[request] is not None for one in draws) for request in range(REQUESTS)]
    share = SLOTS / REQUESTS
    assert sum(wins) == DRAWS * SLOTS
    # In units of their variance; the sum of all is fixed, which takes one degree from each hundred rivals.
    statistic = sum((won - DRAWS * share) ** 2 for won in wins) / (DRAWS * share * (1 - share))
    degrees = REQUESTS - REQUESTS // RIVALS
    assert statistic * (RIVALS - 1) / RIVALS < chi_square_quantile(degrees)


def favour(position: Sequence[int]) -> float:
    """Tenths by coming against tenths by the order of the draw; all margins are fixed, so 9 x 9 are free."""
    size, cells = REQUESTS // TENTHS, TENTHS * TENTHS
    found = Counter(request // size * TENTHS + place // size for request, place in enumerate(position))
    statistic = pearson([found[cell] for cell in range(cells)], [REQUESTS / cells] * cells)
    return statistic * (REQUESTS - 1) / REQUESTS


def test_who_comes_early_does_not_choose_early(draws: Sequence[Drawn]) -> None:
    assert sum(favour(one.position) for one in draws) < chi_square_quantile(81 * DRAWS)


def test_an_order_that_favours_the_early_is_found_out(draws: Sequence[Drawn]) -> None:
    """The negative control: one in ten that came early goes before its like that came late, whatever was drawn."""

    def favouring(drawn: Sequence[int]) -> list[int]:
        position = list(drawn)
        for early in range(0, REQUESTS // 2, 10):
            late = REQUESTS - 1 - early
            position[early], position[late] = sorted((position[early], position[late]))
        return position

    assert sum(favour(favouring(one.position)) for one in draws) > chi_square_quantile(81 * DRAWS)


def test_a_draw_of_this_size_is_replayed() -> None:
    _, record = drawn(0)
    assert replay(record.model_dump_json().encode()) == record
