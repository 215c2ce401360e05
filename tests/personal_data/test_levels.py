"""Every column of the database has a level (docs/data-classes.md), and what its level asks for."""

import re
from collections import Counter
from typing import Any

import pytest

from service.worker import JOBS
from tests.contract.documents import Row, quoted, table
from tests.live import Live

DOCUMENT = "data-classes.md"
LEVELS = ("Public", "Internal", "Personal", "Special", "Identifiers", "Secrets")
ABOUT_PEOPLE = ("Personal", "Special", "Identifiers")
# Whose walls let everybody's queries through: the document says so, and what of it is Personal.
READ_BY_ALL = {"group_locks", "lesson_changes", "practitioner_blocks"}
# Operations that end something, beside the jobs.
ENDING = {"deletePerson", "eraseAccount", "deleteStaffMember"}
_NEVER_PLAIN = re.compile(r"(?:_sealed|_hash)$|^(?:identity|confirmed_as|wrapped)$")

_COLUMNS = """
    SELECT c.relname AS in_table, a.attname AS name, a.atttypid::regtype::text AS type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
"""


def columns(row: Row, *levels: str) -> list[str]:
    return [name for level in levels for name in quoted(row[level])]


def faults(rows: list[Row], found: dict[str, dict[str, str]]) -> list[str]:
    """Where the document and the database do not fit each other; `found`: table -> column -> type."""
    wrong: list[str] = []
    by_table = {quoted(row["Table"])[0]: row for row in rows}
    wrong += [f"{name} is no table" for name in by_table.keys() - found.keys()]
    for name, of_table in sorted(found.items()):
        listed = Counter(columns(by_table[name], *LEVELS)) if name in by_table else Counter[str]()
        wrong += [
            f"{name}.{column} has {listed[column]} levels"
            for column in of_table
            if column != "region_id" and listed[column] != 1
        ]
        wrong += [f"{name}.{column} is no column" for column in listed.keys() - of_table.keys()]
        if name not in by_table:
            continue
        row = by_table[name]
        for column in columns(row, "Identifiers", "Secrets"):
            if not _NEVER_PLAIN.search(column) or (of_table.get(column) != "bytea" and not column.endswith("_sealed")):
                wrong.append(f"{name}.{column} is plain")
        wrong += [
            f"{name}.{column} is sealed, and no secret"
            for column in columns(row, "Public", "Internal")
            if column.endswith("_sealed")
        ]
        if columns(row, *ABOUT_PEOPLE) and row["Ends with"] in ("", "-"):
            wrong.append(f"{name} never ends")
    return wrong


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return table(DOCUMENT, "Columns")


def in_database(live: Live) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in live.sql(_COLUMNS):
        found.setdefault(row["in_table"], {})[row["name"]] = row["type"]
    return found


def test_every_column_has_one_level_and_is_kept_as_it_asks(live: Live, rows: list[Row]) -> None:
    assert faults(rows, in_database(live)) == []
    assert [row["Level"] for row in table(DOCUMENT, "Levels")] == list(LEVELS)


def test_what_is_about_people_is_behind_a_wall_that_is_not_open(live: Live, rows: list[Row]) -> None:
    walls: dict[str, list[Any]] = {}
    for wall in live.sql("SELECT tablename, cmd, qual FROM pg_policies WHERE schemaname = 'public'"):
        walls.setdefault(wall["tablename"], []).append(wall)
    about = {quoted(row["Table"])[0] for row in rows if columns(row, *ABOUT_PEOPLE)}
    secured = {row["relname"] for row in live.sql("SELECT relname FROM pg_class WHERE relrowsecurity")}
    open_to_all = {
        name
        for name, found in walls.items()
        if any(wall["cmd"] in ("ALL", "SELECT") and wall["qual"] == "true" for wall in found)
    }
    opened = {name for name in about if name not in secured or name in open_to_all}
    assert opened == READ_BY_ALL
    assert not [row for row in rows if quoted(row["Table"])[0] in opened and columns(row, "Special", "Identifiers")]


def test_what_ends_it_is_there(rows: list[Row]) -> None:
    named = {name for row in rows for name in quoted(row["Ends with"])}
    assert named <= {job.name for job in JOBS} | ENDING
    forgetting = {job.name for job in JOBS if job.name.startswith(("forget_", "erase_"))}
    assert forgetting - named == {"forget_assertions"}, "it forgets what is about nobody"


def test_all_that_is_sealed_is_an_identifier_or_a_secret(live: Live, rows: list[Row]) -> None:
    listed = {
        (quoted(row["Table"])[0], name)
        for row in rows
        for name in columns(row, "Identifiers", "Secrets")
        if name.endswith("_sealed")
    }
    sealed = {tuple(row) for row in live.sql("SELECT in_table, in_column FROM sealed_columns()")}
    # What a provider said is sealed too, for minutes: it is forgotten rather than sealed anew.
    assert listed == sealed | {("confirmations", "claims_sealed")}


@pytest.mark.parametrize(
    ("in_table", "column", "kind", "fault"),
    [
        ("persons", "passport", "text", "persons.passport has 0 levels"),
        ("passports", "number", "text", "passports.number has 0 levels"),
        ("persons", "identity", "text", "persons.identity is plain"),
    ],
)
def test_what_is_wrong_is_found(live: Live, rows: list[Row], in_table: str, column: str, kind: str, fault: str) -> None:
    """The negative control of the test above."""
    found = in_database(live)
    found.setdefault(in_table, {})[column] = kind
    assert fault in faults(rows, found)
    del found["persons"]["birth_date"]
    assert "persons.birth_date is no column" in faults(rows, found)
