"""A clinic, seen from its reception desk."""

from datetime import datetime, timedelta
from typing import Any

from tests.doctors.clinic import Clinic
from tests.live import Answer, Api
from tests.provocation import someone, surname
from tests.world import REGION, World

WHY = "По просьбе заведующей"


class Desk:
    """A clinic of a test's own with its slots, tickets and staff. It is 8:00 on a Monday."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.clinic = Clinic(world, **settings)
        self.path = self.clinic.path
        self._users: dict[str | None, int] = {}
        self._since = world.now

    @property
    def staff(self) -> Api:
        """Tokens live shorter than a day at the desk: after a while they are taken anew."""
        if self.world.now - self._since > timedelta(minutes=20):
            self._since = self.world.now
            self.world.operator = self.world.live.client(REGION)
        return self.world.operator

    def back(self, parent: Api) -> Api:
        """The same parent, who has opened the mini-app again."""
        user = self._users[parent.token]
        parent = self.world.parent(user)
        self._users[parent.token] = user
        return parent

    def slot(self, own_id: str = "s1", *, hours: float = 2, **more: Any) -> str:
        return self.clinic.slot(own_id, hours=hours, **more)

    def family(self, **child: Any) -> tuple[Api, str]:
        user = someone()
        parent = self.world.parent(user)
        self._users[parent.token] = user
        return parent, self.world.child(parent, **{"last_name": surname(), **child})

    def ticket(self, slot_id: str, **child: Any) -> tuple[Api, dict[str, Any]]:
        """A ticket that a parent has booked."""
        parent, child_id = self.family(**child)
        return parent, self.world.book(parent, slot_id, child_id).ok()

    def wait(self, **time: float) -> None:
        self.world.live.clock.now += timedelta(**time)

    def begins(self, ticket: dict[str, Any]) -> None:
        """Now it is the ticket's time."""
        self.world.live.clock.now = datetime.fromisoformat(ticket["starts_at"])

    def check_in(self, **how: str | None) -> Answer:
        return self.staff.post(f"{self.path}/check-in", how)

    def set_status(self, ticket: dict[str, Any], status: str) -> Answer:
        return self.staff.post(f"{self.path}/appointments/{ticket['id']}/status", {"status": status})

    def day(self, **query: Any) -> dict[str, Any]:
        return self.staff.get(f"{self.path}/practitioners/d1/day", **query).ok()

    def book(self, slot_id: str, *, source: str = "desk", key: str | None = None, **more: Any) -> Answer:
        """For a patient of no account, where no earlier ticket is given."""
        body = {"slot_id": slot_id, "source": source, **more}
        if "ticket_number" not in body:
            body.setdefault("patient", patient())
        return self.staff.create(f"{self.path}/appointments", body, key)

    def row(self, ticket: dict[str, Any]) -> Any:
        return self.world.live.sql("SELECT * FROM appointments WHERE id = $1", ticket["id"])[0]

    def engaged(self, ticket: dict[str, Any]) -> bool:
        return bool(self.world.live.sql("SELECT FROM engagements WHERE booking_id = $1", ticket["id"]))

    def events(self, ticket: dict[str, Any]) -> list[str]:
        rows = self.world.live.sql("SELECT event FROM audit_trail WHERE subject_id = $1 ORDER BY at, id", ticket["id"])
        return [row["event"] for row in rows]


def patient(**more: Any) -> dict[str, Any]:
    """Somebody with papers whom nobody has written down yet."""
    return {
        "last_name": surname(),
        "first_name": "Нина",
        "patronymic": "Павловна",
        "birth_date": "2015-03-02",
        "sex": "female",
        **more,
    }
