"""Rows of waiting as the schemas that show them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas.appointments import NamedSpecialty
from schemas.common import Named
from schemas.doctors import NamedPractitioner, Place
from schemas.waiting import Offer, OfferedPlace, Rebooking, WaitingEntry
from service.core.database import Record
from service.core.operations import Language
from service.people.usecases import person_in_booking
from service.waiting.rules import expected_days


def entry_of(shown: str, language: Language) -> WaitingEntry:
    """An entry from what shown_entry gives in the database."""
    kept = orjson.loads(shown)
    institution: Mapping[str, str] = kept["institution"]
    zone = ZoneInfo(institution["zone"])
    before: int | None = kept["before"]
    return WaitingEntry(
        **{name: kept[name] for name in ("status", "referral_number", "lapses")},
        id=UUID(kept["id"]),
        institution=Named(id=UUID(institution["id"]), name=institution["name"]),
        specialty=_specialty(kept["specialty"], language),
        practitioner_id=_id(kept["practitioner_id"]),
        person_ids=[UUID(person_id) for person_id in kept["person_ids"]],
        day_from=date.fromisoformat(kept["day_from"]),
        day_to=date.fromisoformat(kept["day_to"]),
        time_from=time.fromisoformat(kept["time_from"]),
        time_to=time.fromisoformat(kept["time_to"]),
        place=None if before is None else before + 1,
        before=before,
        expected_days=expected_days(before, kept["moved"]),
        offer_id=_id(kept["offer_id"]),
        created_at=_instant(kept["created_at"], zone),
        ended_at=_instant(kept["ended_at"], zone) if kept["ended_at"] else None,
    )


def offer_of(row: Record, language: Language) -> Offer:
    """An offer from a row with its institution, its specialty and its places."""
    zone = ZoneInfo(row["zone"])
    expires_at: datetime | None = row["expires_at"]
    return Offer(
        **{name: row[name] for name in ("id", "status", "entry_id", "appointment_id")},
        kind="waiting" if row["entry_id"] else "rebooking",
        institution=Named(id=row["institution_id"], name=row["name"]),
        specialty=NamedSpecialty(code=row["specialty_code"], name=row[f"name_{language}"]),
        places=_places(row, zone),
        expires_at=expires_at.astimezone(zone) if expires_at else None,
        created_at=row["created_at"].astimezone(zone),
    )


def rebooking_of(row: Record, language: Language) -> Rebooking:
    """What staff see of an orphaned ticket, from a row of it with its open offer."""
    terms: Mapping[str, Any] = orjson.loads(row["terms"])
    zone = ZoneInfo(terms["zone"])
    held = _places(row, zone)
    expires_at: datetime | None = row["expires_at"]
    return Rebooking(
        **{name: row[name] for name in ("appointment_id", "number", "lapses")},
        person=person_in_booking({**row, "id": row["person_id"]}),
        specialty=_specialty(terms["specialty"], language),
        practitioner=NamedPractitioner.model_validate(terms["practitioner"], strict=False),
        starts_at=_instant(terms["starts_at"], zone),
        since=row["created_at"].astimezone(zone),
        held=held[0] if held else None,
        expires_at=expires_at.astimezone(zone) if expires_at else None,
    )


def _places(row: Record, zone: ZoneInfo) -> list[OfferedPlace]:
    return [
        OfferedPlace(
            slot_id=UUID(shown["slot_id"]),
            person_id=UUID(shown["person_id"]),
            practitioner=NamedPractitioner.model_validate(shown["practitioner"], strict=False),
            location=Place(**shown["location"]),
            starts_at=_instant(shown["starts_at"], zone),
            ends_at=_instant(shown["ends_at"], zone),
        )
        for shown in orjson.loads(row["shown_places"])
    ]


def _specialty(named: Mapping[str, str], language: Language) -> NamedSpecialty:
    return NamedSpecialty(code=named["code"], name=named[f"name_{language}"])


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)
