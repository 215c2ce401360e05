"""Availability: what a region counts in public, and free times across its clinics."""

from schemas import problems as p
from service.availability import usecases
from service.core.operations import ANYONE, PUBLIC, Operation, Transaction

OPERATIONS = (
    Operation(
        "GET", "/v1/regions/{region_code}/first-free", "listFirstFree", usecases.list_first_free,
        PUBLIC, Transaction.READ, "List days to the first free ticket", shared=True, max_age_seconds=60,
        refusals=(p.REGION_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/slots/search", "searchSlots", usecases.search_slots, ANYONE, Transaction.READ,
        "Search free slots in the whole region", shared=True, max_age_seconds=1,
    ),
)  # fmt: skip
