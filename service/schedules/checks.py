"""What a schedule's fields have to be for each other."""

from collections.abc import Sequence
from datetime import time
from itertools import pairwise

from schemas import problems
from schemas.problems import FieldError, Refusal
from schemas.schedules import Break, Hours, ScheduleBody
from service.core.errors import DomainError

_WHOLE = 100


def check_schedule(body: ScheduleBody) -> None:
    """Raises DomainError where values that are right by themselves can't stand with each other."""
    if body.age_from is not None and body.age_to is not None and body.age_from > body.age_to:
        raise told_at(problems.AGES_CROSSED, "/age_from", "greater than age_to")
    if body.valid_to is not None and body.valid_to < body.valid_from:
        raise told_at(problems.DATES_CROSSED, "/valid_to", "before valid_from")
    release = body.release
    if release.policy != "first_come" and (release.release_time is None or not release.window_minutes):
        raise told_at(problems.RELEASE_INCOMPLETE, "/release", "release_time and window_minutes are needed")
    if body.shares is not None and sum(body.shares.model_dump(exclude_none=True).values()) != _WHOLE:
        raise told_at(problems.SHARES_NOT_WHOLE, "/shares", "do not add up to 100")
    _check_hours("/breaks", body.breaks)
    _check_hours("/hours", body.hours)
    for weekday in range(1, 8):
        of_day = [hours for hours in body.hours if weekday in hours.weekdays]
        for one, other in pairwise(sorted(of_day, key=lambda hours: hours.begins)):
            if one.ends == time.min or other.begins < one.ends:
                raise told_at(problems.HOURS_CROSSED, f"/hours/{body.hours.index(other)}", "overlap others")
    for number, exception in enumerate(body.exceptions):
        pointer = f"/exceptions/{number}"
        if exception.day_to is not None and exception.day_to < exception.day_from:
            raise told_at(problems.DATES_CROSSED, f"{pointer}/day_to", "before day_from")
        _check_hours(f"{pointer}/breaks", exception.breaks)
        _check_hours(f"{pointer}/extra_hours", exception.extra_hours)


def _check_hours(pointer: str, hours: Sequence[Hours | Break]) -> None:
    for number, had in enumerate(hours):
        if had.begins >= had.ends and had.ends != time.min:
            raise told_at(problems.HOURS_CROSSED, f"{pointer}/{number}", "begin after they end")


def told_at(refusal: Refusal, pointer: str, message: str) -> DomainError:
    """The refusal, and which field it is about."""
    return DomainError(refusal, errors=[FieldError(place="body", pointer=pointer, message=message)])
