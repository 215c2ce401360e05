"""What is kept of a citizen: theirs to take out, and to have erased."""

from schemas import problems as p
from service.core.operations import FRESH_CITIZEN, Operation, Transaction
from service.personal_data import usecases

OPERATIONS = (
    Operation(
        "POST", "/v1/account/export", "exportAccount", usecases.export_account, FRESH_CITIZEN, Transaction.WRITE,
        "Take out all that is kept", produces="application/zip", refusals=(p.EXPORTS_TOO_MANY,),
    ),
    Operation(
        "DELETE", "/v1/account", "eraseAccount", usecases.erase_account, FRESH_CITIZEN, Transaction.WRITE,
        "Erase the account",
    ),
)  # fmt: skip
