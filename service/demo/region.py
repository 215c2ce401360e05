"""The demonstration's region: the towns of Kuzbass, and invented institutions in them."""

from dataclasses import dataclass
from itertools import count
from typing import Literal
from uuid import UUID, uuid5

from schemas.common import Zone
from schemas.institutions import InstitutionBody, InstitutionKind
from schemas.sessions import MiniApp

REGION = 42
ZONE: Zone = "Asia/Novokuznetsk"
FIRST_PAGE = 100001

_NAMESPACE = UUID("0192f000-0000-7000-8000-00000000dd42")

# Whom a clinic treats; None: it is no clinic.
Patients = Literal["children", "adults", "everyone"]


# Where the towns are: degrees north and east.
COORDINATES: dict[str, tuple[float, float]] = {
    "Кемерово": (55.3543, 86.0883), "Новокузнецк": (53.7576, 87.1360), "Прокопьевск": (53.8844, 86.7180),
    "Междуреченск": (53.6866, 88.0703), "Ленинск-Кузнецкий": (54.6674, 86.1797), "Киселёвск": (53.9900, 86.6620),
    "Юрга": (55.7136, 84.9334), "Белово": (54.4221, 86.3037), "Анжеро-Судженск": (56.0815, 86.0285),
    "Берёзовский": (55.6696, 86.2549), "Осинники": (53.6177, 87.3368), "Мыски": (53.7126, 87.8055),
    "Мариинск": (56.2147, 87.7417), "Таштагол": (52.7590, 87.8469), "Полысаево": (54.6049, 86.2423),
    "Топки": (55.2767, 85.6151), "Тайга": (56.0621, 85.6203), "Гурьевск": (54.2859, 85.9476),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution with the page it is reached from; `id` is the same whenever and wherever it is made."""

    id: UUID
    page: int
    patients: Patients | None
    body: InstitutionBody

    @property
    def town(self) -> str:
        return self.body.municipality

    @property
    def mini_apps(self) -> tuple[MiniApp, ...]:
        if self.patients is None:
            return ("club",)
        return ("doctor", "club") if self.page == FIRST_PAGE else ("doctor",)


# Town, kind, whom a clinic treats, name, street and house. The first is the one that README.md walks through.
_TABLE: tuple[tuple[str, InstitutionKind, Patients | None, str, str], ...] = (
    ("Кемерово", "clinic", "children", "Детская поликлиника № 1", "ул. Весенняя, 5"),
    ("Новокузнецк", "clinic", "children", "Детская поликлиника № 2", "ул. Кирова, 61"),
    ("Прокопьевск", "clinic", "children", "Детская поликлиника № 3", "ул. Шишкина, 14"),
    ("Кемерово", "clinic", "adults", "Поликлиника № 4", "пр. Ленина, 107"),
    ("Новокузнецк", "clinic", "adults", "Поликлиника № 5", "пр. Бардина, 28"),
    ("Междуреченск", "clinic", "everyone", "Городская поликлиника", "пр. Строителей, 17"),
    ("Ленинск-Кузнецкий", "clinic", "everyone", "Городская поликлиника", "ул. Земцова, 9"),
    ("Киселёвск", "clinic", "everyone", "Городская поликлиника", "ул. Унжакова, 12"),
    ("Юрга", "clinic", "everyone", "Городская поликлиника", "ул. Московская, 33"),
    ("Белово", "clinic", "everyone", "Городская поликлиника", "ул. Чкалова, 18"),
    ("Анжеро-Судженск", "clinic", "everyone", "Городская поликлиника", "ул. Матросова, 46"),
    ("Берёзовский", "clinic", "everyone", "Городская поликлиника", "ул. Волкова, 7"),
    ("Осинники", "clinic", "everyone", "Городская поликлиника", "ул. Победы, 20"),
    ("Мыски", "clinic", "everyone", "Городская поликлиника", "ул. Пушкина, 3"),
    ("Мариинск", "clinic", "everyone", "Районная поликлиника", "ул. Рабочая, 25"),
    ("Таштагол", "clinic", "everyone", "Районная поликлиника", "ул. Ноградская, 11"),
    ("Кемерово", "club", None, "Дом детского творчества «Созвездие»", "пр. Советский, 40"),
    ("Новокузнецк", "club", None, "Дом детского творчества «Радуга»", "ул. Орджоникидзе, 22"),
    ("Прокопьевск", "club", None, "Центр дополнительного образования «Маяк»", "пр. Шахтёров, 8"),
    ("Междуреченск", "club", None, "Центр детского творчества «Росток»", "пр. Коммунистический, 15"),
    ("Белово", "club", None, "Дворец творчества «Вектор»", "ул. Советская, 44"),
    ("Юрга", "club", None, "Дом детского творчества «Мечта»", "ул. Ленинградская, 6"),
    ("Полысаево", "club", None, "Дом детского творчества «Огонёк»", "ул. Крупской, 62"),
    ("Топки", "club", None, "Центр дополнительного образования «Компас»", "ул. Луначарского, 19"),
    ("Кемерово", "school", None, "Школа № 101", "бул. Строителей, 30"),
    ("Новокузнецк", "school", None, "Школа № 102", "ул. Циолковского, 55"),
    ("Ленинск-Кузнецкий", "school", None, "Школа № 103", "ул. Пушкина, 28"),
    ("Киселёвск", "school", None, "Школа № 104", "ул. Мира, 10"),
    ("Анжеро-Судженск", "school", None, "Школа № 105", "ул. Крылова, 4"),
    ("Тайга", "school", None, "Школа № 106", "ул. Октябрьская, 13"),
    ("Гурьевск", "school", None, "Школа № 107", "ул. Кирова, 39"),
    ("Мариинск", "school", None, "Школа № 108", "ул. Ленина, 52"),
    ("Кемерово", "sports", None, "Спортивная школа «Кедр»", "бул. Пионерский, 2"),
    ("Новокузнецк", "sports", None, "Спортивная школа «Снежинка»", "ул. Тореза, 91"),
    ("Осинники", "sports", None, "Спортивный комплекс «Шахтёр»", "ул. Ефимова, 8"),
    ("Таштагол", "sports", None, "Спортивная школа «Горизонт»", "ул. Суворова, 16"),
)


def _institutions() -> tuple[Institution, ...]:
    return tuple(
        Institution(
            id=uuid5(_NAMESPACE, str(page)),
            page=page,
            patients=patients,
            body=InstitutionBody(
                name=f"{name}, г. {town}",
                kind=kind,
                municipality=town,
                address=f"г. {town}, {street}",
                # No subscriber's number begins with a zero.
                phone=f"+73842000{page % 1000:03d}",
                zone=ZONE,
            ),
        )
        for page, (town, kind, patients, name, street) in zip(count(FIRST_PAGE), _TABLE, strict=False)
    )


INSTITUTIONS = _institutions()
