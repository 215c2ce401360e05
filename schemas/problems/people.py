"""People."""

from schemas.problems.shape import Kind, refusal

PERSON_NOT_FOUND = refusal("person_not_found", Kind.absent, "Человек не найден", "The person is not found")
PERSON_EXISTS = refusal(
    "person_exists",
    Kind.conflict,
    "Этот человек у вас уже записан",
    "You already have this person",
)
SELF_EXISTS = refusal(
    "self_exists", Kind.conflict, "Вы уже записали самого себя", "You have already written yourself down"
)
PERSON_HAS_BOOKINGS = refusal(
    "person_has_bookings",
    Kind.conflict,
    "У этого человека есть действующие записи: сначала отмените их",
    "This person has active bookings: cancel them first",
)
GUARDIAN_MAY_NOT = refusal(
    "guardian_may_not",
    Kind.forbidden,
    "Это может только сам человек или его законный представитель",
    "Only the person themself or their legal representative may do this",
)
INVITATION_NOT_FOUND = refusal(
    "invitation_not_found",
    Kind.absent,
    "Код не подходит: он неверен, использован или устарел",
    "The code does not fit: it is wrong, used or too old",
)
TOO_MANY_ATTEMPTS = refusal(
    "too_many_attempts",
    Kind.conflict,
    "Слишком много неверных кодов: попробуйте через час",
    "Too many wrong codes: try again in an hour",
)
SNILS_INVALID = refusal(
    "snils_invalid",
    Kind.invalid,
    "В номере СНИЛС опечатка: контрольные цифры не сходятся",
    "The СНИЛС (SNILS) has a typing error: its check digits do not match",
)
POLICY_INVALID = refusal(
    "policy_invalid",
    Kind.invalid,
    "В номере полиса опечатка: контрольная цифра не сходится",
    "The policy number has a typing error: its check digit does not match",
)
BIRTH_DATE_IMPOSSIBLE = refusal(
    "birth_date_impossible",
    Kind.conflict,
    "Дата рождения в будущем или слишком давно",
    "The birth date is in the future or too long ago",
)
