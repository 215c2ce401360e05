"""Documents that parents upload to applications."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.clubs import DocumentKind
from schemas.common import AN_APPLICATION, Instant, Name, Schema, example

MediaType = Literal["application/pdf", "image/jpeg", "image/png", "image/heic"]
A_DOCUMENT = "0199a1b2-0401-7000-8000-000000000401"
_DOCUMENT = {
    "id": A_DOCUMENT,
    "application_id": AN_APPLICATION,
    "kind": "medical_certificate",
    "file_name": "Справка.pdf",
    "media_type": "application/pdf",
    "bytes": 184320,
    "created_at": "2026-09-07T08:10:00+07:00",
}
FileName = Annotated[
    Name,
    Field(
        max_length=200,
        description="What the file is called with its owner. It is kept encrypted, and shown to those who see the "
        "document.",
        examples=["Справка.pdf"],
    ),
]


class UploadQuery(Schema):
    kind: DocumentKind = Field(description="What the document is.", examples=["medical_certificate"])
    file_name: FileName | None = Field(
        default=None,
        description="Use the header `Content-Disposition`, which goes before this: addresses are written into logs.",
        # Not pydantic's own, which warns whoever reads the field here.
        json_schema_extra={"deprecated": True},
    )


class Document(Schema):
    """A document of an application. Its bytes are at `/v1/documents/{document_id}`."""

    model_config = example(**_DOCUMENT)

    id: UUID
    application_id: UUID
    kind: DocumentKind
    file_name: str | None
    media_type: MediaType = Field(description="As the bytes say, whatever was said of them.")
    bytes: int
    created_at: Instant


class DocumentList(Schema):
    """All documents of an application, in the order they came."""

    model_config = example(items=[_DOCUMENT])

    items: list[Document]
