"""The OpenAPI 3.1 document, made from the operations and their schemas. It is committed and tested against drift."""

import inspect
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from schemas import problems
from schemas.problems import Kind, Problem, Refusal
from service.core.operations import Operation, Rendered, Transaction
from service.core.problems import CONTENT_TYPE, STATUS, by_kind
from service.core.signatures import Signature, signature_of

_TEMPLATE = "#/components/schemas/{model}"
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "One key, one effect: repeat a request that got no answer with the same key and the same body, and "
    "it is carried out at most once. Kept for at least 24 hours.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "example": "6f1a9c52-book-1",
}
_MATCH_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: 304 where nothing has changed.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[\\x21-\\x7e]*$"},
}
_DESCRIPTION = """\
Backend of the mini-apps «Запись к врачу» (a doctor's ticket) and «Запись в кружок» (a place in a club).

A citizen's application opens a session with the signed launch parameters of its platform (`createSession`); a system of
an institution or of a regional operator takes a token by OAuth 2.0 client credentials (`createToken`). Either token goes
into `Authorization: Bearer`, and holds the region that everything answered belongs to.

Problems come as `application/problem+json` (RFC 9457) with a stable `code`. 422: a value can't be right by itself; 409:
the values are right, but do not stand with each other or with what is stored. Instants are written with the offset of
the institution's zone. Lists have a `cursor` and a `limit`, and no total.
"""


class _Plain(GenerateJsonSchema):
    """Without a title for every field: it repeats the name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The whole document."""
    signatures = {operation.id: signature_of(operation) for operation in operations}
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for signature in signatures.values():
        if signature.body is not None:
            models.append((signature.body, "validation"))
        if _is_schema(signature.returns):
            models.append((signature.returns, "serialization"))
    references, definitions = models_json_schema(
        list(dict.fromkeys(models)), ref_template=_TEMPLATE, schema_generator=_Plain
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, signatures[operation.id], references)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zapis",
            "version": version,
            "summary": "Doctor's tickets and club places for official public pages.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(operation) for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions["$defs"].items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of createSession or createToken.",
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "client_id and client_secret, at createToken alone.",
                },
            },
        },
    }


def _is_schema(returns: object) -> bool:
    return isinstance(returns, type) and issubclass(returns, BaseModel)


def _tag(operation: Operation) -> str:
    return operation.use_case.__module__.split(".")[1]


def _operation(operation: Operation, signature: Signature, references: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [_tag(operation)],
        "summary": operation.summary,
        "description": inspect.getdoc(operation.use_case) or "",
        "security": _security(operation, signature),
    }
    parameters = _parameters(operation, signature)
    if parameters:
        described["parameters"] = parameters
    if signature.body is not None:
        schema = references[signature.body, "validation"]
        described["requestBody"] = {"required": True, "content": {operation.consumes: {"schema": schema}}}
    described["responses"] = _responses(operation, signature, references)
    return described


def _security(operation: Operation, signature: Signature) -> list[dict[str, list[str]]]:
    if not operation.access.public:
        return [{"bearer": []}]
    return [{}, {"basic": []}] if "basic_credentials" in signature.names else []


def _parameters(operation: Operation, signature: Signature) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": _schema_of(adapter)}
        for name, adapter in signature.path.items()
    ]
    if signature.query is not None:
        schema = signature.query.model_json_schema(schema_generator=_Plain)
        for name, field in signature.query.model_fields.items():
            found.append(_query_parameter(name, field, schema["properties"][name]))
    if "key" in signature.names:
        found.append(_KEY_PARAMETER)
    if operation.shared:
        found.append(_MATCH_PARAMETER)
    return found


def _schema_of(adapter: Any) -> dict[str, Any]:
    return adapter.json_schema(schema_generator=_Plain)


def _query_parameter(name: str, field: FieldInfo, schema: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    own = {key: value for key, value in options[0].items() if key != "description"}
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": field.is_required(), "schema": own}
    if schema.get("default") is not None:
        own["default"] = schema["default"]
    text = schema.get("description") or options[0].get("description")
    if text:
        parameter["description"] = text
    return parameter


def _responses(operation: Operation, signature: Signature, references: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    headers: dict[str, Any] = {"X-Request-Id": _header("Names the request in the logs.")}
    if operation.shared:
        headers["ETag"] = _header("A strong validator of the answer.")
        responses["304"] = {"description": "Nothing has changed since the ETag given.", "headers": headers}
    success: dict[str, Any] = {"description": operation.summary, "headers": headers}
    if _is_schema(signature.returns):
        schema = references[signature.returns, "serialization"]
        success["content"] = {operation.produces: {"schema": schema}}
    elif signature.returns is Rendered:
        success["content"] = {operation.produces: {"schema": {"type": "string"}}}
    responses[str(204 if signature.returns is None else operation.status)] = success
    for status, refusals in by_kind([*_common(operation, signature), *operation.refusals]).items():
        responses[str(status)] = _problem(status, refusals)
    return dict(sorted(responses.items()))


def _common(operation: Operation, signature: Signature) -> list[Refusal]:
    """What every operation of this shape may answer."""
    common = [problems.INTERNAL]
    if not operation.access.public:
        common += [problems.UNAUTHENTICATED, problems.FORBIDDEN]
    if operation.access.staff:
        common.append(problems.INSTITUTION_NOT_FOUND)
    if signature.body is not None:
        common += [problems.MALFORMED, problems.TOO_LARGE, problems.MEDIA_TYPE]
    common.append(problems.INVALID)
    if signature.query is not None and "cursor" in signature.query.model_fields:
        common.append(problems.CURSOR_UNKNOWN)
    if "key" in signature.names:
        common += [problems.KEY_MISSING, problems.KEY_REUSED]
    if operation.transaction in (Transaction.WRITE, Transaction.STATEMENT):
        common += [problems.BUSY, problems.OUTCOME_UNKNOWN]
    if operation.transaction is not Transaction.NONE:
        common.append(problems.UNAVAILABLE)
    return common


def _problem(status: int, refusals: list[Refusal]) -> dict[str, Any]:
    lines = [f"- `{refusal.code}`: {refusal.ru}. / {refusal.en}." for refusal in dict.fromkeys(refusals)]
    headers = {"X-Request-Id": _header("Names the request in the logs.")}
    if status == STATUS[Kind.unavailable]:
        headers["Retry-After"] = _header("Seconds to wait before trying again.")
    return {
        "description": "\n".join(lines),
        "headers": headers,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}},
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
