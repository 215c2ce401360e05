"""A clinic of a test's own."""

from datetime import datetime
from itertools import count
from typing import Any

from schemas.appointments import BookingRules
from service.core.ids import new_id
from tests.live import Answer, Api
from tests.world import PAEDIATRICIAN, SURGEON, World

_asked = count()


class Clinic:
    """Two paediatricians, d1 and d2, and a surgeon, d3, at the location l1. `settings` are the institution's."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.id = str(new_id())
        self.path = f"/v1/institutions/{self.id}"
        self.settings = {
            "name": "Поликлиника",
            "kind": "clinic",
            "municipality": "Прокопьевск",
            "address": "г. Прокопьевск, ул. Шишкина, 1",
            "zone": "Asia/Novokuznetsk",
            **settings,
        }
        self._slots: list[dict[str, Any]] = []
        self.settle()
        for own_id, name, code in (
            ("d1", "Белова", PAEDIATRICIAN),
            ("d2", "Яковлева", PAEDIATRICIAN),
            ("d3", "Громов", SURGEON),
        ):
            self.put(f"practitioners/{own_id}", {"last_name": name, "first_name": "Анна", "specialty_codes": [code]})
        self.put("locations/l1", {"name": "Корпус 1", "address": "г. Прокопьевск, ул. Шишкина, 1", "room": "7"})

    def settle(self, **settings: Any) -> None:
        """Brings the institution in, or changes its settings, or the rules that it books by."""
        self.settings |= settings
        rules = self.settings.keys() & BookingRules.model_fields.keys()
        self.world.put(self.path, {name: value for name, value in self.settings.items() if name not in rules})
        if rules:
            self.put("booking-rules", {name: self.settings[name] for name in rules})

    def put(self, what: str, body: Any) -> Any:
        return self.world.put(f"{self.path}/{what}", body)

    def window(self, *slots: dict[str, Any], since: datetime | None = None, days: int = 30) -> dict[str, Any]:
        """A publication of all slots from `since`, or from now."""
        return {"window_from": (since or self.world.now).isoformat(), "window_days": days, "slots": slots}

    def publish(self, *slots: dict[str, Any], since: datetime | None = None, days: int = 30) -> Answer:
        return self.world.operator.put(f"{self.path}/slots", self.window(*slots, since=since, days=days))

    def slot(self, own_id: str = "s1", **more: Any) -> str:
        """The id of one more slot, published now with those before it."""
        self._slots.append(self.world.slot(own_id, **more))
        since = min(datetime.fromisoformat(slot["starts_at"]) for slot in self._slots)
        assert self.publish(*self._slots, since=since, days=62).ok()["added"] == 1
        return self.slot_id(own_id)

    def slot_id(self, own_id: str) -> str:
        statement = "SELECT id FROM slots WHERE institution_id = $1 AND external_id = $2"
        return str(self.world.live.sql(statement, self.id, own_id)[0]["id"])

    def taken(self, own_id: str = "s1") -> int:
        statement = "SELECT taken FROM slots WHERE institution_id = $1 AND external_id = $2"
        return self.world.live.sql(statement, self.id, own_id)[0]["taken"]

    def free(self, api: Api, **query: Any) -> list[Any]:
        """The free slots of the paediatricians. Asked otherwise each time: an answer is kept for a second."""
        wanted = {"institution_id": self.id, "specialty_code": PAEDIATRICIAN, "limit": 100 - next(_asked) % 50, **query}
        return api.get("/v1/slots", **wanted).ok()["items"]
