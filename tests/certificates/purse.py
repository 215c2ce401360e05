"""Children with certificates."""

from dataclasses import dataclass
from typing import Any

from tests.applications.people import applying, group
from tests.live import Answer, Api
from tests.people.test_rules import with_snils_check
from tests.provocation import Asked, someone, surname
from tests.world import World

PRICES: list[dict[str, Any]] = [
    {"source": "certificate", "price_total_roubles": 6000, "hours": 36},
    {"source": "budget"},
]


def certificate(number: int, **more: Any) -> dict[str, Any]:
    """Of 10,000 roubles for two programmes, where nothing else is said."""
    return {
        "number": str(4_200_000_000 + number),
        "snils": with_snils_check(100_000_000 + number),
        "municipality": "Кемерово",
        "year": 2026,
        "unit": "roubles",
        "nominal": 10000,
        "most_programmes": 2,
        **more,
    }


def put(world: World, *certificates: dict[str, Any]) -> list[dict[str, Any]]:
    return world.put("/v1/certificates", {"items": certificates})["items"]


def paid_group(world: World, price: int = 6000, **more: Any) -> str:
    """Another time for each: on those a child may be in all of them."""
    day, hour = someone() % 7 + 1, someone() % 12 + 8
    lesson = {"weekday": day, "starts": f"{hour:02}:00", "academic_hours": 1}
    financing = [PRICES[0] | {"price_total_roubles": price}, PRICES[1]]
    return group(world, **{"weekly_lessons": [lesson], "financing": financing, "skip_holidays": False, **more})


@dataclass
class Holder:
    """A child with a certificate, and its parent."""

    world: World
    user: int
    parent: Api
    person_id: str
    certificate: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """As the parent sees it, who has entered anew."""
        items = self.world.parent(self.user).get(f"/v1/persons/{self.person_id}/certificates").ok()["items"]
        assert len(items) == 1
        return items[0]

    def left(self) -> tuple[int, int]:
        """What is left, and for how many programmes."""
        shown = self.shown()
        return shown["left"], shown["programmes_left"]

    def change(self, **terms: Any) -> dict[str, Any]:
        return put(self.world, self.certificate | terms)[0]

    def asking(self, group_id: str, **more: Any) -> Asked:
        asked = applying(self.parent, group_id, self.person_id)
        asked.body |= {"financing": "certificate", "certificate_id": self.shown()["id"], **more}
        return asked

    def applies(self, group_id: str, **more: Any) -> Answer:
        return self.asking(group_id, **more).answer("ru")


def holder(world: World, child: dict[str, Any] | None = None, **terms: Any) -> Holder:
    number, user = someone(), someone()
    own = certificate(number, **terms)
    put(world, own)
    parent = world.parent(user)
    child_id = world.child(parent, **{"last_name": surname(), "snils": own["snils"], **(child or {})})
    return Holder(world, user, parent, child_id, own)
