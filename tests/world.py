"""A small region to test in, published through the API like any other."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from schemas.institutions import DayLimits
from tests.live import Answer, Api, Live

REGION = 42
CLINIC_PAGE, CLUB_PAGE = 100001, 100002
PAEDIATRICIAN, SURGEON, CARDIOLOGIST = "58", "122", "34"
_NAMESPACE = UUID("0192f000-0000-7000-8000-000000000042")
CLINIC, CLUB = uuid5(_NAMESPACE, "clinic"), uuid5(_NAMESPACE, "club")


def person(**more: Any) -> dict[str, Any]:
    """A seven-year-old girl, where nothing else is said."""
    return {
        "last_name": "Соколова",
        "first_name": "Вера",
        "patronymic": "Ильинична",
        "birth_date": "2019-05-14",
        "sex": "female",
        "kinship": "child",
        **more,
    }


class World:
    """A clinic with a paediatrician, a surgeon and a cardiologist (by referral), and a club with chess."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.operator = live.client(REGION)
        self._institution(CLINIC, CLINIC_PAGE, "clinic", "Детская поликлиника № 1")
        self._institution(CLUB, CLUB_PAGE, "club", "Дом творчества")
        self._clinic()
        self.put(
            f"/v1/institutions/{CLUB}/programmes/chess", {"name": "Шахматы", "direction": "science", "level": "basic"}
        )

    def put(self, path: str, body: Any) -> Any:
        return self.operator.put(path, body).ok()

    def _institution(self, institution: UUID, page: int, kind: str, name: str) -> None:
        body = {
            "name": name,
            "kind": kind,
            "municipality": "Кемерово",
            "address": "г. Кемерово, ул. Весенняя, 5",
            "phone": "+73842000000",
            "zone": "Asia/Novokuznetsk",
        }
        self.put(f"/v1/institutions/{institution}", body)
        self.put(f"/v1/pages/vk/{page}", {"institution_id": str(institution), "mini_apps": ["doctor", "club"]})

    def _clinic(self) -> None:
        for own_id, last_name, codes in (
            ("d1", "Белова", [PAEDIATRICIAN]),
            ("d2", "Громов", [SURGEON]),
            ("d3", "Зимин", [CARDIOLOGIST]),
            ("d4", "Яковлева", [PAEDIATRICIAN]),
        ):
            body = {"last_name": last_name, "first_name": "Анна", "specialty_codes": codes}
            self.put(f"/v1/institutions/{CLINIC}/practitioners/{own_id}", body)
        body = {"name": "Корпус 1", "address": "г. Кемерово, ул. Весенняя, 5", "room": "214"}
        self.put(f"/v1/institutions/{CLINIC}/locations/l1", body)

    def take_off_limits(self) -> None:
        """From now on nobody is told that they took enough within a day."""
        self.put("/v1/day-limits", dict.fromkeys(DayLimits.model_fields))

    @property
    def now(self) -> datetime:
        return self.live.clock()

    def parent(self, user: int = 1, page: int = CLINIC_PAGE) -> Api:
        return self.live.citizen(page, user)

    def child(self, parent: Api, **more: Any) -> str:
        """The id of a child written down by the parent."""
        return parent.create("/v1/persons", person(**more)).ok()["id"]

    def slot(self, own_id: str = "s1", *, hours: float = 24, **more: Any) -> dict[str, Any]:
        """A slot to publish, so many hours from now."""
        return {
            "external_id": own_id,
            "practitioner_id": "d1",
            "specialty_code": PAEDIATRICIAN,
            "location_id": "l1",
            "starts_at": (self.now + timedelta(hours=hours)).isoformat(),
            "duration_minutes": 15,
            **more,
        }

    def publish_slots(self, *slots: dict[str, Any], days: int = 30) -> Answer:
        """All slots of the next days."""
        body = {"window_from": self.now.isoformat(), "window_days": days, "slots": slots}
        return self.operator.put(f"/v1/institutions/{CLINIC}/slots", body)

    def slot_id(self, own_id: str) -> str:
        """The id of a published slot, free or not."""
        return str(self.live.sql("SELECT id FROM slots WHERE external_id = $1", own_id)[0]["id"])

    def book(self, parent: Api, slot_id: str, person_id: str, key: str | None = None, **more: Any) -> Answer:
        return parent.create("/v1/appointments", {"slot_id": slot_id, "person_id": person_id, **more}, key)

    def group(self, **more: Any) -> dict[str, Any]:
        """A group to publish: open now, from October to May, on Tuesdays at 16:30, for ages 6 to 10."""
        return {
            "programme_id": "chess",
            "name": "Группа 1",
            "age_from": 6,
            "age_to": 10,
            "capacity": 15,
            "starts_on": "2026-10-01",
            "ends_on": "2027-05-31",
            "enrolment_opens_at": (self.now - timedelta(days=1)).isoformat(),
            "enrolment_closes_at": (self.now + timedelta(days=14)).isoformat(),
            "weekly_lessons": [{"weekday": 2, "starts": "16:30", "academic_hours": 2}],
            "places": [{"address": "г. Кемерово, пр. Советский, 40"}],
            **more,
        }

    def publish_group(self, own_id: str = "g1", **more: Any) -> Answer:
        return self.operator.put(f"/v1/institutions/{CLUB}/groups/{own_id}", self.group(**more))

    def apply(self, parent: Api, group_id: str, person_id: str, key: str | None = None) -> Answer:
        return parent.create("/v1/applications", {"group_id": group_id, "person_id": person_id}, key)
