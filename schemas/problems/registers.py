"""What a teacher does with a group."""

from schemas.problems.shape import Kind, refusal

TEACHER_NOT_FOUND = refusal("teacher_not_found", Kind.absent, "Педагог не найден", "The teacher is not found")
TEACHER_UNKNOWN = refusal(
    "teacher_unknown", Kind.conflict, "Такой педагог ещё не внесён", "The teacher is not written down yet"
)
TEACHER_CODE_NOT_FOUND = refusal(
    "teacher_code_not_found",
    Kind.absent,
    "Код не подходит: он введён с ошибкой, использован или просрочен",
    "The code does not fit: it has a typing error, was used or is out of date",
)
LESSON_NOT_FOUND = refusal("lesson_not_found", Kind.absent, "Занятие не найдено", "The lesson is not found")
LESSON_NOT_BEGUN = refusal("lesson_not_begun", Kind.conflict, "Занятие ещё не началось", "The lesson has not begun yet")
LESSON_BEGUN = refusal(
    "lesson_begun",
    Kind.conflict,
    "Занятие уже началось или началось бы в прошлом",
    "The lesson has begun, or would begin in the past",
)
LESSON_CANCELLED = refusal("lesson_cancelled", Kind.conflict, "Занятие отменено", "The lesson is cancelled")
ATTENDANCE_CLOSED = refusal(
    "attendance_closed",
    Kind.conflict,
    "Прошло больше 14 дней: посещаемость исправляет администратор",
    "More than 14 days have passed: attendance is corrected by an administrator",
)
NOT_IN_GROUP = refusal(
    "not_in_group", Kind.conflict, "В день занятия этого ребёнка нет в группе", "The child is not in the group that day"
)
TOO_MANY_MESSAGES = refusal(
    "too_many_messages",
    Kind.conflict,
    "Сегодня группе уже отправлено столько сообщений, сколько можно за день",
    "The group has had as many messages today as it can have in a day",
)
TRIALS_NOT_OFFERED = refusal(
    "trials_not_offered",
    Kind.conflict,
    "В этой группе пробных занятий нет",
    "This group has no trial lessons",
)
TRIAL_TOO_EARLY = refusal(
    "trial_too_early",
    Kind.conflict,
    "На пробное занятие записывают не раньше чем за 30 дней",
    "A trial lesson is booked 30 days ahead at most",
)
TRIAL_FULL = refusal(
    "trial_full",
    Kind.conflict,
    "На этом занятии больше нет мест для пробы",
    "This lesson has no more places to try it",
)
TRIAL_EXISTS = refusal(
    "trial_exists",
    Kind.conflict,
    "Ребёнок уже записан на пробное занятие этой группы или был на нём",
    "The child has a trial lesson of this group already, or has had one",
)
TRIAL_NOT_FOUND = refusal("trial_not_found", Kind.absent, "Пробное занятие не найдено", "The trial lesson is not found")
