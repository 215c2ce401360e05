"""Runs the plain SQL of a migration: whole files, several statements each, inside Alembic's transaction."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from service.scheduling.calendar import national_days

_HERE = Path(__file__).parent
# A fixed span: what is in the database depends on the version of Zapis, and not on the day it was migrated.
_CALENDAR_YEARS = range(2020, 2041)
_FILL_CALENDAR = """
WITH known AS (SELECT * FROM unnest($1::date[], $2::smallint[]) AS given (day, works_as)),
gone AS (DELETE FROM national_days WHERE day NOT IN (SELECT day FROM known))
INSERT INTO national_days SELECT * FROM known ON CONFLICT (day) DO UPDATE SET works_as = excluded.works_as
"""


def run(*names: str) -> None:
    """Executes the SQL files `names` (relative to migrations/) in that order, each as one script."""
    for name in names:
        _execute(op.get_bind(), _HERE / name)


def run_functions(connection: Connection) -> None:
    """Brings every stored function to what its file in functions/ says."""
    for file in sorted((_HERE / "functions").glob("*.sql")):
        _execute(connection, file)


def open_doors(connection: Connection) -> None:
    """Functions that write run with the owner's rights, over the walls; the service's role may do the rest."""
    _execute(connection, _HERE / "doors.sql")


def fill_calendar(connection: Connection) -> None:
    """Brings national_days to what is known by now of the years of the calendar."""
    days = {day: works for year in _CALENDAR_YEARS for day, works in national_days(year).items()}
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute(_FILL_CALENDAR, list(days), list(days.values())))


def _execute(connection: Connection, file: Path) -> None:
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute(file.read_text(encoding="utf-8")))
