"""Who is calling, and what they may see: each file is one piece of it."""

from service.migrations.script import run

revision = "0006"
down_revision = "0005"
PIECES: tuple[str, ...] = (
    # One a line.
    "audit",
    "sessions",
    "keyring",
    "consents",
    "consent_texts",
    "guardians",
    "privacy",
    "page_claims",
    "staff",
    "confirmations",
    # The last: it knows all tables.
    "walls",
)


def upgrade() -> None:
    # What policies ask has to be there before them.
    run("functions/sight.sql", *(f"versions/0006_{piece}.sql" for piece in PIECES))
