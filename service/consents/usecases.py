"""Consents: shown, given, withdrawn. What may not begin without one is held by functions/consents.sql."""

from typing import Any

import orjson

from schemas.common import ConsentPurpose
from schemas.consents import (
    Consent,
    ConsentBody,
    ConsentList,
    ConsentQuery,
    ConsentRules,
    ConsentText,
    ConsentTextList,
    ConsentWithdrawal,
)
from service.consents import store
from service.core.clock import Clock
from service.core.database import Connection
from service.core.ids import new_id
from service.core.journal import journal
from service.core.operations import Actor, Language


async def list_consent_texts(conn: Connection, language: Language, clock: Clock) -> ConsentTextList:
    """The texts in force, one for each purpose. Show one whole; what is agreed to is named by its version and hash."""
    rows = await store.list_texts(conn, language, clock())
    return ConsentTextList(items=[ConsentText(**row) for row in rows])


async def list_consents(conn: Connection, actor: Actor, clock: Clock) -> ConsentList:
    """What the citizen has consented to: the last consent for each person and purpose, withdrawn ones too."""
    required, shown = await store.list_consents(conn, actor.region_id, actor.id, clock())
    return ConsentList(required=required, items=[_consent(kept) for kept in shown])


async def put_consent(
    conn: Connection, actor: Actor, purpose: ConsentPurpose, body: ConsentBody, clock: Clock
) -> Consent:
    """Consents to the text in force, for oneself or as the legal representative of a person (152-ФЗ, art. 9).

    It counts for what this citizen begins for that person. Each parent consents for themself. Twice is once.
    """
    kept = await store.give_consent(
        conn, actor.region_id, actor.id, body.person_id, purpose, body.version, body.text_hash, new_id(), clock()
    )
    return _consent(orjson.loads(kept))


async def withdraw_consent(
    conn: Connection, actor: Actor, purpose: ConsentPurpose, query: ConsentQuery, clock: Clock
) -> ConsentWithdrawal:
    """Withdraws a consent, and ends what stands on it: with `dry_run` it only says what that would be.

    Of `booking` end tickets that may still be cancelled, waiting and requests of open draws; of `enrolment`
    applications that are not enrolled, wishes of open campaigns and trial lessons to come. A ticket that can't be
    cancelled any more and an enrolled child stay: the law has other grounds for these. What another guardian has begun
    stands on their own consent. Twice is no error.
    """
    kept = orjson.loads(
        await store.withdraw_consent(
            conn, actor.region_id, actor.id, query.person_id, purpose, clock(), end=not query.dry_run
        )
    )
    return ConsentWithdrawal.model_validate(
        {"dry_run": query.dry_run, "consent": _consent(kept["consent"]), "ended": kept["ended"]}, strict=False
    )


async def put_consent_rules(conn: Connection, actor: Actor, body: ConsentRules, clock: Clock) -> ConsentRules:
    """Sets whether nothing is booked and no application made in the region without a consent.

    What is under way is not touched by it.
    """
    await store.put_rules(conn, actor.region_id, required=body.required)
    await journal(conn, actor.region_id, actor.id, "consent_rules_put", actor.id, clock(), required=body.required)
    return body


def _consent(kept: dict[str, Any]) -> Consent:
    return Consent.model_validate(kept, strict=False)
