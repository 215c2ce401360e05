"""How long what is kept of people serves its purpose."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """The term of each purpose (docs/personal-data.md)."""

    answers: timedelta
    tickets: timedelta
    applications: timedelta
    trials: timedelta
    waiting: timedelta
    requests: timedelta
    messages: timedelta
    told: timedelta
    codes: timedelta
    let_go: timedelta
    accounts: timedelta
    # How often a citizen may take their data out.
    exports_a_day: int
