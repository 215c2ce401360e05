"""Pure rules of applications: how they move."""

from schemas.applications import ApplicationStatus

# From a status to those that may follow it, whoever moves the application. docs/architecture.md draws it, and the
# database refuses everything else (application_may_move).
MOVES: dict[ApplicationStatus, tuple[ApplicationStatus, ...]] = {
    "draft": ("submitted", "waiting", "enrolled", "withdrawn", "expired"),
    "submitted": (
        "under_review", "invited", "approved", "enrolled", "waiting", "refused", "withdrawn", "expired",
    ),
    "under_review": ("invited", "approved", "enrolled", "refused", "withdrawn"),
    "invited": ("approved", "refused", "withdrawn"),
    "approved": ("enrolled", "refused", "withdrawn", "expired"),
    "waiting": ("offered", "refused", "withdrawn", "expired"),
    "offered": ("submitted", "enrolled", "waiting", "refused", "withdrawn", "expired"),
    "enrolled": ("left",),
    "refused": (),
    "withdrawn": (),
    "expired": (),
    "left": (),
}  # fmt: skip
# Where an application may begin. Of `offered` and `enrolled`: by matching, and where the group enrols at once.
FIRST: tuple[ApplicationStatus, ...] = ("draft", "submitted", "waiting", "offered", "enrolled")
# These hold a place; a submitted one does where its group is not being collected for.
PLACED: tuple[ApplicationStatus, ...] = ("under_review", "invited", "approved", "enrolled", "offered")
# One child has one application of these to a group.
ACTIVE: tuple[ApplicationStatus, ...] = (
    "submitted", "under_review", "invited", "approved", "enrolled", "waiting", "offered",
)  # fmt: skip
