"""What an operation's use case takes and gives, read once from its annotations."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from schemas.common import Schema
from service.core.operations import Operation, Rendered, Streamed

# What the edge hands in by these names; everything else is a part of the path or a collaborator.
FROM_REQUEST = frozenset(
    {"conn", "actor", "body", "query", "key", "language", "basic_credentials", "stream", "received", "address", "noted"}
    | {"content_name"}
)
_IN_PATH = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Signature:
    body: type[Schema] | None
    query: type[Schema] | None
    path: Mapping[str, TypeAdapter[Any]]
    path_types: Mapping[str, Any]
    # A schema, Rendered, Streamed, or None where the answer has no content.
    returns: type[Schema] | type[Rendered | Streamed] | None
    # Of the use case and, where a body is streamed, of what comes before it.
    names: frozenset[str]

    @property
    def collaborators(self) -> frozenset[str]:
        return self.names - FROM_REQUEST - self.path.keys()


def signature_of(operation: Operation) -> Signature:
    """Raises TypeError where the use case and the row of the table do not fit each other."""
    hints = get_type_hints(operation.use_case, include_extras=True)
    names = names_of(operation.use_case)
    if operation.upload is not None:
        names |= names_of(operation.upload.admit) | names_of(operation.upload.receive)
    in_path = _IN_PATH.findall(operation.path)
    missing = set(in_path) - names
    if missing:
        raise TypeError(f"{operation.id}: the use case does not take {sorted(missing)} of the path")
    path_types = {name: hints[name] for name in in_path}
    returns = hints["return"]
    return Signature(
        body=hints.get("body"),
        query=hints.get("query"),
        path={name: TypeAdapter(hint) for name, hint in path_types.items()},
        path_types=path_types,
        returns=None if returns is type(None) else returns,
        names=names,
    )


def names_of(function: Callable[..., Any]) -> frozenset[str]:
    """What it is handed by name."""
    return frozenset(inspect.signature(function).parameters)
