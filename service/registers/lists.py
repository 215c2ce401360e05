"""The list of a group: as JSON, as a spreadsheet, as a page to print."""

import asyncio
from uuid import UUID

from schemas.common import ExternalId
from schemas.registers import GroupRegister, ListRow, MonthFilter
from service.core.clock import Clock
from service.core.database import Connection
from service.core.operations import Actor, Rendered
from service.people.usecases import person_in_booking
from service.registers import rules, sheets, store
from service.registers.checks import find_register, held_lessons, month_of

_FIELDS = ("application_id", "birth_date", "order_number", "order_date", "since", "until")


async def get_group_list(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: MonthFilter, clock: Clock
) -> GroupRegister:
    """Who was in a group in a month, by name, with the orders and the attendance. Who has seen it is recorded."""
    register = await find_register(conn, actor, institution_id, group_id)
    now = clock()
    month = month_of(query.month, now, register)
    days = rules.month_days(month)
    held = [one for one in await held_lessons(conn, register, *days) if one.status != "cancelled"]
    found = await store.attendance(conn, register.region_id, register.id, *days)
    marks = {(row["application_id"], row["day"], row["starts"]): row["mark"] for row in found}
    rows = await store.members(conn, register.region_id, register.id, *days)
    items = [
        ListRow(
            number=number,
            person=person_in_booking(dict(row)),
            marks=[
                marks.get((row["application_id"], *one.key))
                if rules.is_in((row["since"], row["until"]), one.day)
                else None
                for one in held
            ],
            **{name: row[name] for name in _FIELDS},
        )
        for number, row in enumerate(rows, 1)
    ]
    group = register.group
    return GroupRegister(
        group_id=group_id,
        group_name=group["name"],
        programme_name=group["programme_name"],
        institution_name=group["institution_name"],
        teachers=group["teachers"],
        month=month,
        lessons=[rules.lesson_id(one.key) for one in held],
        items=items,
    )


async def get_group_list_xlsx(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: MonthFilter, clock: Clock
) -> Rendered:
    """The same list as a spreadsheet (XLSX), where every name is text, whatever it begins with."""
    found = await get_group_list(conn, actor, institution_id, group_id, query, clock)
    content = await asyncio.to_thread(sheets.xlsx_of, found)
    name = f'attachment; filename="{group_id}-{found.month}.xlsx"'
    return Rendered(sheets.XLSX, content, {"Content-Disposition": name}, found)


async def get_group_list_html(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: MonthFilter, clock: Clock
) -> Rendered:
    """The same list as a page to print on A4, or to save as PDF. It loads nothing and runs nothing."""
    found = await get_group_list(conn, actor, institution_id, group_id, query, clock)
    return Rendered("text/html", sheets.html_of(found), {"Content-Security-Policy": sheets.POLICY}, found)
