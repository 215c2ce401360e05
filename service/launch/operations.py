"""Entering: who gets a token, and the keys it is verified with."""

from schemas import problems as p
from service.core.operations import CITIZEN, FRESH_CITIZEN, PUBLIC, Operation, Transaction, operator
from service.launch import claiming, clients, identities, sessions, usecases

_KEEPS = operator("clients:write")

OPERATIONS = (
    Operation(
        "POST", "/v1/sessions", "createSession", usecases.create_session, PUBLIC, Transaction.NONE,
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
        "POST", "/v1/identities/codes", "createIdentityCode", identities.create_identity_code, FRESH_CITIZEN,
        Transaction.STATEMENT, "Make a code for an account of another platform", status=201,
    ),
    Operation(
        "POST", "/v1/identities/join", "joinIdentity", identities.join_identity, FRESH_CITIZEN, Transaction.STATEMENT,
        "Join by the code of another account",
        refusals=(p.INVITATION_NOT_FOUND, p.TOO_MANY_ATTEMPTS, p.IDENTITY_JOINED, p.CONFIRMED_AS_ANOTHER),
    ),
    Operation(
        "POST", "/v1/identities/{platform}/leave", "leaveIdentity", identities.leave_identity, FRESH_CITIZEN,
        Transaction.WRITE, "Let an account go its own way", refusals=(p.IDENTITY_FIRST,),
    ),
    Operation(
        "POST", "/v1/oauth/token", "createToken", usecases.create_token, PUBLIC, Transaction.STATEMENT,
        "Take an access token for a system", consumes="application/x-www-form-urlencoded",
        refusals=(p.GRANT_UNSUPPORTED, p.CLIENT_INVALID, p.SCOPE_INVALID),
    ),
    Operation(
        "GET", "/v1/clients", "listClients", clients.list_clients, _KEEPS, Transaction.READ, "List systems",
    ),
    Operation(
        "POST", "/v1/clients", "createClient", clients.create_client, _KEEPS, Transaction.STATEMENT,
        "Make credentials of a system", status=201, refusals=(p.SCOPE_NOT_HELD, p.INSTITUTION_NOT_FOUND),
    ),
    Operation(
        "POST", "/v1/clients/{client_id}/rotate", "rotateClient", clients.rotate_client, _KEEPS,
        Transaction.STATEMENT, "Replace a system's credentials", status=201,
        refusals=(p.CLIENT_NOT_FOUND, p.SCOPE_NOT_HELD, p.CLIENT_REVOKED, p.CLIENT_ROTATING),
    ),
    Operation(
        "POST", "/v1/clients/{client_id}/revoke", "revokeClient", clients.revoke_client, _KEEPS,
        Transaction.STATEMENT, "Take a system's credentials back", refusals=(p.CLIENT_NOT_FOUND,),
    ),
    Operation(
        "GET", "/.well-known/jwks.json", "getKeySet", usecases.get_key_set, PUBLIC, Transaction.NONE,
        "Public keys", max_age_seconds=300,
    ),
)  # fmt: skip
