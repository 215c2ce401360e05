from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Paged
from schemas.institutions import InstitutionFilter
from service.core.cursors import Cursors
from service.core.errors import DomainError
from service.core.lists import page_of

KEY = b"k" * 32
POSITIONS = st.lists(st.text(max_size=200), min_size=1, max_size=3)


class Filter(Paged):
    name: str | None = None


def refused(cursors: Cursors, scope: str, query: Paged) -> bool:
    with pytest.raises(DomainError) as caught:
        cursors.position(scope, query)
    return caught.value.refusal.code == "cursor_unknown"


@given(POSITIONS, st.text(max_size=20), st.integers(1, 100))
def test_a_cursor_gives_its_position_back(position: list[str], name: str, limit: int) -> None:
    cursors = Cursors(KEY)
    cursor = cursors.cursor("list", Filter(name=name, limit=limit), position)
    # How many are asked for may change from page to page.
    query = Filter.model_construct(name=name, limit=7, cursor=cursor)
    assert cursors.position("list", query) == position
    assert cursors.position("list", Filter(name=name)) is None


@given(POSITIONS, st.data())
def test_any_other_byte_makes_it_unknown(position: list[str], data: st.DataObject) -> None:
    cursors = Cursors(KEY)
    token = bytearray(urlsafe_b64decode(cursors.cursor("list", Filter(), position) + "=="))
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))
    forged = urlsafe_b64encode(bytes(token)).rstrip(b"=").decode()
    assert refused(cursors, "list", Filter.model_construct(cursor=forged))


@given(st.text("ABCxyz019-_", max_size=200))
def test_what_is_no_cursor_is_unknown(text: str) -> None:
    assert refused(Cursors(KEY), "list", Filter.model_construct(cursor=text))


def test_a_cursor_is_of_one_list_one_caller_one_set_of_filters_and_one_key() -> None:
    cursors = Cursors(KEY)
    cursor = cursors.cursor("tickets:42:a", Filter(name="x"), ["1"])
    assert cursors.position("tickets:42:a", Filter(name="x", cursor=cursor)) == ["1"]
    for scope, name, key in (
        ("tickets:42:b", "x", KEY),
        ("tickets:54:a", "x", KEY),
        ("slots:42:a", "x", KEY),
        ("tickets:42:a", "y", KEY),
        ("tickets:42:a", None, KEY),
        ("tickets:42:a", "x", b"K" * 32),
    ):
        assert refused(Cursors(key), scope, Filter(name=name, cursor=cursor)), (scope, name)


def test_the_longest_position_makes_a_cursor_that_the_schema_takes() -> None:
    """A name of 200 characters that are four bytes each, and an id."""
    cursor = Cursors(KEY).cursor("list", InstitutionFilter(), ["😀" * 200, UUID(int=2**128 - 1)])
    assert InstitutionFilter.model_validate_strings({"cursor": cursor}).cursor == cursor


@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_hold_every_row_once(count: int, limit: int) -> None:
    rows: Any = [{"id": number} for number in range(count)]
    cursors, listed, sizes = Cursors(KEY), [], []
    query: Filter | None = Filter(limit=limit)
    while query is not None:
        after = cursors.position("list", query)
        begin = int(after[0]) + 1 if after else 0
        page, cursor = page_of(rows[begin : begin + limit + 1], query, cursors, "list", lambda row: (row["id"],))
        listed += page
        sizes.append(len(page))
        query = Filter(limit=limit, cursor=cursor) if cursor else None
    assert listed == rows
    # No page is empty but that of an empty list.
    assert 0 not in sizes[1:]
    assert all(size == limit for size in sizes[:-1])
