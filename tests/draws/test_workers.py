"""Draws by several workers, by one that dies in the middle, and of the size that a city's hospital has."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from service.collaborators import make_database
from service.worker import make_jobs
from tests.draws.clinic import DrawingClinic
from tests.draws.test_verify import verify
from tests.live import Live
from tests.world import World

REQUESTS, SLOTS = 5000, 500

# People and requests in numbers, as the API would write them: each wishes for ten times in a row.
CROWD = """
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
SELECT 42, gen_random_uuid(), sha256(number::text::bytea), 'Толпа', 'Вера', '2019-05-14', 'female', $1, $1
FROM generate_series(1, $2::integer) number
"""
ASKING = """
INSERT INTO draw_requests (region_id, id, draw_id, citizen_id, person_id, identity, wishes, status, created_at)
SELECT 42, gen_random_uuid(), $1::uuid, (SELECT id FROM citizens LIMIT 1), p.id, p.identity,
       (SELECT array_agg(t.id ORDER BY t.place)
        FROM (SELECT id, (row_number() OVER (ORDER BY id) + p.number) % $3::bigint AS place FROM slots
              WHERE draw_id = $1) t WHERE t.place < 10),
       'waiting', $2::timestamptz
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM persons WHERE last_name = 'Толпа') p
"""


def work_at_once(live: Live, workers: int) -> None:
    async def work() -> None:
        database = make_database(live.settings, live.dsn)
        async with database.opened():
            jobs = make_jobs(live.settings, database, live.clock)
            await asyncio.gather(*(jobs.run_until_idle() for _ in range(workers)))

    live.run(work())


def test_several_workers_make_and_draw_each_draw_once(world: World) -> None:
    live = world.live
    clinics = [DrawingClinic(world, times=0) for _ in range(4)]
    for clinic in clinics:
        clinic.release(*(clinic.time(number) for number in range(3)))
    work_at_once(live, 4)
    assert live.sql("SELECT count(*) AS draws FROM draws")[0]["draws"] == len(clinics)
    askers = [clinic.ask(clinic.times()[:2]) for clinic in clinics for _ in range(4)]
    live.clock.now += timedelta(hours=24)
    work_at_once(live, 4)
    live.clock.now += timedelta(minutes=1)
    work_at_once(live, 4)
    found = [asker.requests()[0] for asker in askers]
    assert sorted(one["status"] for one in found) == ["booked"] * 8 + ["lost"] * 8
    assert live.sql("SELECT sum(taken) AS taken FROM slots WHERE policy = 'draw'")[0]["taken"] == 8
    assert live.sql("SELECT count(*) AS told FROM outbox WHERE event LIKE 'draw_request_%'")[0]["told"] == 16
    assert live.sql("SELECT count(*) AS told FROM outbox WHERE event = 'draw_drawn'")[0]["told"] == 4


def test_a_draw_that_is_broken_off_leaves_everything_as_it_was(world: World) -> None:
    clinic, live = DrawingClinic(world), world.live
    askers = [clinic.ask(clinic.times()) for _ in range(5)]
    clinic.close()
    live.clock.now += timedelta(minutes=1)
    # After the third ticket is written.
    live.sql("ALTER TABLE draw_requests ADD CONSTRAINT none_is_lost CHECK (status <> 'lost') NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        live.work()
    assert {asker.requests()[0]["status"] for asker in askers} == {"waiting"}
    assert clinic.shown()["status"] == "closed"
    assert clinic.free(askers[0].api) == []
    live.sql("ALTER TABLE draw_requests DROP CONSTRAINT none_is_lost")
    clinic.later(timedelta())
    assert sorted(asker.requests()[0]["status"] for asker in askers) == ["booked"] * 3 + ["lost"] * 2


def test_a_draw_of_5000_requests_for_500_slots(world: World) -> None:
    clinic, live = DrawingClinic(world, times=0), world.live
    hours = [72 + number % 15 + number // 15 / 60 for number in range(SLOTS)]
    opens = (world.now + timedelta(hours=24)).isoformat()
    clinic.release(*(world.slot(f"t{number}", hours=hour, internet_at=opens) for number, hour in enumerate(hours)))
    clinic.later(timedelta())
    clinic.asker()
    live.sql(CROWD, world.now, REQUESTS)
    live.sql(ASKING, UUID(clinic.draw_id()), world.now, SLOTS)
    clinic.close()
    clinic.later(timedelta(minutes=1))
    draw = clinic.shown()
    assert (draw["status"], draw["requests"], draw["slots"]) == ("drawn", REQUESTS, SLOTS)
    statuses = {
        row["status"]: row["count"] for row in live.sql("SELECT status, count(*) FROM draw_requests GROUP BY status")
    }
    winners = statuses["booked"]
    assert statuses == {"booked": winners, "lost": REQUESTS - winners}
    assert live.sql("SELECT sum(taken) AS taken FROM slots")[0]["taken"] == winners
    outcome = verify("-", "--seed-hash", draw["seed_hash"], given=clinic.record().content)
    assert f"{REQUESTS} requests, {SLOTS} places, {winners} of them drawn".encode() in outcome.stdout, outcome.stderr
