"""The document: current, valid, complete, and enough for a stranger to integrate by."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from openapi_spec_validator import validate
from pydantic import BaseModel

from schemas.problems import REFUSALS, Problem
from service.app import OPERATIONS, document, make_app
from service.config import Settings
from service.core.document_text import as_yaml
from service.core.signatures import signature_of

_COMMITTED = Path(__file__).parents[2] / "openapi.yaml"
_METHODS = {"get", "put", "post", "patch", "delete"}
# For whoever runs the service, or reads the document: outside the contract.
_BESIDE = {"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/docs/start.js", "/docs/{name}"}
# Answered by the router, before any operation is known.
_OF_NO_OPERATION = {"not_found", "method_not_allowed"}
DOCUMENT = document()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation in the document."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part itself, or what it refers to."""
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found)


def test_what_is_committed_is_what_the_code_gives() -> None:
    assert _COMMITTED.read_text(encoding="utf-8") == as_yaml(DOCUMENT), "make openapi"


def test_it_is_valid_and_survives_being_written() -> None:
    validate(DOCUMENT)
    assert yaml.safe_load(as_yaml(DOCUMENT)) == DOCUMENT


def test_routes_and_operations_match_both_ways(tmp_path: Path) -> None:
    application = make_app(
        Settings(database_url="postgresql://localhost/nowhere", data_dir=tmp_path), "postgresql://nowhere/"
    )
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in application.router.routes()
        if route.method != "HEAD" and isinstance(route.resource, web.Resource)
    }
    assert {(method, path) for method, path in routes if path not in _BESIDE} == {
        (method, path) for method, path, _ in operations()
    }
    assert {path for _, path in routes} >= _BESIDE
    heads = {route.resource for route in application.router.routes() if route.method == "HEAD"}
    gets = {route.resource for route in application.router.routes() if route.method == "GET"}
    assert heads == gets


def test_operation_ids_are_unique_and_begin_with_a_verb() -> None:
    found = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(found) == sorted({operation.id for operation in OPERATIONS})
    assert len(found) == len(set(found))
    verbs = "create|list|get|search|put|set|hold|release|book|reschedule|cancel|apply|check|decide|appeal|withdraw"
    verbs += "|update|delete|join|leave|accept|decline|block|unblock|request|draft|submit|upload|invite|send|transfer"
    verbs += "|lock|unlock|refresh|end"
    verbs += "|lock|unlock|export|erase"
    verbs += "|lock|unlock|claim|revoke|rotate"
    verbs += "|lock|unlock|complete"
    assert [name for name in found if not re.fullmatch(f"(?:{verbs})(?:[A-Z][a-z]+)+", name)] == []


def test_each_operation_and_each_part_of_it_is_described() -> None:
    missing: list[str] = []
    for _, _, operation in operations():
        name = operation["operationId"]
        missing += [f"{name} {part}" for part in ("summary", "description") if not operation[part].strip()]
        missing += [
            f"{name} parameter {parameter['name']}"
            for parameter in map(resolved, operation.get("parameters", []))
            if not parameter.get("description")
        ]
        for status, response in operation["responses"].items():
            if not resolved(response)["description"]:
                missing.append(f"{name} response {status}")
        statuses = set(operation["responses"])
        assert statuses & {"200", "201", "204"}, name
        assert statuses >= {"422", "500"}, name
    assert missing == []
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {tag for _, _, op in operations() for tag in op["tags"]}
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_every_refusal_is_in_the_document() -> None:
    listed: set[str] = set()
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            content = resolved(response).get("content", {})
            for code, example in content.get("application/problem+json", {}).get("examples", {}).items():
                listed.add(code)
                problem = resolved(example)["value"]
                assert (problem["code"], problem["status"]) == (code, int(status))
                assert Problem.model_validate(problem).title == REFUSALS[code].ru
                assert f"`{code}`" in resolved(response)["description"]
    assert listed == REFUSALS.keys() - _OF_NO_OPERATION
    assert all(f"`{code}`" in DOCUMENT["info"]["description"] for code in _OF_NO_OPERATION)


def test_each_body_and_each_answer_has_a_whole_example() -> None:
    wrong: list[str] = []
    for operation in OPERATIONS:
        signature = signature_of(operation)
        for model in (signature.body, signature.returns):
            if model is None or not issubclass(model, BaseModel):
                continue
            schema = DOCUMENT["components"]["schemas"][model.__name__]
            examples = schema.get("examples", [])
            if not examples and set(schema["properties"]) - {"items", "next_cursor"}:
                wrong.append(f"{model.__name__} has no example")
            for example in examples:
                # By the rules that a request is read by; the linter tries them by the schema.
                model.model_validate_json(json.dumps(example))
    assert wrong == []


def test_no_text_is_left_over_from_the_code() -> None:
    """Hard line breaks of docstrings would be broken lines on the page of reference."""
    for _, _, operation in operations():
        assert not re.search(r"[^\n]\n[^\n]", operation["description"]), operation["operationId"]
