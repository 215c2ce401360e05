"""Pages of four platforms."""

from service.migrations.script import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("versions/0004_tables.sql")
