"""Draws: places that are given away by lot, requests for them, and the record that anyone replays."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from schemas.appointments import ReferralNumber
from schemas.common import (
    A_CHILD,
    A_CLINIC,
    A_DRAW,
    A_DRAW_REQUEST,
    A_PRACTITIONER,
    A_SLOT,
    A_TICKET,
    INTEGER,
    Day,
    Instant,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    example,
)
from schemas.doctors import A_DOCTOR, A_PLACE, NamedPractitioner, Place
from schemas.people import PersonInBooking

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
_MOST_WISHES = 10
_ANOTHER_REQUEST = "2b7e1516-28ae-4d2a-abf7-158809cf4f3c"
_SEED_HASH = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"


def _distinct(wishes: list[UUID]) -> list[UUID]:
    if len(set(wishes)) != len(wishes):
        raise ValueError("a slot comes twice")
    return wishes


Wishes = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=_MOST_WISHES,
        description="Slots of the draw, the best first. Whoever ranks them as they are wished for fares best.",
        json_schema_extra={"uniqueItems": True},
    ),
    AfterValidator(_distinct),
]


# The record --------------------------------------------------------------------------------------------------------


class RecordedSlot(Schema):
    """A time that is drawn for, or a group."""

    id: UUID
    places: Annotated[int, Field(ge=0, description="Free places when the draw closed."), INTEGER]


class RecordedRequest(Schema):
    """A request; to a group, an application.

    Its id is random, says nothing of a person, and is shown to the one who asked alone.
    """

    id: UUID
    wishes: list[UUID]


class RecordedResult(Schema):
    """What a request drew."""

    request_id: UUID
    slot_id: UUID | None = Field(description="Null where no place was left among its wishes.")
    rank: int | None = Field(description="Which of its wishes that is, 1 for the best.")


class DrawClosing(Schema):
    """What stands when no more requests are taken, before the seed is known."""

    version: Literal[1]
    draw_id: UUID
    slots: list[RecordedSlot] = Field(description="In the order of their ids.")
    requests: list[RecordedRequest] = Field(description="In the order of their ids.")
    requests_digest: Sha256
    seed_hash: Sha256


class DrawRecord(DrawClosing):
    """A whole draw. `zapis draw verify` replays it, and decision 0012 says how to do so without."""

    model_config = example(
        version=1,
        draw_id=A_DRAW,
        slots=[{"id": A_SLOT, "places": 1}],
        requests=[{"id": _ANOTHER_REQUEST, "wishes": [A_SLOT]}, {"id": A_DRAW_REQUEST, "wishes": [A_SLOT]}],
        requests_digest="3963f5827a1cc5bf0598f778edcc9cf163aaeae923bd796db37f1f585fd0fa52",
        seed_hash=_SEED_HASH,
        seed="000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        order=[A_DRAW_REQUEST, _ANOTHER_REQUEST],
        results=[
            {"request_id": A_DRAW_REQUEST, "slot_id": A_SLOT, "rank": 1},
            {"request_id": _ANOTHER_REQUEST, "slot_id": None, "rank": None},
        ],
    )

    seed: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="32 random bytes in hexadecimal.")]
    order: list[UUID] = Field(description="Requests in the order in which they chose.")
    results: list[RecordedResult] = Field(description="In that order.")


# What citizens see -------------------------------------------------------------------------------------------------

_DRAW = {
    "id": A_DRAW,
    "institution_id": A_CLINIC,
    "specialty_code": "58",
    "group_id": None,
    "day": "2026-09-21",
    "status": "open",
    "opens_at": "2026-09-06T08:00:00+07:00",
    "closes_at": "2026-09-07T08:00:00+07:00",
    "drawn_at": None,
    "slots": 1,
    "requests": None,
    "seed_hash": _SEED_HASH,
    "requests_digest": None,
}


class Draw(Schema):
    """A clinic's day of one specialty, or a club's group, whose places are given away by lot."""

    model_config = example(**_DRAW)

    id: UUID
    institution_id: UUID
    specialty_code: SpecialtyCode | None = Field(description="Null where it is a group's draw.")
    group_id: UUID | None = Field(description="Null where it is a day's draw.")
    day: Day = Field(
        description="The day of the visits, in the institution's zone; of a group's draw the day on which it closes."
    )
    status: Literal["announced", "open", "closed", "drawn"] = Field(description="Requests are taken while `open`.")
    opens_at: Instant
    closes_at: Instant = Field(description="The draw follows minutes later; what is left over is then free to book.")
    drawn_at: Instant | None
    slots: int = Field(description="How many times there are; of a group's draw 1, the group.")
    requests: int | None = Field(description="How many requests take part; null until the draw is closed.")
    seed_hash: Sha256 = Field(description="SHA-256 of the seed: keep it, and see that the record has the same.")
    requests_digest: Sha256 | None = Field(
        description="Published when the draw is closed, before its seed is: no request comes or goes after that."
    )


class DrawSlot(Schema):
    """A time that is drawn for."""

    id: UUID
    practitioner: NamedPractitioner
    location: Place
    starts_at: Instant
    ends_at: Instant
    places: int = Field(description="Free places now.")
    age_from: int | None
    age_to: int | None
    sex: Sex | None


class DrawDetails(Draw):
    """A draw with its times."""

    model_config = example(
        **_DRAW,
        times=[
            {
                "id": A_SLOT,
                "practitioner": {"id": A_PRACTITIONER, **A_DOCTOR},
                "location": A_PLACE,
                "starts_at": "2026-09-21T08:00:00+07:00",
                "ends_at": "2026-09-21T08:15:00+07:00",
                "places": 1,
                "age_from": 0,
                "age_to": 17,
                "sex": None,
            }
        ],
    )

    times: list[DrawSlot] = Field(description="By time.")


class DrawFilter(Paged):
    institution_id: UUID = Field(description="The clinic, or the club.")
    specialty_code: SpecialtyCode | None = Field(default=None, description="Only draws of this specialty.")
    group_id: UUID | None = Field(default=None, description="Only the draw of this group.")


class DrawList(Schema):
    """A page of an institution's draws."""

    items: list[Draw]
    next_cursor: NextCursor


