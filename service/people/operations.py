"""The citizen's family."""

from schemas import problems as p
from service.core.operations import CITIZEN, FRESH_CITIZEN, Operation, Transaction
from service.people import guardianship, usecases

_NUMBERS = (p.SNILS_INVALID, p.POLICY_INVALID, p.BIRTH_DATE_IMPOSSIBLE)

OPERATIONS = (
    Operation(
        "GET", "/v1/persons", "listPersons", usecases.list_persons, CITIZEN, Transaction.READ,
        "List the citizen's own person and relatives",
    ),
    Operation(
        "POST", "/v1/persons", "createPerson", usecases.create_person, CITIZEN, Transaction.STATEMENT,
        "Write down oneself or a relative", status=201,
        refusals=(*_NUMBERS, p.PERSON_EXISTS, p.SELF_EXISTS),
    ),
    Operation(
        "PATCH", "/v1/persons/{person_id}", "updatePerson", usecases.update_person, CITIZEN, Transaction.WRITE,
        "Correct a person",
        refusals=(
            *_NUMBERS, p.PERSON_NOT_FOUND, p.PERSON_VERIFIED, p.GUARDIAN_MAY_NOT, p.PERSON_EXISTS, p.PERSON_BUSY,
            p.ALREADY_HAS_TICKET,
            p.ALREADY_WAITING, p.ALREADY_APPLIED, p.ALREADY_REQUESTED, p.ALREADY_WISHING, p.TRIAL_EXISTS,
        ),
    ),
    Operation(
        "DELETE", "/v1/persons/{person_id}", "deletePerson", usecases.delete_person, CITIZEN, Transaction.STATEMENT,
        "Delete a person", refusals=(p.PERSON_NOT_FOUND, p.PERSON_HAS_BOOKINGS),
    ),
    Operation(
        "GET", "/v1/persons/{person_id}/guardians", "listGuardians", guardianship.list_guardians, CITIZEN,
        Transaction.READ, "List who looks after a person", refusals=(p.PERSON_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/persons/{person_id}/invitations", "createInvitation", guardianship.create_invitation,
        FRESH_CITIZEN, Transaction.STATEMENT, "Invite another guardian of a person", status=201,
        refusals=(p.PERSON_NOT_FOUND, p.GUARDIAN_MAY_NOT),
    ),
    # A wrong code refuses and is written down all the same: the statement is a transaction of its own.
    Operation(
        "POST", "/v1/guardianships", "joinAsGuardian", guardianship.join_as_guardian, CITIZEN, Transaction.STATEMENT,
        "Join the guardians of a person by a code",
        refusals=(p.INVITATION_NOT_FOUND, p.GUARDIAN_MAY_NOT, p.TOO_MANY_ATTEMPTS, p.SELF_EXISTS, p.PERSON_EXISTS),
    ),
)  # fmt: skip
