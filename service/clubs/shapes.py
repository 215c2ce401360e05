"""Groups as the schemas that show them, out of the JSON of shown_group()."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from schemas.clubs import Group, GroupLock
from schemas.group_search import FoundGroup, GroupForPerson
from service.clubs.fits import fit_of
from service.core.database import Record
from service.core.operations import Language

_INSTANTS = ("enrolment_opens_at", "enrolment_closes_at", "collect_until", "filled_at")
_OF_THE_SEARCH = ("institution_name", "municipality")


def group_of(shown: str | bytes) -> Group:
    """As published."""
    fields, _ = _fields(orjson.loads(shown))
    for name in _OF_THE_SEARCH:
        del fields[name]
    return Group.model_validate(fields, strict=False)


def found_group_of(item: Mapping[str, Any]) -> FoundGroup:
    """Of an item of find_groups()."""
    fields, _ = _fields(item["group"])
    return FoundGroup.model_validate(fields | {"distance_km": _rounded(item["km"])}, strict=False)


def group_for_person_of(item: Mapping[str, Any], language: Language) -> GroupForPerson:
    """The same, with its `fit`."""
    fields, zone = _fields(item["group"])
    fit = fit_of(item["fit"], fields["enrolment_opens_at"], zone, language)
    return GroupForPerson.model_validate(fields | {"distance_km": _rounded(item["km"]), "fit": fit}, strict=False)


def lock_of(row: Record) -> GroupLock:
    """With instants in the institution's zone."""
    zone = ZoneInfo(row["zone"])
    instants = {name: row[name] and row[name].astimezone(zone) for name in ("locked_at", "unlocked_at")}
    same = ("id", "reason", "locked_by", "unlock_reason", "unlocked_by")
    return GroupLock(**{name: row[name] for name in same}, **instants)


def _fields(shown: Mapping[str, Any]) -> tuple[dict[str, Any], ZoneInfo]:
    fields = dict(shown)
    zone = ZoneInfo(fields.pop("zone"))
    for name in _INSTANTS:
        fields[name] = datetime.fromisoformat(fields[name]).astimezone(zone) if fields[name] else None
    return fields | fields.pop("lesson_plan"), zone


def _rounded(km: float | None) -> float | None:
    return None if km is None else round(km, 1)
