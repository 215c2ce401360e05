"""The citizen's own person and relatives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import Day, Instant, Schema, Sex

Kinship = Literal["self", "child", "spouse", "parent", "ward", "other"]
PartOfName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=r"^[A-Za-zА-Яа-яЁё]+(?:[-' .][A-Za-zА-Яа-яЁё]+)*$",
        description="Letters; parts joined by one hyphen, apostrophe, dot or space.",
    ),
]
Snils = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{11}$",
        json_schema_extra={"format": "snils"},
        description="СНИЛС: 11 digits, the last two are check digits.",
        examples=["11223344595"],
    ),
]
Policy = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{16}$",
        json_schema_extra={"format": "enp"},
        description="Unified policy number (ЕНП): 16 digits, the last is a check digit by Luhn.",
        examples=["7700001234567894"],
    ),
]


class PersonBody(Schema):
    """A person to be booked."""

    last_name: PartOfName = Field(examples=["Соколова"])
    first_name: PartOfName = Field(examples=["Вера"])
    patronymic: PartOfName | None = Field(default=None, examples=["Ильинична"])
    birth_date: Day = Field(examples=["2019-05-14"])
    sex: Sex
    kinship: Kinship = Field(description="Who the person is to the citizen; `self` for themself, once.")
    snils: Snils | None = None
    policy: Policy | None = None


class PersonPatch(Schema):
    """What to correct. An absent field stays as it is; null removes a patronymic, СНИЛС or policy."""

    last_name: PartOfName | None = None
    first_name: PartOfName | None = None
    patronymic: PartOfName | None = None
    birth_date: Day | None = None
    sex: Sex | None = None
    snils: Snils | None = None
    policy: Policy | None = None


class Person(Schema):
    """A person as written down. Identifiers come masked: only the last four digits."""

    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
    birth_date: Day
    sex: Sex
    kinship: Kinship
    snils_masked: str | None = Field(examples=["***-***-*45 95"])
    policy_masked: str | None = Field(examples=["************7894"])
    created_at: Instant
    updated_at: Instant


class PersonList(Schema):
    items: list[Person]


class PersonInBooking(Schema):
    """Whom a booking is for."""

    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
