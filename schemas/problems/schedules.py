"""A doctor's schedule, the calendar, and days on which a doctor is away."""

from schemas.problems.shape import Kind, refusal

SCHEDULE_NOT_FOUND = refusal("schedule_not_found", Kind.absent, "Такого расписания нет", "There is no such schedule")
HOURS_CROSSED = refusal(
    "hours_crossed",
    Kind.conflict,
    "Часы начинаются позже, чем кончаются, или накладываются друг на друга",
    "Hours begin after they end, or overlap each other",
)
SHARES_NOT_WHOLE = refusal(
    "shares_not_whole",
    Kind.conflict,
    "Доли каналов записи должны вместе давать 100 процентов",
    "The shares of the channels must add up to 100 percent",
)
RELEASE_INCOMPLETE = refusal(
    "release_incomplete",
    Kind.conflict,
    "Для такой выдачи талонов нужны час и длительность",
    "This policy of release needs a time and the minutes of its window",
)
TOO_MANY_SLOTS = refusal(
    "too_many_slots",
    Kind.conflict,
    "Слишком много приёмов: сделайте их длиннее или открывайте запись на меньший срок",
    "Too many slots: make them longer, or open fewer days ahead",
)
