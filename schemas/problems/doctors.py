"""What clinics publish, and a doctor's ticket."""

from schemas.problems.shape import Kind, refusal

SLOT_NOT_FOUND = refusal("slot_not_found", Kind.absent, "Такого времени приёма нет", "There is no such slot")
TIME_TAKEN = refusal(
    "time_taken", Kind.conflict, "Это время уже занято: выберите другое", "This time is taken: choose another"
)
TIME_PASSED = refusal(
    "time_passed", Kind.conflict, "Это время уже прошло: выберите другое", "This time has passed: choose another"
)
ALREADY_HAS_TICKET = refusal(
    "already_has_ticket",
    Kind.conflict,
    "У пациента уже есть талон к этому специалисту: отмените его или придите по нему",
    "The patient already has a ticket to this specialty: cancel it or use it",
)
PERSON_BUSY = refusal(
    "person_busy",
    Kind.conflict,
    "Человек уже записан на это время в другое место",
    "The person is booked elsewhere at that time",
)
SLOT_FOR_ANOTHER_AGE = refusal(
    "slot_for_another_age",
    Kind.conflict,
    "Это время — для пациентов другого возраста",
    "This slot is for patients of another age",
)
SLOT_FOR_ANOTHER_SEX = refusal(
    "slot_for_another_sex",
    Kind.conflict,
    "Это время — для пациентов другого пола",
    "This slot is for patients of the other sex",
)
REFERRAL_NEEDED = refusal(
    "referral_needed",
    Kind.conflict,
    "К этому специалисту нужно направление: укажите его номер",
    "This specialty needs a referral: give its number",
)
SPECIALTY_CLOSED = refusal(
    "specialty_closed",
    Kind.conflict,
    "К этому специалисту через интернет не записывают: обратитесь в регистратуру",
    "This specialty is not booked online: ask the registry desk",
)
NOT_ATTACHED = refusal(
    "not_attached",
    Kind.conflict,
    "Пациент не прикреплён к этой поликлинике, или не указан его СНИЛС",
    "The patient is not attached to this clinic, or their СНИЛС (SNILS) is not given",
)
APPOINTMENT_NOT_FOUND = refusal("appointment_not_found", Kind.absent, "Талон не найден", "The ticket is not found")
CANCELLATION_CLOSED = refusal(
    "cancellation_closed",
    Kind.conflict,
    "Отменить талон уже нельзя: позвоните в учреждение",
    "The ticket can no longer be cancelled: call the institution",
)
SPECIALTY_UNKNOWN = refusal(
    "specialty_unknown",
    Kind.conflict,
    "Такой специальности нет в справочнике",
    "There is no such specialty in the catalogue",
)
SPECIALTY_IN_USE = refusal(
    "specialty_in_use",
    Kind.conflict,
    "У врача есть приёмы по специальности, которой нет в новом списке",
    "The practitioner has slots of a specialty that the new list leaves out",
)
AGES_CROSSED = refusal(
    "ages_crossed", Kind.conflict, "Возраст «от» больше возраста «до»", "age_from is greater than age_to"
)
SLOT_OUTSIDE_WINDOW = refusal(
    "slot_outside_window",
    Kind.conflict,
    "Приём начинается вне публикуемого промежутка",
    "A slot starts outside the window that is being published",
)
SLOT_TWICE = refusal(
    "slot_twice", Kind.conflict, "Один external_id встречается дважды", "The same external_id comes twice"
)
REFERENCE_UNKNOWN = refusal(
    "reference_unknown",
    Kind.conflict,
    "Врач с такой специальностью или кабинет ещё не опубликованы",
    "The practitioner with that specialty, or the location, is not published yet",
)
