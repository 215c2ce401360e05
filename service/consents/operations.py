"""Consents to the processing of personal data: texts by version, given and withdrawn."""

from schemas import problems as p
from service.consents import usecases
from service.core.operations import CITIZEN, PUBLIC, Operation, Transaction, operator

OPERATIONS = (
    Operation(
        "GET", "/v1/consent-texts", "listConsentTexts", usecases.list_consent_texts, PUBLIC, Transaction.READ,
        "List the texts of consents",
    ),
    Operation(
        "GET", "/v1/consents", "listConsents", usecases.list_consents, CITIZEN, Transaction.READ,
        "List the citizen's consents",
    ),
    Operation(
        "PUT", "/v1/consents/{purpose}", "putConsent", usecases.put_consent, CITIZEN, Transaction.STATEMENT,
        "Consent for oneself or a person one represents",
        refusals=(p.PERSON_NOT_FOUND, p.GUARDIAN_MAY_NOT, p.CONSENT_TEXT_CHANGED),
    ),
    Operation(
        "DELETE", "/v1/consents/{purpose}", "withdrawConsent", usecases.withdraw_consent, CITIZEN,
        Transaction.STATEMENT, "Withdraw a consent", refusals=(p.PERSON_NOT_FOUND, p.CONSENT_NOT_FOUND),
    ),
    Operation(
        "PUT", "/v1/consent-rules", "putConsentRules", usecases.put_consent_rules, operator("institutions:write"),
        Transaction.WRITE, "Set whether the region requires consents",
    ),
)  # fmt: skip
