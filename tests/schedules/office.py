"""The office of a clinic that keeps its schedules here."""

from collections.abc import Sequence
from typing import Any

from tests.doctors.clinic import Clinic
from tests.doctors.provocations import stranger
from tests.live import Answer, Api
from tests.world import PAEDIATRICIAN, World


class Office(Clinic):
    """A clinic with one more room, l2, and no schedule yet. The clock shows Monday, 7 September 2026, 08:00."""

    def __init__(self, world: World, **settings: Any) -> None:
        super().__init__(world, **settings)
        self.put("locations/l2", {"name": "Корпус 2", "address": "г. Прокопьевск, пр. Шахтёров, 3", "room": "12"})

    def schedule(self, **more: Any) -> dict[str, Any]:
        """Weekdays from 09:00 to 11:00, half an hour each, opened two days ahead."""
        return {
            "practitioner_id": "d1",
            "specialty_code": PAEDIATRICIAN,
            "location_id": "l1",
            "valid_from": "2026-09-01",
            "slot_minutes": 30,
            "hours": [hours("09:00", "11:00")],
            "release": {"horizon_days": 2},
            **more,
        }

    def ask(self, method: str, what: str, body: Any = None, *, dry_run: bool = False, api: Api | None = None) -> Answer:
        query = {"dry_run": "true"} if dry_run else {}
        return (api or self.world.operator).call(method, f"{self.path}/{what}", body, params=query)

    def put_schedule(self, own_id: str = "c1", *, dry_run: bool = False, **more: Any) -> Answer:
        return self.ask("PUT", f"schedules/{own_id}", self.schedule(**more), dry_run=dry_run)

    def slots(self, *fields: str) -> list[Any]:
        """Open slots by time: the fields of each, or the one field."""
        statement = "SELECT * FROM slots WHERE institution_id = $1 AND status = 'open' ORDER BY starts_at, external_id"
        found = [[row[name] for name in fields] for row in self.world.live.sql(statement, self.id)]
        return [values[0] if len(values) == 1 else tuple(values) for values in found]

    def ticket(self, own_id: str) -> tuple[Api, dict[str, Any]]:
        """Somebody who has booked that slot, and their ticket."""
        asked = stranger(self.world, self.slot_id(own_id))
        return asked.api, asked.answer("ru").ok()

    def ticket_now(self, parent: Api, ticket: dict[str, Any]) -> Any:
        return parent.get(f"/v1/appointments/{ticket['id']}").ok()


def hours(begins: str, ends: str, weekdays: tuple[int, ...] = (1, 2, 3, 4, 5), **more: Any) -> dict[str, Any]:
    return {"weekdays": weekdays, "begins": begins, "ends": ends, **more}


def effects(*, dry_run: bool = False, appointments: Sequence[Any] = (), **counts: int) -> dict[str, Any]:
    """What a change answers, where all other counts are 0."""
    none = dict.fromkeys(("added", "removed", "changed", "moved", "unchanged", "overlapping"), 0)
    return {"dry_run": dry_run, **none, **counts, "appointments": list(appointments)}
