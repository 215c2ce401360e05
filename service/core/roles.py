"""What a person may do at their institution: the one table of roles, asked in the same way as a system's scopes."""

from collections.abc import Mapping
from typing import Literal, get_args

from schemas.sessions import Scope

StaffRole = Literal["none", "registrar", "director"]

# A director has all that an institution's own system can have. A registrar has the desk and the decisions; what is
# published (schedules, programmes, settings) they have not.
SCOPES_OF: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "registrar": frozenset({"appointments:read", "appointments:write", "applications:read", "applications:write"}),
    "director": frozenset(get_args(Scope)),
}


def role_may(role: str, scope: str | None) -> bool:
    """Whether the role has the scope. A role that is not known has none, and what needs no scope is open to no role."""
    return scope in SCOPES_OF.get(role, frozenset())
