"""Certificates of additional education (ПФДО, социальный сертификат)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import AN_APPLICATION, INTEGER, Day, Municipality, NextCursor, Paged, Schema, example
from schemas.people import Snils

CertificateNumber = Annotated[str, Field(pattern=r"^[0-9]{6,16}$", examples=["4201234567"])]
CertificateUnit = Literal["roubles", "hours"]
CertificateStatus = Literal["active", "suspended"]
Year = Annotated[
    int, Field(ge=2020, le=2100, description="The calendar year it is good for.", examples=[2026]), INTEGER
]
_A_CERTIFICATE = "0199a1b2-0013-7000-8000-000000000013"


class CertificateBody(Schema):
    """A certificate as the municipality has issued it."""

    number: CertificateNumber
    snils: Snils = Field(description="Of the child. Only a keyed hash of it is kept.")
    municipality: Municipality
    year: Year
    unit: CertificateUnit
    nominal: Annotated[int, Field(ge=0, le=1_000_000, description="In its unit, for that year."), INTEGER]
    most_programmes: Annotated[int, Field(ge=1, le=100, description="It pays for so many at once."), INTEGER]
    status: CertificateStatus = Field(default="active", description="A suspended one pays for nothing new.")


class CertificatesBody(Schema):
    """Certificates by number and year. Those that are not listed stay as they are."""

    model_config = example(
        items=[
            {
                "number": "4201234567",
                "snils": "11223344595",
                "municipality": "Кемерово",
                "year": 2026,
                "unit": "roubles",
                "nominal": 18000,
                "most_programmes": 2,
            }
        ]
    )

    items: Annotated[list[CertificateBody], Field(max_length=1000)]


class CertificateOutcome(Schema):
    """What became of one certificate."""

    outcome: Literal["added", "changed", "below_use", "in_use"] = Field(
        description="`below_use`: it stays as it is, since more than its new nominal or number of programmes is used. "
        "`in_use`: likewise, since it is used, and its child or its unit would be others."
    )
    used: int = Field(description="Reserved and spent, in its unit.")
    used_programmes: int


class CertificatesOutcome(Schema):
    """What became of each certificate, in the order of the request."""

    model_config = example(items=[{"outcome": "added", "used": 0, "used_programmes": 0}])

    items: list[CertificateOutcome]


class CertificateUse(Schema):
    """What an application takes of it."""

    application_id: UUID
    application_number: str
    programme_name: str
    group_name: str
    state: Literal["reserved", "spent", "left"] = Field(
        description="`reserved` on approval, `spent` on enrolment. `left`: the lessons to come were given back."
    )
    amount: int = Field(description="In the unit of the certificate.")


_USE = {
    "application_id": AN_APPLICATION,
    "application_number": "4FJ0-2W7C",
    "programme_name": "Шахматы для начинающих",
    "group_name": "Группа 1, вторник и четверг",
    "state": "spent",
    "amount": 6000,
}


class Certificate(Schema):
    """A child's certificate, and what is left of it."""

    id: UUID
    number_masked: str
    municipality: str
    year: int
    ends_on: Day = Field(description="What is not spent by the end of this day is gone.")
    unit: CertificateUnit
    nominal: int
    left: int
    most_programmes: int
    programmes_left: int
    status: CertificateStatus
    uses: list[CertificateUse] = Field(description="By applications of the citizen's own.")


class CertificateList(Schema):
    """A child's certificates, those of the latest year first."""

    model_config = example(
        items=[
            {
                "id": _A_CERTIFICATE,
                "number_masked": "******4567",
                "municipality": "Кемерово",
                "year": 2026,
                "ends_on": "2026-12-31",
                "unit": "roubles",
                "nominal": 18000,
                "left": 12000,
                "most_programmes": 2,
                "programmes_left": 1,
                "status": "active",
                "uses": [_USE],
            }
        ]
    )

    items: list[Certificate]


class UsedCertificate(CertificateUse):
    """A certificate that an application to the institution is paid by: nothing is told of its other uses."""

    number_masked: str
    year: int
    unit: CertificateUnit
    status: CertificateStatus


class UsedCertificateFilter(Paged):
    """Nothing to choose by."""


class UsedCertificateList(Schema):
    """A page of what certificates pay at an institution."""

    model_config = example(
        items=[{**_USE, "number_masked": "******4567", "year": 2026, "unit": "roubles", "status": "active"}],
        next_cursor=None,
    )

    items: list[UsedCertificate]
    next_cursor: NextCursor
