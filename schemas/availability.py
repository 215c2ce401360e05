"""Availability: what a region counts in public, and free times across its clinics."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CLINIC,
    A_PRACTITIONER,
    A_SLOT,
    INTEGER_TEXT,
    Day,
    Instant,
    Municipality,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    example,
)
from schemas.doctors import A_DOCTOR, A_PLACE, NamedPractitioner, Place, Purpose

_CLINIC = {"id": A_CLINIC, "name": "Детская поликлиника № 1", "municipality": "Кемерово"}


class FirstFreeFilter(Schema):
    specialty_code: SpecialtyCode
    municipality: Municipality | None = Field(default=None, description="Only clinics of this town or district.")


class ClinicInSearch(Schema):
    """A clinic, as a list of many shows it."""

    model_config = example(**_CLINIC)

    id: UUID
    name: str
    municipality: str


class FirstFree(Schema):
    """How soon one clinic has a free ticket."""

    model_config = example(clinic=_CLINIC, days=3)

    clinic: ClinicInSearch
    days: int | None = Field(
        description="Days from today, on the clinic's calendar, to the first ticket that a citizen could take now; "
        "null where there is none."
    )


class FirstFreeList(Schema):
    """How soon the clinics of a region have a free ticket of a specialty. No personal data goes into it."""

    model_config = example(region_code=42, specialty_code="58", median_days=3, items=[{"clinic": _CLINIC, "days": 3}])

    region_code: int
    specialty_code: SpecialtyCode
    median_days: int | None = Field(
        description="Half of these clinics have a free ticket within so many days; null where fewer than half have any."
    )
    items: list[FirstFree] = Field(description="Every clinic that offers the specialty, by name.")


class SlotSearch(Paged):
    """Free times of a specialty in the caller's region."""

    specialty_code: SpecialtyCode
    municipality: Municipality | None = Field(default=None, description="Only clinics of this town or district.")
    day_from: Day | None = Field(default=None, description="First day, in the region's zone; today where absent.")
    days: Annotated[int, Field(ge=1, le=62, description="How many days from the first."), INTEGER_TEXT] = 14


class FoundSlot(Schema):
    """A free time at one of the region's clinics."""

    model_config = example(
        id=A_SLOT,
        clinic=_CLINIC,
        specialty_code="58",
        practitioner={"id": A_PRACTITIONER, **A_DOCTOR},
        location=A_PLACE,
        starts_at="2026-09-08T08:00:00+07:00",
        ends_at="2026-09-08T08:15:00+07:00",
        free=1,
        age_from=0,
        age_to=17,
        sex=None,
        purpose="routine",
    )

    id: UUID
    clinic: ClinicInSearch
    specialty_code: SpecialtyCode
    practitioner: NamedPractitioner
    location: Place
    starts_at: Instant
    ends_at: Instant
    free: int = Field(ge=1, description="Free places.")
    age_from: int | None
    age_to: int | None
    sex: Sex | None
    purpose: Purpose


class FoundSlotList(Schema):
    """A page of free times, by time."""

    items: list[FoundSlot]
    next_cursor: NextCursor
