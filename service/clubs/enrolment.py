"""The institution's side: how it enrols, and what it gives priority for."""

from uuid import UUID

from schemas import problems
from schemas.enrolment import Benefit, BenefitList, BenefitsBody, EnrolmentRules
from schemas.problems import FieldError
from service.clubs import store
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.operations import Actor
from service.institutions.usecases import find_institution, lock_institution


async def get_enrolment_rules(conn: Connection, actor: Actor, institution_id: UUID) -> EnrolmentRules:
    """How the institution enrols."""
    institution = await find_institution(conn, actor.region_id, institution_id)
    return EnrolmentRules(**{name: institution[name] for name in EnrolmentRules.model_fields})


async def put_enrolment_rules(
    conn: Connection, actor: Actor, institution_id: UUID, body: EnrolmentRules, clock: Clock
) -> EnrolmentRules:
    """Says how the institution enrols. Deadlines that were set before stay as they are."""
    await find_institution(conn, actor.region_id, institution_id)
    await store.put_enrolment_rules(conn, actor.region_id, institution_id, body)
    fields = sorted(body.model_fields_set)
    await journal(conn, actor.region_id, actor.id, "enrolment_rules_put", institution_id, clock(), fields=fields)
    return body


async def list_benefits(conn: Connection, actor: Actor, institution_id: UUID) -> BenefitList:
    """What the institution gives priority for, the greatest weight first."""
    await find_institution(conn, actor.region_id, institution_id)
    rows = await store.list_benefits(conn, actor.region_id, institution_id)
    return BenefitList(items=[Benefit(**dict(row)) for row in rows])


async def put_benefits(
    conn: Connection, actor: Actor, institution_id: UUID, body: BenefitsBody, clock: Clock
) -> BenefitList:
    """Says all that the institution gives priority for. Applications keep the weight that they came with."""
    await lock_institution(conn, actor.region_id, institution_id)
    known: set[str] = set()
    for index, item in enumerate(body.items):
        if item.code in known:
            again = FieldError(place="body", pointer=f"/items/{index}/code", message="comes twice")
            raise DomainError(problems.BENEFIT_TWICE, errors=[again])
        known.add(item.code)
    await store.put_benefits(conn, actor.region_id, institution_id, body.items)
    await journal(conn, actor.region_id, actor.id, "benefits_put", institution_id, clock(), codes=sorted(known))
    return await list_benefits(conn, actor, institution_id)
