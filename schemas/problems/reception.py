"""The reception desk."""

from schemas.problems.shape import Kind, refusal

TICKET_INVALID = refusal(
    "ticket_invalid",
    Kind.invalid,
    "Это не QR-код талона: введите номер талона вручную",
    "This is not a ticket's QR code: type the ticket's number in",
)
TICKET_OF_ANOTHER_INSTITUTION = refusal(
    "ticket_of_another_institution",
    Kind.conflict,
    "Этот талон — в другое учреждение: проверьте адрес на талоне",
    "This ticket is for another institution: look at its address",
)
TICKET_OF_ANOTHER_DAY = refusal(
    "ticket_of_another_day",
    Kind.conflict,
    "Этот талон — на другой день: проверьте дату на талоне",
    "This ticket is for another day: look at its date",
)
TICKET_CANCELLED = refusal(
    "ticket_cancelled",
    Kind.conflict,
    "Этот талон отменён: запишите пациента заново",
    "This ticket is cancelled: book the patient anew",
)
TICKET_WITHOUT_TIME = refusal(
    "ticket_without_time",
    Kind.conflict,
    "Приём по этому талону снят учреждением: сначала подберите другое время",
    "The institution took this ticket's time away: find it another time first",
)
APPOINTMENT_ILLEGAL_MOVE = refusal(
    "appointment_illegal_move",
    Kind.conflict,
    "Из нынешнего статуса талона это сделать нельзя",
    "The ticket's present status does not allow this",
)
ANOTHER_CHANNEL = refusal(
    "another_channel",
    Kind.conflict,
    "Это время отдано другим: выберите другое или укажите причину",
    "This time is kept for other channels: choose another, or give a reason",
)
PATIENT_OF_TICKET_GONE = refusal(
    "patient_of_ticket_gone",
    Kind.conflict,
    "Данные пациента этого талона удалены: впишите пациента заново",
    "The data of this ticket's patient were erased: write the patient down anew",
)
NOT_A_NO_SHOW = refusal(
    "not_a_no_show",
    Kind.conflict,
    "По этому талону неявка не отмечена",
    "This ticket is not marked as a no-show",
)
APPEAL_DECIDED = refusal(
    "appeal_decided",
    Kind.conflict,
    "Решение о неявке уже принято: обратитесь в учреждение",
    "The no-show has been decided on already: ask the institution",
)
APPEAL_NOT_FOUND = refusal("appeal_not_found", Kind.absent, "Объяснение неявки не найдено", "The appeal is not found")
