"""The OpenAPI 3.1 document, made from the operations and their schemas. It is committed and tested against drift."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from schemas import problems
from schemas.problems import Kind, Problem, Refusal
from service.core import header_parameters
from service.core.operations import Access, Operation, Rendered, Streamed, Transaction
from service.core.problems import CONTENT_TYPE, STATUS, by_kind
from service.core.roles import role_may
from service.core.signatures import Signature, signature_of

_TEMPLATE = "#/components/schemas/{model}"
_MEANING = {
    Kind.malformed: "The request can't be read",
    Kind.unauthenticated: "Who calls is not proven",
    Kind.forbidden: "The caller may not do this",
    Kind.absent: "What the request names does not exist, or not for this caller",
    Kind.slow: "The request took too long to come",
    Kind.conflict: "The values do not stand with each other, or with what is stored",
    Kind.too_large: "The request is too large",
    Kind.media_type: "The body is of another media type",
    Kind.invalid: "A value can't be right",
    Kind.unproven: "So many try at once that each attempt has to be paid for by some work",
    Kind.too_many: "The caller asks more often than they may",
    Kind.internal: "The service is at fault",
    Kind.unavailable: "Try again later",
}
_LIMIT_HEADERS = {
    "RateLimit-Policy": "The limit that was reached: `q` requests at once, which come back within `w` seconds.",
    "RateLimit": "What remains of it: `r` requests, and `t` seconds until there are more.",
}
_DESCRIPTION = """\
Backend of the mini-apps «Запись к врачу» (a doctor's ticket) and «Запись в кружок» (a place in a club).

**Getting in.** A citizen's application opens a session with the signed launch parameters of its platform
(`createSession`); a system of an institution or of a regional operator takes a token by OAuth 2.0 client credentials
(`createToken`). Either token goes into `Authorization: Bearer`, and holds the region that all answers are about.

**Problems** come as `application/problem+json` (RFC 9457). Programs look at the stable `code`; each operation lists its
own. 422: a value can't be right by itself; 409: the values are right, but do not stand with each other or with what is
stored; 404: there is no such thing, or it is somebody else's. Beside what operations list, an unknown address answers
404 `not_found`, and an unknown method 405 `method_not_allowed` with `Allow`. Titles are Russian, or English where
`Accept-Language` prefers it. Unknown fields and parameters are refused.

**Doing a thing once.** What creates takes an `Idempotency-Key`; what publishes goes by the institution's own ids, so it
may be repeated; what cancels or withdraws twice is no error. After a 503 or no answer, repeat with the same key.

**Limits.** Who asks too often is answered 429 `too_many_requests`, by any operation, with the seconds to wait in
`Retry-After`. How much is left is told meanwhile in `RateLimit`, under the `RateLimit-Policy` that is nearest to being
reached (draft-ietf-httpapi-ratelimit-headers). What is refused so has had no effect, and does not count.

**Rushes.** When very many want places of one institution at once, an attempt to hold or book one is answered 428
`proof_needed`, with a `challenge` that costs a phone about half a second, and more for whoever tries again and again.
Solve it (`solveChallenge` of the npm package `altcha-lib`, in a worker), and repeat the same request under the same
`Idempotency-Key` with the header `Proof`. An application has to be ready for this, though most days it does not happen.

**Lists** have a `limit` and an opaque `cursor`, and no total. Lists that many share have a strong `ETag`, and may be a
second old. `HEAD` answers like `GET`, without the body.

**Instants** are read with any offset and written with the offset of the institution's zone.

Every answer has an `X-Request-Id`: the request's own, where it sent 8 to 64 of `A-Z a-z 0-9 . _ -`, or a new one.
"""


class _Plain(GenerateJsonSchema):
    """Without a title for every field, which repeats the name, and without null as a default, which says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made


@dataclass
class _Components:
    """What stands several times in the document is written once, and referred to."""

    _found: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict[tuple[str, str], Any])

    def part(self, kind: str, name: str, part: dict[str, Any]) -> dict[str, Any]:
        """The part, which becomes a reference when it turns out that it comes again under its name."""
        found = self._found.setdefault((kind, name), [])
        found.append(dict(part))
        return found[-1]

    def shared(self) -> dict[str, dict[str, Any]]:
        """By kind and name, after all parts are known. Different parts of one name stay where they are."""
        shared: dict[str, dict[str, Any]] = {}
        for (kind, name), parts in sorted(self._found.items()):
            first = dict(parts[0])
            if len(parts) == 1 or any(part != first for part in parts):
                continue
            shared.setdefault(kind, {})[name] = first
            for part in parts:
                part.clear()
                part["$ref"] = f"#/components/{kind}/{name}"
        return shared


