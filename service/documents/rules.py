"""Pure rules of documents: while what they may come and go, and what keeps them."""

from schemas.applications import ApplicationStatus

# Documents are added to these.
OPEN: tuple[ApplicationStatus, ...] = (
    "draft", "submitted", "under_review", "invited", "approved", "waiting", "offered", "enrolled",
)  # fmt: skip
# And taken away from these: nobody has decided on anything that they show.
UNDECIDED: tuple[ApplicationStatus, ...] = ("draft", "submitted", "under_review", "invited", "waiting", "offered")
# Whose documents nobody needs any more.
IN_VAIN: tuple[ApplicationStatus, ...] = ("refused", "withdrawn", "expired")
IN_VAIN_DAYS = 30
# What a document is called when it is sent: its own name is its owner's.
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}
