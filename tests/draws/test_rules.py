import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.draws import DrawClosing, DrawRecord, RecordedRequest, RecordedSlot
from service.draws.rules import RecordWrong, close, draw, replay, seed_hash

DRAW = UUID(int=1)
OTHER_SEED = bytes(range(32))

seeds = st.binary(min_size=32, max_size=32)


@st.composite
def closings(draw: st.DrawFn) -> tuple[DrawClosing, bytes]:
    """A closed draw and its seed: few slots, so that wishes meet, and some without a place."""
    slot_ids = draw(st.lists(st.uuids(), min_size=1, max_size=6, unique=True))
    slots = [RecordedSlot(id=slot_id, places=draw(st.integers(0, 3))) for slot_id in slot_ids]
    wishes = st.lists(st.sampled_from(slot_ids), min_size=1, max_size=10, unique=True)
    request_ids = draw(st.lists(st.uuids(), max_size=12, unique=True))
    requests = [RecordedRequest(id=request_id, wishes=draw(wishes)) for request_id in request_ids]
    seed = draw(seeds)
    return close(DRAW, seed_hash(seed), slots, requests), seed


def written(record: DrawRecord) -> bytes:
    return record.model_dump_json().encode()


@given(closings())
def test_each_request_gets_the_best_of_its_wishes_that_those_before_it_left(drawn: tuple[DrawClosing, bytes]) -> None:
    closing, seed = drawn
    record = draw(closing, seed)
    left = {slot.id: slot.places for slot in closing.slots}
    wishes = {request.id: request.wishes for request in closing.requests}
    assert sorted(record.order) == sorted(wishes)
    assert [result.request_id for result in record.results] == record.order
    for result in record.results:
        free = [wish for wish in wishes[result.request_id] if left[wish]]
        assert result.slot_id == (free[0] if free else None)
        if result.slot_id is not None:
            assert result.rank == 1 + wishes[result.request_id].index(result.slot_id)
            left[result.slot_id] -= 1
    assert min(left.values()) >= 0


@given(closings(), st.randoms())
def test_when_and_in_which_order_requests_came_makes_no_difference(
    drawn: tuple[DrawClosing, bytes], random: Any
) -> None:
    closing, seed = drawn
    slots, requests = list(closing.slots), list(closing.requests)
    random.shuffle(slots)
    random.shuffle(requests)
    assert close(DRAW, closing.seed_hash, slots, requests) == closing
    assert draw(closing, seed) == draw(closing, seed)


@given(closings(), st.data())
def test_nobody_gains_by_ranking_otherwise_than_as_they_wish(
    drawn: tuple[DrawClosing, bytes], data: st.DataObject
) -> None:
    """With the order as it is: what another list does to the digest, and so to the order, nobody can foresee."""
    closing, seed = drawn
    if not closing.requests:
        return
    mine = data.draw(st.sampled_from(closing.requests))
    other = RecordedRequest(id=mine.id, wishes=data.draw(st.permutations(mine.wishes)))
    requests = [other if request is mine else request for request in closing.requests]
    honest, cunning = (
        next(result for result in draw(one, seed).results if result.request_id == mine.id)
        for one in (closing, closing.model_copy(update={"requests": requests}))
    )
    if honest.slot_id is None:
        assert cunning.slot_id is None
    elif cunning.slot_id is not None:
        assert mine.wishes.index(honest.slot_id) <= mine.wishes.index(cunning.slot_id)


@given(closings())
def test_the_order_is_what_decision_0012_says(drawn: tuple[DrawClosing, bytes]) -> None:
    closing, seed = drawn
    kept = json.loads(closing.model_dump_json())
    content = {name: kept[name] for name in ("version", "draw_id", "slots", "requests")}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    assert closing.requests_digest == digest.hexdigest()

    def place(request_id: UUID) -> bytes:
        return hashlib.sha256(seed + digest.digest() + request_id.bytes).digest()

    assert draw(closing, seed).order == sorted((request.id for request in closing.requests), key=place)
    assert closing.seed_hash == hashlib.sha256(seed).hexdigest()


@given(closings())
def test_a_record_is_replayed_however_it_is_laid_out(drawn: tuple[DrawClosing, bytes]) -> None:
    record = draw(*drawn)
    members = json.loads(written(record))
    turned = dict(reversed(members.items()))
    for text in (written(record), json.dumps(turned, indent=2).encode()):
        found = replay(text, published_seed_hash=record.seed_hash, published_digest=record.requests_digest)
        assert found == record


