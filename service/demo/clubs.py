"""The demonstration's programmes and groups: every month a new intake of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.clubs import (
    Direction,
    Filling,
    Financing,
    Form,
    GroupBody,
    LessonPlace,
    Level,
    Limitation,
    ProgrammeBody,
    ProgrammeKind,
    WeeklyLesson,
)
from schemas.institutions import InstitutionKind
from service.demo import people
from service.demo.region import COORDINATES, INSTITUTIONS, ZONE, Institution

# Enrolment closes so early that lessons never meet a ticket of the same days: README.md books both for one child.
_CLOSES_BEFORE_START_DAYS = 14
_LEAST_DAYS_TO_START = 21
_WEEKS = 36
# Each programme has a group of each.
_AGES = ((6, 9), (10, 14))
_FIRST_SERIAL = 50_000_000
_PLACES_AT_MOST = 20
# Children in the queue of a group that is full.
_WAITING = 3
_BY_CERTIFICATE = 0.5
_MONTHS_UNTIL_SERIALS_REPEAT = 1000

Enrolment = Literal["open", "full", "nearly_full", "not_open_yet", "closed"]
_ENROLMENTS: tuple[Enrolment, ...] = (
    "open", "open", "nearly_full", "open", "full", "open", "not_open_yet", "open", "nearly_full", "closed",
)  # fmt: skip
# Of so many groups one is filled in that way, or enrols at once; the others first come, with a review.
_EVERY_DRAW, _EVERY_PRIORITY, _EVERY_INSTANT = 23, 19, 7
_FORMS: tuple[Form, ...] = ("in_person", "in_person", "in_person", "mixed", "in_person", "distance", "in_person")
_LIMITATIONS: tuple[Limitation, ...] = (
    "hearing", "vision", "speech", "musculoskeletal", "development", "autism", "intellectual",
)  # fmt: skip
_LEVELS: tuple[Level, ...] = ("introductory", "introductory", "basic", "basic", "advanced")

# How many programmes each institution of a kind has; a clinic only where it has the mini-app.
_PROGRAMMES: dict[InstitutionKind, int] = {"club": 8, "school": 7, "sports": 7, "clinic": 2}
_NAMES: dict[Direction, tuple[str, ...]] = {
    "technical": (
        "Робототехника", "3D-моделирование", "Программирование на Python", "Авиамоделирование", "Радиоэлектроника",
        "Квадрокоптеры", "Судомоделирование",
    ),
    "science": (
        "Шахматы", "Юный химик", "Занимательная физика", "Астрономия", "Биология под микроскопом",
        "Олимпиадная математика", "Экологический патруль",
    ),
    "arts": (
        "Акварель", "Хоровое пение", "Народный танец", "Театральная студия", "Керамика", "Гитара с нуля",
        "Бисероплетение",
    ),
    "sports": (
        "Лыжные гонки", "Плавание", "Волейбол", "Самбо", "Настольный теннис", "Художественная гимнастика", "Хоккей",
    ),
    "tourism": (
        "Юный турист", "Спортивное ориентирование", "Скалолазание", "Краеведение Кузбасса", "Школа экскурсовода",
        "Тропами Шории", "Музейное дело",
    ),
    "social": (
        "Школа волонтёра", "Юный журналист", "Английский с удовольствием", "Школа вожатых", "Финансовая грамотность",
        "Дебаты", "Подготовка к школе",
    ),
}  # fmt: skip
_OF_CLINIC: dict[Direction, tuple[str, ...]] = {"sports": ("Школа правильной осанки",), "social": ("Здоровое питание",)}
_OF_SPORTS: dict[Direction, tuple[str, ...]] = {"sports": _NAMES["sports"], "tourism": _NAMES["tourism"]}
_CATALOGUES: dict[InstitutionKind, dict[Direction, tuple[str, ...]]] = {
    "clinic": _OF_CLINIC, "sports": _OF_SPORTS, "club": _NAMES, "school": _NAMES,
}  # fmt: skip


@dataclass(frozen=True)
class Programme:
    number: int
    institution: Institution
    direction: Direction
    name: str

    @property
    def external_id(self) -> str:
        return f"demo-{self.number:03d}"

    @property
    def body(self) -> ProgrammeBody:
        return ProgrammeBody(
            name=self.name,
            direction=self.direction,
            level=_LEVELS[self.number % len(_LEVELS)],
            description=f"«{self.name}»: занятия в группах по возрасту. Первое занятие — знакомство.",
            form=_FORMS[self.number % len(_FORMS)],
            kind=self.kind,
            limitations=[_LIMITATIONS[self.number // 3 % len(_LIMITATIONS)]] if self.number % 3 == 0 else [],
            hours=144,
        )

    @property
    def kind(self) -> ProgrammeKind:
        if self.institution.body.kind == "sports" and self.direction == "sports":
            return "sports"
        return "preprofessional" if self.direction == "arts" and self.number % 4 == 0 else "general"


@dataclass(frozen=True)
class Group:
    """A group of the intake that is brought in `today`; what it is depends on nothing else."""

    programme: Programme
    index: int
    today: date

    @cached_property
    def number(self) -> int:
        return self.programme.number * len(_AGES) + self.index

    @cached_property
    def starts_on(self) -> date:
        return first_lesson_day(self.today)

    @property
    def external_id(self) -> str:
        return f"{self.programme.external_id}-{self.starts_on:%Y%m}-{self.index + 1}"

    @property
    def ages(self) -> tuple[int, int]:
        """In full years on the first day, both inclusive."""
        return _AGES[self.index]

    @property
    def enrolment(self) -> Enrolment:
        return _ENROLMENTS[self.number % len(_ENROLMENTS)]

    @cached_property
    def body(self) -> GroupBody:
        dice = people.chance(self.external_id)
        opens_at, closes_at = self._enrolment_window()
        first, last = self.ages
        weekdays = sorted(dice.sample(range(1, 7), 2))
        starts = time(dice.randint(14, 18), dice.choice((0, 30)))
        capacity = dice.choice((10, 12, 15, _PLACES_AT_MOST))
        latitude, longitude = COORDINATES[self.programme.institution.town]
        is_sports = self.programme.kind == "sports"
        lessons = [WeeklyLesson(weekday=weekday, starts=starts, academic_hours=2) for weekday in weekdays]
        teacher = people.full_name(dice, people.any_sex(dice))
        return GroupBody(
            programme_id=self.programme.external_id,
            name=f"{first}-{last} лет",
            age_from=first,
            age_to=last,
            capacity=capacity,
            min_size=capacity // 2,
            hours_a_year=144,
            starts_on=self.starts_on,
            ends_on=self.starts_on + timedelta(weeks=_WEEKS),
            enrolment_opens_at=opens_at,
            enrolment_closes_at=closes_at,
            weekly_lessons=lessons,
            break_minutes=10,
            places=[
                LessonPlace(
                    address=self.programme.institution.body.address,
                    latitude=round(latitude + dice.uniform(-0.03, 0.03), 4),
                    longitude=round(longitude + dice.uniform(-0.03, 0.03), 4),
                )
            ],
            teachers=[str(teacher)],
            financing=_financing(0 if is_sports else dice.choice((0, 0, 0, 800, 1200, 2500)), dice.random()),
            documents=["child_identity", "medical_certificate"] if is_sports else ["child_identity"],
            entrance_test=is_sports,
            trial_places=dice.choice((0, 0, 2)),
            instant=self.filling == "first_come" and self.number % _EVERY_INSTANT == 1 + len(_AGES) and not is_sports,
            filling=self.filling,
            collect_until=closes_at - timedelta(hours=6) if self.filling != "first_come" else None,
        )

    @property
    def filling(self) -> Filling:
        """Where nobody has a place before it is filled, the group looks open, and is."""
        if self.enrolment != "open":
            return "first_come"
        if self.number % _EVERY_DRAW == 1 + len(_AGES):
            return "draw"
        return "priority" if self.number % _EVERY_PRIORITY == 1 + len(_AGES) else "first_come"

    def _enrolment_window(self) -> tuple[datetime, datetime]:
        closes_at = _local(self.starts_on - timedelta(days=_CLOSES_BEFORE_START_DAYS))
        match self.enrolment:
            case "not_open_yet":
                return _local(self.today + timedelta(days=3), 9), closes_at
            case "closed":
                return _local(self.today - timedelta(days=30), 9), _local(self.today)
            case _:
                return _local(self.today - timedelta(days=7), 9), closes_at

    @property
    def applied_at(self) -> datetime:
        """When its places were applied for."""
        return self.body.enrolment_opens_at + timedelta(days=1)

    def applications(self) -> int:
        """How many children are applied for; those whom it has no place for wait."""
        capacity = self.body.capacity
        match self.enrolment:
            case "full":
                return capacity + _WAITING
            case "nearly_full":
                return capacity - 1
            case "not_open_yet":
                return 0
            case "open" | "closed":
                return capacity // 2

    def serial(self, place: int) -> int:
        """A number for the child who has this place, or waits for one, of nobody else."""
        month = (self.starts_on.year * 12 + self.starts_on.month) % _MONTHS_UNTIL_SERIALS_REPEAT
        return (
            _FIRST_SERIAL + (month * len(PROGRAMMES) * len(_AGES) + self.number) * (_PLACES_AT_MOST + _WAITING) + place
        )


def first_lesson_day(today: date) -> date:
    """When the intake of a day begins: on the first of a month, three weeks from that day or later."""
    month = (today + timedelta(days=_LEAST_DAYS_TO_START - 1)).replace(day=1)
    return (month + timedelta(days=32)).replace(day=1)


def groups_of(programme: Programme, today: date) -> list[Group]:
    return [Group(programme, index, today) for index in range(len(_AGES))]


def _financing(price_month_roubles: int, chance: float) -> list[Financing]:
    """Half of what is paid for may be paid by a certificate too."""
    if not price_month_roubles:
        return [Financing(source="budget")]
    total = 9 * price_month_roubles
    own = Financing(source="own", price_month_roubles=price_month_roubles, price_total_roubles=total)
    certificate = Financing(source="certificate", price_total_roubles=total, hours=72)
    return [own, certificate] if chance < _BY_CERTIFICATE else [own]


def _local(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(ZONE))


def _offers() -> Iterator[tuple[Institution, Direction, str]]:
    """By turns of all directions, and from another name on at each institution."""
    clubs = [institution for institution in INSTITUTIONS if "club" in institution.mini_apps]
    for offset, institution in enumerate(clubs):
        catalogue = _CATALOGUES[institution.body.kind]
        for index in range(_PROGRAMMES[institution.body.kind]):
            direction = tuple(catalogue)[index % len(catalogue)]
            offered = catalogue[direction]
            yield institution, direction, offered[(offset + index // len(catalogue)) % len(offered)]


PROGRAMMES = tuple(Programme(number, *offer) for number, offer in enumerate(_offers()))


def programmes_of(institution: Institution) -> list[Programme]:
    return [programme for programme in PROGRAMMES if programme.institution is institution]
