"""Kept answers are found by their age, to be forgotten."""

from service.migrations.script import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("versions/0005_kept_answers.sql")
