"""What it costs to attack: each file is one piece of it."""

from service.migrations.script import run

revision = "0007"
down_revision = "0006"
PIECES: tuple[str, ...] = (
    # One a line.
    "day",
    "taking_back",
)


def upgrade() -> None:
    run(*(f"versions/0007_{piece}.sql" for piece in PIECES))
