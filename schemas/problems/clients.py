"""Of credentials of systems, and of what takes a fresh launch."""

from schemas.problems.shape import Kind, refusal

CLIENT_NOT_FOUND = refusal(
    "client_not_found", Kind.absent, "Такой информационной системы нет", "There is no such client"
)
CLIENT_REVOKED = refusal(
    "client_revoked",
    Kind.conflict,
    "Доступ этой системы отозван: заведите ей новый",
    "The client is revoked: create another",
)
CLIENT_ROTATING = refusal(
    "client_rotating",
    Kind.conflict,
    "Прежний секрет ещё действует: дождитесь его срока или замените сразу (`keep_hours`: 0)",
    "The credentials before are still good: wait until they are not, or replace them at once (`keep_hours`: 0)",
)
SCOPE_NOT_HELD = refusal(
    "scope_not_held",
    Kind.forbidden,
    "Нельзя передать системе права, которых нет в вашем токене, и право заводить системы",
    "A scope that your token lacks can't be given to a client, nor that of making clients",
)
FRESH_LAUNCH_NEEDED = refusal(
    "fresh_launch_needed",
    Kind.forbidden,
    "Для этого откройте мини-приложение заново",
    "Open the mini-app anew for this",
)
