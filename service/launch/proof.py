"""What a launch proves, whatever the platform, and how its proof may fail."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.sessions import Platform

MAX_QUERY_CHARACTERS = 4096
# Everything that signed seconds can mean lies below; above it a platform wrote milliseconds.
FIRST_MILLISECONDS = 100_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadSignature(Exception):
    """The launch proves nothing. `reason` is one of a few fixed slugs and never holds what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleLaunch(Exception):
    """The launch is genuine but was not signed about now; `reason` says how (`no_time`, `too_old`, `too_early`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proof:
    """Who opened the mini-app: the user's id on a platform, and what else the platform vouches for.

    `page` is None where the launch does not say from which page it was opened; then the role is "none" as well.
    """

    platform: Platform
    app: str
    user: str
    page: str | None = None
    role: str = "none"
    # When it was signed, or where that is not known in which session of the platform: tells launches of a user apart.
    made: str = ""
    # None where the platform does not sign it.
    signed_at: datetime | None = None


def check_freshness(signed_at: datetime | None, now: datetime, max_age_seconds: int, max_ahead_seconds: int) -> None:
    """Raise StaleLaunch unless the launch was signed at most so long before `now` (aware) and so little after it.

    A launch that does not say when it was signed is stale.
    """
    if signed_at is None:
        raise StaleLaunch("no_time")
    age = now - signed_at
    if age > timedelta(seconds=max_age_seconds):
        raise StaleLaunch("too_old")
    if -age > timedelta(seconds=max_ahead_seconds):
        raise StaleLaunch("too_early")


def instant(number: int) -> datetime:
    """An instant of so many seconds, or milliseconds, since 1970; at most 14 digits."""
    return _EPOCH + timedelta(milliseconds=number if number >= FIRST_MILLISECONDS else number * 1000)
