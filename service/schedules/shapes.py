"""A schedule as published, as the rules know it, and as its row holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas import schedules as shown
from service.core.database import Record
from service.schedules.rules import Exceptional, Hours, Release, Schedule

Locations = Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class Template:
    """A schedule of an institution, with what its slots are made from."""

    id: UUID
    region_id: int
    institution_id: UUID
    zone: ZoneInfo
    made_until: date | None
    schedule: Schedule


def template_of(row: Record, locations: Locations) -> Template:
    body = shown.ScheduleBody.model_validate_json(row["rules"])
    return Template(
        row["id"],
        row["region_id"],
        row["institution_id"],
        ZoneInfo(row["zone"]),
        row["made_until"],
        schedule_of(row["external_id"], row["practitioner_id"], body, locations),
    )


def published(row: Record) -> shown.Schedule:
    """As it was published, which its row keeps word for word."""
    known = {name: str(row[name]) for name in ("id", "institution_id", "external_id")}
    made_until = row["made_until"] and row["made_until"].isoformat()
    return shown.Schedule.model_validate_json(
        orjson.dumps({**orjson.loads(row["rules"]), **known, "made_until": made_until})
    )


def locations_in(body: shown.ScheduleBody) -> list[tuple[str, str]]:
    """(JSON pointer, the institution's own id) of each location that a schedule names."""
    found = [("/location_id", body.location_id)]
    named = [(f"/hours/{number}", hours.location_id) for number, hours in enumerate(body.hours)]
    for number, exception in enumerate(body.exceptions):
        named.append((f"/exceptions/{number}", exception.location_id))
        extra = enumerate(exception.extra_hours)
        named += [(f"/exceptions/{number}/extra_hours/{at}", hours.location_id) for at, hours in extra]
    return found + [(f"{pointer}/location_id", location) for pointer, location in named if location is not None]


def schedule_of(own_id: str, practitioner_id: UUID, body: shown.ScheduleBody, locations: Locations) -> Schedule:
    """A schedule as the rules know it. Raises KeyError where `locations` lacks one that it names."""
    release = body.release
    return Schedule(
        external_id=own_id,
        practitioner_id=practitioner_id,
        specialty_code=body.specialty_code,
        location_id=locations[body.location_id],
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        weekly=tuple((day, _hours(hours, locations)) for hours in body.hours for day in sorted(set(hours.weekdays))),
        slot_minutes=body.slot_minutes,
        capacity=body.capacity,
        purpose=body.purpose,
        weekly_breaks=tuple((day, pause.begins, pause.ends) for pause in body.breaks for day in pause.weekdays),
        exceptions=tuple(_exceptional(exception, locations) for exception in body.exceptions),
        works_on_holidays=body.works_on_holidays,
        channels=tuple(sorted(set(body.channels))),
        shares=body.shares and body.shares.model_dump(exclude_none=True),
        passes_hours=body.passes_hours,
        min_lead_minutes=body.min_lead_minutes,
        age_from=body.age_from,
        age_to=body.age_to,
        sex=body.sex,
        access=body.access,
        release=Release(release.policy, release.horizon_days, release.release_time, release.window_minutes),
    )


def _hours(hours: shown.Hours, locations: Locations) -> Hours:
    return Hours(
        hours.begins,
        hours.ends,
        locations[hours.location_id] if hours.location_id is not None else None,
        hours.slot_minutes,
        hours.capacity,
        hours.purpose,
        tuple(sorted(set(hours.channels))) if hours.channels is not None else None,
    )


def _exceptional(exception: shown.ScheduleException, locations: Locations) -> Exceptional:
    return Exceptional(
        exception.day_from,
        exception.day_to or exception.day_from,
        exception.closed,
        tuple(_hours(hours, locations) for hours in exception.extra_hours),
        tuple((pause.begins, pause.ends) for pause in exception.breaks),
        locations[exception.location_id] if exception.location_id is not None else None,
        exception.slot_minutes,
    )
