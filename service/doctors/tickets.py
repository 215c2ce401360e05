"""A ticket as it is shown: as a schema, a calendar entry, a QR code."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from schemas.appointments import NamedSpecialty, Ticket
from schemas.doctors import NamedPractitioner, Place
from schemas.institutions import InstitutionInBooking
from service.core.database import Record
from service.core.operations import Language
from service.core.sealing import Sealer
from service.launch.tokens import ISSUER, TICKET_AUDIENCE, Tokens
from service.people.usecases import person_in_booking

QR_TYPE = "ticket+jwt"
# A desk's clock may be wrong, and a late patient is still a patient.
_QR_OUTLIVES = timedelta(days=1)

_BRING = {
    "ru": ("Паспорт, а для ребёнка — свидетельство о рождении", "Полис ОМС", "СНИЛС"),
    "en": ("Passport, or a child's birth certificate", "Health insurance policy", "СНИЛС (SNILS)"),
}
_BRING_REFERRAL = {"ru": "Направление", "en": "Referral"}
# A calendar is seen by others: its entry names neither the specialty nor the patient (323-ФЗ, art. 13).
_CALENDAR_TITLE = {"ru": "Запись на приём", "en": "Appointment"}


def ticket_of(kept: Mapping[str, Any], language: Language, tokens: Tokens, sealer: Sealer) -> Ticket:
    """The ticket from `kept`: what book_appointments gave, or a row shaped like it, with instants as ISO text."""
    terms: Mapping[str, Any] = kept["terms"]
    zone = ZoneInfo(terms["zone"])

    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(zone)

    starts_at, ends_at, created_at = instant(terms["starts_at"]), instant(terms["ends_at"]), instant(kept["created_at"])
    specialty = terms["specialty"]
    referral = kept["referral_number"]
    bring = list(_BRING[language]) + ([_BRING_REFERRAL[language]] if referral else [])
    claims = {
        "iss": ISSUER,
        "aud": TICKET_AUDIENCE,
        "sub": kept["id"],
        "number": kept["number"],
        "institution": terms["institution"]["id"],
        "start": int(starts_at.timestamp()),
        "iat": int(created_at.timestamp()),
        "exp": int((ends_at + _QR_OUTLIVES).timestamp()),
    }
    return Ticket(
        id=UUID(kept["id"]),
        number=kept["number"],
        status=kept["status"],
        slot_id=UUID(kept["slot_id"]),
        person=person_in_booking(kept["person"]),
        institution=InstitutionInBooking.model_validate(terms["institution"], strict=False),
        practitioner=NamedPractitioner.model_validate(terms["practitioner"], strict=False),
        specialty=NamedSpecialty(code=specialty["code"], name=specialty[f"name_{language}"]),
        location=Place(**terms["location"]),
        starts_at=starts_at,
        ends_at=ends_at,
        cancel_until=instant(terms["cancel_until"]),
        bring=bring,
        referral_number=referral,
        purpose=terms.get("purpose", "routine"),
        home_address=_home_address(kept, sealer),
        sequence=kept["sequence"],
        qr_token=tokens.sign(claims, QR_TYPE),
        created_at=created_at,
        cancelled_at=instant(kept["cancelled_at"]) if kept["cancelled_at"] else None,
    )


def kept_ticket(row: Record) -> Mapping[str, Any]:
    """A row in the shape that book_appointments gives."""
    cancelled_at: datetime | None = row["cancelled_at"]
    return {
        "id": str(row["id"]),
        "region_id": row["region_id"],
        "number": row["number"],
        "status": row["status"],
        "slot_id": str(row["slot_id"]),
        "terms": orjson.loads(row["terms"]),
        "referral_number": row["referral_number"],
        "home_address_sealed": row["home_address_sealed"],
        "sequence": row["sequence"],
        "created_at": row["created_at"].astimezone(UTC).isoformat(),
        "cancelled_at": cancelled_at.astimezone(UTC).isoformat() if cancelled_at else None,
        "person": {name: row[name] for name in ("last_name", "first_name", "patronymic")} | {"id": row["person_id"]},
    }


def home_address_row(region_id: int, appointment_id: str) -> str:
    """What a home address is sealed to."""
    return f"appointments:{region_id}:{appointment_id}:home_address"


def _home_address(kept: Mapping[str, Any], sealer: Sealer) -> str | None:
    sealed = kept["home_address_sealed"]
    return sealer.open(sealed, home_address_row(kept["region_id"], kept["id"])) if sealed else None


def calendar_of(ticket: Ticket, language: Language) -> bytes:
    """An iCalendar object (RFC 5545) of one event; of a cancelled ticket it cancels the event under the same UID."""
    # Here, as in qr_of: a start that does not wait for it is a tenth of a second shorter.
    from icalendar import Calendar, Event  # noqa: PLC0415

    cancelled = ticket.status == "cancelled"
    event = _filled(
        Event(),
        uid=f"{ticket.id}@zapis",
        sequence=ticket.sequence,
        status="CANCELLED" if cancelled else "CONFIRMED",
        dtstamp=ticket.cancelled_at or ticket.created_at,
        dtstart=ticket.starts_at,
        dtend=ticket.ends_at,
        summary=_CALENDAR_TITLE[language],
        location=", ".join(part for part in (ticket.location.address, ticket.location.room) if part),
        description=ticket.number,
        **{"class": "PRIVATE"},
    )
    calendar = _filled(
        Calendar(), prodid="-//Zapis//Zapis//RU", version="2.0", method="CANCEL" if cancelled else "PUBLISH"
    )
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


def qr_of(ticket: Ticket) -> bytes:
    """A PNG of the QR code that holds the ticket's token; a desk verifies it offline by the key set."""
    import segno  # noqa: PLC0415

    image = BytesIO()
    segno.make(ticket.qr_token, micro=False, error="m").save(image, kind="png", scale=6, border=4)
    return image.getvalue()


def _filled(component: Any, **properties: object) -> Any:
    for name, value in properties.items():
        component.add(name, value)
    return component
