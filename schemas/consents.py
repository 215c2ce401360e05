"""Consents to the processing of personal data."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import A_CHILD, A_TICKET, INTEGER, ConsentPurpose, Instant, Schema, Trial, example
from schemas.people import Kinship

Version = Annotated[int, Field(ge=1, le=32767, description="Of the text, from 1 on."), INTEGER]
TextHash = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the text that was shown, in UTF-8, in hexadecimal.")
]
_TEXT = "Я даю согласие на обработку персональных данных, чтобы записаться к врачу."
_HASH = "0c6f5a5e0d0a3f4c5a7d1e2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f"
_GIVEN = {
    "id": "0199a1b2-0f01-7000-8000-000000000f01",
    "person_id": A_CHILD,
    "purpose": "booking",
    "version": 1,
    "text_hash": _HASH,
    "kinship": "child",
    "given_at": "2026-09-07T01:00:00+00:00",
    "withdrawn_at": None,
    "enough": True,
}


class ConsentText(Schema):
    """A text that is consented to. A version never changes."""

    model_config = example(
        purpose="booking",
        version=1,
        title="Согласие на обработку персональных данных для записи к врачу",
        text=_TEXT,
        text_hash=_HASH,
        requires_new=True,
        in_force_from="2026-01-01T00:00:00+00:00",
    )

    purpose: ConsentPurpose
    version: int
    title: str
    text: str
    text_hash: TextHash
    requires_new: bool = Field(description="Consents to earlier versions are not enough any more.")
    in_force_from: Instant


class ConsentTextList(Schema):
    """The texts in force, one for each purpose, in the language that was asked for."""

    items: list[ConsentText]


class ConsentBody(Schema):
    """What was shown and agreed to, and for whom."""

    model_config = example(person_id=A_CHILD, version=1, text_hash=_HASH)

    person_id: UUID = Field(description="The citizen's own person, or one whose legal representative they are.")
    version: Version
    text_hash: TextHash


class Consent(Schema):
    """A consent of the citizen's, for themself or for a person they represent."""

    model_config = example(**_GIVEN)

    id: UUID
    person_id: UUID
    purpose: ConsentPurpose
    version: int
    text_hash: str
    kinship: Kinship = Field(description="Who the person was to the citizen when it was given.")
    given_at: Instant
    withdrawn_at: Instant | None
    enough: bool = Field(description="It stands, and no text has come since that requires a new one.")


class ConsentList(Schema):
    """The last consent for each person and purpose, withdrawn ones too."""

    model_config = example(required=True, items=[_GIVEN])

    required: bool = Field(description="Without a consent nothing is booked and no application made in this region.")
    items: list[Consent]


class ConsentQuery(Trial):
    """For whom a consent was given, and whether withdrawing is only tried."""

    person_id: UUID = Field(description="For whom it was given.")


class Ended(Schema):
    """Something that stood on the consent."""

    kind: Literal["appointment", "application", "waiting_entry", "draw_request", "trial", "wishes"]
    id: UUID


class ConsentWithdrawal(Schema):
    """The consent, and what ended with it, or would end."""

    model_config = example(
        dry_run=False,
        consent={**_GIVEN, "withdrawn_at": "2026-09-08T01:00:00+00:00", "enough": False},
        ended=[{"kind": "appointment", "id": A_TICKET}],
    )

    dry_run: bool
    consent: Consent
    ended: list[Ended]


class ConsentRules(Schema):
    """How the region takes consents."""

    model_config = example(required=True)

    required: bool = Field(
        description="Nothing is booked and no application made without a consent that is in force. A region that takes "
        "consents in a way of its own leaves it false: then only a withdrawn one stops anything."
    )
