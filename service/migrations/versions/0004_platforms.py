"""Pages of four platforms; systems that prove themselves by a key of their own."""

from service.migrations.script import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("versions/0004_tables.sql")
