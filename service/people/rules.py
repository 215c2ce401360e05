"""People's numbers, names and ages. Errors name the kind of number that was wrong, never the number itself."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Any, Literal, get_args

Sex = Literal["female", "male"]

Right = Literal["book", "consent", "papers", "invite", "correct"]
# What a guardian may do for a child, by who the child is to them. Who acts for somebody of age, as they have asked, may
# do all of it. functions/bonds.sql holds the same.
_ALL: frozenset[Right] = frozenset(get_args(Right))
RIGHTS: dict[str, frozenset[Right]] = {
    # Oneself, and legal representatives: a parent; опекун, попечитель (ГК, art. 31-33).
    **dict.fromkeys(("self", "child", "ward"), _ALL),
    # Relatives and others who help.
    **dict.fromkeys(("spouse", "parent", "other"), frozenset[Right]({"book"})),
}

_NUMBER_SEPARATORS = re.compile(r"[\s‐‑‒–—-]")
_NAME_SEPARATORS = re.compile(r"[\s‐‑‒–—-]+")
_PHONE_SEPARATORS = re.compile(r"[\s‐‑‒–—().-]")
_LAST_UNCHECKED_SNILS = 1_001_998
_ENP_MONTH_RAISED_UNTIL = ((1950, 20), (2000, 40), (MAXYEAR, 0))
_NINES_COMPLEMENT = str.maketrans("0123456789", "9876543210")


@dataclass(frozen=True, slots=True)
class Vouched:
    """A human being as a provider vouches for them; the СНИЛС where it is known there."""

    last_name: str
    first_name: str
    patronymic: str | None
    birth_date: date
    sex: Sex
    snils: str | None


def normalize_snils(text: str) -> str:
    """The 11 digits of a СНИЛС written with or without spaces and dashes; raises ValueError for anything else."""
    return _digits(text, 11, "СНИЛС")


def snils_is_valid(digits: str) -> bool:
    """Whether 11 digits can be a СНИЛС: its check number fits, or it is one of those issued without.

    The check is made only above 001-001-998 (the Pension Fund's algorithm for the check number of an insurance number).
    All zeros are refused: people write them for "none", and two such people would be taken for one.
    """
    if not re.fullmatch(r"[0-9]{11}", digits) or not int(digits):
        return False
    body = digits[:9]
    if int(body) <= _LAST_UNCHECKED_SNILS:
        return True
    weighted = sum(int(digit) * weight for digit, weight in zip(body, range(9, 0, -1), strict=True))
    return int(digits[9:]) == weighted % 101 % 100


def mask_snils(text: str) -> str:
    """A СНИЛС to show to people, its last four digits alone visible: `***-***-*89 00`. ValueError if it is none."""
    digits = normalize_snils(text)
    return f"***-***-*{digits[7:9]} {digits[9:]}"


def normalize_enp(text: str) -> str:
    """The 16 digits of a policy number (ЕНП), spaces and dashes taken out; raises ValueError for anything else."""
    return _digits(text, 16, "ЕНП")


def enp_is_valid(digits: str) -> bool:
    """Whether 16 digits can be a policy number: the last is Luhn's. All zeros, which satisfy Luhn, are refused."""
    if not re.fullmatch(r"[0-9]{16}", digits) or not int(digits):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def mask_enp(text: str) -> str:
    """A policy number to show to people, its last four digits alone visible. ValueError if it is none."""
    return f"**** **** **** {normalize_enp(text)[-4:]}"


def enp_birth_matches(enp: str, birth_date: date, sex: Sex) -> bool:
    """Whether digits 3-10 of a normalized policy number fit this birth date and sex.

    A mismatch is a reason to warn and never to refuse. The digits are the nines' complement of month, year backwards
    and day; the month is raised by 20 for births up to 1950 and by 40 for 1951-2000, the day by 50 for men (as the
    registers of the insured compute it).
    """
    month = birth_date.month + next(raised for year, raised in _ENP_MONTH_RAISED_UNTIL if birth_date.year <= year)
    day = birth_date.day + (50 if sex == "male" else 0)
    written = f"{month:02}{f'{birth_date.year:04}'[::-1]}{day:02}"
    return enp[2:10] == written.translate(_NINES_COMPLEMENT)


def age_on(birth_date: date, on: date) -> int:
    """Full years of age on a day; a birthday counts from its morning. Raises ValueError for a day before the birth.

    Who was born on 29 February is a year older on 1 March where the year has no 29th.
    """
    if on < birth_date:
        raise ValueError("not born by that day")
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def guardian_may(kinship: str, right: Right, *, of_minor: bool) -> bool:
    """Whether a guardian may do that; `of_minor`: the person was a minor when it began, and still is."""
    return not of_minor or right in RIGHTS[kinship]


def birthday(birth_date: date, years: int) -> date:
    """The first day on which somebody is so many years old, as `age_on` counts."""
    day = birth_date.replace(day=1, year=birth_date.year + years)
    return day + timedelta(days=birth_date.day - 1)


def fold_name(last: str, first: str, patronymic: str | None) -> str:
    """One text for all spellings of a name that mean the same person, to be hashed in the search for duplicates.

    Case, ё and е, composed and decomposed letters, and spaces or hyphens of any kind and number make no difference.
    Parts stay apart: a line feed, which no folded part contains, stands between them.
    """
    return "\n".join(_fold(part) for part in (last, first, patronymic or ""))


def same_human(human: Vouched, person: Mapping[str, Any]) -> bool:
    """Whether somebody who was written down is that human being: by the СНИЛС, else by name and birth date."""
    if human.snils and person["snils"]:
        return human.snils == person["snils"]
    written = fold_name(person["last_name"], person["first_name"], person["patronymic"])
    vouched = fold_name(human.last_name, human.first_name, human.patronymic)
    return written == vouched and person["birth_date"] == human.birth_date


def evidently_differs(human: Vouched, person: Mapping[str, Any]) -> bool:
    """Whether who was written down is another human being, and not this one misspelt or under another surname."""
    if human.snils and person["snils"]:
        return human.snils != person["snils"]
    return _fold(person["first_name"]) != _fold(human.first_name) and person["birth_date"] != human.birth_date


def normalize_phone(text: str) -> str:
    """A Russian phone number as +7 and ten digits; raises ValueError for anything else.

    Takes +7, 8, 7 or nothing before the ten digits, and spaces, dashes, dots and brackets between them. The first of
    the ten is 3, 4, 8 or 9: the others do not begin a Russian area or mobile code. Ten bare digits from 8 on are
    refused, for they may as well be an 8 and a number with a digit missing.
    """
    compact = _PHONE_SEPARATORS.sub("", text)
    if not re.fullmatch(r"(?:\+7|[78])[3489][0-9]{9}|[349][0-9]{9}", compact):
        raise ValueError("not a Russian phone number")
    return f"+7{compact[-10:]}"


def _digits(text: str, count: int, kind: str) -> str:
    digits = _NUMBER_SEPARATORS.sub("", text)
    if len(digits) != count or not re.fullmatch(r"[0-9]+", digits):
        raise ValueError(f"not a {kind}: {count} digits are needed")
    return digits


def _fold(part: str) -> str:
    composed = unicodedata.normalize("NFC", part.casefold())
    return _NAME_SEPARATORS.sub(" ", composed.replace("ё", "е")).strip()
