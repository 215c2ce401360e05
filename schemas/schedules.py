"""Schedules: weekly hours from which slots are made, what is otherwise on some days, when places open to citizens."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.common import (
    A_CLINIC,
    A_PRACTITIONER,
    A_SCHEDULE,
    A_TICKET,
    INTEGER,
    Day,
    ExternalId,
    Instant,
    LocalTime,
    NextCursor,
    Paged,
    Schema,
    Sex,
    SpecialtyCode,
    Text,
    YearsOfAge,
    example,
)
from schemas.doctors import CHANNELS, Channel, Purpose, SpecialtyAccess

Policy = Literal["first_come", "jittered", "draw"]
Weekday = Annotated[int, Field(ge=1, le=7, description="ISO weekday: 1 is Monday."), INTEGER]
Weekdays = Annotated[list[Weekday], Field(min_length=1, max_length=7)]
SlotMinutes = Annotated[int, Field(ge=3, le=480, description="Length of a slot."), INTEGER]
Capacity = Annotated[int, Field(ge=1, le=100, description="Places of a slot."), INTEGER]
Channels = Annotated[list[Channel], Field(min_length=1, max_length=5, description="Who may give the places away.")]
Percent = Annotated[int, Field(ge=1, le=100), INTEGER]
Reason = Literal["time_gone", "practitioner_changed", "capacity_lowered", "room_changed"]
_HOURS = {"weekdays": [1, 2, 3, 4, 5], "begins": "08:00", "ends": "14:00"}
_SCHEDULE = {
    "practitioner_id": "d1",
    "specialty_code": "58",
    "location_id": "l1",
    "valid_from": "2026-09-07",
    "valid_to": None,
    "slot_minutes": 15,
    "capacity": 1,
    "purpose": "routine",
    "hours": [_HOURS],
    "breaks": [{"weekdays": [1, 2, 3, 4, 5], "begins": "11:00", "ends": "11:30"}],
    "exceptions": [{"day_from": "2026-09-14", "day_to": "2026-09-18", "closed": True}],
    "works_on_holidays": False,
    "channels": ["internet", "desk", "call_centre", "doctor", "other_clinic"],
    "shares": {"internet": 70, "desk": 30},
    "passes_hours": 24,
    "min_lead_minutes": 60,
    "age_from": 0,
    "age_to": 17,
    "sex": None,
    "access": None,
    "release": {"policy": "jittered", "horizon_days": 14, "release_time": "08:00", "window_minutes": 30},
}
_EFFECTS = {
    "dry_run": True,
    "added": 40,
    "removed": 12,
    "changed": 3,
    "moved": 1,
    "unchanged": 200,
    "overlapping": 0,
    "appointments": [
        {
            "appointment_id": A_TICKET,
            "number": "7K2M-9QXT",
            "starts_at": "2026-09-08T08:00:00+07:00",
            "reason": "time_gone",
            "effect": "orphaned",
        }
    ],
}


class Hours(Schema):
    """Hours of a local day. What is not said here is as the schedule says."""

    begins: LocalTime
    ends: LocalTime = Field(description="00:00 is the end of the day.")
    location_id: ExternalId | None = None
    slot_minutes: SlotMinutes | None = None
    capacity: Capacity | None = None
    purpose: Purpose | None = None
    channels: Channels | None = Field(
        default=None, description="They stand in place of the schedule's, and its shares."
    )


class WeeklyHours(Hours):
    """Working hours that come back every week."""

    model_config = example(**_HOURS)

    weekdays: Weekdays


class Break(Schema):
    """A pause. No slot reaches into it."""

    begins: LocalTime
    ends: LocalTime = Field(description="00:00 is the end of the day.")


class WeeklyBreak(Break):
    """A pause that comes back every week."""

    weekdays: Weekdays


class ScheduleException(Schema):
    """What is otherwise on some local days. Where two speak of a day, the one that begins later counts."""

    model_config = example(day_from="2026-09-14", day_to="2026-09-18", closed=True)

    day_from: Day
    day_to: Day | None = Field(default=None, description="Included; where absent, the one day.")
    closed: bool = Field(default=False, description="None of the weekly hours are worked.")
    extra_hours: Annotated[list[Hours], Field(max_length=10)] = Field(
        default=[], description="Worked besides the weekly hours, or in place of them, on days off too."
    )
    breaks: Annotated[list[Break], Field(max_length=10)] = Field(default=[])
    location_id: ExternalId | None = Field(default=None, description="Another room.")
    slot_minutes: SlotMinutes | None = Field(default=None, description="Another length of slots.")


class Shares(Schema):
    """Percents of a day's slots for each channel, 100 together, spread evenly over the day."""

    model_config = example(internet=70, desk=30)

    internet: Percent | None = None
    desk: Percent | None = None
    call_centre: Percent | None = None
    doctor: Percent | None = None
    other_clinic: Percent | None = None


