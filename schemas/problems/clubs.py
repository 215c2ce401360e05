"""What a club publishes."""

from schemas.problems.shape import Kind, refusal

GROUP_NOT_FOUND = refusal("group_not_found", Kind.absent, "Группа не найдена", "The group is not found")
PROGRAMME_UNKNOWN = refusal(
    "programme_unknown", Kind.conflict, "Такая программа ещё не опубликована", "The programme is not published yet"
)
DATES_CROSSED = refusal(
    "dates_crossed",
    Kind.conflict,
    "Начало позже конца, или срок слишком долгий",
    "A begin is after its end, or the period is too long",
)
GROUP_TIMES_HELD = refusal(
    "group_times_held",
    Kind.conflict,
    "На новое время занятий не все дети группы свободны",
    "Not all children of the group are free at the new times of its lessons",
)
GROUP_OVER_CAPACITY = refusal(
    "group_over_capacity",
    Kind.conflict,
    "Мест не может быть меньше, чем уже занято",
    "There can't be fewer places than are taken",
)
SIZES_CROSSED = refusal(
    "sizes_crossed",
    Kind.conflict,
    "Наименьшая численность больше, чем мест в группе",
    "The least size is more than the group has places",
)
FILLING_CROSSED = refusal(
    "filling_crossed",
    Kind.conflict,
    "Срок сбора заявок нужен при отборе по приоритету или жребию, и только внутри срока записи; кампания — при "
    "распределении по пожеланиям",
    "Collecting needs an end, within the enrolment, with priority or draw alone; a campaign goes with matching alone",
)
GROUP_FILLING_HELD = refusal(
    "group_filling_held",
    Kind.conflict,
    "В группу уже поданы заявки: способ отбора нельзя изменить",
    "The group already has applications: the way it is filled can't be changed",
)
LESSON_PLACE_UNKNOWN = refusal(
    "lesson_place_unknown",
    Kind.conflict,
    "Занятие указывает на адрес, которого у группы нет",
    "A lesson is at a place that the group does not have",
)
FINANCING_TWICE = refusal(
    "financing_twice",
    Kind.conflict,
    "Один источник финансирования указан дважды",
    "A source of financing comes twice",
)
GROUP_CONTINUED_UNKNOWN = refusal(
    "group_continued_unknown",
    Kind.conflict,
    "Группа прошлого года ещё не опубликована",
    "The group of the year before is not published",
)
SPORTS_ON_BUDGET_ONLY = refusal(
    "sports_on_budget_only",
    Kind.conflict,
    "Спортивная подготовка — только за счёт бюджета и со вступительными испытаниями",
    "Sports training is paid by the budget alone, and has an entrance test",
)
SORT_NEEDS_MORE = refusal(
    "sort_needs_more",
    Kind.conflict,
    "Чтобы упорядочить по расстоянию, укажите место, по сходству — текст",
    "Sorting by distance needs a place, sorting by match needs a text",
)
