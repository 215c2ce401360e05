from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from service.core.sealing import Sealer

OLD, NEW = b"1" * 32, b"2" * 32
HASHING = b"h" * 32
TEXT = st.text(st.characters(codec="utf-8"))
ROW = st.text(st.characters(codec="utf-8"), max_size=60)


@given(TEXT, ROW)
def test_a_sealed_text_opens_in_its_row_and_looks_different_each_time(text: str, row: str) -> None:
    sealer = Sealer({"k1": OLD}, HASHING)
    one, other = sealer.seal(text, row), sealer.seal(text, row)
    assert one != other
    assert sealer.open(one, row) == sealer.open(other, row) == text
    assert one.startswith("k1.")
    assert len(text) < 4 or text not in one


@given(TEXT, ROW, ROW, st.data())
def test_it_opens_in_no_other_row_and_not_after_any_change(
    text: str, row: str, other: str, data: st.DataObject
) -> None:
    sealer = Sealer({"k1": OLD}, HASHING)
    sealed = sealer.seal(text, row)
    if other != row:
        with pytest.raises(InvalidTag):
            sealer.open(sealed, other)
    token = bytearray(urlsafe_b64decode(sealed.removeprefix("k1.")))
    token[data.draw(st.integers(0, len(token) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidTag):
        sealer.open(f"k1.{urlsafe_b64encode(token).decode()}", row)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = Sealer({"k1": OLD}, HASHING).seal("11223344595", "row")
    sealer = Sealer({"k1": OLD, "k2": NEW}, HASHING)
    after = sealer.seal("11223344595", "row")
    assert after.startswith("k2.")
    assert sealer.open(before, "row") == sealer.open(after, "row") == "11223344595"
    with pytest.raises(KeyError):
        Sealer({"k2": NEW}, HASHING).open(before, "row")
    with pytest.raises(InvalidTag):
        Sealer({"k1": NEW}, HASHING).open(before, "row")


def test_the_hash_is_keyed_and_keeps_its_parts_apart() -> None:
    sealer = Sealer({"k1": OLD}, HASHING)
    # As another HMAC-SHA-256 computed it: with a hash that differs every kept identity would be nobody's.
    assert sealer.hash("snils", "11223344595").hex() == (
        "7af55219ca4375aca23304b699f1dbf76db5608f058dc4091c019d3a10654df5"
    )
    assert sealer.hash("snils", "11223344595") == Sealer({"k2": NEW}, HASHING).hash("snils", "11223344595")
    others = [
        Sealer({"k1": OLD}, b"H" * 32).hash("snils", "11223344595"),
        sealer.hash("snils", "11223344596"),
        sealer.hash("snils11223344595"),
        sealer.hash("snil", "s11223344595"),
        sealer.hash("snils", "11223344595", ""),
    ]
    assert sealer.hash("snils", "11223344595") not in others
    assert len(set(others)) == len(others)
