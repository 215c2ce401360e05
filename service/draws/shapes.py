"""Rows as the schemas that show them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.doctors import NamedPractitioner, Place
from schemas.draws import Draw, DrawRequest, DrawSlot
from service.core.database import Record
from service.people.usecases import person_in_booking


def draw_of(row: Record, slots: int, now: datetime) -> Draw:
    return Draw(**draw_fields(row, slots, now))


def draw_fields(row: Record, slots: int, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(row["zone"])
    drawn_at: datetime | None = row["drawn_at"]
    return {
        "id": row["id"],
        "institution_id": row["institution_id"],
        "specialty_code": row["specialty_code"],
        "group_id": row["group_id"],
        "day": row["day"],
        "status": _status(row, now),
        "opens_at": row["opens_at"].astimezone(zone),
        "closes_at": row["closes_at"].astimezone(zone),
        "drawn_at": drawn_at.astimezone(zone) if drawn_at else None,
        "slots": slots,
        "requests": row["requests"],
        "seed_hash": row["seed_hash"],
        "requests_digest": row["requests_digest"],
    }


def _status(row: Record, now: datetime) -> Literal["announced", "open", "closed", "drawn"]:
    if row["drawn_at"] is not None:
        return "drawn"
    if row["closed_at"] is not None or row["closes_at"] <= now:
        return "closed"
    return "open" if row["opens_at"] <= now else "announced"


def time_of(row: Record, zone: ZoneInfo) -> DrawSlot:
    return DrawSlot(
        id=row["id"],
        practitioner=NamedPractitioner(
            id=row["practitioner_id"],
            last_name=row["last_name"],
            first_name=row["first_name"],
            patronymic=row["patronymic"],
        ),
        location=Place(name=row["name"], address=row["address"], room=row["room"]),
        starts_at=row["starts_at"].astimezone(zone),
        ends_at=row["ends_at"].astimezone(zone),
        places=row["places"],
        age_from=row["age_from"],
        age_to=row["age_to"],
        sex=row["sex"],
    )


def request_of(kept: Mapping[str, Any]) -> DrawRequest:
    """The request from `kept`: what request_draw gave, or a row shaped like it, with instants as ISO text."""
    appointment_id: str | None = kept["appointment_id"]
    return DrawRequest(
        id=UUID(kept["id"]),
        draw_id=UUID(kept["draw_id"]),
        status=kept["status"],
        person=person_in_booking(kept["person"]),
        wishes=[UUID(wish) for wish in kept["wishes"]],
        referral_number=kept["referral_number"],
        appointment_id=UUID(appointment_id) if appointment_id else None,
        reason=kept["reason"],
        created_at=datetime.fromisoformat(kept["created_at"]).astimezone(ZoneInfo(kept["zone"])),
    )


def kept_request(row: Record) -> dict[str, Any]:
    """A row in the shape that request_draw gives."""
    return {
        "id": str(row["id"]),
        "draw_id": str(row["draw_id"]),
        "status": row["status"],
        "wishes": [str(wish) for wish in row["wishes"]],
        "referral_number": row["referral_number"],
        "appointment_id": str(row["appointment_id"]) if row["appointment_id"] else None,
        "reason": row["reason"],
        "created_at": row["created_at"].astimezone(UTC).isoformat(),
        "zone": row["zone"],
        "person": {name: row[name] for name in ("last_name", "first_name", "patronymic")}
        | {"id": str(row["person_id"])},
    }