def test_the_example_of_the_document_is_a_record() -> None:
    (example,) = DrawRecord.model_json_schema()["examples"]
    assert replay(json.dumps(example).encode()).order


# What is changed is found out --------------------------------------------------------------------------------------


def some_record() -> DrawRecord:
    slots = [RecordedSlot(id=UUID(int=number + 10), places=number % 3) for number in range(6)]
    wishes = [slot.id for slot in slots]
    requests = [
        RecordedRequest(id=UUID(int=(number + 1) << 64), wishes=wishes[number % 6 :] + wishes[: number % 3])
        for number in range(9)
    ]
    return draw(close(DRAW, seed_hash(OTHER_SEED), slots, requests), OTHER_SEED)


def test_every_changed_byte_is_found_out() -> None:
    """Each byte of the record in turn becomes another; what is left of JSON tells of no draw."""
    record = written(some_record())
    assert replay(record)
    for index, byte in enumerate(record):
        for other in {byte ^ 1, byte ^ 32, ord("0")} - {byte}:
            changed = record[:index] + bytes([other]) + record[index + 1 :]
            with pytest.raises(RecordWrong):
                replay(changed)


def test_every_member_that_is_left_out_or_added_is_found_out() -> None:
    record = json.loads(written(some_record()))
    for name, value in record.items():
        with pytest.raises(RecordWrong, match=name):
            replay(json.dumps({key: kept for key, kept in record.items() if key != name}).encode())
        if isinstance(value, list):
            for changed in (value[1:], value[:-1], [*value, value[0]], value[::-1], []):
                with pytest.raises(RecordWrong):
                    replay(json.dumps({**record, name: changed}).encode())
    with pytest.raises(RecordWrong, match="more"):
        replay(json.dumps({**record, "more": 1}).encode())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": "00" * 32}, "seed is not the one that seed_hash was published for"),
        ({"requests_digest": "00" * 32}, "requests_digest is not that of these slots and requests"),
        ({"draw_id": str(UUID(int=2))}, "requests_digest is not that of these slots and requests"),
        ({"version": 2}, "version: Input should be 1"),
        ({"version": 1.0}, "version is 1.0, and by the rules it is 1"),
        ({"version": True}, "version is true, and by the rules it is 1"),
        ({"order": []}, "order has 0 members, and by the rules it has 9"),
        ({"slots": [{"id": str(UUID(int=10)), "places": 1}] * 2}, "slots: an id comes twice"),
        ({"slots": []}, "wishes for a slot that is not in the draw"),
    ],
)
def test_it_says_what_is_wrong(change: dict[str, Any], told: str) -> None:
    with pytest.raises(RecordWrong, match=told):
        replay(json.dumps(json.loads(written(some_record())) | change).encode())


def test_a_result_that_was_exchanged_is_named() -> None:
    record = json.loads(written(some_record()))
    winner, loser = record["results"][0], record["results"][-1]
    winner["slot_id"], loser["slot_id"] = loser["slot_id"], winner["slot_id"]
    with pytest.raises(RecordWrong, match=r"results\[0\] is .*, and by the rules it is"):
        replay(json.dumps(record).encode())


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"seed": 1, "seed": 2}', b"[" * 100_000, b'{"version": NaN}'],
)
def test_what_is_no_record_is_refused_in_a_sentence(text: bytes) -> None:
    with pytest.raises(RecordWrong):
        replay(text)


def test_a_member_may_not_come_twice() -> None:
    record = written(some_record())
    with pytest.raises(RecordWrong, match="twice"):
        replay(record.replace(b'"version":1', b'"version":1,"version":1'))


def test_a_draw_made_up_afterwards_is_right_in_itself_and_not_the_one_that_was_published() -> None:
    """What a record alone can't show: whoever knows a seed can make a draw of it. So two hashes are published."""
    record = some_record()
    fewer = draw(close(DRAW, record.seed_hash, record.slots, record.requests[1:]), OTHER_SEED)
    other = draw(close(DRAW, seed_hash(bytes(32)), record.slots, record.requests), bytes(32))
    assert replay(written(fewer))
    assert replay(written(other))
    with pytest.raises(RecordWrong, match="requests_digest is not the one that was published"):
        replay(written(fewer), published_digest=record.requests_digest)
    with pytest.raises(RecordWrong, match="seed_hash is not the one that was published"):
        replay(written(other), published_seed_hash=record.seed_hash)
