"""A schedule that releases its times by draw, from its publication to tickets and to what is left over."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.live import Api
from tests.provocation import someone, surname
from tests.schedules.office import Office
from tests.world import REGION, World

RELEASE = {"policy": "draw", "horizon_days": 3, "release_time": "12:00", "window_minutes": 120}


def at(world: World, clock: str) -> None:
    """It is that time of the day, and what goes on by itself is done."""
    world.live.clock.now = datetime.fromisoformat(f"2026-09-07T{clock}:00+07:00")
    world.operator = world.live.client(REGION)
    world.live.work()


def draws(world: World, office: Office) -> list[Any]:
    return world.operator.get("/v1/draws", institution_id=office.id).ok()["items"]


def test_a_day_of_a_schedule_is_given_away_by_lot(world: World, tmp_path: Path) -> None:
    office = Office(world)
    office.put_schedule(release=RELEASE).ok()
    at(world, "08:01")
    # Slots are made a day ahead of what opens next. Those of the days before are open already.
    assert sorted(draw["day"] for draw in draws(world, office)) == ["2026-09-10", "2026-09-11"]
    draw = next(draw for draw in draws(world, office) if draw["day"] == "2026-09-10")
    assert (draw["opens_at"], draw["closes_at"]) == ("2026-09-07T12:00:00+07:00", "2026-09-07T14:00:00+07:00")
    users = [someone() for _ in range(3)]

    def parent(user: int) -> Api:
        return world.parent(user)

    children = [world.child(parent(user), last_name=surname()) for user in users]
    path = f"/v1/draws/{draw['id']}"
    wishes = [slot["id"] for slot in world.operator.get(path).ok()["times"]]
    assert len(wishes) == 4

    def asks(number: int) -> Any:
        body = {"person_id": children[number], "wishes": wishes[:1]}
        return parent(users[number]).create(f"{path}/requests", body)

    assert asks(0).code == "draw_not_open"
    # Nobody books before the draw, and nobody is offered what it is about to give away.
    assert world.book(parent(users[0]), wishes[0], children[0]).code == "not_released"
    at(world, "12:30")
    assert [asks(number).status for number in range(3)] == [201, 201, 201]
    at(world, "14:00")
    at(world, "14:02")
    tickets = [parent(user).get("/v1/appointments").ok()["items"] for user in users]
    assert sorted(len(mine) for mine in tickets) == [0, 0, 1]
    assert [mine[0]["slot_id"] for mine in tickets if mine] == wishes[:1]
    # What is left over is free for all, and the loser books it.
    loser = next(number for number, mine in enumerate(tickets) if not mine)
    assert world.book(parent(users[loser]), wishes[1], children[loser]).status == 201
    record = tmp_path / "record.json"
    record.write_text(json.dumps(world.operator.get(f"{path}/record").ok()))
    command = [sys.executable, "-m", "service", "draw", "verify", str(record)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    record.write_text(record.read_text().replace(wishes[1], wishes[2]))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
