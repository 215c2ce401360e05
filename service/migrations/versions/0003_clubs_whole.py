"""«Запись в кружок» whole: groups with all their terms, applications as a state machine, certificates."""

from service.migrations.script import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run(
        "versions/0003_tables.sql",
        "versions/0003_guardians.sql",
        "versions/0003_documents.sql",
        "versions/0003_registers.sql",
        "versions/0003_filling.sql",
        "versions/0003_campaigns.sql",
        "versions/0003_decisions.sql",
        "versions/0003_certificates.sql",
        "versions/0003_search.sql",
        "versions/0003_trials.sql",
    )
