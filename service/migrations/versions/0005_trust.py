"""Who is calling, and what they may see: each file is one piece of it."""

from service.migrations.script import run

revision = "0005"
down_revision = "0004"
PIECES: tuple[str, ...] = (
    # One a line.
    "personal_data",
)


def upgrade() -> None:
    run(*(f"versions/0005_{piece}.sql" for piece in PIECES))
