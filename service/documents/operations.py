"""Documents of applications."""

from schemas import problems as p
from service.core.operations import CITIZEN, Operation, Transaction, Upload, staff
from service.documents import usecases
from service.documents.rules import EXTENSIONS

_OWN = "/v1/applications/{application_id}/documents"
_RECEIVED = "/v1/institutions/{institution_id}/applications/{application_id}/documents"
_TYPES = tuple(EXTENSIONS)

OPERATIONS = (
    # The parent's side
    Operation(
        "POST", _OWN, "uploadDocument", usecases.upload_document, CITIZEN, Transaction.STATEMENT,
        "Upload a document to an application", status=201,
        upload=Upload((*_TYPES, "application/octet-stream"), usecases.admit_upload, usecases.receive_upload),
        refusals=(
            p.APPLICATION_NOT_FOUND, p.DOCUMENTS_CLOSED, p.DOCUMENTS_TOO_MANY, p.UPLOADS_TOO_MANY, p.DOCUMENT_KNOWN,
            p.DOCUMENT_TYPE_REFUSED, p.DOCUMENT_TYPE_WRONG, p.DOCUMENT_BROKEN, p.DOCUMENT_TOO_LARGE,
            p.DOCUMENT_TOO_MANY_PIXELS, p.DOCUMENT_ACTIVE, p.DOCUMENT_LOCKED, p.DOCUMENT_TOO_COMPLEX,
            p.DOCUMENT_INFECTED, p.STORAGE_FULL,
        ),
    ),
    Operation(
        "GET", _OWN, "listDocuments", usecases.list_documents, CITIZEN, Transaction.READ,
        "List an application's documents", refusals=(p.APPLICATION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/documents/{document_id}", "getDocument", usecases.get_document, CITIZEN, Transaction.READ,
        "Get a document's file", produces=_TYPES, refusals=(p.DOCUMENT_NOT_FOUND, p.DOCUMENT_DAMAGED),
    ),
    Operation(
        "DELETE", "/v1/documents/{document_id}", "deleteDocument", usecases.delete_document,
        CITIZEN, Transaction.STATEMENT, "Delete a document", refusals=(p.DOCUMENT_NOT_FOUND, p.DOCUMENT_DECIDED),
    ),
    # The institution's side
    Operation(
        "GET", _RECEIVED, "listReceivedDocuments", usecases.list_received_documents,
        staff("applications:read"), Transaction.READ, "List a received application's documents",
        refusals=(p.APPLICATION_NOT_FOUND,),
        discloses=("{application_id}",),
    ),
    Operation(
        "GET", _RECEIVED + "/{document_id}", "getReceivedDocument", usecases.get_received_document,
        staff("applications:read"), Transaction.READ, "Get the file of a received document", produces=_TYPES,
        refusals=(p.DOCUMENT_NOT_FOUND, p.DOCUMENT_DAMAGED),
        discloses=("{application_id}",),
    ),
)  # fmt: skip
