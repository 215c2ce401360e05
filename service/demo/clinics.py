"""The demonstration's doctors: who works where, and when they see patients."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from schemas.common import Sex
from schemas.doctors import LocationBody, PractitionerBody
from service.demo import people
from service.demo.region import INSTITUTIONS, ZONE, Institution, Patients

_CHILDREN, _ADULTS = (0, 17), (18, 120)
_SLOTS_A_DAY = 64  # More than there ever are: a serial number for each.
_DAYS_UNTIL_SERIALS_REPEAT = 3650

# Codes of service/migrations/catalogue.sql; a code that comes twice is two doctors.
_STAFF: dict[Patients, tuple[str, ...]] = {
    "children": (
        "58", "59", "59", "58", "28", "54", "53", "101", "45", "114", "83", "25", "29", "59", "59", "58",
    ),
    "adults": (
        "110", "109", "49", "110", "122", "54", "53", "13", "100", "34", "45", "125", "117", "114", "110", "110",
        "13", "100", "109", "49", "122",
    ),
    "everyone": ("110", "59", "49", "122", "54", "53", "13", "100", "45", "34"),
}  # fmt: skip
_OF_CHILDREN = frozenset({"58", "59", "28", "101", "83", "25", "29"})
_OF_ADULTS = frozenset({"110", "109", "122", "100", "34", "125", "117"})
_OF_WOMEN = "13"
# Minutes for a visit, by orders 290н (2015) and 973н (2016) of the Ministry of Health; the rest by use.
_VISIT_MINUTES = {"58": 15, "59": 15, "109": 15, "110": 15, "49": 18, "45": 22, "53": 16, "54": 14, "13": 22, "34": 24,
                  "125": 19, "100": 30, "101": 30}  # fmt: skip
_USUAL_VISIT_MINUTES = 20
# What share of a doctor's time is taken: some are hard to get to, but not the first, whom README.md books.
_TAKEN_SHARES = (0.05, 0.05, 0.05, 0.1, 0.1, 0.4)


@dataclass(frozen=True, slots=True)
class Visit:
    """A slot, and its patient if it is taken. `doctor` is the institution's own id of the doctor and of the room."""

    external_id: str
    doctor: str
    specialty_code: str
    starts_at: datetime
    ends_at: datetime
    ages: tuple[int | None, int | None]
    sex: Sex | None
    serial: int
    taken: bool


@dataclass(frozen=True)
class Doctor:
    number: int
    clinic: Institution
    specialty_code: str

    @property
    def external_id(self) -> str:
        return f"demo-{self.number:03d}"

    @cached_property
    def body(self) -> PractitionerBody:
        dice = people.chance(self.external_id)
        name = people.full_name(dice, people.any_sex(dice))
        return PractitionerBody(
            last_name=name.last_name,
            first_name=name.first_name,
            patronymic=name.patronymic,
            specialty_codes=[self.specialty_code],
        )

    @property
    def room(self) -> LocationBody:
        room = f"{self.number % 4 + 1}{self.number % 23 + 1:02d}"
        return LocationBody(name=f"Кабинет {room}", address=self.clinic.body.address, room=room)

    @cached_property
    def ages(self) -> tuple[int | None, int | None]:
        """In full years, both inclusive."""
        if self.specialty_code in _OF_CHILDREN or self.clinic.patients == "children":
            return _CHILDREN
        if self.specialty_code in _OF_ADULTS or self.clinic.patients == "adults":
            return _ADULTS
        return None, None

    def visits_on(self, day: date) -> Iterator[Visit]:
        """The visits of a day, in order; the same whenever it is asked."""
        minutes = _VISIT_MINUTES.get(self.specialty_code, _USUAL_VISIT_MINUTES)
        share = _TAKEN_SHARES[self.number % len(_TAKEN_SHARES)]
        dice = people.chance(f"{self.external_id} {day}")
        day_number = day.toordinal() % _DAYS_UNTIL_SERIALS_REPEAT
        for index, starts in enumerate(self._starts(day, timedelta(minutes=minutes))):
            yield Visit(
                external_id=f"{self.external_id}-{starts:%Y%m%d-%H%M}",
                doctor=self.external_id,
                specialty_code=self.specialty_code,
                starts_at=starts.astimezone(UTC),
                ends_at=starts.astimezone(UTC) + timedelta(minutes=minutes),
                ages=self.ages,
                sex="female" if self.specialty_code == _OF_WOMEN else None,
                serial=(day_number * len(DOCTORS) + self.number) * _SLOTS_A_DAY + index,
                taken=dice.random() < share,
            )

    def _starts(self, day: date, visit: timedelta) -> Iterator[datetime]:
        for begin, end in self._hours(day):
            at = datetime.combine(day, begin, ZoneInfo(ZONE))
            until = datetime.combine(day, end, ZoneInfo(ZONE))
            while at + visit <= until:
                yield at
                at += visit

    def _hours(self, day: date) -> tuple[tuple[time, time], ...]:
        """Local hours: mornings and afternoons by turns, with a break; a few are on duty at weekends."""
        weekday = day.isoweekday()
        if weekday == 7:  # noqa: PLR2004 - Sunday
            return ((time(9), time(12)),) if self.number % 10 == 0 else ()
        if weekday == 6:  # noqa: PLR2004 - Saturday
            return ((time(9), time(13)),) if self.number % 4 == 0 else ()
        if (weekday + self.number) % 2:
            return (time(8), time(10)), (time(10, 30), time(12, 30))
        return (time(14), time(16)), (time(16, 30), time(18, 30))


def _doctors() -> tuple[Doctor, ...]:
    staff = [(clinic, code) for clinic in INSTITUTIONS if clinic.patients for code in _STAFF[clinic.patients]]
    return tuple(Doctor(number, clinic, code) for number, (clinic, code) in enumerate(staff))


DOCTORS = _doctors()


def doctors_of(clinic: Institution) -> list[Doctor]:
    return [doctor for doctor in DOCTORS if doctor.clinic is clinic]
