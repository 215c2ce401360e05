"""Functions alone: the tickets of a day are found by their person, whatever was known when that was planned."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing: functions are replaced after each upgrade (docs/decisions/0011)."""
