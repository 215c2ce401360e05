"""The ground floor: every table, function and catalogue of the main job."""

from service.migrations.script import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("versions/0001_tables.sql", "versions/0001_functions.sql", "catalogue.sql")
