"""Confirmations of who a citizen is."""

from schemas.problems.shape import Kind, refusal

CONFIRMATION_UNAVAILABLE = refusal(
    "confirmation_unavailable",
    Kind.conflict,
    "Подтвердить личность здесь пока нельзя: вход через Госуслуги не подключён",
    "Nobody can confirm who they are here yet: no provider is connected",
)
PROVIDER_AWAY = refusal(
    "provider_away",
    Kind.unavailable,
    "Сервис входа сейчас не отвечает: попробуйте через несколько минут",
    "The provider does not answer now: try again in a few minutes",
)
CONFIRMATION_NOT_FOUND = refusal(
    "confirmation_not_found",
    Kind.absent,
    "Такого подтверждения нет: начните заново",
    "There is no such confirmation: begin anew",
)
CONFIRMATION_OVER = refusal(
    "confirmation_over",
    Kind.conflict,
    "Подтверждение не удалось или его время вышло: начните заново",
    "The confirmation has failed or its time is over: begin anew",
)
CONFIRMATION_CODE_WRONG = refusal(
    "confirmation_code_wrong",
    Kind.conflict,
    "Код не подходит: введите тот, что показан в браузере после входа",
    "The code does not fit: enter the one that the browser shows after you have logged in",
)
CONFIRMED_AS_ANOTHER = refusal(
    "confirmed_as_another",
    Kind.conflict,
    "Этот аккаунт уже подтверждён как другой человек",
    "This account is already confirmed as another person",
)
SELF_IS_ANOTHER = refusal(
    "self_is_another",
    Kind.conflict,
    "О себе у вас записан другой человек: исправьте эту запись и начните заново",
    "Whom you have written down as yourself is another person: correct that, and begin anew",
)
PERSON_VERIFIED = refusal(
    "person_verified",
    Kind.conflict,
    "Эти сведения подтверждены, изменить их вручную нельзя: подтвердите личность ещё раз",
    "This is verified and can't be changed by hand: confirm once more who you are",
)
