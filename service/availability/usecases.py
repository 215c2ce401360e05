"""What everybody may know of free tickets, and a citizen's search through the whole region."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.availability import (
    ClinicInSearch,
    FirstFree,
    FirstFreeFilter,
    FirstFreeList,
    FoundSlot,
    FoundSlotList,
    SlotSearch,
)
from schemas.common import INTEGER_TEXT, RegionCode
from schemas.doctors import NamedPractitioner, Place
from service.availability import rules, store
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_region
from service.scheduling.rules import days_bounds

RegionInPath = Annotated[RegionCode, INTEGER_TEXT]
_NIL = UUID(int=0)


async def list_first_free(
    conn: Connection, region_code: RegionInPath, query: FirstFreeFilter, clock: Clock
) -> FirstFreeList:
    """Days to the first free ticket of a specialty, for each clinic of a region and for half of them.

    A ticket counts where a citizen could take it now through the internet.
    """
    await find_region(conn, region_code)
    now = clock()
    rows = await store.list_first_free(conn, region_code, query.specialty_code, query.municipality, now)
    items = [FirstFree(clinic=_clinic(row, "id", "name"), days=_days(row, now)) for row in rows]
    return FirstFreeList(
        region_code=region_code,
        specialty_code=query.specialty_code,
        median_days=rules.median_days(item.days for item in items),
        items=items,
    )


async def search_slots(
    conn: Connection, actor: Actor, query: SlotSearch, cursors: Cursors, clock: Clock
) -> FoundSlotList:
    """Free times of a specialty across the clinics of the caller's region, by time, from now on.

    The answer may be a second old; what was taken meanwhile is refused at the booking, with the nearest free times.
    """
    zone = ZoneInfo((await find_region(conn, actor.region_id))["zone"])
    now = clock()
    first = query.day_from or now.astimezone(zone).date()
    begin, end = days_bounds(first, query.days, zone)
    scope = f"search:{actor.region_id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (begin, _NIL)
    rows = await store.search_slots(
        conn,
        actor.region_id,
        query.specialty_code,
        query.municipality,
        max(position, (now, _NIL)),
        end,
        now,
        query.limit + 1,
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["starts_at"].isoformat(), row["id"]))
    return FoundSlotList(items=[_slot(row) for row in page], next_cursor=cursor)


def _days(row: Record, now: datetime) -> int | None:
    starts_at: datetime | None = row["starts_at"]
    return None if starts_at is None else rules.days_until(starts_at, now, ZoneInfo(row["zone"]))


def _clinic(row: Record, id_column: str, name_column: str) -> ClinicInSearch:
    return ClinicInSearch(id=row[id_column], name=row[name_column], municipality=row["municipality"])


def _slot(row: Record) -> FoundSlot:
    zone = ZoneInfo(row["zone"])
    return FoundSlot(
        id=row["id"],
        clinic=_clinic(row, "clinic_id", "clinic_name"),
        specialty_code=row["specialty_code"],
        practitioner=NamedPractitioner(
            id=row["practitioner_id"],
            last_name=row["last_name"],
            first_name=row["first_name"],
            patronymic=row["patronymic"],
        ),
        location=Place(name=row["name"], address=row["address"], room=row["room"]),
        starts_at=row["starts_at"].astimezone(zone),
        ends_at=row["ends_at"].astimezone(zone),
        free=row["free"],
        age_from=row["age_from"],
        age_to=row["age_to"],
        sex=row["sex"],
        purpose=row["purpose"],
    )
