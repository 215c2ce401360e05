"""Problems (RFC 9457) and every refusal the API knows: a stable code, a kind, and what a person can do about it.

The kinds have their HTTP statuses in core/problems.py. One rule divides 422 from 409: a value that can't be right by
itself is invalid; values that are right by themselves but can't stand with each other, or with what is stored, are in
conflict.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.common import A_GROUP, A_SLOT, Instant, Schema, example


class Kind(StrEnum):
    malformed = "malformed"
    unauthenticated = "unauthenticated"
    forbidden = "forbidden"
    absent = "absent"
    method = "method"
    conflict = "conflict"
    too_large = "too_large"
    media_type = "media_type"
    invalid = "invalid"
    unavailable = "unavailable"
    internal = "internal"


class FieldError(BaseModel):
    """One field that is not as the schema says."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(description="`body`, `query`, `path` or `header`.", examples=["body"])
    pointer: str = Field(description="JSON pointer (RFC 6901) to the value.", examples=["/birth_date"])
    message: str = Field(description="What is wrong with it, in English, for developers.")


class FreeSlot(Schema):
    """A free time in place of the one that is taken."""

    model_config = example(slot_id=A_SLOT, starts_at="2026-09-08T08:15:00+07:00")

    slot_id: UUID
    starts_at: Instant


class FreeGroup(Schema):
    """A group with free places instead of the full one."""

    model_config = example(group_id=A_GROUP, programme="Шахматы для начинающих", group="Группа 2, суббота", free=4)

    group_id: UUID
    programme: str
    group: str
    free: int


