"""The ground floor: every table and catalogue of the main job."""

from service.migrations.script import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("versions/0001_tables.sql", "catalogue.sql")
