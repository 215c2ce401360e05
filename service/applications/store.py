"""Applications, from both sides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from schemas import problems
from schemas.applications import ApplicationStatus
from schemas.received_applications import ReceivedApplicationFilter
from service.core.database import Collision, Connection, Record, refusing
from service.core.operations import IdempotencyKey
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {
    "idempotency_key_reused": problems.KEY_REUSED,
    "person_not_found": problems.PERSON_NOT_FOUND,
    "consent_missing": problems.CONSENT_MISSING,
    "group_not_found": problems.GROUP_NOT_FOUND,
    "group_locked": problems.GROUP_LOCKED,
    "enrolment_not_open": problems.ENROLMENT_NOT_OPEN,
    "enrolment_closed": problems.ENROLMENT_CLOSED,
    "group_by_wishes": problems.GROUP_BY_WISHES,
    "group_being_filled": problems.GROUP_BEING_FILLED,
    "group_not_filled": problems.GROUP_NOT_FILLED,
    "too_young": problems.TOO_YOUNG,
    "too_old": problems.TOO_OLD,
    "already_applied": problems.ALREADY_APPLIED,
    "applications_person_once_a_group": problems.ALREADY_APPLIED,
    "too_many_applications": problems.TOO_MANY_APPLICATIONS,
    "too_many_groups": problems.TOO_MANY_GROUPS,
    "applying_paused": problems.APPLYING_PAUSED,
    "too_many_today": problems.TOO_MANY_TODAY,
    "financing_not_offered": problems.FINANCING_NOT_OFFERED,
    "certificate_needed": problems.CERTIFICATE_NEEDED,
    "certificate_not_found": problems.CERTIFICATE_NOT_FOUND,
    "certificate_age": problems.CERTIFICATE_AGE,
    "certificate_of_another_year": problems.CERTIFICATE_OF_ANOTHER_YEAR,
    "certificate_suspended": problems.CERTIFICATE_SUSPENDED,
    "certificates_not_overspent": problems.CERTIFICATE_SPENT,
    "certificates_few_programmes": problems.CERTIFICATE_PROGRAMMES_SPENT,
    "benefit_unknown": problems.BENEFIT_UNKNOWN,
    "family_first_come_only": problems.FAMILY_FIRST_COME_ONLY,
    "too_little_time_between": problems.TOO_LITTLE_TIME_BETWEEN,
    "applications_one_draft": problems.DRAFT_EXISTS,
    "group_full": problems.GROUP_FULL,
    "groups_not_oversold": problems.GROUP_FULL,
    "engagements_one_place_at_a_time": problems.PERSON_BUSY,
    "applications_number": Collision,
    "application_not_found": problems.APPLICATION_NOT_FOUND,
    "application_illegal_move": problems.APPLICATION_ILLEGAL_MOVE,
    "place_not_offered": problems.PLACE_NOT_OFFERED,
    "place_offer_lapsed": problems.PLACE_OFFER_LAPSED,
    "test_in_the_past": problems.TEST_IN_THE_PAST,
    "test_not_held": problems.TEST_NOT_HELD,
    "test_not_passed": problems.TEST_NOT_PASSED,
    "order_written": problems.ORDER_WRITTEN,
    "start_outside_group": problems.START_OUTSIDE_GROUP,
    "documents_missing": problems.DOCUMENTS_MISSING,
    "benefit_not_claimed": problems.BENEFIT_NOT_CLAIMED,
}


# The citizen's side ------------------------------------------------------------------------------------------------


async def apply_to_groups(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    operation: str,
    key: IdempotencyKey,
    items: Sequence[dict[str, Any]],
    family_id: UUID | None,
    now: datetime,
) -> str:
    """One round trip: writes one application, or a family's, or gives what the key brought about before. JSON."""
    encoded = orjson.dumps(list(items)).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.apply_to_groups, region_id, citizen_id, operation, key.key, key.request_hash, encoded, family_id, now
        )


async def nearest_free_groups(
    conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, group_id: UUID, now: datetime
) -> list[Record]:
    """Up to three groups of the institution in place of one: open, with places, and the child fits and is free then."""
    return await conn.fetch(SQL.nearest_free_groups, region_id, citizen_id, person_id, group_id, now)


async def draft_application(
    conn: Connection, region_id: int, citizen_id: UUID, key: IdempotencyKey, item: dict[str, Any], now: datetime
) -> str:
    """JSON."""
    encoded = orjson.dumps(item).decode()
    with refusing(VIOLATIONS):
        return await conn.fetchval(
            SQL.draft_application, region_id, citizen_id, key.key, key.request_hash, encoded, now
        )


