"""Rows of clubs as the schemas that show them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter

from schemas.clubs import Application, Decision, Group, ProgrammeInBooking, WeeklyLesson
from schemas.institutions import InstitutionInBooking
from service.core.database import Record
from service.people.usecases import person_in_booking

_LESSONS: TypeAdapter[list[WeeklyLesson]] = TypeAdapter(list[WeeklyLesson])
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
_SAME = (
    "id",
    "institution_id",
    "programme_id",
    "programme_name",
    "direction",
    "level",
    "name",
    "capacity",
    "starts_on",
    "ends_on",
    "address",
    "teachers",
    "price_month_roubles",
)


def group_of(row: Record) -> Group:
    """A group from a row with its programme and the institution's zone."""
    zone = ZoneInfo(row["zone"])
    return Group(
        **{name: row[name] for name in _SAME},
        age_from=float(row["age_from"]),
        age_to=float(row["age_to"]),
        free=row["capacity"] - row["taken"],
        enrolment_opens_at=row["enrolment_opens_at"].astimezone(zone),
        enrolment_closes_at=row["enrolment_closes_at"].astimezone(zone),
        weekly_lessons=_LESSONS.validate_json(row["weekly_lessons"]),
    )


def application_of(kept: Mapping[str, Any]) -> Application:
    """An application from `kept`: what apply_to_group gave, or a row shaped like it, with instants as ISO text."""
    terms: Mapping[str, Any] = kept["terms"]
    zone = ZoneInfo(terms["zone"])
    return Application(
        id=UUID(kept["id"]),
        number=kept["number"],
        status=kept["status"],
        group_id=UUID(kept["group_id"]),
        group_name=terms["group_name"],
        programme=ProgrammeInBooking.model_validate(terms["programme"], strict=False),
        institution=InstitutionInBooking.model_validate(terms["institution"], strict=False),
        person=person_in_booking(kept["person"]),
        starts_on=date.fromisoformat(terms["starts_on"]),
        ends_on=date.fromisoformat(terms["ends_on"]),
        weekly_lessons=_LESSONS.validate_json(orjson.dumps(terms["weekly_lessons"])),
        address=terms["address"],
        teachers=terms["teachers"],
        price_month_roubles=terms["price_month_roubles"],
        decision=_DECISION.validate_json(orjson.dumps(kept["decision"])) if kept["decision"] else None,
        created_at=datetime.fromisoformat(kept["created_at"]).astimezone(zone),
        updated_at=datetime.fromisoformat(kept["updated_at"]).astimezone(zone),
    )


def kept_application(row: Record) -> Mapping[str, Any]:
    """A row in the shape that apply_to_group gives."""
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "status": row["status"],
        "group_id": str(row["group_id"]),
        "terms": orjson.loads(row["terms"]),
        "decision": orjson.loads(row["decision"]) if row["decision"] else None,
        "created_at": row["created_at"].astimezone(UTC).isoformat(),
        "updated_at": row["updated_at"].astimezone(UTC).isoformat(),
        "person": {name: row[name] for name in ("last_name", "first_name", "patronymic")} | {"id": row["person_id"]},
    }
