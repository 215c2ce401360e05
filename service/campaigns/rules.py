"""Pure rules of a campaign: which child has a place in which group, and whether a record is what it says.

Deferred acceptance with the children proposing (Gale and Shapley, 1962). Each child asks its best group; a group keeps
the best of those who asked, as many as it has places, and refuses the others, who ask their next one. What comes of it
does not depend on the order in which they ask. It is stable: no child and no group would both gain by leaving their
match for each other. Of all stable matchings it is the best for every child, and no child gains by ranking otherwise
than as it wishes (Dubins and Freedman, 1981; Roth, 1982).

A group prefers the greater weight, and then the lot, one for the whole campaign: the order of SHA-256(seed ||
wishes_digest || wish id). Each wish is asked for once at most, so it takes O(wishes * log places).
"""

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from heapq import heappush, heapreplace
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from schemas.campaigns import CampaignClosing, CampaignRecord, RecordedGroup, RecordedMatch, RecordedWish

_VERSION = 1


class RecordWrong(ValueError):
    """A record that is not of a matching by these rules; says, in English, what is wrong with it."""


def matched(places: Mapping[UUID, int], wishes: Sequence[tuple[Sequence[UUID], Sequence[int]]]) -> list[int | None]:
    """For each child the index of the wish it has a place by, or None.

    `wishes`: each child's groups, the best first, and its weight at each. Where weights are equal, the child that
    stands earlier in the list goes before: hand them in in the order of the lot.
    """
    count = len(wishes)
    kept: dict[UUID, list[int]] = {group: [] for group in places}
    asks = [0] * count
    asking = list(range(count - 1, -1, -1))
    while asking:
        child = asking.pop()
        groups, weights = wishes[child]
        while asks[child] < len(groups):
            group, weight = groups[asks[child]], weights[asks[child]]
            heap, room = kept[group], places[group]
            # The greater, the better for the group; no two are equal, and the child is the rest of the division.
            score = (weight + 1) * count - 1 - child
            if len(heap) < room:
                heappush(heap, score)
                break
            if room and score > heap[0]:
                gives_way = count - 1 - heapreplace(heap, score) % count
                asks[gives_way] += 1
                asking.append(gives_way)
                break
            asks[child] += 1
    return [asked if asked < len(groups) else None for asked, (groups, _) in zip(asks, wishes, strict=True)]


def close(
    campaign_id: UUID, sealed_by: str, groups: Sequence[RecordedGroup], wishes: Sequence[RecordedWish]
) -> CampaignClosing:
    """What takes part, in the order of ids, with its digest. `sealed_by` is the published hash of the seed."""
    groups, wishes = sorted(groups, key=lambda group: group.id), sorted(wishes, key=lambda wish: wish.id)
    return CampaignClosing(
        version=_VERSION,
        campaign_id=campaign_id,
        groups=groups,
        wishes=wishes,
        wishes_digest=_digest(campaign_id, groups, wishes),
        seed_hash=sealed_by,
    )


def match(closing: CampaignClosing, seed: bytes) -> CampaignRecord:
    """The whole matching."""
    by_id = {wish.id: wish for wish in closing.wishes}
    lot = [by_id[wish_id] for wish_id in _order(seed, closing.wishes_digest, list(by_id))]
    places = {group.id: group.places for group in closing.groups}
    found = matched(places, [(wish.groups, wish.weights) for wish in lot])
    return CampaignRecord(
        version=closing.version,
        campaign_id=closing.campaign_id,
        groups=closing.groups,
        wishes=closing.wishes,
        wishes_digest=closing.wishes_digest,
        seed_hash=closing.seed_hash,
        seed=seed.hex(),
        matches=[_match(wish, index) for wish, index in zip(lot, found, strict=True)],
    )


def replay(
    record: bytes, *, published_seed_hash: str | None = None, published_digest: str | None = None
) -> CampaignRecord:
    """The matching that a record in JSON tells of, after matching anew; raises RecordWrong for whatever differs.

    Give what was published while wishes were taken and when they no longer were, and it is compared too.
    """
    given, parsed = _parsed(record)
    _check_parts(parsed)
    seed = bytes.fromhex(parsed.seed)
    if hashlib.sha256(seed).hexdigest() != parsed.seed_hash:
        raise RecordWrong("seed is not the one that seed_hash was published for")
    again = match(close(parsed.campaign_id, parsed.seed_hash, parsed.groups, parsed.wishes), seed)
    if again.wishes_digest != parsed.wishes_digest:
        raise RecordWrong("wishes_digest is not that of these groups and wishes")
    expected = json.loads(again.model_dump_json())
    for name, value in expected.items():
        if json.dumps(given[name], sort_keys=True) != json.dumps(value, sort_keys=True):
            raise RecordWrong(_difference(name, given[name], value))
    if published_seed_hash not in (None, parsed.seed_hash):
        raise RecordWrong("seed_hash is not the one that was published")
    if published_digest not in (None, parsed.wishes_digest):
        raise RecordWrong("wishes_digest is not the one that was published")
    return parsed


