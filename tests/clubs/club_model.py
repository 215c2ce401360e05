"""Clubs published at random, and the same search over them as plain Python says it should be."""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args

from schemas.clubs import Direction, FinancingSource, Form, Level, Limitation
from schemas.group_search import PriceBand
from service.core.ids import new_id
from tests.applications.people import stranger
from tests.clubs.test_rules import months_of_age
from tests.world import World

TOWNS = {"Кемерово": (55.3543, 86.0883), "Тайга": (56.0621, 85.6203), "Юрга": (55.7136, 84.9334)}
_PRICES = {"free": 0, "to_1000": 1000, "to_2000": 1500, "to_3000": 2500, "over_3000": 4000}


@dataclass
class Published:
    """A group with what it was published as."""

    id: str
    institution_id: str
    town: str
    programme: Mapping[str, Any]
    programme_id: str
    body: Mapping[str, Any]
    full: bool

    @property
    def weekdays(self) -> set[int]:
        dated = (date.fromisoformat(lesson["day"]).isoweekday() for lesson in self.body["lesson_dates"])
        return {lesson["weekday"] for lesson in self.body["weekly_lessons"]} | set(dated)

    @property
    def minutes(self) -> list[tuple[int, int]]:
        """From when until when each lesson is."""
        lessons = [*self.body["weekly_lessons"], *self.body["lesson_dates"]]
        begins = [int(lesson["starts"][:2]) * 60 + int(lesson["starts"][3:]) for lesson in lessons]
        hours = [lesson["academic_hours"] for lesson in lessons]
        pause = self.body["break_minutes"]
        return [(begin, begin + 45 * n + pause * (n - 1)) for begin, n in zip(begins, hours, strict=True)]

    @property
    def price(self) -> int:
        return min(item["price_month_roubles"] for item in self.body["financing"])

    def months(self, born: date, today: date) -> int:
        """The child's age as this group counts it."""
        rule = self.body["age_rule"]
        on = {"start": self.body["starts_on"], "date": self.body["age_on"], "applying": today.isoformat()}[rule]
        counted_on = date.fromisoformat(on)
        if self.body["age_by_year"]:
            return 12 * (counted_on.year - born.year)
        return months_of_age(born, counted_on) if born <= counted_on else -1

    @property
    def ages(self) -> tuple[int, int]:
        """In months, until exclusive."""
        first, last = self.body["age_from"], self.body["age_to"]
        return round(first * 12), round((last + 1) * 12 if last == int(last) else last * 12 + 1)

    def suits(self, born: date, today: date) -> bool:
        first, until = self.ages
        return first <= self.months(born, today) < until

    def opening(self, now: datetime) -> timedelta:
        return datetime.fromisoformat(self.body["enrolment_opens_at"]) - now

    def is_open(self, now: datetime) -> bool:
        closes = self.body["collect_until"] or self.body["enrolment_closes_at"]
        return self.opening(now) <= timedelta() and now < datetime.fromisoformat(closes)

    def km(self, latitude: float, longitude: float) -> float:
        """By the law of cosines: another formula than the database's."""
        place = self.body["places"][0]
        one, other = math.radians(latitude), math.radians(place["latitude"])
        between = math.radians(longitude - place["longitude"])
        cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(between)
        return 6371.0088 * math.acos(min(cosine, 1))


def publish(world: World, number: int, seed: int = 42) -> list[Published]:
    """So many groups of three clubs."""
    dice = random.Random(seed)
    clubs = {town: _club(world, dice, town) for town in TOWNS}
    return [_group(world, dice, *clubs[dice.choice([*TOWNS])], own) for own in range(number)]


def _club(world: World, dice: random.Random, town: str) -> tuple[str, str, list[tuple[str, str, dict[str, Any]]]]:
    club, programmes = str(new_id()), list[tuple[str, str, dict[str, Any]]]()
    body = {"name": f"Клуб, г. {town}", "kind": "club", "municipality": town, "address": "ул. Мира, 1"}
    world.put(f"/v1/institutions/{club}", body | {"zone": "Asia/Novokuznetsk"})
    for own_id in ("p1", "p2", "p3", "p4"):
        programme = {
            "name": dice.choice(("Шахматы", "Робототехника", "Лепка", "Плавание")),
            "direction": dice.choice(get_args(Direction)),
            "level": dice.choice(get_args(Level)),
            "form": dice.choice(get_args(Form)),
            "kind": dice.choice(("general", "preprofessional")),
            "limitations": dice.sample(get_args(Limitation), dice.randrange(3)),
        }
        made = world.put(f"/v1/institutions/{club}/programmes/{own_id}", programme)
        programmes.append((own_id, made["id"], programme))
    return club, town, programmes


