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
PRACTITIONER_NOT_FOUND = refusal(
    "practitioner_not_found", Kind.absent, "Такого врача здесь нет", "There is no such practitioner here"
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

# Ways to a place --------------------------------------------------------------------------------------------------

NOT_ONLINE = refusal(
    "not_online",
    Kind.conflict,
    "На это время записывает регистратура: позвоните в учреждение",
    "This slot is booked by the registry desk: call the institution",
)
NOT_RELEASED = refusal(
    "not_released",
    Kind.conflict,
    "Запись на это время ещё не открыта",
    "This slot is not open for booking yet",
)
TOO_LATE_ONLINE = refusal(
    "too_late_online",
    Kind.conflict,
    "До приёма осталось мало времени: на него записывает регистратура",
    "It is too close to the visit to book online: call the institution",
)
REFERRAL_UNKNOWN = refusal(
    "referral_unknown",
    Kind.conflict,
    "Такого направления нет, или оно к другому специалисту, другому пациенту или на другой срок",
    "There is no such referral, or it is for another specialty, patient or time",
)
REFERRAL_USED = refusal(
    "referral_used",
    Kind.conflict,
    "По этому направлению уже есть талон",
    "There is a ticket by this referral already",
)
HOME_ADDRESS_NEEDED = refusal(
    "home_address_needed",
    Kind.conflict,
    "Для вызова на дом нужен адрес",
    "A home visit needs the address",
)
TOO_MANY_TICKETS = refusal(
    "too_many_tickets",
    Kind.conflict,
    "У пациента уже столько талонов, сколько здесь можно иметь сразу",
    "The patient has as many tickets here as one may have at a time",
)
TOO_MANY_BOOKINGS = refusal(
    "too_many_bookings",
    Kind.conflict,
    "Пациента записывали так часто, что теперь запишет только регистратура",
    "The patient was booked so often that only the registry desk can book now",
)
TOO_MANY_TODAY = refusal(
    "too_many_today",
    Kind.too_many,
    "За сутки через интернет занято столько мест, сколько можно: попробуйте позже или обратитесь в учреждение",
    "As many places as one may take online within a day are taken: try later, or ask the institution",
)
HOLD_PAUSED = refusal(
    "hold_paused",
    Kind.too_many,
    "Вы много раз занимали и отпускали время: следующее можно будет занять чуть позже",
    "You have taken times and let them go again and again: the next can be taken a little later",
)
PAUSED_FOR_NO_SHOWS = refusal(
    "paused_for_no_shows",
    Kind.conflict,
    "Запись через интернет приостановлена: пациент не приходил по талонам. Обратитесь в регистратуру",
    "Online booking is paused since the patient did not come to booked visits: ask the registry desk",
)
APPOINTMENT_OVER = refusal(
    "appointment_over",
    Kind.conflict,
    "Приём уже состоялся или отменён: этот талон не изменить",
    "The visit has taken place or is cancelled: the ticket can't be changed",
)
SLOT_ELSEWHERE = refusal(
    "slot_elsewhere",
    Kind.conflict,
    "Перенести можно только к тому же специалисту в том же учреждении",
    "A ticket moves only to the same specialty at the same institution",
)
