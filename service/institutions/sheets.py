"""Tables as people keep them: CSV of any spreadsheet is read, and written so that nothing in it runs."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import get_args
from uuid import UUID

from schemas.problems import FieldError
from schemas.sessions import MiniApp

MAX_ROWS = 5000
_DELIMITERS = ";,\t"
# What a column is called, in capitals or not; the first of each language is what is written.
_ENGLISH = {"institution_id": "institution_id", "mini_apps": "mini_apps", "name": "name"}
_RUSSIAN = {"ид учреждения": "institution_id", "мини-приложения": "mini_apps", "название": "name"}
_OTHERS = {"id": "institution_id", "ид": "institution_id", "учреждение": "name"}
_COLUMNS = _ENGLISH | _RUSSIAN | _OTHERS
_NEEDED = ("institution_id", "mini_apps")
_ALL_APPS: tuple[MiniApp, ...] = get_args(MiniApp)
_APPS: dict[str, MiniApp] = {
    "doctor": "doctor", "club": "club", "врач": "doctor", "кружок": "club",
}  # fmt: skip
_HEADS = {
    "en": ("institution_id", "name", "municipality", "mini_apps", "code", "expires_at"),
    "ru": ("ид учреждения", "название", "муниципалитет", "мини-приложения", "код", "действует до"),
}
# Where a cell begins so, a spreadsheet takes it for a formula.
_RUNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """Of a table: the number of its first line, the institution, and what it is invited to."""

    line: int
    institution_id: UUID
    mini_apps: list[MiniApp]


@dataclass(slots=True)
class Sheet:
    """A table that was read. With `errors` it is of no use; `rows` are those that are right."""

    digest: bytes
    delimiter: str = ";"
    russian: bool = True
    rows: list[Row] = field(default_factory=list[Row])
    errors: list[FieldError] = field(default_factory=list[FieldError])
    # How many there are, right or wrong: no more are read than one over the most.
    length: int = 0

    def wrong(self, line: int, message: str, column: str = "") -> None:
        pointer = f"/lines/{line}/{column}" if column else f"/lines/{line}"
        self.errors.append(FieldError(place="body", pointer=pointer, message=message))


def read_sheet(raw: bytes) -> Sheet:
    """What a file says: UTF-8 or Windows-1251; semicolons, commas or tabs between; a row of heads."""
    sheet = Sheet(hashlib.sha256(raw).digest())
    try:
        text = _decoded(raw)
    except UnicodeDecodeError:
        sheet.wrong(1, "the encoding is neither UTF-8 nor Windows-1251")
        return sheet
    head, _, _ = text.partition("\n")
    sheet.delimiter = max(_DELIMITERS, key=head.count)
    try:
        _read(sheet, _lines(text, sheet.delimiter))
    except csv.Error as error:
        sheet.wrong(1, f"it is no CSV: {error}")
    return sheet


def write_sheet(sheet: Sheet, rows: Sequence[Sequence[str]]) -> bytes:
    """A table in the dialect of `sheet`, as UTF-8 with its mark, so that spreadsheets know it; nothing in it runs."""
    content = StringIO(newline="")
    writer = csv.writer(content, delimiter=sheet.delimiter)
    writer.writerow(_HEADS["ru" if sheet.russian else "en"])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return content.getvalue().encode("utf-8-sig")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251")


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the numbers of their first lines; a cell in quotes may have several."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _read(sheet: Sheet, lines: Iterator[tuple[int, list[str]]]) -> None:
    line, head = next(lines, (1, list[str]()))
    columns = [_COLUMNS.get(cell.lower(), "") for cell in head]
    sheet.russian = not any(cell.lower() in _ENGLISH for cell in head)
    for name in _NEEDED:
        if columns.count(name) != 1:
            sheet.wrong(line, "the column has to be there, once", name)
    for cell, name in zip(head, columns, strict=True):
        if not name:
            sheet.wrong(line, f"there is no such column; there are {', '.join(_COLUMNS)}", cell[:64])
    if sheet.errors:
        return
    for number, cells in lines:
        sheet.length += 1
        if sheet.length > MAX_ROWS:
            return
        if len(cells) != len(columns):
            sheet.wrong(number, f"the row has {len(cells)} cells, and the head {len(columns)}")
            continue
        _read_row(sheet, number, dict(zip(columns, cells, strict=True)))


def _read_row(sheet: Sheet, line: int, cells: dict[str, str]) -> None:
    before = len(sheet.errors)
    try:
        institution_id = UUID(cells["institution_id"])
    except ValueError:
        institution_id = UUID(int=0)
        sheet.wrong(line, "a UUID is expected", "institution_id")
    words = cells["mini_apps"].lower().replace(",", " ").replace("+", " ").split()
    apps: list[MiniApp] = [app for app in _ALL_APPS if app in {_APPS.get(word) for word in words}]
    if not apps or any(word not in _APPS for word in words):
        sheet.wrong(line, f"some of {', '.join(_ALL_APPS)} are expected, or врач, кружок", "mini_apps")
    if len(sheet.errors) == before:
        sheet.rows.append(Row(line, institution_id, apps))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RUNS) else cell
