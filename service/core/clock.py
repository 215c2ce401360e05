"""The time, handed to whoever needs it: tests hand in another."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def nanoseconds(clock: Clock) -> Callable[[], int]:
    """The same time as a number, since 1970: for what asks at every request."""
    if clock is utc_now:
        return time.time_ns
    return lambda: int(clock().timestamp() * 1_000_000_000)
