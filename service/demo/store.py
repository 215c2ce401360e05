"""Many rows at once: the demonstration's slots, patients and bookings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from service.core.database import Connection
from service.core.ids import new_id, new_number
from service.core.queries import beside
from service.demo.clinics import Visit
from service.demo.region import REGION

SQL = beside(__file__)


async def has_institutions(conn: Connection) -> bool:
    """Whether there is any, of any region."""
    return await conn.fetchval(SQL.has_institutions)


async def has_institution(conn: Connection, institution_id: UUID) -> bool:
    return await conn.fetchval(SQL.has_institution, REGION, institution_id)


async def last_slot(conn: Connection, institution_id: UUID) -> datetime | None:
    """When the last of the institution's slots begins that were added here; None where there are none."""
    return await conn.fetchval(SQL.last_slot, REGION, institution_id)


async def list_group_ids(conn: Connection, institution_id: UUID) -> set[str]:
    """The institution's own ids of its groups."""
    return {row["external_id"] for row in await conn.fetch(SQL.list_group_ids, REGION, institution_id)}


async def add_slots(conn: Connection, institution_id: UUID, visits: Sequence[Visit]) -> list[tuple[UUID, Visit]]:
    """Adds those of doctors who are still there with their specialty and room; gives what it added."""
    ids = [new_id() for _ in visits]
    rows = await conn.fetch(
        SQL.add_slots,
        REGION,
        institution_id,
        ids,
        *([getattr(visit, name) for visit in visits] for name in ("external_id", "doctor", "specialty_code")),
        *([getattr(visit, name) for visit in visits] for name in ("starts_at", "ends_at")),
        [visit.ages[0] for visit in visits],
        [visit.ages[1] for visit in visits],
        [visit.sex for visit in visits],
    )
    added = {row["id"] for row in rows}
    return [(slot_id, visit) for slot_id, visit in zip(ids, visits, strict=True) if slot_id in added]


async def count_places(conn: Connection) -> None:
    """Tells the planner of the slots and groups that were just added: it finds them by the wrong index otherwise."""
    await conn.execute(SQL.count_places)


async def add_patients(conn: Connection, persons: Sequence[dict[str, Any]]) -> None:
    """`persons`: columns of the table, with everything that is not null."""
    await conn.execute(SQL.add_patients, REGION, orjson.dumps(persons).decode())


async def book_appointments(conn: Connection, bookings: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """Each for (person, slot, when it was booked), by the rules that hold for everyone."""
    await _book(conn, SQL.book_appointments, (REGION,), bookings)


async def apply_to_groups(conn: Connection, applications: Sequence[tuple[UUID, UUID, datetime]]) -> list[UUID]:
    """Each for (person, group, when it was made), by the rules that hold for everyone; gives the ids."""
    return await _book(conn, SQL.apply_to_groups, (REGION,), applications)


async def move_applications(
    conn: Connection,
    applications: Sequence[UUID],
    moved_to: str,
    changes: dict[str, Any],
    actor_id: UUID,
    now: datetime,
) -> None:
    """By the institutions that received them."""
    encoded = orjson.dumps(changes).decode()
    await conn.execute(SQL.move_applications, REGION, moved_to, encoded, actor_id, now, applications)
    await conn.execute(SQL.tell_nobody, REGION, applications)


async def _book(
    conn: Connection, statement: str, first: tuple[object, ...], bookings: Sequence[tuple[UUID, UUID, datetime]]
) -> list[UUID]:
    ids = [new_id() for _ in bookings]
    persons, places, instants = ([booking[index] for booking in bookings] for index in range(3))
    await conn.execute(statement, *first, ids, persons, places, [new_number() for _ in bookings], instants)
    await conn.execute(SQL.tell_nobody, REGION, ids)
    return ids
