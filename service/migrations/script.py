"""Runs the plain SQL of a migration: whole files, several statements each, inside Alembic's transaction."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy.util import await_only

_HERE = Path(__file__).parent


def run(*names: str) -> None:
    """Executes the SQL files `names` (relative to migrations/) in that order, each as one script."""
    connection: Any = op.get_bind().connection.driver_connection
    for name in names:
        await_only(connection.execute((_HERE / name).read_text(encoding="utf-8")))
