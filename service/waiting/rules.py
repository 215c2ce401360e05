"""Pure rules of waiting."""

from datetime import date, time

LONGEST_DAYS = 90
# Over how many days the queue's speed is taken; shown_entry in the database counts by the same.
SPEED_DAYS = 14


def expected_days(before: int | None, moved: int) -> int | None:
    """After how many days it is one's turn, with `before` others ahead in a queue that `moved` left in SPEED_DAYS.

    None where nothing is known: nobody left the queue, or one does not wait.
    """
    if before is None or not moved:
        return None
    # Whoever is the first is served by the next to leave; rounded up.
    return -(-(before + 1) * SPEED_DAYS // moved)


def window_is_right(days: tuple[date, date], times: tuple[time, time]) -> bool:
    """Whether the days are in order and not too many, and there is some time of day between the times."""
    return 0 <= (days[1] - days[0]).days <= LONGEST_DAYS and times[0] < times[1]
