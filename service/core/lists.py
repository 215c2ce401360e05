"""Pages of a list: one more row than asked for tells whether there is a next page."""

from collections.abc import Callable, Sequence

from schemas.common import Paged
from service.core.cursors import Cursors
from service.core.database import Record


def page_of(
    rows: Sequence[Record],
    query: Paged,
    cursors: Cursors,
    scope: str,
    position: Callable[[Record], Sequence[object]],
) -> tuple[Sequence[Record], str | None]:
    """The rows of the page, fetched with a limit of `query.limit + 1`, and the cursor to the next."""
    if len(rows) <= query.limit:
        return rows, None
    page = rows[: query.limit]
    return page, cursors.cursor(scope, query, position(page[-1]))
