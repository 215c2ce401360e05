"""docs/fields.md says whose each field about a person is: who is shown it, and who writes it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from service.app import OPERATIONS
from service.core.operations import Operation
from service.core.signatures import signature_of
from tests.audit.test_recorded import PERSONAL, PUBLISHED
from tests.contract.documents import quoted, table

DOCUMENT = "fields.md"
FIELDS = PERSONAL | {
    "first_name", "patronymic", "kinship", "snils", "benefits", "benefits_confirmed", "referral_number",
}  # fmt: skip
COLUMNS = ("Shown to the family by", "Shown to others by", "Written by the family in", "Written by others in")


def fields(part: Any, defs: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of all properties of a JSON Schema, but of what institutions publish of themselves."""
    if isinstance(part, list):
        for one in part:
            yield from fields(one, defs, above)
    if not isinstance(part, dict):
        return
    name = part.get("$ref", "").rpartition("/")[2]
    if name and name not in above:
        yield from fields(defs[name], defs, (*above, name))
    for property_name, inner in part.get("properties", {}).items():
        yield property_name
        if property_name not in PUBLISHED:
            yield from fields(inner, defs, above)
    for inside in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
        yield from fields(part.get(inside), defs, above)


def whose() -> dict[str, dict[str, set[str]]]:
    """Field -> column -> operations."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for operation in OPERATIONS:
        signature = signature_of(operation)
        for model, verb in ((signature.returns, "Shown"), (signature.body, "Written")):
            if model is None or not issubclass(model, BaseModel):
                continue
            schema = model.model_json_schema(mode="serialization" if verb == "Shown" else "validation")
            for name in FIELDS & set(fields(schema, schema.get("$defs", {}))):
                found[name][_column(operation, verb)].add(operation.id)
    return found


def _column(operation: Operation, verb: str) -> str:
    access = operation.access
    to_others = access.staff or access.teachers or access.doctors or access.system
    preposition = {"Shown": "to", "Written": "by"}[verb]
    end = {"Shown": "by", "Written": "in"}[verb]
    return f"{verb} {preposition} {'others' if to_others else 'the family'} {end}"


def faults(rows: list[dict[str, str]]) -> list[str]:
    listed = {name: row for row in rows for name in quoted(row["Field"])}
    found = whose()
    wrong = [f"{name} is listed or there, and not both" for name in listed.keys() ^ found.keys()]
    for name in listed.keys() & found.keys():
        wrong += [
            f"{name}: {column} {', '.join(f'`{one}`' for one in sorted(found[name][column])) or '-'}"
            for column in COLUMNS
            if set(quoted(listed[name][column])) != found[name][column]
        ]
        if not listed[name]["Rule"]:
            wrong.append(f"{name} has no rule")
    return wrong


def test_every_field_about_a_person_has_its_readers_and_writers() -> None:
    assert faults(table(DOCUMENT, "Fields")) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_one_operation_less_would_be_found(column: str) -> None:
    """The negative control of the test above."""
    rows = table(DOCUMENT, "Fields")
    row = next(row for row in rows if quoted(row[column]))
    row[column] = row[column].partition("`, ")[2]
    assert faults(rows)
