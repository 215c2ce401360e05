"""docs/security.md: every requirement is there once, with a state, and every test that it names exists."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from service.config import Settings

_ROOT = Path(__file__).parents[2]
_PATH = _ROOT / "docs" / "security.md"
STATES = ("held", "by configuration", "not shown", "not met")
# The numbers of ASVS 5.0.0, levels 1 and 2, section by section.
_ASVS = """
    1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
    4.1.1-3 4.2.1 4.3.1-2 4.4.1-4 5.1.1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4
    7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1 8.4.1 9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2
    10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1-3 12.2.1-2
    12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1 16.2.1-5
    16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2
"""
_ROW = re.compile(r"^\| (?P<number>V\d+\.\d+\.\d+|API\d+) \| (?P<asks>.+?) \| (?P<state>.+?) \| (?P<by>.+) \|$")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def asvs() -> set[str]:
    found: set[str] = set()
    for given in _ASVS.split():
        section, _, numbers = given.rpartition(".")
        first, _, last = numbers.partition("-")
        found |= {f"V{section}.{number}" for number in range(int(first), int(last or first) + 1)}
    return found


def rows(text: str) -> list[re.Match[str]]:
    """Raises AssertionError where a row is not of the form."""
    lines = [line for line in text.splitlines() if re.match(r"\| *(V\d|API\d)", line)]
    found = [_ROW.match(line) for line in lines]
    assert None not in found, [line for line, row in zip(lines, found, strict=True) if row is None]
    return [row for row in found if row is not None]


@cache
def defined_in(file: str) -> frozenset[str]:
    path = _ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def out_of_scope(text: str) -> Iterator[str]:
    """The requirements, one by one, of the lines that say what does not apply and why."""
    for line in text.splitlines():
        if line.startswith("- Does not apply: "):
            named, _, reason = line.removeprefix("- Does not apply: ").partition(" (")
            assert reason, line
            for prefix in named.split(", "):
                of_it = {number for number in asvs() if f"{number}.".startswith(f"{prefix}.")}
                assert of_it, prefix
                yield from of_it


def faults(text: str) -> list[str]:
    """What is wrong with the document."""
    found: list[str] = []
    given = rows(text)
    for row in given:
        number, state, by = row["number"], row["state"], row["by"]
        named = _TEST.findall(by)
        if state not in STATES:
            found.append(f"{number}: {state} is no state")
        if state == "held" and not named:
            found.append(f"{number}: held by no test")
        if state == "by configuration" and "`" not in by and "proxy" not in by:
            found.append(f"{number}: by no setting")
    found += [f"there is no {file}::{name}" for file, name in _TEST.findall(text) if name not in defined_in(file)]
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "//" not in link}
    found += [f"there is no document {link}" for link in sorted(links) if not (_PATH.parent / link).is_file()]
    settings = {f"ZAPIS_{name.upper()}" for name in Settings.model_fields}
    found += [f"there is no setting {name}" for name in re.findall(r"`(ZAPIS_\w+)`", text) if name not in settings]
    points = {row["number"] for row in given if row["number"].startswith("API")}
    found += [f"{point} is missing" for point in sorted({f"API{n}" for n in range(1, 11)} ^ points)]
    counted = Counter(row["number"] for row in given if row["number"].startswith("V"))
    counted.update(out_of_scope(text))
    found += [f"{number} is there {counted[number]} times" for number in sorted(asvs()) if counted[number] != 1]
    found += [f"{number} is no requirement" for number in sorted(counted.keys() - asvs())]
    states = Counter(row["state"] for row in given if row["number"].startswith("V"))
    if ", ".join(f"{states[state]} {state}" for state in STATES) not in text:
        found.append(f"the counts are not {states}")
    return found


def test_every_requirement_has_a_state_and_every_named_test_exists() -> None:
    assert faults(_PATH.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("::test_no_byte_of_a_token_may_change`", "::test_some_byte_may_change`", "there is no tests/launch/"),
        ("`tests/core/test_outgoing.py::", "`tests/core/test_gone.py::", "there is no tests/core/test_gone.py::"),
        ("| held |", "| fine |", "is no state"),
        ("| API7 |", "| API8 |", "API7 is missing"),
        ("| V9.1.2 |", "| V9.1.1 |", "V9.1.1 is there 2 times"),
        ("| V9.2.4 |", "| V9.2.5 |", "V9.2.5 is no requirement"),
        ("| not met |", "| held |", "held by no test"),
        ("`ZAPIS_TRUSTED_PROXIES`", "`ZAPIS_TRUST`", "there is no setting ZAPIS_TRUST"),
        ("](keys.md)", "](locks.md)", "there is no document locks.md"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_it_is_found(was: str, becomes: str, fault: str) -> None:
    """The negative control of the test above."""
    text = _PATH.read_text(encoding="utf-8")
    assert was in text
    assert any(fault in found for found in faults(text.replace(was, becomes)))
