"""Entering: who gets a token, and the keys it is verified with."""

from schemas import problems as p
from service.core.operations import CITIZEN, PUBLIC, Operation, Transaction
from service.launch import claiming, identities, sessions, usecases

OPERATIONS = (
    Operation(
        "POST", "/v1/sessions", "createSession", usecases.create_session, PUBLIC, Transaction.STATEMENT,
        "Open a session from a signed launch", status=201,
        refusals=(p.LAUNCH_INVALID, p.LAUNCH_STALE, p.LAUNCH_SPENT, p.PAGE_MISSING, p.PAGE_UNKNOWN),
    ),
    Operation(
        "POST", "/v1/sessions/refresh", "refreshSession", usecases.refresh_session, PUBLIC, Transaction.STATEMENT,
        "Refresh a session", refusals=(p.SESSION_ENDED,),
    ),
    Operation(
        "GET", "/v1/sessions", "listSessions", sessions.list_sessions, CITIZEN, Transaction.READ,
        "List the citizen's sessions",
    ),
    Operation(
        "DELETE", "/v1/sessions", "deleteSessions", sessions.delete_sessions, CITIZEN, Transaction.STATEMENT,
        "Log out everywhere", status=204,
    ),
    Operation(
        "DELETE", "/v1/sessions/current", "deleteCurrentSession", sessions.delete_current_session, CITIZEN,
        Transaction.STATEMENT, "Log out", status=204, refusals=(p.SESSION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/sessions/{session_id}/end", "endSession", sessions.end_session, CITIZEN,
        Transaction.STATEMENT, "End one of the citizen's sessions", status=204, refusals=(p.SESSION_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/pages/claim", "claimPage", claiming.claim_page, PUBLIC, Transaction.STATEMENT,
        "Connect one's page by a code",
        refusals=(
            p.LAUNCH_INVALID, p.LAUNCH_STALE, p.PAGE_MISSING, p.PAGE_ADMINISTRATOR_NEEDED, p.INVITATION_NOT_FOUND,
            p.TOO_MANY_ATTEMPTS, p.PAGE_CLAIMED,
        ),
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