class DrawRequestBody(Schema):
    """For whom, and which times of the draw would do."""

    model_config = example(person_id=A_CHILD, wishes=[A_SLOT])

    person_id: UUID
    wishes: Wishes
    referral_number: ReferralNumber | None = Field(
        default=None, description="Where the specialty's access is `referral`."
    )


class DrawRequest(Schema):
    """A request to a draw."""

    model_config = example(
        id=A_DRAW_REQUEST,
        draw_id=A_DRAW,
        status="booked",
        person={"id": A_CHILD, "last_name": "Соколова", "first_name": "Вера", "patronymic": "Ильинична"},
        wishes=[A_SLOT],
        referral_number=None,
        appointment_id=A_TICKET,
        reason=None,
        created_at="2026-09-06T09:30:00+07:00",
    )

    id: UUID = Field(description="By it the request is found in the draw's record. Nobody else is shown whose it is.")
    draw_id: UUID
    status: Literal["waiting", "booked", "lost", "withdrawn"]
    person: PersonInBooking
    wishes: list[UUID]
    referral_number: str | None
    appointment_id: UUID | None = Field(description="The ticket, where the request was drawn.")
    reason: str | None = Field(
        description="Why a `lost` request has no ticket: `no_place_left`, or the code by which booking what it drew "
        "was refused."
    )
    created_at: Instant


class DrawRequestFilter(Paged):
    draw_id: UUID | None = Field(default=None, description="Only requests to this draw.")


class DrawRequestList(Schema):
    """A page of requests."""

    items: list[DrawRequest]
    next_cursor: NextCursor
