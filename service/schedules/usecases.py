"""What anybody may know: an institution's working days, and when places open."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.schedules import (
    AnnouncedRelease,
    CalendarDay,
    CalendarFilter,
    CalendarList,
    ReleaseFilter,
    ReleaseList,
    ReleaseOfDay,
)
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.operations import Actor
from service.institutions.usecases import find_institution
from service.schedules import store
from service.schedules.rules import opens_online, release_of, works_on
from service.schedules.shapes import Template, template_of
from service.scheduling.calendar import Calendar, calendar_of, days_between

_LONGEST_CALENDAR = timedelta(days=366)
_DAYS_ANNOUNCED = 7
# How far behind the horizon the next days of work are looked for.
_DAYS_LOOKED_AT = 21


async def list_calendar(conn: Connection, actor: Actor, institution_id: UUID, query: CalendarFilter) -> CalendarList:
    """The days that an institution does not work as their weekday says: the national calendar, and its own days."""
    if not timedelta() <= query.day_to - query.day_from <= _LONGEST_CALENDAR:
        raise DomainError(problems.DATES_CROSSED)
    await find_institution(conn, actor.region_id, institution_id)
    own = await store.calendar_days(conn, actor.region_id, institution_id, query.day_from, query.day_to)
    days = calendar_of(query.day_from, query.day_to, own)
    return CalendarList(items=[CalendarDay(day=day, works_as=works, own=day in own) for day, works in days.items()])


async def list_releases(conn: Connection, actor: Actor, query: ReleaseFilter, clock: Clock) -> ReleaseList:
    """How each doctor's places open to citizens, and when the next do.

    Of a jittered release the window is told, not the moments in it.
    """
    institution = await find_institution(conn, actor.region_id, query.institution_id)
    now = clock()
    today = now.astimezone(ZoneInfo(institution["zone"])).date()
    rows = await store.schedules_to_announce(conn, actor.region_id, query.institution_id, query.specialty_code, today)
    locations = await store.locations(conn, actor.region_id, query.institution_id)
    templates = [template_of(row, locations) for row in rows]
    online = [template for template in templates if opens_online(template.schedule)]
    last = max((today + _looked_at(template) for template in online), default=today)
    own = await store.calendar_days(conn, actor.region_id, query.institution_id, today, last)
    calendar = calendar_of(today, last, own)
    return ReleaseList(items=[_announced(template, now, calendar) for template in online])


def _announced(template: Template, now: datetime, calendar: Calendar) -> AnnouncedRelease:
    schedule, zone = template.schedule, template.zone
    today = now.astimezone(zone).date()
    # A window is a day long at most: what opened before yesterday is open.
    first = today + timedelta(days=max(schedule.release.horizon_days - 1, 0))
    releases = [
        (day, *release_of(schedule.release, day, zone))
        for day in days_between(first, today + _looked_at(template))
        if works_on(schedule, day, zone, calendar)
    ]
    return AnnouncedRelease(
        practitioner_id=schedule.practitioner_id,
        specialty_code=schedule.specialty_code,
        policy=schedule.release.policy,
        horizon_days=schedule.release.horizon_days,
        days=[
            ReleaseOfDay(day=day, opens_at=opens.astimezone(zone), last_opens_at=last_opens.astimezone(zone))
            for day, opens, last_opens in releases
            if last_opens > now
        ][:_DAYS_ANNOUNCED],
    )


def _looked_at(template: Template) -> timedelta:
    return timedelta(days=template.schedule.release.horizon_days + _DAYS_LOOKED_AT)
