"""The citizen's own person and relatives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import A_CHILD, Day, Flag, Instant, OneTimeCode, Schema, Sex, example

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
        examples=["7700001234567895"],
    ),
]


class PersonBody(Schema):
    """A person to be booked."""

    model_config = example(
        last_name="Соколова",
        first_name="Вера",
        patronymic="Ильинична",
        birth_date="2019-05-14",
        sex="female",
        kinship="child",
        snils="11223344595",
        policy="7700001234567895",
    )

    last_name: PartOfName
    first_name: PartOfName
    patronymic: PartOfName | None = None
    birth_date: Day
    sex: Sex
    kinship: Kinship = Field(description="Who the person is to the citizen; `self` for themself, once.")
    snils: Snils | None = None
    policy: Policy | None = None


class PersonPatch(Schema):
    """What to correct. An absent field stays as it is; null removes a patronymic, СНИЛС or policy."""

    model_config = example(last_name="Соколова-Беляева", policy=None)

    last_name: PartOfName | None = None
    first_name: PartOfName | None = None
    patronymic: PartOfName | None = None
    birth_date: Day | None = None
    sex: Sex | None = None
    snils: Snils | None = None
    policy: Policy | None = None


class Person(Schema):
    """A person as written down. Identifiers come masked: only the last four digits."""

    model_config = example(
        id=A_CHILD,
        last_name="Соколова",
        first_name="Вера",
        patronymic="Ильинична",
        birth_date="2019-05-14",
        sex="female",
        kinship="child",
        snils_masked="***-***-*45 95",
        policy_masked="**** **** **** 7895",
        created_at="2026-09-07T01:00:00+00:00",
        updated_at="2026-09-07T01:00:00+00:00",
        verified_at=None,
    )

    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
    birth_date: Day
    sex: Sex
    kinship: Kinship
    snils_masked: str | None
    policy_masked: str | None
    created_at: Instant
    updated_at: Instant
    verified_at: Instant | None = Field(
        default=None,
        description="Since when a provider, say Gosuslugi, vouches for name, birth date and sex: nobody edits them.",
    )


class PersonList(Schema):
    """The citizen's own person and relatives."""

    items: list[Person]


class InvitationQuery(Schema):
    """As what somebody is invited."""

    helper: Flag = Field(
        default=False,
        description="Whoever joins by it books for a child and is no legal representative: `child`, `ward` and `self` "
        "are refused.",
    )


class Invitation(Schema):
    """Of another guardian to a person. The code is shown here and nowhere else."""

    model_config = example(person_id=A_CHILD, code="7K2M9QXT", expires_at="2026-09-08T01:00:00+00:00")

    person_id: UUID
    code: str = Field(description="Eight characters to hand over. Good once, until then.")
    expires_at: Instant


class GuardianshipBody(Schema):
    """The code of an invitation."""

    model_config = example(code="7K2M9QXT", kinship="child")

    code: OneTimeCode
    kinship: Kinship = Field(description="Who the person is to the citizen who joins.")


class Guardian(Schema):
    """Somebody who looks after a person. Accounts are not named."""

    kinship: Kinship = Field(description="Who the person is to them.")
    since: Instant
    own: bool = Field(description="The citizen who asks.")


class GuardianList(Schema):
    """Who looks after a person, the first one first."""

    items: list[Guardian]


class PersonInBooking(Schema):
    """Whom a booking is for."""

    id: UUID
    last_name: str
    first_name: str
    patronymic: str | None
