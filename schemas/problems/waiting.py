"""Refusals of the waiting list and of offers."""

from schemas.problems.shape import Kind, refusal

ALREADY_WAITING = refusal(
    "already_waiting",
    Kind.conflict,
    "Этот человек уже ждёт приёма у этого специалиста",
    "This person is on this waiting list already",
)
SPECIALTY_NOT_OFFERED = refusal(
    "specialty_not_offered",
    Kind.conflict,
    "В этом учреждении или у этого врача нет приёма по такой специальности",
    "This institution or this practitioner does not offer the specialty",
)
REFERRAL_OF_SEVERAL = refusal(
    "referral_of_several",
    Kind.conflict,
    "Направление выдаётся на одного человека: встаньте в лист ожидания на каждого отдельно",
    "A referral is for one person: join the waiting list for each of them apart",
)
ENTRY_NOT_FOUND = refusal(
    "entry_not_found",
    Kind.absent,
    "Такой записи в листе ожидания нет",
    "There is no such entry on the waiting list",
)
OFFER_NOT_FOUND = refusal("offer_not_found", Kind.absent, "Предложение не найдено", "The offer is not found")
OFFER_LAPSED = refusal(
    "offer_lapsed",
    Kind.conflict,
    "Время на ответ вышло: место предложено следующему",
    "The time to answer is over: the place went to the next one",
)
OFFER_CLOSED = refusal(
    "offer_closed",
    Kind.conflict,
    "Это предложение больше не действует",
    "This offer is no longer open",
)
OFFER_WITHOUT_TIME = refusal(
    "offer_without_time",
    Kind.conflict,
    "Другое время для этого талона ещё не нашлось",
    "No other time was found for this ticket yet",
)
