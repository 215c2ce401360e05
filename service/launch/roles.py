"""Which role an account has at the page's institution: decided here alone, at each session."""

from typing import get_args

from schemas.sessions import Role, StaffRole

# By the platform's word at the moment of the launch.
_ROLES: dict[str, StaffRole] = {"admin": "director", "editor": "registrar"}
_SHOWN: dict[StaffRole, Role] = {
    "none": "none",
    "doctor": "none",
    "registrar": "editor",
    "director": "admin",
}
# The weakest first.
_STRENGTH: tuple[StaffRole, ...] = get_args(StaffRole)


def role_of(platform_role: str | None, own_role: StaffRole | None = None) -> StaffRole:
    """The role of whoever the platform calls so, and the institution itself so: the stronger of the two.

    The platform's administrator is a director, its editor a registrar.
    """
    roles: tuple[StaffRole, ...] = _ROLES.get(platform_role or "none", "none"), own_role or "none"
    return max(roles, key=_STRENGTH.index)


def shown_role(role: StaffRole) -> Role:
    """How a session's answer has always named the role."""
    return _SHOWN[role]
