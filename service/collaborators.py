"""What use cases and jobs are handed by the names of their parameters, made once from the settings."""

from service.config import Settings
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Database
from service.core.sealing import Sealer
from service.launch.provers import LaunchTerms
from service.launch.tokens import Tokens


def make_collaborators(settings: Settings, clock: Clock) -> dict[str, object]:
    """Raises ValueError where the keys in the settings are not whole."""
    keys = settings.keys()
    return {
        "clock": clock,
        "tokens": Tokens(keys.signing, clock),
        "sealer": Sealer(keys.sealing, keys.hashing),
        "cursors": Cursors(keys.cursors),
        "launch_terms": LaunchTerms(
            apps=settings.launch_secrets(),
            telegram_bots=settings.telegram_bots,
            max_age_seconds=settings.launch_max_age_seconds,
            max_ahead_seconds=settings.launch_max_ahead_seconds,
            citizen_token_seconds=settings.citizen_token_seconds,
            administrator_token_seconds=settings.administrator_token_seconds,
            system_token_seconds=settings.system_token_seconds,
            token_address=settings.public_url.rstrip("/") + "/v1/oauth/token",
        ),
    }


def make_database(settings: Settings, dsn: str) -> Database:
    """Not yet open."""
    return Database(
        dsn,
        pool_size=settings.pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
        lock_timeout_ms=settings.lock_timeout_ms,
    )
