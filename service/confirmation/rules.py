"""What a provider's claims say of a human being. Nothing here is trusted to be of any shape."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from service.people.rules import Sex, Vouched, age_on, fold_name, normalize_snils, snils_is_valid

Preset = Literal["standard", "esia"]
FIELDS = ("last_name", "first_name", "patronymic", "birth_date", "sex", "snils")
# Our field -> the path of the claim; `child.` and a field: where a child's is named otherwise.
CLAIMS: Mapping[str, Mapping[str, str]] = {
    "standard": {
        "last_name": "family_name",
        "first_name": "given_name",
        "patronymic": "middle_name",
        "birth_date": "birthdate",
        "sex": "gender",
        "snils": "snils",
        "children": "children",
    },
    # As the methodical recommendations for ЕСИА name them.
    "esia": {
        "last_name": "lastName",
        "first_name": "firstName",
        "patronymic": "middleName",
        "birth_date": "birthDate",
        "sex": "gender",
        "snils": "snils",
        "trusted": "trusted",
        "children": "kids.elements",
    },
}
KNOWN = {*FIELDS, "trusted", "children", *(f"child.{name}" for name in FIELDS)}
_MOST_CHILDREN = 20
_OLDEST_YEARS = 130
_NAME = re.compile(r"[^\W\d_]+(?:[-' .][^\W\d_]+)*")
_LONGEST_NAME = 80
_DATES = ("%Y-%m-%d", "%d.%m.%Y")
_SEXES: Mapping[str, Sex] = {
    "m": "male", "male": "male", "м": "male", "f": "female", "female": "female", "ж": "female",
}  # fmt: skip


class Untrusted(Exception):
    """The provider knows the account, and does not vouch for whose it is."""


class Incomplete(Exception):
    """Something is missing without which nobody is known."""


@dataclass(frozen=True, slots=True)
class Family:
    own: Vouched
    children: Sequence[Vouched]


def family_of(claims: Mapping[str, Any], paths: Mapping[str, str], today: date) -> Family:
    """The citizen and their children. A child that is not told of whole is left out. Raises Untrusted, Incomplete."""
    trusted = paths.get("trusted")
    if trusted and not ((told := _found(claims, trusted)) is True or told == "true"):
        raise Untrusted
    own = _human(claims, paths, today)
    if own is None:
        raise Incomplete
    listed = _found(claims, paths["children"]) if "children" in paths else None
    given = cast(list[Any], listed)[:_MOST_CHILDREN] if isinstance(listed, list) else []
    of_children = {name: paths.get(f"child.{name}", paths.get(name, "")) for name in FIELDS}
    children: dict[object, Vouched] = {}
    for one in given:
        child = _human(cast(dict[str, Any], one), of_children, today) if isinstance(one, dict) else None
        if child is not None and _key(child) != _key(own):
            children.setdefault(_key(child), child)
    return Family(own, list(children.values()))


def _key(human: Vouched) -> object:
    return human.snils or (fold_name(human.last_name, human.first_name, human.patronymic), human.birth_date)


def _human(claims: Mapping[str, Any], paths: Mapping[str, str], today: date) -> Vouched | None:
    told = {name: _text(_found(claims, paths.get(name, ""))) for name in FIELDS}
    born, sex = _day(told["birth_date"]), _SEXES.get((told["sex"] or "").lower())
    names = [told["last_name"], told["first_name"], told["patronymic"] or None]
    if born is None or sex is None or not names[0] or not names[1] or not all(_is_name(name) for name in names if name):
        return None
    if born > today or age_on(born, today) > _OLDEST_YEARS:
        return None
    snils = told["snils"] or None
    if snils is not None:
        try:
            snils = normalize_snils(snils)
        except ValueError:
            return None
        if not snils_is_valid(snils):
            return None
    return Vouched(names[0], names[1], names[2], born, sex, snils)


def _found(claims: Mapping[str, Any], path: str) -> Any:
    """What is at `a.b`; None where nothing is."""
    found: Any = claims
    for step in path.split("."):
        found = cast(dict[str, Any], found).get(step) if isinstance(found, dict) else None
    return found


def _text(value: Any) -> str | None:
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else None


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def _day(text: str | None) -> date | None:
    for form in _DATES:
        try:
            # A date, and no instant: it is in no zone.
            return datetime.strptime(text or "", form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
