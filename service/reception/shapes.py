"""Rows as what staff see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson

from schemas.doctors import CHANNELS, NamedPractitioner, Place
from schemas.reception import Appeal, DeskTicket, PatientOfDay, PlacesOfDoctor, SlotOfDay, TicketOfDay
from service.core.database import Record


def slot_of_day(row: Record, zone: ZoneInfo) -> SlotOfDay:
    """A slot with its tickets, as the query day_sheet gives it."""
    return SlotOfDay(
        **{name: row[name] for name in ("id", "status", "specialty_code", "purpose", "channels", "room", "capacity")},
        free=row["free"],
        held=row["held"],
        starts_at=row["starts_at"].astimezone(zone),
        ends_at=row["ends_at"].astimezone(zone),
        tickets=[_ticket_of_day(ticket, zone) for ticket in orjson.loads(row["tickets"])],
    )


def _ticket_of_day(kept: Mapping[str, Any], zone: ZoneInfo) -> TicketOfDay:
    ticket = TicketOfDay.model_validate(kept, strict=False)
    arrived_at = ticket.arrived_at
    return ticket.model_copy(update={"arrived_at": arrived_at.astimezone(zone)}) if arrived_at else ticket


def desk_ticket(row: Record) -> DeskTicket:
    """A ticket with where and to whom to send the patient, as the query find_ticket gives it."""
    terms = orjson.loads(row["terms"])
    zone = ZoneInfo(terms["zone"])
    arrived_at: datetime | None = row["arrived_at"]
    names = ("id", "number", "status", "source", "purpose", "referral_number", "override_reason")
    return DeskTicket(
        **{name: row[name] for name in names},
        person=_patient(row),
        arrived_at=arrived_at.astimezone(zone) if arrived_at else None,
        practitioner=NamedPractitioner.model_validate(terms["practitioner"], strict=False),
        location=Place(**terms["location"]),
        starts_at=row["starts_at"].astimezone(zone),
        ends_at=row["ends_at"].astimezone(zone),
    )


def places_of_doctor(row: Record, zone: ZoneInfo) -> PlacesOfDoctor:
    return PlacesOfDoctor(
        practitioner=named_practitioner(row),
        specialty_code=row["specialty_code"],
        day=row["day"],
        free=row["free"],
        by_channel={channel: row[channel] for channel in CHANNELS},
        first_slot_id=row["first_slot_id"],
        first_starts_at=row["first_starts_at"].astimezone(zone),
    )


def named_practitioner(row: Record) -> NamedPractitioner:
    return NamedPractitioner(**{name: row[name] for name in ("id", "last_name", "first_name", "patronymic")})


def appeal_of(row: Record) -> Appeal:
    terms = orjson.loads(row["terms"])
    return Appeal(
        appointment_id=row["id"],
        number=row["number"],
        person=_patient(row),
        practitioner=NamedPractitioner.model_validate(terms["practitioner"], strict=False),
        starts_at=row["starts_at"].astimezone(ZoneInfo(terms["zone"])),
        text=row["appeal"],
        status=appeal_status(row),
    )


def appeal_status(row: Record) -> Literal["open", "excused", "refused"]:
    if row["appeal_decided_at"] is None:
        return "open"
    return "excused" if row["excused"] else "refused"


def _patient(row: Record) -> PatientOfDay:
    names = ("last_name", "first_name", "patronymic", "birth_date", "sex")
    return PatientOfDay(id=row["person_id"], **{name: row[name] for name in names})
