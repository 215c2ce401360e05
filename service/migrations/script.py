"""Runs the plain SQL of a migration: whole files, several statements each, inside Alembic's transaction."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.util import await_only

_HERE = Path(__file__).parent


def run(*names: str) -> None:
    """Executes the SQL files `names` (relative to migrations/) in that order, each as one script."""
    for name in names:
        _execute(op.get_bind(), _HERE / name)


def run_functions(connection: Connection) -> None:
    """Brings every stored function to what its file in functions/ says."""
    for file in sorted((_HERE / "functions").glob("*.sql")):
        _execute(connection, file)


def _execute(connection: Connection, file: Path) -> None:
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute(file.read_text(encoding="utf-8")))
