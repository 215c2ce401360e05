"""«Запись к врачу» whole: schedules, holds, offers, the waiting list, draws, the reception desk."""

from service.migrations.script import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("versions/0002_tables.sql")
