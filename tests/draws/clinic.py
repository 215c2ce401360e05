"""A clinic that releases its times by draw."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.doctors.clinic import Clinic
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import PAEDIATRICIAN, REGION, World

WINDOW = timedelta(hours=24)


@dataclass
class Asker:
    """A parent who takes part for a child. Tokens do not last as long as a draw: each `api` has a new one."""

    world: World
    user: int
    child_id: str
    request: Any = None

    @property
    def api(self) -> Api:
        return self.world.parent(self.user)

    def requests(self, **query: Any) -> list[Any]:
        return self.api.get("/v1/draw-requests", **query).ok()["items"]

    def tickets(self) -> list[Any]:
        return self.api.get("/v1/appointments").ok()["items"]


class DrawingClinic(Clinic):
    """`times` slots of three days from now, an hour apart, whose draw is open from now on and closes in 24 hours."""

    def __init__(self, world: World, times: int = 3, *, slot: dict[str, Any] | None = None, **settings: Any) -> None:
        super().__init__(world, **settings)
        self.release(*(self.time(number, **(slot or {})) for number in range(times)))
        world.live.work()

    def time(self, number: int, **more: Any) -> dict[str, Any]:
        opens = (self.world.now + WINDOW).isoformat()
        # 08:00 of the clinic's wall clock in three days, and on.
        return self.world.slot(f"t{number}", hours=72 + number, internet_at=opens, duration_minutes=30, **more)

    def release(self, *slots: dict[str, Any]) -> None:
        """Publishes them as a schedule whose policy is `draw` would."""
        assert self.publish(*slots).ok()["added"] == len(slots)
        self.world.live.sql("UPDATE slots SET policy = 'draw' WHERE institution_id = $1", UUID(self.id))

    def times(self) -> list[str]:
        statement = "SELECT id FROM slots WHERE institution_id = $1 ORDER BY starts_at"
        return [str(row["id"]) for row in self.world.live.sql(statement, UUID(self.id))]

    def draw_id(self) -> str:
        (draw,) = self.world.live.sql("SELECT id FROM draws WHERE institution_id = $1", UUID(self.id))
        return str(draw["id"])

    def asker(self, **child: Any) -> Asker:
        """Somebody who was never here."""
        user = someone()
        return Asker(self.world, user, self.world.child(self.world.parent(user), **{"last_name": surname(), **child}))

    def request(self, asker: Asker, wishes: list[str], key: str | None = None, **more: Any) -> Answer:
        body = {"person_id": asker.child_id, "wishes": wishes, **more}
        return asker.api.create(f"/v1/draws/{self.draw_id()}/requests", body, key)

    def ask(self, wishes: list[str], **child: Any) -> Asker:
        asker = self.asker(**child)
        asker.request = self.request(asker, wishes).ok()
        return asker

    def later(self, delay: timedelta) -> None:
        """The clock goes on, and what goes on by itself is done."""
        self.world.live.clock.now += delay
        self.world.operator = self.world.live.client(REGION)
        self.world.live.work()

    def close(self) -> None:
        self.later(WINDOW)

    def draw(self) -> Any:
        """Closes and draws; gives the record."""
        self.close()
        self.later(timedelta(minutes=1))
        return self.record().ok()

    def record(self) -> Answer:
        return self.world.operator.get(f"/v1/draws/{self.draw_id()}/record")

    def shown(self) -> Any:
        """The draw as it is told of."""
        return self.world.operator.get(f"/v1/draws/{self.draw_id()}").ok()

    def listed(self) -> list[Any]:
        query = {"institution_id": self.id, "specialty_code": PAEDIATRICIAN}
        return self.world.operator.get("/v1/draws", **query).ok()["items"]
