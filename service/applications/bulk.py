"""The institution's side: one decision on many applications, and transfers between groups."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.bulk_decisions import DecisionsBody, DecisionsOutcome, ItemOutcome, ItemRefusal, TransferBody
from service.applications import store
from service.applications.shapes import decision_json
from service.core.clock import Clock
from service.core.database import Connection, savepoint
from service.core.errors import DomainError
from service.core.operations import Actor, Language
from service.institutions.usecases import find_institution


async def decide_applications(
    conn: Connection, actor: Actor, institution_id: UUID, body: DecisionsBody, language: Language, clock: Clock
) -> DecisionsOutcome:
    """Decides the same on up to 200 applications; see decideApplication.

    What is refused stays as it was, and the others go on: the answer tells for each. Sending the same again changes
    nothing.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    decision, now = decision_json(body.decision, ZoneInfo(institution["zone"])), clock()

    async def decide(application_id: UUID) -> None:
        await store.decide_application(conn, actor.region_id, institution_id, application_id, decision, actor.id, now)

    applications = list(dict.fromkeys(body.application_ids))
    await store.lock_groups(conn, actor.region_id, institution_id, applications, None)
    return await _each(conn, actor, applications, decide, language)


async def transfer_applications(
    conn: Connection, actor: Actor, institution_id: UUID, body: TransferBody, language: Language, clock: Clock
) -> DecisionsOutcome:
    """Transfers up to 200 enrolled children to another group of the institution, by one order.

    Each is refused by itself where there is no place, another booking is at that time, the ages of the group do not fit
    (unless `age_reason` says why it does not matter), or a certificate has not enough left. Places that come free go to
    those who wait. Sending the same again changes nothing.
    """
    await find_institution(conn, actor.region_id, institution_id)
    group_id = await store.find_group_id(conn, actor.region_id, institution_id, body.group_id)
    if group_id is None:
        raise DomainError(problems.GROUP_NOT_FOUND)
    order, now = body.model_dump_json(exclude={"application_ids", "group_id"}), clock()

    async def transfer(application_id: UUID) -> None:
        await store.transfer_application(
            conn, actor.region_id, institution_id, application_id, group_id, order, actor.id, now
        )

    applications = list(dict.fromkeys(body.application_ids))
    await store.lock_groups(conn, actor.region_id, institution_id, applications, group_id)
    return await _each(conn, actor, applications, transfer, language)


async def _each(
    conn: Connection,
    actor: Actor,
    applications: Sequence[UUID],
    work: Callable[[UUID], Awaitable[None]],
    language: Language,
) -> DecisionsOutcome:
    """Every one in a savepoint of its own. The groups are locked already, in the order that everybody locks them in."""
    refused: dict[UUID, ItemRefusal] = {}
    for application_id in applications:
        try:
            async with savepoint(conn, keep=True):
                await work(application_id)
        except DomainError as error:
            title = error.refusal.ru if language == "ru" else error.refusal.en
            refused[application_id] = ItemRefusal(code=error.refusal.code, title=title)
    statuses = await store.find_statuses(conn, actor.region_id, [one for one in applications if one not in refused])
    return DecisionsOutcome(
        items=[
            ItemOutcome(application_id=one, status=statuses.get(one), refusal=refused.get(one)) for one in applications
        ]
    )
