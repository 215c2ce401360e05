"""How a group suits a child, in words: what group_fit() found, as the reasons that a parent reads."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.group_search import BusyWith, Fit, Misfit, MisfitCode
from schemas.problems import Refusal
from service.core.operations import Language

_ON = {
    "ru": ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"),
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
}
_AGES: tuple[tuple[str, MisfitCode, str, str], ...] = (
    ("young_by", "too_young", "Мал", "young"),
    ("old_by", "too_old", "Старше", "old"),
)
_ENROLMENT: dict[str, tuple[MisfitCode, Refusal]] = {
    "group_locked": ("group_locked", problems.GROUP_LOCKED),
    "enrolment_closed": ("enrolment_closed", problems.ENROLMENT_CLOSED),
    "group_by_wishes": ("group_by_wishes", problems.GROUP_BY_WISHES),
    "group_being_filled": ("group_being_filled", problems.GROUP_BEING_FILLED),
}


def fit_of(found: Mapping[str, Any], opens_at: datetime, zone: ZoneInfo, language: Language) -> Fit:
    """`found`: of group_fit(). What changes with time comes behind what does not."""
    reasons = [*_of_age(found, language), *_of_bookings(found, language), *_of_group(found, opens_at, zone, language)]
    return Fit(fits=not reasons, reasons=reasons)


def months_ru(months: int) -> str:
    """«1 месяц», «3 месяца», «11 месяцев»."""
    ones, teens = months % 10, months % 100 in range(11, 15)
    if ones == 1 and not teens:
        return f"{months} месяц"
    few = ones in (2, 3, 4) and not teens
    return f"{months} месяца" if few else f"{months} месяцев"


def _of_age(found: Mapping[str, Any], language: Language) -> Iterator[Misfit]:
    for key, code, ru, en in _AGES:
        months: int = found[key]
        if months:
            plural = "" if months == 1 else "s"
            title = f"{ru} на {months_ru(months)}" if language == "ru" else f"Too {en} by {months} month{plural}"
            yield Misfit(code=code, title=title, months=months)


def _of_bookings(found: Mapping[str, Any], language: Language) -> Iterator[Misfit]:
    if found["applied"]:
        yield Misfit(code="already_applied", title=_title(problems.ALREADY_APPLIED, language))
    # Several bookings of which nothing is told are one reason.
    told: list[BusyWith] = []
    for booking in found["busy"] or ():
        busy = _busy_with(booking, language)
        if busy not in told:
            told.append(busy)
            yield Misfit(code="busy_with", title=_busy_title(busy, language), busy_with=busy)


def _busy_with(booking: Mapping[str, Any], language: Language) -> BusyWith:
    name: str | None = booking[f"name_{language}"]
    if name is None:
        return BusyWith(name=None, weekday=None, starts=None)
    starts_at = datetime.fromisoformat(booking["starts_at"])
    return BusyWith(name=name, weekday=starts_at.isoweekday(), starts=starts_at.time())


def _busy_title(busy: BusyWith, language: Language) -> str:
    if busy.name is None or busy.weekday is None or busy.starts is None:
        return "Занят" if language == "ru" else "Busy"
    on, starts = _ON[language][busy.weekday - 1], busy.starts.strftime("%H:%M")
    return f"Занят: «{busy.name}» {on}, {starts}" if language == "ru" else f"Busy: {busy.name} {on} at {starts}"


def _of_group(found: Mapping[str, Any], opens_at: datetime, zone: ZoneInfo, language: Language) -> Iterator[Misfit]:
    enrolment: str | None = found["enrolment"]
    if enrolment == "enrolment_not_open":
        title = _title(problems.ENROLMENT_NOT_OPEN, language)
        yield Misfit(code="enrolment_not_open", title=title, opens_at=opens_at.astimezone(zone))
    elif enrolment is not None:
        code, refusal = _ENROLMENT[enrolment]
        yield Misfit(code=code, title=_title(refusal, language))
    if found["full"]:
        yield Misfit(code="group_full", title=_title(problems.GROUP_FULL, language))


def _title(refusal: Refusal, language: Language) -> str:
    return refusal.ru if language == "ru" else refusal.en
