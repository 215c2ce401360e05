"""What a person may do at their institution: the one table of roles, asked in the same way as a system's scopes."""

from collections.abc import Mapping
from typing import get_args

from schemas.sessions import Scope

# A director has all that an institution's own system can have. A registrar has the desk and the decisions; what is
# published (schedules, programmes, settings), and who else has a role, is not theirs. A doctor has the tickets of their
# own patients.
SCOPES_OF: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "doctor": frozenset({"appointments:read", "appointments:write"}),
    "registrar": frozenset({"appointments:read", "appointments:write", "applications:read", "applications:write"}),
    "director": frozenset(get_args(Scope)),
}


# They have their scopes for what is their own: an operation has to know of them, or it is not open to them.
OF_THEIR_OWN = frozenset({"doctor"})


def role_may(role: str, scope: str | None) -> bool:
    """Whether the role has the scope. A role that is not known has none, and what needs no scope is open to no role."""
    return scope in SCOPES_OF.get(role, frozenset())


def role_may_all(role: str, scope: str | None) -> bool:
    """Whether the role has the scope for the whole institution."""
    return role not in OF_THEIR_OWN and role_may(role, scope)