# For a process of its own: text goes in, and text comes out ----------------------------------------------------------


def close_text(campaign_id: UUID, sealed_by: str, parts: str) -> tuple[str, str, int]:
    """The closing of JSON with `groups` and `wishes`, in JSON; its digest; how many children take part.

    What is wished of groups that are not among them does not count.
    """
    given: Any = json.loads(parts)
    groups = [RecordedGroup.model_validate(item, strict=False) for item in given["groups"]]
    known = {str(group.id) for group in groups}
    wishes = [_taking_part(item, known) for item in given["wishes"]]
    wishes = [wish for wish in wishes if wish.groups]
    closing = close(campaign_id, sealed_by, groups, wishes)
    return closing.model_dump_json(), closing.wishes_digest, len(wishes)


def match_text(closing: str, seed: bytes, at_once: int) -> tuple[str, list[str]]:
    """The record of a closing, both in JSON; and its matches, `at_once` of them each, as [[wish, group, rank]]."""
    record = match(CampaignClosing.model_validate_json(closing), seed)
    rows = [[str(one.wish_id), None if one.group_id is None else str(one.group_id), one.rank] for one in record.matches]
    parts = [json.dumps(rows[first : first + at_once]) for first in range(0, len(rows), at_once)]
    return record.model_dump_json(), parts


def _taking_part(item: Mapping[str, Any], known: Container[str]) -> RecordedWish:
    pairs = [pair for pair in zip(item["groups"], item["weights"], strict=True) if pair[0] in known]
    groups, weights = [group for group, _ in pairs], [weight for _, weight in pairs]
    return RecordedWish.model_validate({"id": item["id"], "groups": groups, "weights": weights}, strict=False)


def _match(wish: RecordedWish, index: int | None) -> RecordedMatch:
    if index is None:
        return RecordedMatch(wish_id=wish.id, group_id=None, rank=None)
    return RecordedMatch(wish_id=wish.id, group_id=wish.groups[index], rank=index + 1)


def _digest(campaign_id: UUID, groups: Sequence[RecordedGroup], wishes: Sequence[RecordedWish]) -> str:
    """SHA-256 over JSON with sorted keys, without white space."""
    content = {
        "version": _VERSION,
        "campaign_id": str(campaign_id),
        "groups": [{"id": str(group.id), "places": group.places} for group in groups],
        "wishes": [
            {"id": str(wish.id), "groups": [str(group) for group in wish.groups], "weights": wish.weights}
            for wish in wishes
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _order(seed: bytes, digest: str, wish_ids: Sequence[UUID]) -> list[UUID]:
    salt = seed + bytes.fromhex(digest)
    return sorted(wish_ids, key=lambda wish_id: hashlib.sha256(salt + wish_id.bytes).digest())


def _parsed(record: bytes) -> tuple[Any, CampaignRecord]:
    """As JSON, to be compared by the letter, and as a record."""
    try:
        return json.loads(record, object_pairs_hook=_once_each), CampaignRecord.model_validate_json(record)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"]) or "the file"
        raise RecordWrong(f"{where}: {found['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise RecordWrong(f"the file is no JSON of a record: {error}") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of two members of one name each reader might see another."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def _check_parts(record: CampaignRecord) -> None:
    for name, ids in (
        ("groups", [group.id for group in record.groups]),
        ("wishes", [wish.id for wish in record.wishes]),
    ):
        if len(set(ids)) != len(ids):
            raise RecordWrong(f"{name}: an id comes twice")
    known = {group.id for group in record.groups}
    for wish in record.wishes:
        if not known.issuperset(wish.groups) or len(wish.weights) != len(wish.groups):
            raise RecordWrong(f"the wishes {wish.id} are not for groups of the campaign, each with a weight")
        if min(wish.weights, default=0) < 0:
            raise RecordWrong(f"the wishes {wish.id} have a weight below 0")


def _difference(name: str, given: Any, expected: Any) -> str:
    """The first place where a member of two records differs."""
    if not isinstance(expected, list) or not isinstance(given, list):
        return f"{name} is {json.dumps(given)}, and by the rules it is {json.dumps(expected)}"
    found, wanted = cast(list[Any], given), cast(list[Any], expected)
    if len(found) != len(wanted):
        return f"{name} has {len(found)} members, and by the rules it has {len(wanted)}"
    for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
        if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
            return f"{name}[{index}] is {json.dumps(one)}, and by the rules it is {json.dumps(other)}"
    return f"{name} differs"
