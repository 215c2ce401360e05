"""Tables of the documents, so that tests can hold them to the code."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
Row = dict[str, str]


def table(document: str, heading: str) -> list[Row]:
    """The first table below that heading: by its columns' names. Raises AssertionError where there is none."""
    text = (DOCS / document).read_text(encoding="utf-8")
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    below = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert heading in below, f"{document} has no {heading}"
    lines = [line for line in below[heading].splitlines() if line.startswith("|")]
    assert len(lines) > 2, f"{document}, {heading}: no table"
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == len(names) for row in rows), [row for row in rows if len(row) != len(names)]
    return [dict(zip(names, row, strict=True)) for row in rows]


def quoted(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
