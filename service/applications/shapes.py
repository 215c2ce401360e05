"""What the database shows of applications, as the schemas that show it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter

from schemas.applications import Application, Collision
from schemas.clubs import Financing, LessonPlan
from schemas.decisions import Decision, EnrolmentOrder, EntranceTest, TestInvitation
from service.people.usecases import person_in_booking

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
_SAME = (
    "id", "number", "status", "placed", "group_id", "certificate_id", "benefits", "benefits_confirmed", "family_id",
    "lapses", "draw_request_id", "draw_id", "left_on", "wait", "documents_missing",
)  # fmt: skip
_TERMS = ("group_name", "programme", "institution", "starts_on", "ends_on", "places", "teachers", "documents")
_INSTANTS = ("offer_expires_at", "decide_by", "originals_by", "submitted_at", "created_at", "updated_at")


def application_of(shown: str | bytes) -> Application:
    """An application from the JSON of shown_application()."""
    return application_from(orjson.loads(shown))


def application_from(shown: Mapping[str, Any]) -> Application:
    """The same, already parsed."""
    terms: Mapping[str, Any] = shown["terms"]
    zone = ZoneInfo(terms["zone"])
    fields = {name: shown[name] for name in _SAME} | {name: terms[name] for name in _TERMS}
    fields |= {name: _local(shown[name], zone) for name in _INSTANTS}
    before: int | None = shown["before"]
    decision = _DECISION.validate_json(orjson.dumps(shown["decision"])) if shown["decision"] else None
    fields |= {
        "person": person_in_booking(shown["person"]),
        "lesson_plan": LessonPlan.model_validate(terms["lesson_plan"], strict=False),
        "financing": _financing(terms, shown["financing"]),
        "place_in_queue": None if before is None else before + 1,
        "test": _test(shown["test"], zone),
        "decision": decision,
        "warnings": [_collision(warning, zone) for warning in shown["warnings"]],
        "order": _order(shown),
    }
    return Application.model_validate(fields, strict=False)


def _financing(terms: Mapping[str, Any], source: str) -> Financing:
    chosen = next((item for item in terms["financing"] if item["source"] == source), {"source": source})
    return Financing.model_validate(chosen, strict=False)


def _collision(warning: Mapping[str, Any], zone: ZoneInfo) -> Collision:
    return Collision.model_validate({**warning, "at": _local(warning["at"], zone)})


def _test(test: Mapping[str, Any] | None, zone: ZoneInfo) -> EntranceTest | None:
    return EntranceTest.model_validate({**test, "at": _local(test["at"], zone)}, strict=False) if test else None


def _order(shown: Mapping[str, Any]) -> EnrolmentOrder | None:
    if shown["enrolled_on"] is None:
        return None
    return EnrolmentOrder(
        order_number=shown["order_number"],
        order_date=_day(shown["order_date"]),
        enrolled_on=date.fromisoformat(shown["enrolled_on"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _local(text: str | None, zone: ZoneInfo) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(zone) if text else None


def decision_json(decision: Decision, zone: ZoneInfo) -> str:
    """As it is kept and shown: its instants are on the institution's wall clock."""
    if isinstance(decision, TestInvitation):
        decision = decision.model_copy(update={"at": decision.at.astimezone(zone)})
    return decision.model_dump_json()
