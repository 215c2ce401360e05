"""Entering: who gets a token, and the keys it is verified with."""

from schemas import problems as p
from service.core.operations import CITIZEN, PUBLIC, Operation, Transaction
from service.launch import identities, usecases

OPERATIONS = (
    Operation(
        "POST", "/v1/sessions", "createSession", usecases.create_session, PUBLIC, Transaction.STATEMENT,
        "Open a session from a signed launch", status=201,
        refusals=(p.LAUNCH_INVALID, p.LAUNCH_STALE, p.PAGE_MISSING, p.PAGE_UNKNOWN),
    ),
    Operation(
        "GET", "/v1/identities", "listIdentities", identities.list_identities, CITIZEN, Transaction.READ,
        "List the citizen's accounts",
    ),
    Operation(
        "POST", "/v1/identities/codes", "createIdentityCode", identities.create_identity_code, CITIZEN,
        Transaction.STATEMENT, "Make a code for an account of another platform", status=201,
    ),
    Operation(
        "POST", "/v1/identities/join", "joinIdentity", identities.join_identity, CITIZEN, Transaction.STATEMENT,
        "Join by the code of another account",
        refusals=(p.INVITATION_NOT_FOUND, p.TOO_MANY_ATTEMPTS, p.IDENTITY_JOINED, p.CONFIRMED_AS_ANOTHER),
    ),
    Operation(
        "POST", "/v1/identities/{platform}/leave", "leaveIdentity", identities.leave_identity, CITIZEN,
        Transaction.WRITE, "Let an account go its own way", refusals=(p.IDENTITY_FIRST,),
    ),
    Operation(
        "POST", "/v1/oauth/token", "createToken", usecases.create_token, PUBLIC, Transaction.STATEMENT,
        "Take an access token for a system", consumes="application/x-www-form-urlencoded",
        refusals=(p.GRANT_UNSUPPORTED, p.CLIENT_INVALID, p.SCOPE_INVALID),
    ),
    Operation(
        "GET", "/.well-known/jwks.json", "getKeySet", usecases.get_key_set, PUBLIC, Transaction.NONE,
        "Public keys", max_age_seconds=300,
    ),
)  # fmt: skip
