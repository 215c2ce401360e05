"""Any operation can be refused with these."""

from schemas.problems.shape import Kind, refusal

MALFORMED = refusal("malformed", Kind.malformed, "Запрос не удалось разобрать", "The request can't be parsed")
INVALID = refusal(
    "invalid", Kind.invalid, "Проверьте поля, перечисленные в errors", "Check the fields that `errors` lists"
)
KEY_MISSING = refusal(
    "idempotency_key_missing",
    Kind.malformed,
    "Нужен заголовок Idempotency-Key: от 1 до 64 латинских букв, цифр, «-» или «_»",
    "The header Idempotency-Key is needed: 1 to 64 Latin letters, digits, - or _",
)
KEY_REUSED = refusal(
    "idempotency_key_reused",
    Kind.invalid,
    "Этот Idempotency-Key уже использован с другим запросом: возьмите новый ключ",
    "This Idempotency-Key was used with another request: take a new key",
)
BUSY = refusal(
    "in_progress",
    Kind.conflict,
    "Такой же запрос ещё выполняется: повторите через секунду с тем же ключом",
    "The same request or the same place is still being worked on: repeat in a second with the same key",
)
UNAUTHENTICATED = refusal(
    "unauthenticated",
    Kind.unauthenticated,
    "Нужен действующий токен доступа: откройте мини-приложение заново",
    "A valid access token is needed: open the mini-app again",
)
FORBIDDEN = refusal("forbidden", Kind.forbidden, "У вас нет прав на это действие", "You have no right to do this")
NOT_FOUND = refusal("not_found", Kind.absent, "Ничего не найдено", "Nothing is found")
CURSOR_UNKNOWN = refusal(
    "cursor_unknown",
    Kind.absent,
    "Такой страницы списка нет: начните список сначала",
    "There is no such page of the list: start it from the beginning",
)
METHOD_NOT_ALLOWED = refusal(
    "method_not_allowed", Kind.method, "Этот метод здесь не поддерживается", "This method is not supported here"
)
TOO_LARGE = refusal("too_large", Kind.too_large, "Запрос слишком большой", "The request is too large")
TOO_SLOW = refusal(
    "too_slow",
    Kind.slow,
    "Запрос передаётся слишком медленно: проверьте связь и отправьте его снова с тем же ключом",
    "The request comes too slowly: look at the connection, and send it again with the same key",
)
TOO_MANY_REQUESTS = refusal(
    "too_many_requests",
    Kind.too_many,
    "Слишком много запросов: подождите столько секунд, сколько указано в Retry-After",
    "Too many requests: wait for as many seconds as Retry-After says",
)
PROOF_NEEDED = refusal(
    "proof_needed",
    Kind.unproven,
    "Сейчас очень много желающих: приложение должно решить задачу из challenge и повторить запрос",
    "Very many are trying now: the application has to solve `challenge` and to repeat the request",
)
PROOF_WRONG = refusal(
    "proof_wrong",
    Kind.unproven,
    "Решение задачи не подходит к этому запросу или устарело: решите новую из challenge и повторите запрос",
    "The proof is not for this request, or has expired: solve the new `challenge` and repeat the request",
)
MEDIA_TYPE = refusal(
    "media_type",
    Kind.media_type,
    "Тело запроса — не того типа, который описан",
    "The body is not of the described media type",
)
OUTCOME_UNKNOWN = refusal(
    "outcome_unknown",
    Kind.unavailable,
    "Не удалось узнать, выполнен ли запрос: повторите его с тем же ключом",
    "It is not known whether the request was carried out: repeat it with the same key",
)
UNAVAILABLE = refusal(
    "unavailable", Kind.unavailable, "Сервис временно недоступен, повторите позже", "Unavailable for now, try later"
)
INTERNAL = refusal(
    "internal", Kind.internal, "Внутренняя ошибка: сообщите нам request_id", "Internal error: tell us the request_id"
)
