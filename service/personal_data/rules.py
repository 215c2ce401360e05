"""How long what is kept of people serves its purpose."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """The term of each purpose (docs/personal-data.md)."""

    answers: timedelta
    # How often a citizen may take their data out.
    exports_a_day: int

    def answers_until(self, now: datetime) -> datetime:
        """Answers that were kept before this serve no repeated request any more."""
        return now - self.answers