def document(operations: Sequence[Operation], version: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The whole document; `tags` describes the domains by their names."""
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
    components = _Components()
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, signatures[operation.id], references, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zapis",
            "version": version,
            "summary": "Doctor's tickets and club places for official public pages.",
            "description": _unwrapped(_DESCRIPTION),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": paths,
        "components": {
            **components.shared(),
            "schemas": {name: _unwrapped_schema(schema) for name, schema in sorted(definitions["$defs"].items())},
            "examples": _examples(operations, signatures),
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


def _is_schema(returns: type | None) -> TypeGuard[type[BaseModel]]:
    return returns is not None and issubclass(returns, BaseModel)


def _tag(operation: Operation) -> str:
    return operation.use_case.__module__.split(".")[1]


def _unwrapped(text: str) -> str:
    """One line a paragraph: a page that shows Markdown breaks its own lines."""
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in text.strip().split("\n\n"))


def _unwrapped_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"description": _unwrapped(schema["description"])} if "description" in schema else schema


def _operation(
    operation: Operation, signature: Signature, references: dict[Any, Any], components: _Components
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [_tag(operation)],
        "summary": operation.summary,
        "description": f"{_unwrapped(inspect.getdoc(operation.use_case) or '')}\n\n{_who(operation.access)}",
        "security": _security(operation, signature),
    }
    parameters = _parameters(operation, signature)
    if parameters:
        described["parameters"] = [
            components.part("parameters", f"{parameter['in']}.{parameter['name']}", parameter)
            for parameter in parameters
        ]
    if signature.body is not None:
        schema = references[signature.body, "validation"]
        described["requestBody"] = {"required": True, "content": {operation.consumes: {"schema": schema}}}
    if operation.upload is not None:
        content = {name: {"schema": {"type": "string", "format": "binary"}} for name in operation.upload.media_types}
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = _responses(operation, signature, references, components)
    return described


def _who(access: Access) -> str:
    """Who may call, in words: the security scheme alone does not tell."""
    if access.public:
        return "For everybody: it needs no access token."
    if access.whole_region:
        return f"For systems of a regional operator with the scope `{access.scope}`."
    if access.staff:
        own = "the group's teachers, for " if access.teachers else ""
        own += "doctors where it is their own, for " if access.doctors else ""
        staff = "registrars and directors" if role_may("registrar", access.scope) else "directors"
        return (
            f"For {own}{staff} of the institution, and for systems of the institution "
            f"or of a regional operator with the scope `{access.scope}`."
        )
    if access.fresh:
        return "For citizens, right after a launch: a session that was refreshed, or is older, opens a new one first."
    return "For citizens and systems." if access.system else "For citizens."


def _security(operation: Operation, signature: Signature) -> list[dict[str, list[str]]]:
    if not operation.access.public:
        return [{"bearer": []}]
    return [{}, {"basic": []}] if "basic_credentials" in signature.names else []


# Parameters --------------------------------------------------------------------------------------------------------


def _parameters(operation: Operation, signature: Signature) -> list[dict[str, Any]]:
    found = [
        _parameter(name, "path", True, adapter.json_schema(schema_generator=_Plain))
        for name, adapter in signature.path.items()
    ]
    if signature.query is not None:
        schema = signature.query.model_json_schema(schema_generator=_Plain)
        for name, field_info in signature.query.model_fields.items():
            found.append(_query_parameter(name, field_info, schema["properties"][name]))
    if "key" in signature.names:
        found.append(header_parameters.KEY)
    if operation.contested is not None:
        found.append(header_parameters.PROOF)
    if operation.shared:
        found.append(header_parameters.MATCH)
    if "language" in signature.names:
        found.append(header_parameters.LANGUAGE)
    if "content_name" in signature.names:
        found.append(header_parameters.NAME)
    return found


def _query_parameter(name: str, field_info: FieldInfo, schema: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    own = dict(options[0])
    if "description" in schema:
        own["description"] = schema["description"]
    if schema.get("default") is not None:
        own["default"] = schema["default"]
    old = {"deprecated": True} if schema.get("deprecated") else {}
    return _parameter(name, "query", field_info.is_required(), own) | old


def _parameter(name: str, place: str, required: bool, schema: dict[str, Any]) -> dict[str, Any]:
    text = schema.pop("description", f"Id of the {name.removesuffix('_id').replace('_', ' ')}.")
    examples = schema.pop("examples", [])
    parameter = {"name": name, "in": place, "required": required, "description": text, "schema": schema}
    return parameter | ({"example": examples[0]} if examples else {})


# Responses ---------------------------------------------------------------------------------------------------------


def _responses(
    operation: Operation, signature: Signature, references: dict[Any, Any], components: _Components
) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    headers = {"X-Request-Id": _request_id_header(components)}
    if operation.shared:
        headers["ETag"] = components.part("headers", "ETag", _header("A strong validator of the answer."))
        unchanged = {"description": "Nothing has changed since the ETag given.", "headers": headers}
        responses["304"] = components.part("responses", "not_modified", unchanged)
    returns = signature.returns
    success: dict[str, Any] = {"description": operation.summary, "headers": headers}
    produced = (operation.produces,) if isinstance(operation.produces, str) else operation.produces
    if returns in (Rendered, Streamed):
        success["content"] = {
            name: {"schema": {"type": "string"}} if name.startswith("text/") else {} for name in produced
        }
    elif _is_schema(returns):
        success["description"] = _unwrapped(inspect.getdoc(returns) or "").partition("\n")[0]
        success["content"] = {name: {"schema": references[returns, "serialization"]} for name in produced}
    responses[str(204 if returns is None else operation.status)] = success
    for status, refusals in _refusals(operation, signature).items():
        name = ".".join(refusal.code for refusal in refusals)
        responses[str(status)] = components.part("responses", name, _problem(refusals, components))
    return dict(sorted(responses.items()))


def _refusals(operation: Operation, signature: Signature) -> dict[int, list[Refusal]]:
    """What the operation may answer, by status: its own, and what every operation of its shape may."""
    access, body, query, transaction = operation.access, signature.body, signature.query, operation.transaction
    # Or the use case goes to it by itself.
    writes = transaction in (Transaction.WRITE, Transaction.STATEMENT) or "database" in signature.names
    of_shapes = (
        (True, [problems.INTERNAL, problems.INVALID, problems.TOO_MANY_REQUESTS]),
        (not access.public, [problems.UNAUTHENTICATED, problems.FORBIDDEN]),
        (access.fresh, [problems.FRESH_LAUNCH_NEEDED]),
        (access.staff, [problems.INSTITUTION_NOT_FOUND]),
        (body is not None, [problems.MALFORMED, problems.TOO_LARGE, problems.TOO_SLOW, problems.MEDIA_TYPE]),
        (operation.upload is not None, [problems.MALFORMED, problems.TOO_SLOW, problems.MEDIA_TYPE]),
        (query is not None and "cursor" in query.model_fields, [problems.CURSOR_UNKNOWN]),
        ("key" in signature.names, [problems.KEY_MISSING, problems.KEY_REUSED]),
        (operation.contested is not None, [problems.PROOF_NEEDED, problems.PROOF_WRONG]),
        (writes, [problems.BUSY, problems.OUTCOME_UNKNOWN]),
        (writes or transaction is Transaction.READ, [problems.UNAVAILABLE]),
    )
    found = [refusal for applies, refusals in of_shapes if applies for refusal in refusals]
    return by_kind(list(dict.fromkeys([*found, *operation.refusals])))


def _problem(refusals: Sequence[Refusal], components: _Components) -> dict[str, Any]:
    kind = refusals[0].kind
    codes = [refusal.code for refusal in refusals]
    headers = {
        "X-Request-Id": _request_id_header(components),
        "Content-Language": components.part("headers", "Content-Language", _header("Of the title: `ru` or `en`.")),
    }
    if kind is Kind.unauthenticated:
        headers["WWW-Authenticate"] = components.part("headers", "WWW-Authenticate", _header("`Bearer` or `Basic`."))
    if kind in (Kind.unavailable, Kind.too_many):
        retry = _header("Seconds to wait before trying again.", "integer")
        headers["Retry-After"] = components.part("headers", "Retry-After", retry)
    if kind is Kind.too_many:
        headers |= {name: components.part("headers", name, _header(text)) for name, text in _LIMIT_HEADERS.items()}
    return {
        "description": f"{_MEANING[kind]}: {', '.join(f'`{code}`' for code in codes)}.",
        "headers": headers,
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": _TEMPLATE.format(model="Problem")},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _request_id_header(components: _Components) -> dict[str, Any]:
    return components.part("headers", "X-Request-Id", _header("Names the request in the logs."))


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": kind}}


def _examples(operations: Sequence[Operation], signatures: Mapping[str, Signature]) -> dict[str, Any]:
    """A problem of each code that an operation answers with: here stand the texts."""
    found: dict[str, Refusal] = {}
    for operation in operations:
        for refusals in _refusals(operation, signatures[operation.id]).values():
            found |= {refusal.code: refusal for refusal in refusals}
    return {
        code: {
            "summary": refusal.en,
            "value": {
                "type": f"urn:zapis:problem:{code}",
                "title": refusal.ru,
                "status": STATUS[refusal.kind],
                "code": code,
                "request_id": "0b6f0a2e5f5c4f6e9a7d3f1c2b4d5e6f",
            },
        }
        for code, refusal in sorted(found.items())
    }
