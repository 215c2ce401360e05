"""What a file is by its bytes, however they come; and chunks that open in their own place alone."""

from itertools import pairwise

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import example, given
from hypothesis import strategies as st

from service.documents.cipher import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, ChunkCipher, chunk_sizes, sealed_size
from service.documents.formats import Examination, Refused
from tests.documents.samples import WHOLE
from tests.documents.test_uploads import BROKEN

FILES = {**{name: (content, name) for name, content in WHOLE.items()}, **BROKEN}


def found(content: bytes, cuts: list[int]) -> str:
    """The type, or the refusal, where the content comes in pieces that end at the cuts."""
    examination = Examination()
    ends = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    try:
        for begin, end in pairwise(ends):
            examination.feed(content[begin:end])
        return examination.finish()
    except Refused as refused:
        return refused.refusal.code


@given(st.sampled_from(sorted(FILES)), st.lists(st.integers(0, 3000), max_size=20))
def test_it_does_not_matter_in_which_pieces_a_file_comes(name: str, cuts: list[int]) -> None:
    content, expected = FILES[name]
    assert found(content, cuts) == expected


@pytest.mark.parametrize("media_type", WHOLE)
def test_byte_by_byte(media_type: str) -> None:
    content = WHOLE[media_type]
    assert found(content, list(range(len(content)))) == media_type


@pytest.mark.parametrize("media_type", WHOLE)
def test_no_part_of_a_file_is_taken_for_the_whole(media_type: str) -> None:
    content = WHOLE[media_type].rstrip(b"\n")
    assert found(content, []) == media_type
    taken = [end for end in range(len(content)) if found(content[:end], []) == media_type]
    assert taken == []


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_whatever_is_done_to_a_file_it_is_judged(media_type: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[media_type])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert found(bytes(content), [100]) in {media_type, *WHOLE} | {
        "document_broken", "document_too_many_pixels", "document_type_refused",
    }  # fmt: skip


@given(st.binary(max_size=300))
def test_noise_is_judged_too(content: bytes) -> None:
    for head in (b"", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x18ftypheic"):
        assert found(head + content, []) in {
            *WHOLE, "document_broken", "document_too_many_pixels", "document_type_refused",
        }  # fmt: skip


def test_a_file_of_countless_parts_is_refused() -> None:
    box = b"\0\0\0\x08free"
    assert found(WHOLE["image/heic"][:24] + box * 100_001, []) == "document_broken"


@given(st.integers(1, 5 * CHUNK_BYTES))
@example(CHUNK_BYTES)
@example(2 * CHUNK_BYTES)
@example(2 * CHUNK_BYTES + 1)
def test_the_sizes_of_chunks(size: int) -> None:
    sizes = list(chunk_sizes(size))
    assert sum(one for one, _ in sizes) == size
    assert [last for _, last in sizes] == [False] * (len(sizes) - 1) + [True]
    assert all(one == CHUNK_BYTES for one, _ in sizes[:-1])
    assert sealed_size(size) == HEADER_BYTES + size + len(sizes) * TAG_BYTES


def test_a_chunk_opens_in_its_own_place_alone() -> None:
    key, prefix, row = bytes(32), bytes(7), "documents:42:one"
    sealer = ChunkCipher(key, prefix, row)
    first, last = sealer.seal(b"first", last=False), sealer.seal(b"last", last=True)
    opener = ChunkCipher(key, prefix, row)
    assert (opener.open(first, last=False), opener.open(last, last=True)) == (b"first", b"last")
    for other, chunk, is_last in (
        (ChunkCipher(key, prefix, row), last, True),
        (ChunkCipher(key, prefix, row), first, True),
        (ChunkCipher(key, prefix, "documents:42:two"), first, False),
        (ChunkCipher(key, bytes(6) + b"\1", row), first, False),
        (ChunkCipher(bytes(31) + b"\1", prefix, row), first, False),
    ):
        with pytest.raises(InvalidTag):
            other.open(chunk, last=is_last)
