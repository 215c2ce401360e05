"""Groups that collect applications, and crowds who apply."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.applications.people import group
from tests.live import Api
from tests.provocation import someone, surname
from tests.world import REGION, World

COLLECTED_FOR = timedelta(days=7)
# Applications in numbers, as apply_to_groups would write them; one in ten has a benefit.
CROWD = """
WITH people AS (
    INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
    SELECT 42, gen_random_uuid(), sha256(number::text::bytea), 'Толпа', 'Вера', '2019-05-14', 'female', $2, $2
    FROM generate_series(1, $3::integer) number
    RETURNING *)
INSERT INTO applications (region_id, id, number, institution_id, group_id, citizen_id, person_id, identity, status,
                          weight, draw_request_id, terms, submitted_at, created_at, updated_at)
SELECT 42, gen_random_uuid(), row_number() OVER (), g.institution_id, g.id, (SELECT id FROM citizens LIMIT 1), p.id,
       p.identity, 'submitted', (get_byte(p.identity, 0) < 25)::int * 10, gen_random_uuid(), '{}', $2, $2, $2
FROM people p, groups g WHERE g.id = $1
"""


def collecting(world: World, filling: str, **more: Any) -> str:
    """The id of a new group that is collected for during a week."""
    until = (world.now + COLLECTED_FOR).isoformat()
    return group(world, filling=filling, collect_until=until, **more)


def later(world: World, delay: timedelta) -> None:
    """The clock goes on, and what goes on by itself is done."""
    world.live.clock.now += delay
    world.operator = world.live.client(REGION)
    world.live.work()


@dataclass
class Applicant:
    """A parent who applied for a child. Tokens do not last as long as collecting does."""

    world: World
    user: int
    person_id: str
    id: str = ""

    @property
    def api(self) -> Api:
        return self.world.parent(self.user)

    @property
    def application(self) -> Any:
        return self.api.get(f"/v1/applications/{self.id}").ok()

    @property
    def outcome(self) -> tuple[str, bool, int | None]:
        """The status, whether there is a place, and the place in the queue."""
        found = self.application
        return found["status"], found["placed"], found["place_in_queue"]


def applicant(world: World, group_id: str, **more: Any) -> Applicant:
    made = Applicant(world, someone(), "")
    made.person_id = world.child(made.api, last_name=surname())
    body = {"group_id": group_id, "person_id": made.person_id, **more}
    made.id = made.api.create("/v1/applications", body).ok()["id"]
    return made


def weigh(world: World, applied: Applicant, weight: int) -> None:
    """As if the institution had accepted a benefit."""
    world.live.sql("UPDATE applications SET weight = $2 WHERE id = $1", UUID(applied.id), weight)


def crowd(world: World, group_id: str, size: int) -> None:
    world.live.sql(CROWD, UUID(group_id), world.now, size)
