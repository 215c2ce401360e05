"""What every schema is made of: the base model and the bounded types."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)


class Schema(BaseModel):
    """Unknown fields are refused, types are not guessed, and a parsed value does not change."""

    # A validator is made when it is first used: of most schemas, parts of others, it never is.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def example(**fields: Any) -> ConfigDict:
    """A whole example of a schema, for the OpenAPI document. All examples together tell one story."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


# The ids of that story.
A_CLINIC = "0199a1b2-0001-7000-8000-000000000001"
A_CLUB = "0199a1b2-0002-7000-8000-000000000002"
A_CITIZEN = "0199a1b2-0003-7000-8000-000000000003"
A_CHILD = "0199a1b2-0004-7000-8000-000000000004"
A_PRACTITIONER = "0199a1b2-0005-7000-8000-000000000005"
A_LOCATION = "0199a1b2-0006-7000-8000-000000000006"
A_SLOT = "0199a1b2-0007-7000-8000-000000000007"
A_TICKET = "0199a1b2-0008-7000-8000-000000000008"
A_PROGRAMME = "0199a1b2-0009-7000-8000-000000000009"
A_GROUP = "0199a1b2-000a-7000-8000-00000000000a"
AN_APPLICATION = "0199a1b2-000b-7000-8000-00000000000b"
A_HOLD = "0199a1b2-000c-7000-8000-00000000000c"
ANOTHER_SLOT = "0199a1b2-000d-7000-8000-00000000000d"
ANOTHER_CHILD = "0199a1b2-000e-7000-8000-00000000000e"
A_WAITING_ENTRY = "0199a1b2-0020-7000-8000-000000000020"
AN_OFFER = "0199a1b2-0021-7000-8000-000000000021"
A_SCHEDULE = "0199a1b2-0101-7000-8000-000000000101"
A_CONFIRMATION = "0199a1b2-0102-7000-8000-000000000102"
A_CAMPAIGN = "0199a1b2-00c1-7000-8000-0000000000c1"
A_DRAW = "0199a1b2-00d1-7000-8000-0000000000d1"
# Not made of the time, as all others are: in a draw's record it would tell when somebody asked.
A_DRAW_REQUEST = "8c6f2a54-91d7-4e0b-a3c8-5d1e7b90f2d2"


# No control characters and no white space at either end: what a spreadsheet leaves behind is refused, not trimmed.
_TRIMMED = r"^[^\x00-\x20\x7f-\xa0\ufeff](?:[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\ufeff])?$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_TRIMMED)]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Municipality = Annotated[str, Field(min_length=1, max_length=100, pattern=_TRIMMED, examples=["Кемерово"])]
Address = Annotated[
    str, Field(min_length=1, max_length=300, pattern=_TRIMMED, examples=["г. Кемерово, ул. Весенняя, 5"])
]
Phone = Annotated[str, Field(pattern=r"^\+7[0-9]{10}$", examples=["+73842000000"])]
ExternalId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="The institution's own id of the thing: publishing under the same id again changes that thing.",
        examples=["mis-1042"],
    ),
]
SpecialtyCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,4}$",
        description="Position code of the national dictionary 1.2.643.5.1.13.13.11.1002.",
        examples=["58"],
    ),
]
# To JSON Schema 2.0 is an integer as good as 2, and some encoders write all numbers so. In an annotation it stands
# behind the bounds, as INTEGER_TEXT does in queries: what stands before a bound hides it from the JSON Schema.
INTEGER = BeforeValidator(lambda value: int(value) if isinstance(value, float) and value.is_integer() else value)
# The zones of Russia's 89 regions, by their IANA names.
Zone = Literal[
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Simferopol",
    "Europe/Volgograd",
    "Europe/Kirov",
    "Europe/Astrakhan",
    "Europe/Saratov",
    "Europe/Ulyanovsk",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Barnaul",
    "Asia/Tomsk",
    "Asia/Novokuznetsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Chita",
    "Asia/Yakutsk",
    "Asia/Khandyga",
    "Asia/Vladivostok",
    "Asia/Ust-Nera",
    "Asia/Magadan",
    "Asia/Sakhalin",
    "Asia/Srednekolymsk",
    "Asia/Kamchatka",
    "Asia/Anadyr",
]
RegionCode = Annotated[int, Field(ge=1, le=99, description="Code of the region.", examples=[42])]
Sex = Literal["male", "female"]
ConsentPurpose = Literal["booking", "enrolment", "messages"]
YearsOfAge = Annotated[int, Field(ge=0, le=120), INTEGER]
CursorToken = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{20,1200}$",
        description="`next_cursor` of the previous page, with the same filters. It is opaque and signed.",
    ),
]

NextCursor = Annotated[str | None, Field(description="`cursor` of the next page; null on the last one.")]


# Of Crockford's base32, which has no I, L, O and U: what people write for 1 and 0 is not refused.
OneTimeCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}$",
        description="In capitals or not; I and L are read as 1, O as 0.",
        examples=["7K2M9QXT"],
    ),
]
# Of a page: the region, and 60 bits in the same digits.
PageCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{2}(?:[ -]?[0-9A-Za-z]{4}){3}$",
        description="The region and twelve characters. In capitals or not; I and L are read as 1, O as 0.",
        examples=["42-7K2M-9QXT-4F0B"],
    ),
]


def _read(pattern: re.Pattern[str], parse: Callable[[str], object], expected: str) -> BeforeValidator:
    """Reads text of exactly that shape, where pydantic would guess: "0" as the first day of 1970, "yes" as true."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        if pattern.fullmatch(value) is None:
            raise ValueError(f"{expected} is expected")
        return parse(value)

    return BeforeValidator(check)


# From 1900 to 2199: what is outside is a typing error, and some of it can't be moved to another zone.
_YEAR = "(?:19|20|21)[0-9]{2}"

Day = Annotated[
    date,
    _read(re.compile(_YEAR + "-[0-9]{2}-[0-9]{2}"), date.fromisoformat, "YYYY-MM-DD from 1900 to 2199"),
    Field(description="A date from 1900 to 2199.", examples=["2026-09-01"]),
]
# An instant is read with any offset and written with the offset of the institution's zone.
Instant = Annotated[
    AwareDatetime,
    _read(
        re.compile(
            _YEAR + r"-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
        ),
        lambda text: datetime.fromisoformat(text.upper()),
        "an instant with an offset (RFC 3339), from 1900 to 2199,",
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
    Field(description="An instant with an offset (RFC 3339).", examples=["2026-09-01T08:30:00+07:00"]),
]
_LOCAL_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
LocalTime = Annotated[
    time,
    _read(re.compile(_LOCAL_TIME), time.fromisoformat, "HH:MM"),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_LOCAL_TIME}$"}),
    Field(description="Time on the institution's wall clock.", examples=["16:30"]),
]
INTEGER_TEXT = _read(re.compile("-?(?:0|[1-9][0-9]{0,17})"), int, "an integer")
Flag = Annotated[bool, _read(re.compile("true|false"), lambda text: text == "true", "true or false")]
Limit = Annotated[int, Field(ge=1, le=100, description="How many items at most."), INTEGER_TEXT]


class Paged(Schema):
    """Filters of a list."""

    limit: Limit = 50
    cursor: CursorToken | None = None


class Trial(Schema):
    """Of a change that can be tried."""

    dry_run: Flag = Field(default=False, description="Answers what would happen, and changes nothing.")


class PersonName(Schema):
    last_name: Name
    first_name: Name
    patronymic: Name | None = None


class Named(Schema):
    """Something by its id and name."""

    id: UUID
    name: str