class Release(Schema):
    """When the places of a day open to citizens.

    `first_come`: all at `release_time`. `jittered`: each at a random moment of the window that begins then. `draw`:
    requests are collected in the window, and what is left over opens at its end.
    """

    model_config = example(policy="jittered", horizon_days=14, release_time="08:00", window_minutes=30)

    policy: Policy = "first_come"
    horizon_days: Annotated[int, Field(ge=1, le=90, description="How many days ahead places open."), INTEGER] = 14
    release_time: LocalTime | None = Field(default=None, description="Where absent: as soon as the day is near enough.")
    window_minutes: Annotated[int, Field(ge=0, le=1440), INTEGER] = 0


class ScheduleBody(Schema):
    """A doctor's schedule at one specialty."""

    model_config = example(**_SCHEDULE)

    practitioner_id: ExternalId
    specialty_code: SpecialtyCode
    location_id: ExternalId
    valid_from: Day
    valid_to: Day | None = Field(default=None, description="The last day; where absent, until it is changed.")
    slot_minutes: SlotMinutes
    capacity: Capacity = 1
    purpose: Purpose = "routine"
    hours: Annotated[list[WeeklyHours], Field(max_length=50)]
    breaks: Annotated[list[WeeklyBreak], Field(max_length=50)] = Field(default=[])
    exceptions: Annotated[list[ScheduleException], Field(max_length=200)] = Field(default=[])
    works_on_holidays: bool = Field(default=False, description="The calendar of days off is not looked at.")
    channels: Channels = Field(default=list(CHANNELS))
    shares: Shares | None = Field(default=None, description="In place of `channels`: each slot is for one channel.")
    passes_hours: Annotated[int, Field(ge=0, le=720), INTEGER] | None = Field(
        default=None, description="So many hours before their start unsold places of other channels open to citizens."
    )
    min_lead_minutes: Annotated[int, Field(ge=0, le=20160), INTEGER] = Field(
        default=0, description="How long before its start a slot closes to citizens."
    )
    age_from: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    age_to: YearsOfAge | None = Field(default=None, description="Full years at the visit, inclusive.")
    sex: Sex | None = Field(default=None, description="For patients of this sex alone.")
    access: SpecialtyAccess | None = Field(default=None, description="Where absent, as the specialty's is.")
    release: Release = Release()


class Schedule(ScheduleBody):
    """A doctor's schedule, as published."""

    model_config = example(
        id=A_SCHEDULE, institution_id=A_CLINIC, external_id="belova-58", made_until="2026-09-21", **_SCHEDULE
    )

    id: UUID
    institution_id: UUID
    external_id: ExternalId
    made_until: Day | None = Field(description="Through this day slots are made; null: not yet.")


class ScheduleFilter(Paged):
    practitioner_id: ExternalId | None = Field(default=None, description="Only schedules of this practitioner.")


