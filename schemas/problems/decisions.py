"""What an institution can't decide."""

from schemas.problems.shape import Kind, refusal

TEST_IN_THE_PAST = refusal(
    "test_in_the_past", Kind.conflict, "Время испытания уже прошло", "The time of the test has passed"
)
TEST_NOT_HELD = refusal(
    "test_not_held", Kind.conflict, "Испытание ещё не состоялось", "The test has not taken place yet"
)
TEST_NOT_PASSED = refusal(
    "test_not_passed",
    Kind.conflict,
    "Ребёнок приглашён на испытание, и записи о его успехе нет",
    "The child is invited to a test, and is not recorded to have passed it",
)
ORDER_WRITTEN = refusal(
    "order_written",
    Kind.conflict,
    "Ребёнок уже зачислен другим приказом",
    "The child is enrolled by another order already",
)
START_OUTSIDE_GROUP = refusal(
    "start_outside_group",
    Kind.conflict,
    "В этот день группа не занимается: он вне срока её обучения",
    "The day is outside the group's period",
)
DOCUMENTS_MISSING = refusal(
    "documents_missing",
    Kind.conflict,
    "Нет медицинской справки: она не загружена, и оригинал не отмечен как показанный",
    "The medical certificate is missing: it is not uploaded, nor marked as seen",
)
BENEFIT_NOT_CLAIMED = refusal(
    "benefit_not_claimed",
    Kind.conflict,
    "Этой льготы в заявке нет",
    "The application does not claim this benefit",
)
