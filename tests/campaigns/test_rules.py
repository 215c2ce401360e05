"""Matching, against brute force on small cases, and the record that anyone replays."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from random import Random
from uuid import UUID

import pytest

from schemas.campaigns import CampaignRecord, RecordedGroup, RecordedWish
from service.campaigns.rules import RecordWrong, close, match, matched, replay
from service.draws.rules import seed_hash
from tests.draws.test_chances import chi_square_quantile, pearson

STABLE_CASES, HONEST_CASES = 2000, 300


@dataclass(frozen=True)
class Case:
    """Children in the order of the lot: of each the groups it wishes for, and its weight at each."""

    places: dict[UUID, int]
    wishes: list[tuple[list[UUID], list[int]]]

    def score(self, child: int, group: UUID) -> tuple[int, int]:
        """The greater, the better for the group."""
        groups, weights = self.wishes[child]
        return weights[groups.index(group)], -child

    def with_wishes(self, child: int, groups: list[UUID], weights: dict[UUID, int]) -> "Case":
        wishes = list(self.wishes)
        wishes[child] = groups, [weights[group] for group in groups]
        return Case(self.places, wishes)


def case(number: int, *, most_children: int = 5, most_groups: int = 3) -> Case:
    random = Random(number)
    groups = [UUID(int=group + 1) for group in range(random.randint(1, most_groups))]
    places = {group: random.choice([0, 1, 1, 2]) for group in groups}
    wishes: list[tuple[list[UUID], list[int]]] = []
    for _ in range(random.randint(1, most_children)):
        wished = random.sample(groups, random.randint(1, len(groups)))
        wishes.append((wished, [random.choice([0, 0, 5, 10]) for _ in wished]))
    return Case(places, wishes)


def blocking(given: Case, found: Sequence[int | None]) -> list[tuple[int, UUID]]:
    """Children and groups that would both rather have each other than what they have."""
    members: dict[UUID, list[int]] = {group: [] for group in given.places}
    for child, rank in enumerate(found):
        if rank is not None:
            members[given.wishes[child][0][rank]].append(child)
    pairs: list[tuple[int, UUID]] = []
    for child, rank in enumerate(found):
        for group in given.wishes[child][0][:rank]:
            worst = min((given.score(other, group) for other in members[group]), default=None)
            has_room = len(members[group]) < given.places[group]
            if has_room or (worst is not None and worst < given.score(child, group)):
                pairs.append((child, group))
    return pairs


def fits(given: Case, found: Sequence[int | None]) -> bool:
    """No group has more children than places."""
    taken = Counter(given.wishes[child][0][rank] for child, rank in enumerate(found) if rank is not None)
    return all(taken[group] <= places for group, places in given.places.items())


def all_matchings(given: Case) -> Iterator[tuple[int | None, ...]]:
    options = [[*range(len(groups)), None] for groups, _ in given.wishes]
    return (found for found in product(*options) if fits(given, found))


def test_no_matching_has_a_blocking_pair_nor_a_group_too_many_children() -> None:
    for number in range(STABLE_CASES):
        given = case(number)
        found = matched(given.places, given.wishes)
        assert fits(given, found), number
        assert blocking(given, found) == [], number


def test_a_matching_that_is_not_stable_is_found_out() -> None:
    """The negative control: first come, each the best of its wishes that is left (weights do not count)."""
    unstable = 0
    for number in range(STABLE_CASES):
        given = case(number)
        left = dict(given.places)
        found: list[int | None] = []
        for groups, _ in given.wishes:
            rank = next((rank for rank, group in enumerate(groups) if left[group]), None)
            if rank is not None:
                left[groups[rank]] -= 1
            found.append(rank)
        unstable += bool(blocking(given, found))
    assert unstable > STABLE_CASES // 10


def test_of_all_stable_matchings_it_is_the_best_for_each_child() -> None:
    """All matchings of a small case are tried."""
    several = 0
    for number in range(STABLE_CASES):
        given = case(number, most_children=4)
        stable = [found for found in all_matchings(given) if not blocking(given, found)]
        several += len(stable) > 1
        best = [
            min((found[child] for found in stable), key=lambda rank: len(given.places) if rank is None else rank)
            for child in range(len(given.wishes))
        ]
        assert matched(given.places, given.wishes) == best, number
    # Else there was nothing to choose from.
    assert several > 10


def lists(groups: Sequence[UUID]) -> Iterator[list[UUID]]:
    """All that a child may say: any of the groups, in any order."""
    for length in range(1, len(groups) + 1):
        yield from map(list, permutations(groups, length))


def test_no_child_gains_by_saying_otherwise_than_it_wishes() -> None:
    """All that one child may say is tried, in a few hundred cases, for each child of them."""
    tried = 0
    for number in range(HONEST_CASES):
        given = case(number, most_children=5, most_groups=3)
        honest = matched(given.places, given.wishes)
        for child, (groups, weights) in enumerate(given.wishes):
            by_group = dict.fromkeys(given.places, 0) | dict(zip(groups, weights, strict=True))
            for said in lists(list(given.places)):
                rank = matched(given.places, given.with_wishes(child, said, by_group).wishes)[child]
                got = None if rank is None else said[rank]
                # What it does not wish for is no better than nothing.
                real = groups.index(got) if got is not None and got in groups else len(groups)
                before = honest[child]
                assert real >= (len(groups) if before is None else before), (number, child, said)
                tried += 1
    assert tried > 5000


def test_equal_weights_go_by_the_lot_and_a_greater_one_before_it() -> None:
    group = UUID(int=1)
    for weights, winner in (([0, 0, 0], 0), ([0, 7, 7], 1), ([1, 0, 2], 2)):
        found = matched({group: 1}, [([group], [weight]) for weight in weights])
        assert [child for child, rank in enumerate(found) if rank == 0] == [winner]
    assert matched({group: 0}, [([group], [9])]) == [None]
    assert matched({}, []) == []


# The record --------------------------------------------------------------------------------------------------------


def campaign(number: int, children: int = 30, groups: int = 5, places: int = 3, choice: int = 3) -> CampaignRecord:
    random = Random(number)
    ids = [UUID(int=group + 1) for group in range(groups)]
    wishes = [
        RecordedWish(
            id=UUID(int=random.getrandbits(128), version=4), groups=random.sample(ids, choice), weights=[0] * choice
        )
        for _ in range(children)
    ]
    seed = random.randbytes(32)
    recorded = [RecordedGroup(id=group, places=places) for group in ids]
    return match(close(UUID(int=number), seed_hash(seed), recorded, wishes), seed)


def test_a_record_is_replayed() -> None:
    record = campaign(1)
    text = record.model_dump_json().encode()
    published = {"published_seed_hash": record.seed_hash, "published_digest": record.wishes_digest}
    assert replay(text, **published) == record
    for name in published:
        with pytest.raises(RecordWrong, match="not the one that was published"):
            replay(text, **published | {name: "0" * 64})


def test_whatever_is_changed_in_a_record_is_found() -> None:
    text = campaign(2).model_dump_json()
    changes = {
        "seed": lambda it: it | {"seed": "0" * 64},
        "wishes_digest": lambda it: it | {"wishes": it["wishes"][1:]},
        "matches": lambda it: it | {"matches": it["matches"][::-1]},
        "group": lambda it: it | {"groups": [it["groups"][0] | {"places": 9}, *it["groups"][1:]]},
        "comes twice": lambda it: it | {"wishes": [it["wishes"][0], *it["wishes"]]},
        "should be an object": lambda _it: [],
    }
    for told, change in changes.items():
        with pytest.raises(RecordWrong, match=told):
            replay(json.dumps(change(json.loads(text))).encode())


def test_every_single_byte_counts() -> None:
    text = campaign(3, children=4, groups=2, places=1, choice=2).model_dump_json().encode()
    for at in range(len(text)):
        changed = bytearray(text)
        changed[at] = ord("1") if text[at] != ord("1") else ord("2")
        with pytest.raises(RecordWrong):
            replay(bytes(changed))


def test_the_lot_gives_each_child_the_same_chance() -> None:
    """Of 40 children with one wish and no weights, in 300 campaigns with fixed seeds: ten have a place."""
    wins: Counter[UUID] = Counter()
    for number in range(300):
        record = campaign(number, children=40, groups=1, places=10, choice=1)
        # By the order of ids alone they differ: the ids are of a seed of their own each time.
        numbered = {wish.id: UUID(int=at) for at, wish in enumerate(record.wishes)}
        wins.update(numbered[one.wish_id] for one in record.matches if one.group_id is not None)
    assert wins.total() == 3000
    assert pearson(wins.values(), [75] * 40) * (39 / 40) / (1 - 10 / 40) < chi_square_quantile(39)
