"""Regions, institutions, pages."""

from schemas import problems as p
from service.core.operations import ANYONE, PUBLIC, Operation, Transaction, operator
from service.institutions import usecases

OPERATIONS = (
    Operation(
        "GET", "/v1/regions", "listRegions", usecases.list_regions, PUBLIC, Transaction.READ,
        "List the regions", max_age_seconds=3600,
    ),
    Operation(
        "GET", "/v1/institutions", "listInstitutions", usecases.list_institutions, ANYONE, Transaction.READ,
        "List institutions", shared=True,
    ),
    Operation(
        "GET", "/v1/institutions/{institution_id}", "getInstitution", usecases.get_institution,
        ANYONE, Transaction.READ, "Get an institution", refusals=(p.INSTITUTION_NOT_FOUND,),
    ),
    Operation(
        "PUT", "/v1/institutions/{institution_id}", "putInstitution", usecases.put_institution,
        operator("institutions:write"), Transaction.WRITE,
        "Bring in an institution",
    ),
    Operation(
        "PUT", "/v1/pages/{platform}/{page_id}", "putPage", usecases.put_page, operator("institutions:write"),
        Transaction.WRITE, "Connect a page", refusals=(p.INSTITUTION_NOT_FOUND, p.PAGE_TAKEN),
    ),
)  # fmt: skip
