"""The institution's side of applications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.applications.people import stranger
from tests.live import Answer
from tests.provocation import Asked
from tests.world import CLUB, REGION, World

RECEIVED = f"/v1/institutions/{CLUB}/applications"
ORDER: dict[str, Any] = {"decision": "enrol", "order_number": "112-К", "order_date": "2026-09-07"}
EXPULSION: dict[str, Any] = {"decision": "expel", "reason": "own_wish", "order_number": "9", "order_date": "2026-12-01"}


def go_to(world: World, instant: str) -> None:
    """Then it is that time, and the operator has entered anew."""
    world.live.clock.now = datetime.fromisoformat(instant)
    world.operator = world.live.client(REGION)


def deciding(world: World, application_id: str, decision: str | dict[str, Any], **more: Any) -> Asked:
    """By the name of the decision, or the whole of it."""
    whole = {"decision": decision, **more} if isinstance(decision, str) else {**decision, **more}
    return Asked(world.operator, "POST", f"{RECEIVED}/{application_id}/decide", {"decision": whole})


def decide(world: World, application_id: str, decision: str | dict[str, Any], **more: Any) -> Answer:
    return deciding(world, application_id, decision, **more).answer("ru")


def invitation(at: str = "2026-09-14T15:00:00+07:00", **more: Any) -> dict[str, Any]:
    return {"decision": "invite", "at": at, "place": "г. Кемерово, пр. Советский, 40", "bring": "Форму", **more}


def received(world: World, group_id: str, *moves: str | dict[str, Any], **wish: Any) -> dict[str, Any]:
    """An application of somebody who was never here, after those decisions."""
    asked = stranger(world, group_id)
    asked.body |= wish
    application = asked.answer("ru").ok()
    for move in moves:
        application = decide(world, application["id"], move).ok()
    return application


def events(world: World, application_id: str) -> Sequence[str]:
    """What the audit trail has of it, in order."""
    rows = world.live.sql("SELECT event FROM audit_trail WHERE subject_id = $1 ORDER BY at, event", application_id)
    return [row["event"] for row in rows]


def taken(world: World, group_id: str) -> int:
    return world.live.sql("SELECT taken FROM groups WHERE id = $1", group_id)[0]["taken"]
