"""Pure rules of a draw: who chooses when, who gets what, and whether a record is what it says.

Requests choose one after the other, each the best of its wishes that still has a place (random serial dictatorship):
nobody gains by ranking otherwise than as they wish. The order is that of SHA-256(seed || requests_digest || request
id), which anyone computes once the seed is told. docs/decisions/0012-draws.md says what that proves.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from schemas.draws import DrawClosing, DrawRecord, RecordedRequest, RecordedResult, RecordedSlot

SEED_BYTES = 32
_VERSION = 1


class RecordWrong(ValueError):
    """A record that is not of a draw by these rules; says, in English, what is wrong with it."""


def seed_hash(seed: bytes) -> str:
    """What is published of the seed while it is secret. A seed of 32 random bytes is not guessed from it."""
    return hashlib.sha256(seed).hexdigest()


def close(
    draw_id: UUID, sealed_by: str, slots: Sequence[RecordedSlot], requests: Sequence[RecordedRequest]
) -> DrawClosing:
    """What takes part, in the order of ids, with its digest. `sealed_by` is the published hash of the seed."""
    slots, requests = sorted(slots, key=_id), sorted(requests, key=_id)
    return DrawClosing(
        version=_VERSION,
        draw_id=draw_id,
        slots=slots,
        requests=requests,
        requests_digest=_digest(draw_id, slots, requests),
        seed_hash=sealed_by,
    )


def draw(closing: DrawClosing, seed: bytes) -> DrawRecord:
    """The whole draw: each request has the same chance of each place in the order, whenever it came."""
    order = _order(seed, closing.requests_digest, [request.id for request in closing.requests])
    wishes = {request.id: request.wishes for request in closing.requests}
    left = {slot.id: slot.places for slot in closing.slots}
    results = [_choose(request_id, wishes[request_id], left) for request_id in order]
    return DrawRecord(
        version=closing.version,
        draw_id=closing.draw_id,
        slots=closing.slots,
        requests=closing.requests,
        requests_digest=closing.requests_digest,
        seed_hash=closing.seed_hash,
        seed=seed.hex(),
        order=order,
        results=results,
    )


def replay(record: bytes, *, published_seed_hash: str | None = None, published_digest: str | None = None) -> DrawRecord:
    """The draw that a record in JSON tells of, after drawing it anew; raises RecordWrong for whatever differs.

    A record can be right in itself and still not be the one that was announced: give what was published while the draw
    was open and when it was closed, and it is compared too.
    """
    given, parsed = _parsed(record)
    _check_parts(parsed)
    seed = bytes.fromhex(parsed.seed)
    if seed_hash(seed) != parsed.seed_hash:
        raise RecordWrong("seed is not the one that seed_hash was published for")
    again = draw(close(parsed.draw_id, parsed.seed_hash, parsed.slots, parsed.requests), seed)
    if again.requests_digest != parsed.requests_digest:
        raise RecordWrong("requests_digest is not that of these slots and requests")
    if (difference := _difference(given, json.loads(again.model_dump_json()))) is not None:
        raise RecordWrong(difference)
    if published_seed_hash not in (None, parsed.seed_hash):
        raise RecordWrong("seed_hash is not the one that was published")
    if published_digest not in (None, parsed.requests_digest):
        raise RecordWrong("requests_digest is not the one that was published")
    return parsed


def _id(item: RecordedSlot | RecordedRequest) -> UUID:
    return item.id


def _digest(draw_id: UUID, slots: Sequence[RecordedSlot], requests: Sequence[RecordedRequest]) -> str:
    """SHA-256 over JSON with sorted keys, without white space."""
    content = {
        "version": _VERSION,
        "draw_id": str(draw_id),
        "slots": [{"id": str(slot.id), "places": slot.places} for slot in slots],
        "requests": [{"id": str(request.id), "wishes": [str(wish) for wish in request.wishes]} for request in requests],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _order(seed: bytes, digest: str, request_ids: Sequence[UUID]) -> list[UUID]:
    salt = seed + bytes.fromhex(digest)
    return sorted(request_ids, key=lambda request_id: hashlib.sha256(salt + request_id.bytes).digest())


def _choose(request_id: UUID, wishes: Sequence[UUID], left: dict[UUID, int]) -> RecordedResult:
    """The best wish with a place, which is taken from `left`."""
    for rank, slot_id in enumerate(wishes, start=1):
        if left.get(slot_id, 0) > 0:
            left[slot_id] -= 1
            return RecordedResult(request_id=request_id, slot_id=slot_id, rank=rank)
    return RecordedResult(request_id=request_id, slot_id=None, rank=None)


def _parsed(record: bytes) -> tuple[Any, DrawRecord]:
    """As JSON, to be compared by the letter, and as a record."""
    try:
        return json.loads(record, object_pairs_hook=_once_each), DrawRecord.model_validate_json(record)
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


def _check_parts(record: DrawRecord) -> None:
    for name, ids in (("slots", map(_id, record.slots)), ("requests", map(_id, record.requests))):
        found = list(ids)
        if len(set(found)) != len(found):
            raise RecordWrong(f"{name}: an id comes twice")
    known = {slot.id for slot in record.slots}
    for request in record.requests:
        if not known.issuperset(request.wishes):
            raise RecordWrong(f"request {request.id} wishes for a slot that is not in the draw")


def _difference(given: Mapping[str, Any], expected: Mapping[str, Any]) -> str | None:
    """The first place where two records differ, compared as they are written: 1, 1.0 and true are three values."""
    for name, value in expected.items():
        parts = _numbered(name, value)
        found = _numbered(name, given[name])
        if len(found) != len(parts):
            return f"{name} has {len(found)} members, and by the rules it has {len(parts)}"
        for where, part in parts.items():
            if found[where] != part:
                return f"{where} is {found[where]}, and by the rules it is {part}"
    return None


def _numbered(name: str, value: Any) -> dict[str, str]:
    """The members of a list, or the value alone, as text."""
    if not isinstance(value, list):
        return {name: json.dumps(value)}
    members = enumerate(cast(list[Any], value))
    return {f"{name}[{index}]": json.dumps(member, sort_keys=True) for index, member in members}