async def update_draft(
    conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID, changes: dict[str, Any], now: datetime
) -> None:
    encoded = orjson.dumps(changes).decode()
    with refusing(VIOLATIONS):
        await conn.execute(SQL.update_draft, region_id, citizen_id, application_id, encoded, now)


async def submit_application(
    conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.submit_application, region_id, citizen_id, application_id, now)


async def withdraw_application(
    conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.withdraw_application, region_id, citizen_id, application_id, now)


async def accept_group_place(
    conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.accept_group_place, region_id, citizen_id, application_id, now)


async def decline_group_place(
    conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID, now: datetime
) -> None:
    with refusing(VIOLATIONS):
        await conn.execute(SQL.decline_group_place, region_id, citizen_id, application_id, now)


async def list_applications(
    conn: Connection, region_id: int, citizen_id: UUID, status: str | None, before: UUID | None, limit: int
) -> list[Record]:
    """Latest first; each with its id and the JSON that is shown."""
    return await conn.fetch(SQL.list_applications, region_id, citizen_id, status, before, limit)


async def find_application(conn: Connection, region_id: int, citizen_id: UUID, application_id: UUID) -> str | None:
    """JSON."""
    return await conn.fetchval(SQL.find_application, region_id, citizen_id, application_id)


# The institution's side --------------------------------------------------------------------------------------------


async def decide_application(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    application_id: UUID,
    decision: str,
    actor_id: UUID,
    now: datetime,
) -> None:
    """`decision`: JSON of the schema."""
    with refusing(VIOLATIONS):
        await conn.execute(SQL.decide_application, region_id, institution_id, application_id, decision, actor_id, now)


async def lock_groups(
    conn: Connection, region_id: int, institution_id: UUID, applications: Sequence[UUID], group_id: UUID | None
) -> None:
    """Locks the groups of these applications and of their families, and one more, in the order of their ids."""
    await conn.execute(SQL.lock_groups, region_id, institution_id, applications, group_id)


async def find_group_id(conn: Connection, region_id: int, institution_id: UUID, external_id: str) -> UUID | None:
    return await conn.fetchval(SQL.find_group_id, region_id, institution_id, external_id)


async def transfer_application(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    application_id: UUID,
    group_id: UUID,
    order: str,
    actor_id: UUID,
    now: datetime,
) -> None:
    """`order`: JSON of the order's number and date, `starts_on`, and `age_reason`."""
    with refusing(VIOLATIONS):
        await conn.execute(
            SQL.transfer_application, region_id, institution_id, application_id, group_id, order, actor_id, now
        )


async def find_statuses(
    conn: Connection, region_id: int, applications: Sequence[UUID]
) -> dict[UUID, ApplicationStatus]:
    rows = await conn.fetch(SQL.find_statuses, region_id, applications)
    return {row["id"]: row["status"] for row in rows}


async def list_received_applications(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    wanted: ReceivedApplicationFilter,
    due_by: datetime | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Record]:
    """As they were made or by their deadline, behind a position; each with the JSON that is shown."""
    filters = (
        wanted.status.split(",") if wanted.status else None,
        wanted.group_id,
        wanted.own_group_id,
        wanted.benefit,
        wanted.financing,
        wanted.has_test,
        wanted.number and wanted.number.upper(),
        due_by,
    )
    if wanted.sort == "deadline":
        return await conn.fetch(SQL.list_due_applications, region_id, institution_id, *filters, *after, limit)
    return await conn.fetch(SQL.list_received_applications, region_id, institution_id, *filters, after[1], limit)


async def summarise_groups(
    conn: Connection,
    region_id: int,
    institution_id: UUID,
    now: datetime,
    school_year: int | None,
    after: tuple[str | None, UUID | None],
    limit: int,
) -> list[Record]:
    """By name; `after` is the name and the id of the last one of the page before."""
    return await conn.fetch(SQL.summarise_groups, region_id, institution_id, now, school_year, *after, limit)


async def find_received_application(
    conn: Connection, region_id: int, institution_id: UUID, application_id: UUID
) -> str | None:
    """JSON."""
    return await conn.fetchval(SQL.find_received_application, region_id, institution_id, application_id)


# By itself ---------------------------------------------------------------------------------------------------------


async def lapse_a_place(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.lapse_a_place, now)


async def expire_applications(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.expire_applications, now)


async def offer_free_group_places(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.offer_free_group_places, now)


async def expire_an_approved(conn: Connection, now: datetime) -> int:
    return await conn.fetchval(SQL.expire_an_approved, now)
