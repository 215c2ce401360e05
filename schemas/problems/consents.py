"""Consents."""

from schemas.problems.shape import Kind, refusal

CONSENT_MISSING = refusal(
    "consent_missing",
    Kind.conflict,
    "Нет действующего согласия на обработку персональных данных этого человека",
    "There is no consent in force to the processing of this person's data",
)
CONSENT_NOT_FOUND = refusal(
    "consent_not_found", Kind.absent, "Такого согласия вы не давали", "You have given no such consent"
)
CONSENT_TEXT_CHANGED = refusal(
    "consent_text_changed",
    Kind.conflict,
    "Текст согласия изменился: прочитайте его заново",
    "The text of the consent has changed: read it anew",
)
