"""Certificates of additional education: who has one, what is left of it, what it pays for."""

from schemas import problems as p
from service.certificates import publication, usecases
from service.core.operations import CITIZEN, Operation, Transaction, operator, staff

OPERATIONS = (
    Operation(
        "PUT", "/v1/certificates", "putCertificates", publication.put_certificates,
        operator("certificates:write"), Transaction.WRITE, "Publish certificates", refusals=(p.SNILS_INVALID,),
    ),
    Operation(
        "GET", "/v1/persons/{person_id}/certificates", "listCertificates", usecases.list_certificates,
        CITIZEN, Transaction.READ, "List a child's certificates", refusals=(p.PERSON_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/institutions/{institution_id}/certificates", "listUsedCertificates",
        usecases.list_used_certificates, staff("applications:read"), Transaction.READ,
        "List what certificates pay for here",
        discloses=("items.application_id",),
    ),
)  # fmt: skip
