"""People of an institution."""

from schemas.problems.shape import Kind, refusal

STAFF_MEMBER_NOT_FOUND = refusal(
    "staff_member_not_found", Kind.absent, "Сотрудник не найден", "The member of staff is not found"
)
