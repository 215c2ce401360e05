"""Rows of campaigns as the schemas that show them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from schemas.campaigns import Campaign, CampaignWishes, Phase
from service.core.database import Record
from service.people.usecases import person_in_booking

_SAME = ("id", "external_id", "name", "most_wishes", "groups", "seed_hash", "wishes_digest")
_INSTANTS = ("wishes_from", "wishes_until", "confirm_until", "matched_at")
_CLOSED_PERCENT, _MATCHED_PERCENT = 5, 10


def campaign_of(row: Record, now: datetime) -> Campaign:
    """A campaign from a row with the region's zone."""
    zone = ZoneInfo(row["zone"])
    fields: dict[str, Any] = {name: row[name] for name in _SAME}
    fields |= {name: _local(row[name], zone) for name in _INSTANTS}
    is_matched = row["matched_at"] is not None
    phase = _phase(row, now)
    fields |= {
        "phase": phase,
        "progress_percent": _percent(row) if phase == "matching" else None,
        "wishes": row["wishes"] if row["closed_at"] is not None else None,
        "matched": row["matched"] if is_matched else None,
        "first_choices": row["first_choices"] if is_matched else None,
    }
    return Campaign(**fields)


def _phase(row: Record, now: datetime) -> Phase:
    if row["filled_at"] is not None:
        return "confirmation" if now < row["confirm_until"] else "first_come"
    if row["closed_at"] is not None or row["wishes_until"] <= now:
        return "matching"
    return "wishes" if row["wishes_from"] <= now else "announced"


def _percent(row: Record) -> int:
    if row["matched_at"] is None:
        return 0 if row["closed_at"] is None else _CLOSED_PERCENT
    share = row["applied"] / row["wishes"] if row["wishes"] else 1
    return _MATCHED_PERCENT + int((100 - _MATCHED_PERCENT) * share)


def wishes_of(shown: str | bytes) -> CampaignWishes:
    """A child's wishes from the JSON of shown_wishes()."""
    kept: Mapping[str, Any] = orjson.loads(shown)
    zone = ZoneInfo(kept["zone"])
    fields = {name: kept[name] for name in CampaignWishes.model_fields if name != "person"}
    fields |= {name: _local(datetime.fromisoformat(kept[name]), zone) for name in ("created_at", "updated_at")}
    fields["person"] = person_in_booking(kept["person"])
    return CampaignWishes.model_validate(fields, strict=False)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant else None
