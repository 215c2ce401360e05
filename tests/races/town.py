"""A town with two clinics, a club, and parents who want the same thing at the same moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from service.core.clock import utc_now
from tests.live import Answer
from tests.locks import holding, wait_until_blocked
from tests.races.processes import SECONDS, Call, Served
from tests.world import CLINIC, CLINIC_PAGE, PAEDIATRICIAN, World, person

ZONE = ZoneInfo("Asia/Novokuznetsk")
OTHER_CLINIC = uuid5(CLINIC, "other")
_LETTERS = "абвгдежзик"


@dataclass(frozen=True)
class Parent:
    token: str
    child_id: str

    def books(self, slot_id: str) -> Call:
        return Call(self.token, "/v1/appointments", {"slot_id": slot_id, "person_id": self.child_id})

    def applies(self, group_id: str) -> Call:
        return Call(self.token, "/v1/applications", {"group_id": group_id, "person_id": self.child_id})


class Town:
    """`served`, with a world in it that is published through the API."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.world = World(served)
        self._citizens = self._children = self._slots = 0
        # On a full hour, so that times of one test do not overlap by chance.
        self.tomorrow = (utc_now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
        self.world.put(f"/v1/institutions/{OTHER_CLINIC}", self._other_clinic())
        doctor = {"last_name": "Громова", "first_name": "Анна", "specialty_codes": [PAEDIATRICIAN]}
        self.world.put(f"/v1/institutions/{OTHER_CLINIC}/practitioners/d1", doctor)
        location = {"name": "Корпус 1", "address": "г. Кемерово, ул. Весенняя, 7"}
        self.world.put(f"/v1/institutions/{OTHER_CLINIC}/locations/l1", location)

    def _other_clinic(self) -> dict[str, Any]:
        return {
            "name": "Детская поликлиника № 2",
            "kind": "clinic",
            "municipality": "Кемерово",
            "address": "г. Кемерово, ул. Весенняя, 7",
            "zone": ZONE.key,
        }

    def race(self, calls: Sequence[Call]) -> list[Answer]:
        """Nobody may finish before as many of them are under way, in the database, as a process has connections."""
        with holding(self.served, "LOCK TABLE outbox IN SHARE MODE"):
            crowd, calling = self.served.start_calling(calls)
            wait_until_blocked(self.served, self.served.settings.pool_size)
        calling.result(SECONDS)
        assert len(crowd.answered) == len(calls), self.served.output()
        return crowd.answered

    def parents(self, count: int) -> list[Parent]:
        """So many, each with a child of eight that nobody else has."""
        return self._come(self._new_children(count))

    def couples(self, count: int) -> list[tuple[Parent, Parent]]:
        """Mothers and fathers who have each written the same child down."""
        children = self._new_children(count)
        return list(zip(self._come(children), self._come(children), strict=True))

    def _new_children(self, count: int) -> list[dict[str, Any]]:
        first = self._children + 1
        self._children += count
        birth_date = (utc_now() - timedelta(days=3000)).date().isoformat()
        return [person(last_name=_name(number), birth_date=birth_date) for number in range(first, first + count)]

    def _come(self, children: Sequence[dict[str, Any]]) -> list[Parent]:
        """New citizens who write the children down."""
        users = range(self._citizens + 1, self._citizens + len(children) + 1)
        self._citizens += len(children)
        sessions = self.served.call_at_once(
            [
                Call(None, "/v1/sessions", {"platform": "vk", "parameters": self.served.launch(CLINIC_PAGE, user)})
                for user in users
            ]
        )
        tokens: list[str] = [session.ok()["access_token"] for session in sessions]
        persons = self.served.call_at_once(
            [Call(token, "/v1/persons", child) for token, child in zip(tokens, children, strict=True)]
        )
        return [Parent(token, child.ok()["id"]) for token, child in zip(tokens, persons, strict=True)]

    def slots(self, *starts_at: datetime, capacity: int = 1, clinic: UUID = CLINIC) -> list[str]:
        """The ids of new slots of a quarter of an hour."""
        first = self._slots + 1
        self._slots += len(starts_at)
        own_ids = [f"s{number}" for number in range(first, first + len(starts_at))]
        slots = [
            self.world.slot(own_id, starts_at=begin.isoformat(), capacity=capacity)
            for own_id, begin in zip(own_ids, starts_at, strict=True)
        ]
        body = {"window_from": utc_now().isoformat(), "window_days": 60, "slots": slots}
        self.world.put(f"/v1/institutions/{clinic}/slots", body)
        return [self.world.slot_id(own_id) for own_id in own_ids]

    def group(self, own_id: str, capacity: int) -> tuple[str, datetime]:
        """The id of a new group of children of eight, and when its first lesson begins."""
        first_day = utc_now().astimezone(ZONE).date() + timedelta(days=20)
        group = self.world.publish_group(
            own_id,
            capacity=capacity,
            starts_on=first_day.isoformat(),
            ends_on=(first_day + timedelta(days=200)).isoformat(),
            weekly_lessons=[{"weekday": first_day.isoweekday(), "starts": "16:30", "academic_hours": 2}],
        ).ok()
        return group["id"], datetime.combine(first_day, time(16, 30), ZONE)


def outcomes(answers: Sequence[Answer]) -> Counter[str]:
    """How often what came of it: `booked`, or the code of a problem."""
    return Counter("booked" if answer.status == 201 else answer.code for answer in answers)


def _name(number: int) -> str:
    return "".join(_LETTERS[int(digit)] for digit in f"{number:04}").capitalize()
