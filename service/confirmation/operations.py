"""Confirming who one is."""

from schemas import problems as p
from service.confirmation import usecases
from service.core.operations import CITIZEN, PUBLIC, Operation, Transaction

# A network call is made in no transaction: these take the database, and are brief in it.
OPERATIONS = (
    Operation(
        "POST", "/v1/confirmations", "createConfirmation", usecases.create_confirmation, CITIZEN, Transaction.NONE,
        "Begin to confirm who the citizen is", status=201,
        refusals=(p.CONFIRMATION_UNAVAILABLE, p.PROVIDER_AWAY),
    ),
    Operation(
        "GET", "/v1/confirmations/callback", "getConfirmationCode", usecases.get_confirmation_code, PUBLIC,
        Transaction.NONE, "Show a browser that comes from the provider the code to enter", produces="text/html",
    ),
    Operation(
        "GET", "/v1/confirmations/{confirmation_id}", "getConfirmation", usecases.get_confirmation, CITIZEN,
        Transaction.READ, "Tell how far a confirmation is", refusals=(p.CONFIRMATION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/confirmations/{confirmation_id}/complete", "completeConfirmation",
        usecases.complete_confirmation, CITIZEN, Transaction.NONE, "Enter the code that the browser shows",
        refusals=(
            p.CONFIRMATION_NOT_FOUND, p.CONFIRMATION_OVER, p.CONFIRMATION_CODE_WRONG, p.CONFIRMED_AS_ANOTHER,
            p.SELF_IS_ANOTHER, p.PERSON_EXISTS, p.PERSON_BUSY, p.ALREADY_HAS_TICKET, p.ALREADY_WAITING,
            p.ALREADY_APPLIED, p.ALREADY_REQUESTED, p.ALREADY_WISHING, p.TRIAL_EXISTS,
        ),
    ),
)  # fmt: skip
