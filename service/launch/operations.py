"""Entering: who gets a token, and the keys it is verified with."""

from schemas import problems as p
from service.core.operations import PUBLIC, Operation, Transaction
from service.launch import usecases

OPERATIONS = (
    Operation(
        "POST", "/v1/sessions", "createSession", usecases.create_session, PUBLIC, Transaction.STATEMENT,
        "Open a session from a signed launch", status=201,
        refusals=(p.LAUNCH_INVALID, p.LAUNCH_STALE, p.PAGE_MISSING, p.PAGE_UNKNOWN),
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
