"""Rows of registers as the schemas that show them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from schemas.messages import Message, ReceivedMessage
from schemas.registers import Lesson, MyGroup, Teacher
from schemas.trials import Trial
from service.core.database import Record
from service.people.usecases import person_in_booking
from service.registers.rules import Held, Register, lesson_id

_OF_TRIAL = ("begins_at", "ends_at", "created_at")
_NAMES = ("last_name", "first_name", "patronymic")
_OF_GROUP = ("id", "name", "programme_name", "starts_on", "ends_on", "capacity", "taken", "teachers")


def teacher_of(row: Record, zone: ZoneInfo, now: datetime) -> Teacher:
    expires_at: datetime | None = row["code_expires_at"]
    open_code = expires_at is not None and row["code_used_at"] is None and expires_at > now
    return Teacher(
        teacher_id=row["external_id"],
        **{name: row[name] for name in _NAMES},
        joined=row["citizen_id"] is not None,
        invited_until=expires_at.astimezone(zone) if expires_at and open_code else None,
        group_ids=row["group_ids"],
    )


def my_group_of(row: Record) -> MyGroup:
    return MyGroup(group_id=row["external_id"], **{name: row[name] for name in _OF_GROUP})


def lesson_fields(lesson: Held, register: Register) -> dict[str, Any]:
    """What a lesson shows, by the names of its schema."""
    places = register.places
    place = places[lesson.place] if lesson.place < len(places) else places[0]
    return {
        "lesson_id": lesson_id(lesson.key),
        "status": lesson.status,
        "begins_at": lesson.begins_at.astimezone(register.zone),
        "ends_at": lesson.ends_at.astimezone(register.zone),
        "address": place["address"],
        "reason": lesson.reason,
    }


def lesson_of(lesson: Held, register: Register) -> Lesson:
    return Lesson.model_validate(lesson_fields(lesson, register))


def trial_of(shown: str | bytes) -> Trial:
    """A trial lesson from the JSON of shown_trial()."""
    fields: dict[str, Any] = orjson.loads(shown)
    zone = ZoneInfo(fields["zone"])
    key = date.fromisoformat(fields["day"]), time.fromisoformat(fields["starts"])
    return Trial.model_validate(
        {
            **{name: fields[name] for name in Trial.model_fields if name in fields},
            **{name: datetime.fromisoformat(fields[name]).astimezone(zone) for name in _OF_TRIAL},
            "person": person_in_booking(fields["person"]),
            "lesson_id": lesson_id(key),
        },
        strict=False,
    )


def message_of(row: Mapping[str, Any], register: Register) -> Message:
    """Out of a row, or of the JSON of one."""
    fields = {name: row[name] for name in Message.model_fields}
    message = Message.model_validate(fields, strict=False)
    return message.model_copy(update={"sent_at": message.sent_at.astimezone(register.zone)})


def received_of(row: Record) -> ReceivedMessage:
    return ReceivedMessage(**{name: row[name] for name in ReceivedMessage.model_fields})