def _group(
    world: World, dice: random.Random, club: str, town: str, programmes: list[tuple[str, str, dict[str, Any]]], own: int
) -> Published:
    own_id, programme_id, programme = dice.choice(programmes)
    opens = world.now + timedelta(days=dice.choice((-20, -3, 0, 3, 13, 15, 40)))
    first, rule = dice.randrange(2, 28) / 2, dice.choice(("start", "applying", "date"))
    filling = dice.choice(("first_come", "first_come", "priority", "draw"))
    weekly, dated = dice.choice(((1, 0), (2, 0), (2, 1), (0, 2)))
    sources = dice.sample(get_args(FinancingSource), dice.randrange(1, 3))
    latitude, longitude = TOWNS[town]
    body = world.group(
        programme_id=own_id,
        name=f"Группа {own}",
        age_from=first,
        age_to=first + dice.randrange(6) / 2,
        age_rule=rule,
        age_on=f"2026-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}" if rule == "date" else None,
        age_by_year=dice.random() < 0.3,
        capacity=1,
        school_year=dice.choice((2026, 2027)),
        starts_on=f"2026-10-{dice.randrange(1, 8):02d}",
        enrolment_opens_at=opens.isoformat(),
        enrolment_closes_at=(opens + timedelta(days=dice.choice((3, 20)))).isoformat(),
        collect_until=(opens + timedelta(days=2)).isoformat() if filling in ("priority", "draw") else None,
        filling=filling,
        weekly_lessons=[_lesson(dice) | {"weekday": day} for day in dice.sample(range(1, 8), weekly)],
        lesson_dates=[_lesson(dice) | {"day": f"2026-11-{dice.randrange(2, 28):02d}"} for _ in range(dated)],
        break_minutes=dice.choice((0, 10)),
        places=[
            {
                "address": "ул. Мира, 1",
                "latitude": round(latitude + dice.uniform(-0.3, 0.3), 4),
                "longitude": round(longitude + dice.uniform(-0.3, 0.3), 4),
            }
        ],
        financing=[{"source": source, "price_month_roubles": dice.choice([*_PRICES.values()])} for source in sources],
    )
    made = world.put(f"/v1/institutions/{club}/groups/g{own}", body)
    group = Published(made["id"], club, town, programme, programme_id, body, full=False)
    if filling == "first_come" and rule == "start" and not body["age_by_year"] and group.is_open(world.now):
        born = date(2026, 9, 7) - timedelta(days=int(365.25 * (first + 0.3)))
        group.full = group.suits(born, date(2026, 9, 7)) and (
            stranger(world, made["id"], birth_date=born.isoformat()).answer("ru").status == 201
        )
    return group


def _lesson(dice: random.Random) -> dict[str, Any]:
    return {"starts": f"{dice.randrange(9, 20):02d}:{dice.choice((0, 30)):02d}", "academic_hours": dice.randrange(1, 4)}


Predicate = Callable[[Published, Any, datetime], bool]
_TODAY = date(2026, 9, 7)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


# What each filter means.
MEANS: dict[str, Predicate] = {
    "institution_id": lambda group, value, _: group.institution_id == value,
    "programme_id": lambda group, value, _: group.programme_id == value,
    "municipality": lambda group, value, _: group.town == value,
    "school_year": lambda group, value, _: group.body["school_year"] == value,
    "direction": lambda group, value, _: group.programme["direction"] == value,
    "level": lambda group, value, _: group.programme["level"] == value,
    "kind": lambda group, value, _: group.programme["kind"] == value,
    "form": lambda group, value, _: group.programme["form"] == value,
    "limitation": lambda group, value, _: value in group.programme["limitations"],
    "financing": lambda group, value, _: any(item["source"] == value for item in group.body["financing"]),
    "price_month_to": lambda group, value, _: group.price <= value,
    "weekdays": lambda group, value, _: group.weekdays <= {int(day) for day in value.split(",")},
    "time_from": lambda group, value, _: all(begin >= _minute(value) for begin, _ in group.minutes),
    "time_to": lambda group, value, _: all(end <= _minute(value) for _, end in group.minutes),
    "born_on": lambda group, value, _: group.suits(date.fromisoformat(value), _TODAY),
    "free_only": lambda group, _, __: not group.full,
    "open_only": lambda group, _, now: group.is_open(now),
    "opens_within_days": lambda group, value, now: timedelta() < group.opening(now) <= timedelta(days=value),
    "near": lambda group, value, _: group.km(*map(float, value.split(","))) <= 20,
}


def some_value(dice: random.Random, name: str, groups: list[Published]) -> Any:
    """One that finds something, mostly."""
    one = dice.choice(groups)
    values = {
        "institution_id": one.institution_id,
        "programme_id": one.programme_id,
        "municipality": one.town,
        "school_year": one.body["school_year"],
        "limitation": dice.choice([*one.programme["limitations"], "autism"]),
        "financing": one.body["financing"][0]["source"],
        "price_month_to": one.price,
        "weekdays": ",".join(map(str, sorted(one.weekdays | {dice.randrange(1, 8)}))),
        "time_from": f"{dice.randrange(9, 17):02d}:30",
        "time_to": f"{dice.randrange(14, 22):02d}:15",
        "born_on": (_TODAY - timedelta(days=int(365.25 * dice.uniform(2, 16)))).isoformat(),
        "free_only": "true",
        "open_only": "true",
        "opens_within_days": dice.choice((3, 13, 14, 15)),
        "near": "{latitude},{longitude}".format(**one.body["places"][0]),
    }
    return values[name] if name in values else one.programme[name]


def facets_of(groups: list[Published], now: datetime, soon_days: int = 14) -> dict[str, Any]:
    """Counted one by one."""

    def counted(values: tuple[str, ...], of: Callable[[Published], list[str]]) -> dict[str, int]:
        found = Counter(value for group in groups for value in of(group))
        return {value: found[value] for value in values}

    soon = MEANS["opens_within_days"]
    return {
        "direction": counted(get_args(Direction), lambda group: [group.programme["direction"]]),
        "level": counted(get_args(Level), lambda group: [group.programme["level"]]),
        "form": counted(get_args(Form), lambda group: [group.programme["form"]]),
        "financing": counted(
            get_args(FinancingSource), lambda group: [item["source"] for item in group.body["financing"]]
        ),
        "weekday": counted(tuple("1234567"), lambda group: [str(day) for day in group.weekdays]),
        "limitation": counted(get_args(Limitation), lambda group: [*group.programme["limitations"]]),
        "price": counted(
            get_args(PriceBand), lambda group: [band for band, price in _PRICES.items() if price == group.price]
        ),
        "free": sum(not group.full for group in groups),
        "open": sum(group.is_open(now) for group in groups),
        "opens_soon": sum(soon(group, soon_days, now) for group in groups),
    }
