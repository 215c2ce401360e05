"""Chance, and invented people: names out of lists of common ones, and numbers that nobody was given."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

Sex = Literal["male", "female"]

# The masculine form; the feminine one takes an «а».
_LAST_NAMES = (
    "Абрамов", "Александров", "Алексеев", "Андреев", "Антонов", "Баранов", "Белов", "Беляев", "Блинов", "Богданов",
    "Борисов", "Быков", "Васильев", "Виноградов", "Власов", "Воробьёв", "Воронов", "Гаврилов", "Голубев", "Горбунов",
    "Громов", "Гусев", "Давыдов", "Данилов", "Денисов", "Дмитриев", "Егоров", "Емельянов", "Ершов", "Ефимов",
    "Жуков", "Журавлёв", "Зайцев", "Захаров", "Зимин", "Зуев", "Иванов", "Игнатов", "Ильин", "Калинин",
    "Карпов", "Киселёв", "Князев", "Ковалёв", "Козлов", "Комаров", "Королёв", "Кудрявцев", "Кузнецов", "Кузьмин",
    "Лазарев", "Лебедев", "Логинов", "Макаров", "Максимов", "Мартынов", "Медведев", "Мельников", "Миронов", "Михайлов",
    "Морозов", "Некрасов", "Никитин", "Николаев", "Новиков", "Орлов", "Осипов", "Павлов", "Панов", "Петров",
    "Поляков", "Пономарёв", "Попов", "Прохоров", "Родионов", "Романов", "Рябов", "Савельев", "Семёнов", "Сергеев",
    "Сидоров", "Смирнов", "Соболев", "Соколов", "Соловьёв", "Сорокин", "Степанов", "Суханов", "Тарасов", "Тимофеев",
    "Титов", "Тихонов", "Третьяков", "Филатов", "Филиппов", "Фомин", "Фролов", "Цветков", "Чернов", "Яковлев",
)  # fmt: skip
_FIRST_NAMES: dict[Sex, tuple[str, ...]] = {
    "male": (
        "Александр", "Алексей", "Андрей", "Антон", "Артём", "Борис", "Вадим", "Василий", "Виктор", "Владимир",
        "Глеб", "Григорий", "Даниил", "Денис", "Дмитрий", "Евгений", "Егор", "Иван", "Игорь", "Кирилл",
        "Константин", "Лев", "Максим", "Матвей", "Михаил", "Никита", "Николай", "Олег", "Павел", "Пётр",
        "Роман", "Семён", "Сергей", "Степан", "Тимофей", "Фёдор", "Юрий", "Ярослав",
    ),
    "female": (
        "Алёна", "Алина", "Алиса", "Анастасия", "Анна", "Валентина", "Валерия", "Варвара", "Вера", "Вероника",
        "Виктория", "Галина", "Дарья", "Ева", "Евгения", "Екатерина", "Елена", "Елизавета", "Ирина", "Кира",
        "Ксения", "Лариса", "Любовь", "Людмила", "Маргарита", "Марина", "Мария", "Милана", "Надежда", "Наталья",
        "Нина", "Оксана", "Ольга", "Полина", "Светлана", "София", "Таисия", "Татьяна", "Ульяна", "Юлия",
    ),
}  # fmt: skip
_PATRONYMICS: dict[Sex, tuple[str, ...]] = {
    "male": (
        "Александрович", "Алексеевич", "Андреевич", "Антонович", "Борисович", "Викторович", "Владимирович",
        "Денисович", "Дмитриевич", "Евгеньевич", "Иванович", "Игоревич", "Константинович", "Максимович", "Михайлович",
        "Николаевич", "Олегович", "Павлович", "Петрович", "Романович", "Сергеевич", "Степанович", "Юрьевич",
    ),
    "female": (
        "Александровна", "Алексеевна", "Андреевна", "Антоновна", "Борисовна", "Викторовна", "Владимировна",
        "Денисовна", "Дмитриевна", "Евгеньевна", "Ивановна", "Игоревна", "Константиновна", "Максимовна", "Михайловна",
        "Николаевна", "Олеговна", "Павловна", "Петровна", "Романовна", "Сергеевна", "Степановна", "Юрьевна",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FullName:
    last_name: str
    first_name: str
    patronymic: str

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name} {self.patronymic}"


def chance(of: str | int) -> Random:
    """What is left to chance about one thing: the same whenever it is asked."""
    return Random(of)  # nosec B311 # noqa: S311 - nothing hangs on its being hard to guess


def full_name(dice: Random, sex: Sex) -> FullName:
    """A name of that sex."""
    last_name = dice.choice(_LAST_NAMES) + ("а" if sex == "female" else "")
    return FullName(last_name, dice.choice(_FIRST_NAMES[sex]), dice.choice(_PATRONYMICS[sex]))


def any_sex(dice: Random) -> Sex:
    return dice.choice(("female", "male"))


def birth_date(dice: Random, years: tuple[int, int], on: date) -> date:
    """The birth date of somebody who on that day is from the first to the second of `years` old, in full years."""
    age = dice.randint(*years)
    return on - timedelta(days=int(age * 365.25) + dice.randint(1, 360))


def snils(serial: int) -> str:
    """A СНИЛС of its own for each serial number from 0 to 99,999,999, with its check digits.

    They begin with 9: numbers are given out in order, and those are far from their turn.
    """
    body = f"{900_000_000 + serial:09d}"
    check = sum(int(digit) * weight for digit, weight in zip(body, range(9, 0, -1), strict=True)) % 101 % 100
    return f"{body}{check:02d}"
