"""What the database shows of documents, as the schema that shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas.documents import Document
from service.core.sealing import Sealer
from service.documents.files import row_of

_SAME = ("id", "application_id", "kind", "media_type", "bytes")


def name_row(region_id: int, document_id: UUID) -> str:
    """What a sealed name belongs to."""
    return f"{row_of(region_id, document_id)}:name"


def document_of(shown: str, region_id: int, sealer: Sealer) -> Document:
    """From the JSON of shown_document()."""
    found: dict[str, Any] = orjson.loads(shown)
    sealed = found["name_sealed"]
    return _document(found, sealer.open(sealed, name_row(region_id, UUID(found["id"]))) if sealed else None)


def document_named(shown: str, file_name: str | None) -> Document:
    """From the JSON of upload_document(), which has no name in it."""
    return _document(orjson.loads(shown), file_name)


def _document(found: dict[str, Any], file_name: str | None) -> Document:
    fields = {name: found[name] for name in _SAME} | {"file_name": file_name}
    fields["created_at"] = datetime.fromisoformat(found["created_at"]).astimezone(ZoneInfo(found["zone"]))
    return Document.model_validate(fields, strict=False)
