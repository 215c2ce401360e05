"""Rows of clubs as the schemas that show them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import orjson

from schemas.clubs import Group
from service.core.database import Record

_SAME = (
    "id", "institution_id", "programme_id", "programme_name", "direction", "level", "name", "school_year", "age_rule",
    "age_on", "age_by_year", "capacity", "min_size", "starts_on", "ends_on", "hours_a_year", "teachers", "documents",
    "trial_places", "entrance_test", "instant", "waiting_list", "filling", "waiting", "continues_id", "campaign_id",
)  # fmt: skip
_INSTANTS = ("enrolment_opens_at", "enrolment_closes_at", "collect_until", "filled_at")


def group_of(row: Record) -> Group:
    """A group from a row with its programme and the institution's zone."""
    zone = ZoneInfo(row["zone"])
    fields = {name: row[name] for name in _SAME} | {name: _local(row[name], zone) for name in _INSTANTS}
    fields |= orjson.loads(row["lesson_plan"])
    fields |= {name: orjson.loads(row[name]) for name in ("places", "financing")}
    fields |= {"age_from": float(row["age_from"]), "age_to": float(row["age_to"])}
    fields |= {"free": row["capacity"] - row["taken"], "locked": row["locked_at"] is not None}
    return Group.model_validate(fields, strict=False)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant else None
