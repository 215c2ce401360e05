"""Entering: launches and tokens."""

from schemas.problems.shape import Kind, refusal

LAUNCH_INVALID = refusal(
    "launch_invalid",
    Kind.unauthenticated,
    "Подпись запуска не подтверждена: откройте мини-приложение заново",
    "The launch signature is not confirmed: open the mini-app again",
)
LAUNCH_STALE = refusal(
    "launch_stale",
    Kind.unauthenticated,
    "Запуск устарел: запросите свежие параметры или откройте мини-приложение заново",
    "The launch is too old: ask for fresh parameters or open the mini-app again",
)
LAUNCH_SPENT = refusal(
    "launch_spent",
    Kind.forbidden,
    "По этому запуску открыто слишком много сеансов: откройте мини-приложение заново",
    "This launch has opened too many sessions: open the mini-app again",
)
SESSION_ENDED = refusal(
    "session_ended",
    Kind.unauthenticated,
    "Сеанс закончился: откройте мини-приложение заново",
    "The session is over: open the mini-app again",
)
SESSION_NOT_FOUND = refusal("session_not_found", Kind.absent, "Такого сеанса у вас нет", "You have no such session")
PAGE_MISSING = refusal(
    "page_missing",
    Kind.conflict,
    "Откройте мини-приложение со страницы учреждения",
    "Open the mini-app from the page of an institution",
)
PAGE_UNKNOWN = refusal(
    "page_unknown",
    Kind.absent,
    "Эта страница ещё не подключена к записи: обратитесь в учреждение",
    "This page is not connected yet: ask the institution",
)
CLIENT_INVALID = refusal(
    "client_invalid",
    Kind.unauthenticated,
    "Неизвестный client_id или неверный client_secret",
    "Unknown client_id or wrong client_secret",
)
IDENTITY_JOINED = refusal(
    "identity_joined", Kind.conflict, "Это уже один и тот же пользователь", "It is the same citizen already"
)
IDENTITY_FIRST = refusal(
    "identity_first",
    Kind.conflict,
    "К этой учётной записи присоединены остальные: её нельзя отделить",
    "The other accounts joined this one: it can't be left",
)
SCOPE_INVALID = refusal(
    "scope_invalid",
    Kind.malformed,
    "Запрошены права, которых у клиента нет, или не запрошены никакие",
    "A scope is asked for that the client does not have, or none",
)
GRANT_UNSUPPORTED = refusal(
    "grant_unsupported",
    Kind.malformed,
    "Поддерживается только grant_type=client_credentials",
    "Only grant_type=client_credentials is supported",
)
