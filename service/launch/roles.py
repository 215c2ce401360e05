"""Which role an account has at the page's institution: decided here alone, at each session."""

from schemas.sessions import Role
from service.core.roles import StaffRole

# By the platform's word at the moment of the launch.
_ROLES: dict[str, StaffRole] = {"admin": "director", "editor": "registrar"}
_SHOWN: dict[StaffRole, Role] = {
    "none": "none",
    "registrar": "editor",
    "director": "admin",
}


def role_of(platform_role: str | None) -> StaffRole:
    """The role of whoever the platform calls so: its administrator is a director, its editor a registrar."""
    return _ROLES.get(platform_role or "none", "none")


def shown_role(role: StaffRole) -> Role:
    """How a session's answer has always named the role."""
    return _SHOWN[role]
