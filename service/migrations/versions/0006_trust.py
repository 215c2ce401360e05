"""Who is calling, and what they may see: each file is one piece of it."""

from service.migrations.script import run

revision = "0006"
down_revision = "0005"
PIECES: tuple[str, ...] = (
    # One a line.
    "confirmations",
)


def upgrade() -> None:
    run(*(f"versions/0006_{piece}.sql" for piece in PIECES))
