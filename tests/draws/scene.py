"""Two draws of a clinic: one that takes requests, and one that is over."""

from dataclasses import dataclass
from datetime import timedelta

from tests.live import Api
from tests.world import CLINIC, SURGEON, World


@dataclass
class Draws:
    """The open one has the parent's request, for a child."""

    open_id: str
    slot_ids: list[str]
    request_id: str
    drawn_id: str


def set_draws(world: World, parent: Api, child: str) -> Draws:
    """Of the surgeon, in six weeks' time, while the clock stands still."""
    live, begin, opens = world.live, world.now + timedelta(days=45), world.now + timedelta(hours=12)
    surgeon = {"practitioner_id": "d2", "specialty_code": SURGEON, "internet_at": opens.isoformat()}
    slots = [
        world.slot(f"drawn-{day}-{number}", hours=24 * (45 + day) + number, **surgeon)
        for day in range(2)
        for number in range(3)
    ]
    window = {"window_from": begin.isoformat(), "window_days": 2, "slots": slots}
    world.put(f"/v1/institutions/{CLINIC}/slots", window)
    live.sql("UPDATE slots SET policy = 'draw' WHERE external_id LIKE 'drawn-%'")
    live.work()
    over, taking = live.sql("SELECT id FROM draws ORDER BY day")
    # As if the time had come: to close it, and then to draw it.
    for statement in (
        "UPDATE draws SET opens_at = $2::timestamptz - interval '1 day', closes_at = $2 WHERE id = $1",
        "UPDATE draws SET closed_at = $2::timestamptz - interval '1 hour' WHERE id = $1",
    ):
        live.sql(statement, over["id"], world.now)
        live.work()
    slot_ids = [str(row["id"]) for row in live.sql("SELECT id FROM slots WHERE draw_id = $1", taking["id"])]
    request = parent.create(f"/v1/draws/{taking['id']}/requests", {"person_id": child, "wishes": slot_ids}).ok()
    return Draws(str(taking["id"]), slot_ids, request["id"], str(over["id"]))