class ScheduleList(Schema):
    """A page of an institution's schedules."""

    items: list[Schedule]
    next_cursor: NextCursor


class HitAppointment(Schema):
    """A ticket that a change hits. An orphaned one is still the citizen's, and is offered another time."""

    appointment_id: UUID
    number: str
    starts_at: Instant
    reason: Reason
    effect: Literal["orphaned", "moved"] = Field(description="`moved`: the ticket goes along with its slot.")


class Effects(Schema):
    """What a change does, or would do: numbers of slots, and each ticket that it hits."""

    model_config = example(**_EFFECTS)

    dry_run: bool
    added: int
    removed: int
    changed: int
    moved: int = Field(description="Of the changed ones, those that are in another room.")
    unchanged: int
    overlapping: int = Field(
        description="Of the added ones, those at which the practitioner has a slot of another origin too: a mistake?"
    )
    appointments: list[HitAppointment]


class CalendarDayBody(Schema):
    """How an institution works on one day, whatever the national calendar says."""

    model_config = example(works_as=1)

    works_as: Weekday | None = Field(description="By the hours of which weekday; null: closed.")


class CalendarDay(Schema):
    """A day that is not what its weekday says."""

    model_config = example(day="2027-02-20", works_as=1, own=False)

    day: Day
    works_as: Weekday | None = Field(description="By the hours of which weekday; null: a day off.")
    own: bool = Field(description="The institution's own; else the national calendar's.")


class CalendarFilter(Schema):
    day_from: Day
    day_to: Day = Field(description="Included; at most 366 days later.")


class CalendarList(Schema):
    """Holidays, days off and working days that were moved, by day."""

    model_config = example(items=[{"day": "2027-02-20", "works_as": 1, "own": False}])

    items: list[CalendarDay]


class BlockBody(Schema):
    """A time at which a doctor sees nobody."""

    model_config = example(begins_at="2026-09-08T00:00:00+07:00", ends_at="2026-09-11T00:00:00+07:00", reason="Болеет")

    begins_at: Instant
    ends_at: Instant
    reason: Annotated[Text, Field(max_length=200)] = Field(default="", description="Only staff see it.")


class Block(BlockBody):
    """A time at which a doctor sees nobody, as it is kept."""

    model_config = example(begins_at="2026-09-08T00:00:00+07:00", ends_at="2026-09-11T00:00:00+07:00", reason="Болеет")


class BlockList(Schema):
    """Times to come at which a doctor sees nobody."""

    items: list[Block]


class UnblockBody(Schema):
    """A time at which a doctor is there again."""

    model_config = example(begins_at="2026-09-10T00:00:00+07:00", ends_at="2026-09-11T00:00:00+07:00")

    begins_at: Instant
    ends_at: Instant


class ReleaseFilter(Schema):
    institution_id: UUID = Field(description="The clinic.")
    specialty_code: SpecialtyCode | None = Field(default=None, description="Only this specialty.")


class ReleaseOfDay(Schema):
    """When the places of one day open."""

    day: Day
    opens_at: Instant = Field(description="The window's begin.")
    last_opens_at: Instant = Field(description="The window's end: by then all of them are open.")


class AnnouncedRelease(Schema):
    """How and when a doctor's places open to citizens."""

    model_config = example(
        practitioner_id=A_PRACTITIONER,
        specialty_code="58",
        policy="jittered",
        horizon_days=14,
        days=[
            {
                "day": "2026-09-21",
                "opens_at": "2026-09-07T08:00:00+07:00",
                "last_opens_at": "2026-09-07T08:30:00+07:00",
            }
        ],
    )

    practitioner_id: UUID
    specialty_code: SpecialtyCode
    policy: Policy
    horizon_days: int
    days: list[ReleaseOfDay] = Field(description="The next days whose places are not all open yet, up to seven.")


class ReleaseList(Schema):
    """What opens next."""

    items: list[AnnouncedRelease]
