"""No answer tells an identifier in full: СНИЛС and policy numbers leave the service masked."""

import re
from collections.abc import Iterator
from typing import Any

from service.app import document

_DOCUMENT = document()
_WHOLE = {"snils", "enp"}


def properties_of(part: Any, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Name and schema of every property within, by way of references too."""
    if isinstance(part, list):
        for item in part:
            yield from properties_of(item, seen)
    if not isinstance(part, dict):
        return
    if (reference := part.get("$ref")) is not None:
        if reference not in seen:
            seen.add(reference)
            found: Any = _DOCUMENT
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
            yield from properties_of(found, seen)
        return
    named = part.get("properties")
    if isinstance(named, dict):
        yield from named.items()
    for key, value in part.items():
        if key not in {"example", "examples"}:
            yield from properties_of(value, seen)


def formats_of(schema: dict[str, Any]) -> set[str]:
    return {schema.get("format", "")} | {choice.get("format", "") for choice in schema.get("anyOf", [])}


def operations() -> Iterator[dict[str, Any]]:
    for item in _DOCUMENT["paths"].values():
        yield from (operation for operation in item.values() if isinstance(operation, dict))


def test_identifiers_are_answered_masked_and_nothing_else() -> None:
    answered = [found for each in operations() for found in properties_of(each["responses"], set())]
    assert {name for name, schema in answered if formats_of(schema) & _WHOLE} == set()
    # `policy` of a group is how its queue is drawn: a word out of a list.
    identifiers = {name for name, schema in answered if re.search("snils|policy", name) and "enum" not in schema}
    assert identifiers == {"snils_masked", "policy_masked"}


def test_the_search_finds_what_is_asked_in_full() -> None:
    """So that the test above would see such a field."""
    asked = [found for each in operations() for found in properties_of(each.get("requestBody", {}), set())]
    assert {name for name, schema in asked if formats_of(schema) & _WHOLE} == {"snils", "policy"}
