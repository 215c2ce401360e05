"""A club's place."""

from schemas.problems.shape import Kind, refusal

GROUP_NOT_FOUND = refusal("group_not_found", Kind.absent, "Группа не найдена", "The group is not found")
GROUP_FULL = refusal(
    "group_full", Kind.conflict, "Свободных мест в группе нет", "There are no free places in the group"
)
ENROLMENT_NOT_OPEN = refusal(
    "enrolment_not_open", Kind.conflict, "Запись в группу ещё не открыта", "Enrolment has not opened yet"
)
ENROLMENT_CLOSED = refusal("enrolment_closed", Kind.conflict, "Запись в группу закончилась", "Enrolment has closed")
TOO_YOUNG = refusal(
    "too_young",
    Kind.conflict,
    "К началу занятий ребёнок ещё мал для этой группы",
    "The child is too young for this group at its start",
)
TOO_OLD = refusal(
    "too_old",
    Kind.conflict,
    "К началу занятий ребёнок старше, чем принимают в эту группу",
    "The child is too old for this group at its start",
)
ALREADY_APPLIED = refusal(
    "already_applied",
    Kind.conflict,
    "На этого ребёнка уже подана заявка в эту группу",
    "This child already has an application to this group",
)
APPLICATION_NOT_FOUND = refusal(
    "application_not_found", Kind.absent, "Заявка не найдена", "The application is not found"
)
APPLICATION_ILLEGAL_MOVE = refusal(
    "application_illegal_move",
    Kind.conflict,
    "Из нынешнего статуса заявки это сделать нельзя",
    "The application's present status does not allow this",
)
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
    "В группу уже поданы заявки: её занятия нельзя перенести",
    "The group already has applications: its lessons can't be moved",
)
GROUP_OVER_CAPACITY = refusal(
    "group_over_capacity",
    Kind.conflict,
    "Мест не может быть меньше, чем уже занято",
    "There can't be fewer places than are taken",
)