class Problem(BaseModel):
    """A problem by RFC 9457, as `application/problem+json`. Programs look at `code`, people read `title`."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="`urn:zapis:problem:` and the code.", examples=["urn:zapis:problem:time_taken"])
    title: str = Field(description="In Russian, or in English where Accept-Language prefers it.")
    status: int
    code: str = Field(description="Stable; the operation lists those it can answer with.", examples=["time_taken"])
    request_id: str = Field(description="Also in the header X-Request-Id; name it when you ask for help.")
    errors: list[FieldError] | None = Field(default=None, description="The fields that were refused.")
    alternatives: list[FreeSlot] | list[FreeGroup] | None = Field(
        default=None,
        description="At `time_taken` and `group_full`: up to three nearest free places, the nearest first.",
    )
    error: str | None = Field(default=None, description="At createToken: the error code of RFC 6749, section 5.2.")


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    kind: Kind
    ru: str
    en: str


REFUSALS: dict[str, Refusal] = {}


def _refusal(code: str, kind: Kind, ru: str, en: str) -> Refusal:
    return REFUSALS.setdefault(code, Refusal(code, kind, ru, en))


# Any operation -----------------------------------------------------------------------------------------------------

MALFORMED = _refusal("malformed", Kind.malformed, "Запрос не удалось разобрать", "The request can't be parsed")
INVALID = _refusal(
    "invalid", Kind.invalid, "Проверьте поля, перечисленные в errors", "Check the fields that `errors` lists"
)
KEY_MISSING = _refusal(
    "idempotency_key_missing",
    Kind.malformed,
    "Нужен заголовок Idempotency-Key: от 1 до 64 латинских букв, цифр, «-» или «_»",
    "The header Idempotency-Key is needed: 1 to 64 Latin letters, digits, - or _",
)
KEY_REUSED = _refusal(
    "idempotency_key_reused",
    Kind.invalid,
    "Этот Idempotency-Key уже использован с другим запросом: возьмите новый ключ",
    "This Idempotency-Key was used with another request: take a new key",
)
BUSY = _refusal(
    "in_progress",
    Kind.conflict,
    "Такой же запрос ещё выполняется: повторите через секунду с тем же ключом",
    "The same request or the same place is still being worked on: repeat in a second with the same key",
)
UNAUTHENTICATED = _refusal(
    "unauthenticated",
    Kind.unauthenticated,
    "Нужен действующий токен доступа: откройте мини-приложение заново",
    "A valid access token is needed: open the mini-app again",
)
FORBIDDEN = _refusal("forbidden", Kind.forbidden, "У вас нет прав на это действие", "You have no right to do this")
NOT_FOUND = _refusal("not_found", Kind.absent, "Ничего не найдено", "Nothing is found")
CURSOR_UNKNOWN = _refusal(
    "cursor_unknown",
    Kind.absent,
    "Такой страницы списка нет: начните список сначала",
    "There is no such page of the list: start it from the beginning",
)
METHOD_NOT_ALLOWED = _refusal(
    "method_not_allowed", Kind.method, "Этот метод здесь не поддерживается", "This method is not supported here"
)
TOO_LARGE = _refusal("too_large", Kind.too_large, "Запрос слишком большой", "The request is too large")
MEDIA_TYPE = _refusal(
    "media_type",
    Kind.media_type,
    "Тело запроса — не того типа, который описан",
    "The body is not of the described media type",
)
OUTCOME_UNKNOWN = _refusal(
    "outcome_unknown",
    Kind.unavailable,
    "Не удалось узнать, выполнен ли запрос: повторите его с тем же ключом",
    "It is not known whether the request was carried out: repeat it with the same key",
)
UNAVAILABLE = _refusal(
    "unavailable", Kind.unavailable, "Сервис временно недоступен, повторите позже", "Unavailable for now, try later"
)
INTERNAL = _refusal(
    "internal", Kind.internal, "Внутренняя ошибка: сообщите нам request_id", "Internal error: tell us the request_id"
)

# Entering ----------------------------------------------------------------------------------------------------------

LAUNCH_INVALID = _refusal(
    "launch_invalid",
    Kind.unauthenticated,
    "Подпись запуска не подтверждена: откройте мини-приложение заново",
    "The launch signature is not confirmed: open the mini-app again",
)
LAUNCH_STALE = _refusal(
    "launch_stale",
    Kind.unauthenticated,
    "Запуск устарел: запросите свежие параметры или откройте мини-приложение заново",
    "The launch is too old: ask for fresh parameters or open the mini-app again",
)
PAGE_MISSING = _refusal(
    "page_missing",
    Kind.conflict,
    "Откройте мини-приложение со страницы учреждения",
    "Open the mini-app from the page of an institution",
)
PAGE_UNKNOWN = _refusal(
    "page_unknown",
    Kind.absent,
    "Эта страница ещё не подключена к записи: обратитесь в учреждение",
    "This page is not connected yet: ask the institution",
)
CLIENT_INVALID = _refusal(
    "client_invalid",
    Kind.unauthenticated,
    "Неизвестный client_id или неверный client_secret",
    "Unknown client_id or wrong client_secret",
)
SCOPE_INVALID = _refusal(
    "scope_invalid",
    Kind.malformed,
    "Запрошены права, которых у клиента нет",
    "A scope is asked for that the client does not have",
)
GRANT_UNSUPPORTED = _refusal(
    "grant_unsupported",
    Kind.malformed,
    "Поддерживается только grant_type=client_credentials",
    "Only grant_type=client_credentials is supported",
)

# Institutions ------------------------------------------------------------------------------------------------------

INSTITUTION_NOT_FOUND = _refusal(
    "institution_not_found", Kind.absent, "Учреждение не найдено", "The institution is not found"
)
PAGE_TAKEN = _refusal(
    "page_taken",
    Kind.conflict,
    "Эта страница уже подключена в другом регионе",
    "This page is already connected in another region",
)

# People ------------------------------------------------------------------------------------------------------------

PERSON_NOT_FOUND = _refusal("person_not_found", Kind.absent, "Человек не найден", "The person is not found")
PERSON_EXISTS = _refusal(
    "person_exists",
    Kind.conflict,
    "Этот человек у вас уже записан",
    "You already have this person",
)
SELF_EXISTS = _refusal(
    "self_exists", Kind.conflict, "Вы уже записали самого себя", "You have already written yourself down"
)
PERSON_HAS_BOOKINGS = _refusal(
    "person_has_bookings",
    Kind.conflict,
    "У этого человека есть действующие записи: сначала отмените их",
    "This person has active bookings: cancel them first",
)
SNILS_INVALID = _refusal(
    "snils_invalid",
    Kind.invalid,
    "В номере СНИЛС опечатка: контрольные цифры не сходятся",
    "The СНИЛС (SNILS) has a typing error: its check digits do not match",
)
POLICY_INVALID = _refusal(
    "policy_invalid",
    Kind.invalid,
    "В номере полиса опечатка: контрольная цифра не сходится",
    "The policy number has a typing error: its check digit does not match",
)
BIRTH_DATE_IMPOSSIBLE = _refusal(
    "birth_date_impossible",
    Kind.conflict,
    "Дата рождения в будущем или слишком давно",
    "The birth date is in the future or too long ago",
)

# A doctor's ticket -------------------------------------------------------------------------------------------------

SLOT_NOT_FOUND = _refusal("slot_not_found", Kind.absent, "Такого времени приёма нет", "There is no such slot")
TIME_TAKEN = _refusal(
    "time_taken", Kind.conflict, "Это время уже занято: выберите другое", "This time is taken: choose another"
)
TIME_PASSED = _refusal(
    "time_passed", Kind.conflict, "Это время уже прошло: выберите другое", "This time has passed: choose another"
)
ALREADY_HAS_TICKET = _refusal(
    "already_has_ticket",
    Kind.conflict,
    "У пациента уже есть талон к этому специалисту: отмените его или придите по нему",
    "The patient already has a ticket to this specialty: cancel it or use it",
)
PERSON_BUSY = _refusal(
    "person_busy",
    Kind.conflict,
    "Человек уже записан на это время в другое место",
    "The person is booked elsewhere at that time",
)
SLOT_FOR_ANOTHER_AGE = _refusal(
    "slot_for_another_age",
    Kind.conflict,
    "Это время — для пациентов другого возраста",
    "This slot is for patients of another age",
)
SLOT_FOR_ANOTHER_SEX = _refusal(
    "slot_for_another_sex",
    Kind.conflict,
    "Это время — для пациентов другого пола",
    "This slot is for patients of the other sex",
)
REFERRAL_NEEDED = _refusal(
    "referral_needed",
    Kind.conflict,
    "К этому специалисту нужно направление: укажите его номер",
    "This specialty needs a referral: give its number",
)
SPECIALTY_CLOSED = _refusal(
    "specialty_closed",
    Kind.conflict,
    "К этому специалисту через интернет не записывают: обратитесь в регистратуру",
    "This specialty is not booked online: ask the registry desk",
)
NOT_ATTACHED = _refusal(
    "not_attached",
    Kind.conflict,
    "Пациент не прикреплён к этой поликлинике, или не указан его СНИЛС",
    "The patient is not attached to this clinic, or their СНИЛС (SNILS) is not given",
)
APPOINTMENT_NOT_FOUND = _refusal("appointment_not_found", Kind.absent, "Талон не найден", "The ticket is not found")
CANCELLATION_CLOSED = _refusal(
    "cancellation_closed",
    Kind.conflict,
    "Отменить талон уже нельзя: позвоните в учреждение",
    "The ticket can no longer be cancelled: call the institution",
)
SPECIALTY_UNKNOWN = _refusal(
    "specialty_unknown",
    Kind.conflict,
    "Такой специальности нет в справочнике",
    "There is no such specialty in the catalogue",
)
SPECIALTY_IN_USE = _refusal(
    "specialty_in_use",
    Kind.conflict,
    "У врача есть приёмы по специальности, которой нет в новом списке",
    "The practitioner has slots of a specialty that the new list leaves out",
)
AGES_CROSSED = _refusal(
    "ages_crossed", Kind.conflict, "Возраст «от» больше возраста «до»", "age_from is greater than age_to"
)
SLOT_OUTSIDE_WINDOW = _refusal(
    "slot_outside_window",
    Kind.conflict,
    "Приём начинается вне публикуемого промежутка",
    "A slot starts outside the window that is being published",
)
SLOT_TWICE = _refusal(
    "slot_twice", Kind.conflict, "Один external_id встречается дважды", "The same external_id comes twice"
)
REFERENCE_UNKNOWN = _refusal(
    "reference_unknown",
    Kind.conflict,
    "Врач с такой специальностью или кабинет ещё не опубликованы",
    "The practitioner with that specialty, or the location, is not published yet",
)

# A club's place ----------------------------------------------------------------------------------------------------

GROUP_NOT_FOUND = _refusal("group_not_found", Kind.absent, "Группа не найдена", "The group is not found")
GROUP_FULL = _refusal(
    "group_full", Kind.conflict, "Свободных мест в группе нет", "There are no free places in the group"
)
ENROLMENT_NOT_OPEN = _refusal(
    "enrolment_not_open", Kind.conflict, "Запись в группу ещё не открыта", "Enrolment has not opened yet"
)
ENROLMENT_CLOSED = _refusal("enrolment_closed", Kind.conflict, "Запись в группу закончилась", "Enrolment has closed")
TOO_YOUNG = _refusal(
    "too_young",
    Kind.conflict,
    "К началу занятий ребёнок ещё мал для этой группы",
    "The child is too young for this group at its start",
)
TOO_OLD = _refusal(
    "too_old",
    Kind.conflict,
    "К началу занятий ребёнок старше, чем принимают в эту группу",
    "The child is too old for this group at its start",
)
ALREADY_APPLIED = _refusal(
    "already_applied",
    Kind.conflict,
    "На этого ребёнка уже подана заявка в эту группу",
    "This child already has an application to this group",
)
APPLICATION_NOT_FOUND = _refusal(
    "application_not_found", Kind.absent, "Заявка не найдена", "The application is not found"
)
APPLICATION_ILLEGAL_MOVE = _refusal(
    "application_illegal_move",
    Kind.conflict,
    "Из нынешнего статуса заявки это сделать нельзя",
    "The application's present status does not allow this",
)
PROGRAMME_UNKNOWN = _refusal(
    "programme_unknown", Kind.conflict, "Такая программа ещё не опубликована", "The programme is not published yet"
)
DATES_CROSSED = _refusal(
    "dates_crossed",
    Kind.conflict,
    "Начало позже конца, или срок слишком долгий",
    "A begin is after its end, or the period is too long",
)
GROUP_TIMES_HELD = _refusal(
    "group_times_held",
    Kind.conflict,
    "В группу уже поданы заявки: её занятия нельзя перенести",
    "The group already has applications: its lessons can't be moved",
)
GROUP_OVER_CAPACITY = _refusal(
    "group_over_capacity",
    Kind.conflict,
    "Мест не может быть меньше, чем уже занято",
    "There can't be fewer places than are taken",
)
