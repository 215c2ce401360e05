"""What went wrong that a person who runs the service can mend: one line on the way out, not a traceback."""

import ssl
import subprocess

from pydantic import ValidationError
from pydantic_settings import SettingsError

from service.core.database import DatabaseNotReady
from service.core.embedded import EmbeddedError
from service.core.keys import KeysWrong
from service.core.secret_files import SecretsWrong


def exit_of(error: Exception) -> str | int | None:
    """What to leave with, by sys.exit(); None: nobody is known who could mend it."""
    match error:
        case EmbeddedError() | DatabaseNotReady() | KeysWrong() | SecretsWrong() | SettingsError():
            return f"zapis: {error}"
        case subprocess.CalledProcessError():
            # It has said what was wrong.
            return error.returncode
        case ValidationError():
            wrong = "; ".join(f"ZAPIS_{str(found['loc'][0]).upper()}: {found['msg']}" for found in error.errors())
            return f"zapis: the settings are wrong: {wrong}"
        case ssl.SSLError():
            # Of outgoing calls the command line makes none.
            return f"zapis: the database is not whom ZAPIS_DATABASE_URL asks for: {error.reason}: {_about(error)}"
        case ConnectionError():
            return f"zapis: there is no connection to the database: {error}"
        case _:
            return None


def _about(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "") or error.strerror)
