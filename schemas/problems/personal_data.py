"""Taking data out, and erasing them."""

from schemas.problems.shape import Kind, refusal

EXPORTS_TOO_MANY = refusal(
    "exports_too_many",
    Kind.conflict,
    "За сутки вы уже несколько раз выгрузили свои данные: повторите завтра",
    "You have taken your data out several times within a day: try again tomorrow",
)
