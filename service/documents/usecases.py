"""Documents of applications: parents upload and take them away, they and the institution read them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from schemas import problems
from schemas.documents import Document, DocumentList, FileName, UploadQuery
from schemas.problems import FieldError
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.operations import Actor, IdempotencyKey, Streamed
from service.core.sealing import Sealer
from service.core.streams import BodyStream
from service.documents import store
from service.documents.files import DocumentFiles, Incoming, Stored
from service.documents.rules import EXTENSIONS
from service.documents.shapes import document_named, document_of, name_row
from service.institutions.usecases import find_institution

_NAME = TypeAdapter[str](FileName)
# Whatever is in a file, a browser that is led to it neither shows nor runs it.
_HARMLESS = {"Content-Security-Policy": "default-src 'none'; sandbox"}


def _limits(files: DocumentFiles) -> dict[str, int]:
    return {"documents": files.limits.application_documents, "bytes_a_day": files.limits.citizen_bytes_a_day}


async def admit_upload(
    conn: Connection,
    actor: Actor,
    application_id: UUID,
    key: IdempotencyKey,
    content_name: str | None,
    stream: BodyStream,
    document_files: DocumentFiles,
    clock: Clock,
) -> None:
    """Refuses an upload that would be refused at its end, before its bytes come."""
    if content_name is not None:
        _demand_name(content_name)
    declared = stream.declared_bytes or 0
    await store.admit_document(
        conn, actor.region_id, actor.id, application_id, key.key, declared, _limits(document_files), clock()
    )


@asynccontextmanager
async def receive_upload(actor: Actor, stream: BodyStream, document_files: DocumentFiles) -> AsyncGenerator[Incoming]:
    """The file, sealed and in its place. Refuses what is not what the caller says it is."""
    async with document_files.receiving(stream, actor.region_id, actor.id) as incoming:
        if stream.media_type not in (incoming.media_type, "application/octet-stream"):
            raise DomainError(problems.DOCUMENT_TYPE_WRONG)
        yield incoming


async def upload_document(
    conn: Connection,
    actor: Actor,
    application_id: UUID,
    query: UploadQuery,
    content_name: str | None,
    key: IdempotencyKey,
    received: Incoming,
    document_files: DocumentFiles,
    sealer: Sealer,
    clock: Clock,
) -> Document:
    """Adds a document to an application, until that has ended: a PDF, JPEG, PNG or HEIC, as the body, at most 10 MiB.

    The type is found in the bytes; `application/octet-stream` leaves it to them, and another type than theirs is
    refused. A file must be whole, and an image of at most 100 megapixels. A PDF may do no more than show itself: one
    with scripts, commands, files within or forms of XML is refused, and so is a locked one. The service may have a
    virus scanner, too. An application has at most 20 documents, and a citizen sends at most 200 MiB within 24 hours;
    these limits are settings of the service. The body can't be compressed, and 64 KiB of it may take 20 seconds. Both
    the file and its name are kept encrypted.
    """
    name = query.file_name if content_name is None else content_name
    row = {
        "id": received.id,
        "application_id": application_id,
        "kind": query.kind,
        "media_type": received.media_type,
        "bytes": received.size_bytes,
        "content_hash": "\\x" + received.digest.hex(),
        "name_sealed": None if name is None else sealer.seal(name, name_row(actor.region_id, received.id)),
        "key_sealed": received.key_sealed,
    }
    shown = await store.upload_document(conn, actor.region_id, actor.id, key, row, _limits(document_files), clock())
    document = document_named(shown, name)
    received.kept = document.id == received.id
    return document


async def list_documents(conn: Connection, actor: Actor, application_id: UUID, sealer: Sealer) -> DocumentList:
    """The documents of an application for a child of the citizen."""
    if not await store.has_application(conn, actor.region_id, actor.id, application_id):
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    return await _listed(conn, actor.region_id, application_id, sealer)


async def get_document(conn: Connection, actor: Actor, document_id: UUID, document_files: DocumentFiles) -> Streamed:
    """The file itself, to be saved under a name that tells nothing."""
    return await _sent(await store.find_document(conn, actor.region_id, actor.id, document_id), document_files)


async def delete_document(conn: Connection, actor: Actor, document_id: UUID, clock: Clock) -> None:
    """Takes a document away, until the institution has decided on its application. Twice is no error."""
    await store.delete_document(conn, actor.region_id, actor.id, document_id, clock())


async def list_received_documents(
    conn: Connection, actor: Actor, institution_id: UUID, application_id: UUID, sealer: Sealer
) -> DocumentList:
    """The documents of an application that the institution received."""
    await find_institution(conn, actor.region_id, institution_id)
    if not await store.has_received_application(conn, actor.region_id, institution_id, application_id):
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    return await _listed(conn, actor.region_id, application_id, sealer)


async def get_received_document(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    application_id: UUID,
    document_id: UUID,
    document_files: DocumentFiles,
) -> Streamed:
    """The file itself. That it was seen, when and by whom, is recorded."""
    await find_institution(conn, actor.region_id, institution_id)
    found = await store.find_received_document(conn, actor.region_id, institution_id, application_id, document_id)
    return await _sent(found, document_files)


def _demand_name(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        wrong = FieldError(place="header", pointer="/Content-Disposition", message="the name is too long, or no name")
        raise DomainError(problems.INVALID, errors=[wrong]) from None


async def _listed(conn: Connection, region_id: int, application_id: UUID, sealer: Sealer) -> DocumentList:
    shown = await store.list_documents(conn, region_id, application_id)
    return DocumentList(items=[document_of(one, region_id, sealer) for one in shown])


async def _sent(found: Record | None, files: DocumentFiles) -> Streamed:
    if found is None:
        raise DomainError(problems.DOCUMENT_NOT_FOUND)
    pieces = await files.open(Stored(found["region_id"], found["id"], found["bytes"], found["key_sealed"]))
    name = f"document-{found['id'].hex[-8:]}.{EXTENSIONS[found['media_type']]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **_HARMLESS}
    return Streamed(found["media_type"], found["bytes"], pieces(), headers)
