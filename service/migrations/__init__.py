"""The schema's history, as plain SQL run by Alembic. It only goes forward: docs/decisions/ says why."""

from pathlib import Path

_HERE = Path(__file__).parent


def newest() -> str:
    """The revision that this code works with: known without importing Alembic, since every start compares it."""
    return max(path.name.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))


def upgrade(dsn: str) -> None:
    """Brings the database at `dsn` to the newest revision. Several may do it at once: they wait for each other."""
    # Here, for the reason given above.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")
