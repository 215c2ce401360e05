"""docs/limits.md: who is talked to, what is costly and what files may be is as the code has it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from service.app import OPERATIONS
from service.config import Settings
from service.core import outgoing
from service.core.limits import DEFAULTS
from service.core.operations import Operation, Streamed
from service.core.signatures import signature_of
from service.documents.formats import MOST_PIXELS
from service.documents.rules import EXTENSIONS
from service.institutions.sheets import MAX_ROWS
from tests.contract.documents import DOCS, Row, quoted, table
from tests.contract.test_source import sources

DOCUMENT = "limits.md"
# What makes a connection, or waits for one.
_TALKS = re.compile(
    r"\bClientSession\(|\basyncpg\.(?:connect|create_pool)\(|\bsocket\.(?:socket|create_connection|create_server)\(|\burlopen\("
    r"|\brequests\.\w+\(|\bsmtplib\b|\bhttp\.client\b|\bopen_(?:unix_)?connection\(|\bcreate_(?:unix_)?server\("
)
# What says where somebody is, who they are to be, or where something lies.
_PLACES = re.compile(r"_(?:url|dir|issuer|from|origins|ancestors|allowed|proxies)$|^(?:host|port|worker_port|clamd)$")
# Of what an operation takes, the longest list that is still small.
_SMALL = 50
# Costly by what they do, which no signature tells.
KNOWN = {"exportAccount", "eraseAccount", "createSession", "refreshSession", "createToken"}


def talking() -> set[str]:
    return {name for name, text in sources() if _TALKS.search(text)}


def _longest(part: Any) -> Iterator[int]:
    """The most that each list within a JSON Schema may hold; 10,000 where nothing says."""
    if isinstance(part, list):
        for one in part:
            yield from _longest(one)
    if isinstance(part, dict):
        if part.get("type") == "array":
            yield part.get("maxItems", 10_000)
        for one in part.values():
            yield from _longest(one)


def is_costly(operation: Operation) -> bool:
    signature = signature_of(operation)
    streams = signature.returns is not None and issubclass(signature.returns, Streamed)
    body = signature.body
    long = (
        body is not None
        and issubclass(body, BaseModel)
        and any(most > _SMALL for most in _longest(body.model_json_schema()))
    )
    # `database`: it calls somebody outside, or works for longer than a connection should be held.
    return operation.upload is not None or streams or operation.shared or long or "database" in signature.names


def test_everybody_who_is_talked_to_is_listed() -> None:
    rows = table(DOCUMENT, "Who is talked to")
    listed = {name for row in rows for name in quoted(row["Where"])}
    # A folder is no connection, and the embedded server is only started there.
    assert listed - {"service/documents/files.py", "service/core/embedded.py"} == talking()
    named = {name for row in rows for name in quoted(row["Setting"])}
    assert named == {f"ZAPIS_{name.upper()}" for name in Settings.model_fields if _PLACES.search(name)}


def test_everything_costly_is_listed() -> None:
    rows = table(DOCUMENT, "What is costly")
    listed = [name for row in rows for name in quoted(row["Operation"])]
    assert sorted(listed) == sorted({operation.id for operation in OPERATIONS if is_costly(operation)} | KNOWN)
    assert all(row["What it costs"] and row["What bounds it"] for row in rows)


def wrong_numbers(rows: list[Row]) -> list[str]:
    """Settings and limits that a row gives another value than the code does."""
    found: list[str] = []
    for row in rows:
        for name, said in re.findall(r"`ZAPIS_(\w+)` (\d+)", row["What bounds it"]):
            if str(Settings.model_fields[name.lower()].default) != said:
                found.append(f"ZAPIS_{name} is {Settings.model_fields[name.lower()].default}")
        for name, said in re.findall(r"`(\w+)` (\d+/\w+ burst \d+)", row["What bounds it"]):
            if DEFAULTS[name] != said:
                found.append(f"{name} is {DEFAULTS[name]}")
    return found


def test_its_bounds_are_those_of_the_code() -> None:
    rows = table(DOCUMENT, "What is costly")
    assert wrong_numbers(rows) == []
    text = (DOCS / DOCUMENT).read_text(encoding="utf-8")
    assert f"{MAX_ROWS} rows, `ZAPIS_MAX_BODY_BYTES`" in text
    assert f"{vars(outgoing)['_SECONDS']:.0f} seconds and {vars(outgoing)['_LARGEST_ANSWER'] // 1024} KiB" in text
    named = set(re.findall(r"`ZAPIS_(\w+)`", text))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_files_are_those_that_are_taken() -> None:
    rows = table(DOCUMENT, "Files")
    assert {quoted(row["Type"])[0]: quoted(row["Named"])[0] for row in rows} == EXTENSIONS
    text = (DOCS / DOCUMENT).read_text(encoding="utf-8")
    assert f"a picture of {MOST_PIXELS} pixels" in text
    assert f"CSV, with {MAX_ROWS}\nrows at most" in text
    taking = {operation.id for operation in OPERATIONS if operation.upload is not None}
    said = re.search(r"^(Two) operations take files: (.+)\.$", text, re.MULTILINE)
    assert said is not None
    assert set(quoted(said[2])) == taking


@pytest.mark.parametrize("was", ["10485760", "entering` 50/s burst 1000", "3; row by row"])
def test_another_number_would_be_found(was: str) -> None:
    """The negative control of the test above."""
    rows = table(DOCUMENT, "What is costly")
    changed = [
        {name: cell.replace(was, was.replace("0", "1").replace("3;", "4;")) for name, cell in row.items()}
        for row in rows
    ]
    assert changed != rows
    assert len(wrong_numbers(changed)) == 1
