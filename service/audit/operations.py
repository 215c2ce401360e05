"""The log of access: who was shown whose data."""

from schemas import problems as p
from service.audit import usecases
from service.core.operations import CITIZEN, Operation, Transaction

OPERATIONS = (
    Operation(
        "GET", "/v1/persons/{person_id}/accesses", "listAccesses", usecases.list_accesses, CITIZEN, Transaction.READ,
        "List who has seen a person's data", refusals=(p.PERSON_NOT_FOUND,),
    ),
)  # fmt: skip
