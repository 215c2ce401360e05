"""Workers are killed at random moments while people answer, cancel and wait: no place is lost, or given to two."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.collaborators import make_database
from service.config import Settings
from service.core.clock import utc_now
from service.core.database import Connection, Database
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.operations import IdempotencyKey, Transaction
from service.core.sight import SERVICE
from service.doctors import store as doctors
from service.waiting import store
from service.worker import make_jobs
from tests.waiting.people import WRONG_AT_ANY_MOMENT
from tests.world import REGION

# A clinic with two doctors and 60 slots of which some have room for two, and families that wait for one child or two. A
# ledger that is not the service's notes which place was held when.
TOWN = """
CREATE FUNCTION made(kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-0000-7000-' || lpad(to_hex(kind + 32768), 4, '0') || '-' || lpad(to_hex(number), 12, '0'))::uuid
$$;
INSERT INTO institutions (region_id, id, name, kind, municipality, address, zone)
VALUES (42, made(1, 1), 'Поликлиника', 'clinic', 'Кемерово', 'ул. Весенняя', 'Asia/Novokuznetsk');
INSERT INTO offered_specialties VALUES (42, made(1, 1), '58', 'self');
INSERT INTO locations VALUES (42, made(2, 1), made(1, 1), 'l1', 'Корпус 1', 'ул. Весенняя', '1');
INSERT INTO practitioners SELECT 42, made(3, i), made(1, 1), 'd' || i, 'Белова', 'Анна', NULL
FROM generate_series(1, 2) i;
INSERT INTO practitioner_specialties SELECT 42, id, '58', institution_id FROM practitioners;
INSERT INTO slots (region_id, institution_id, id, external_id, practitioner_id, specialty_code, location_id, starts_at,
                   ends_at, capacity)
SELECT 42, made(1, 1), made(4, i), 's' || i, made(3, 1 + i % 2), '58', made(2, 1), begin, begin + interval '15 minutes',
       CASE WHEN i % 10 = 0 THEN 2 ELSE 1 END
FROM generate_series(1, 60) i, LATERAL (SELECT now() + interval '2 days' + i / 2 * interval '15 minutes' AS begin);
INSERT INTO citizens SELECT 42, made(5, i), 'vk', i::text, now() FROM generate_series(1, {families}) i;
INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, created_at, updated_at)
SELECT 42, made(6, i), sha256(i::text::bytea), 'Соколова', 'Вера', '2019-05-14', 'female', now(), now()
FROM generate_series(1, 2 * {families}) i;
INSERT INTO guardians SELECT 42, made(5, (i + 1) / 2), made(6, i), 'child', sha256(i::text::bytea)
FROM generate_series(1, 2 * {families}) i;
CREATE TABLE ledger (slot_id uuid, hold_id uuid, since timestamptz, until timestamptz);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ledger VALUES (NEW.slot_id, NEW.id, clock_timestamp());
    ELSE
        UPDATE ledger SET until = clock_timestamp() WHERE hold_id = OLD.id;
    END IF;
    RETURN NULL;
END $$;
GRANT SELECT ON ledger TO zapis_service;
CREATE TRIGGER noted AFTER INSERT OR DELETE ON holds FOR EACH ROW EXECUTE FUNCTION note();
"""
OVERLAPS = """
SELECT a.slot_id FROM ledger a JOIN ledger b ON a.slot_id = b.slot_id AND a.hold_id < b.hold_id
JOIN slots s ON s.id = a.slot_id AND s.capacity = 1
WHERE tstzrange(a.since, a.until) && tstzrange(b.since, b.until)
"""
# Free at the end is only what nobody waits for.
FORGOTTEN = "SELECT id FROM slots s WHERE can_be_offered(s, $1) AND is_waited_for(s, $1)"
REFUSED = (DomainError, asyncpg.IntegrityConstraintViolationError)


class Workers:
    """`python -m service worker`, several of them, one of which dies now and then."""

    def __init__(self, settings: Settings, dsn: str, count: int) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ZAPIS_")}
        self._environment = kept | {"ZAPIS_DATABASE_URL": dsn, "ZAPIS_DATA_DIR": str(settings.data_dir)}
        self._outputs = [settings.data_dir / f"worker-{number}" for number in range(count)]
        self._processes = [self._start(number) for number in range(count)]
        self.kills = 0

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        with self._outputs[number].open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "service", "worker"],
                cwd=Path(__file__).parents[2],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def keep_dying(self, chance: random.Random) -> None:
        """A worker looks at everything when it starts: so it dies soon afterwards, in the middle of it."""
        while True:
            number = chance.randrange(len(self._processes))
            while b"jobs ready" not in self._outputs[number].read_bytes():
                assert self._processes[number].poll() is None, self._outputs[number].read_text()
                await asyncio.sleep(0.02)
            await asyncio.sleep(chance.uniform(0, 0.5))
            self._kill(number)
            self._processes[number] = self._start(number)

    def _kill(self, number: int) -> None:
        self._processes[number].send_signal(signal.SIGKILL)
        self._processes[number].wait()
        self.kills += 1

    def stop(self) -> None:
        for number in range(len(self._processes)):
            self._kill(number)


class Town:
    """What people do, each thing in a transaction of its own as the service would do it."""

    def __init__(self, database: Database, families: int, chance: random.Random) -> None:
        self._database = database
        self._families = families
        self._chance = chance

    async def live(self, enough: Callable[[int], bool]) -> None:
        """Until there were enough offers; all that must always be true is looked at on the way."""
        deeds = (self._join, self._join, self._pass_by, self._answer, self._move)
        while not enough(await self._count()):
            for _ in range(20):
                with suppress(*REFUSED):
                    await self._write(self._chance.choice(deeds))
            assert await self._write(lambda conn: conn.fetch(WRONG_AT_ANY_MOMENT)) == []

    async def _count(self) -> int:
        return await self._write(lambda conn: conn.fetchval("SELECT count(*) FROM offers"))

    async def _write(self, work: Callable[[Connection], Awaitable[Any]]) -> Any:
        return await self._database.run(Transaction.WRITE, work, SERVICE)

    async def _join(self, conn: Connection) -> None:
        family = self._chance.randint(1, self._families)
        children = [_made(6, 2 * family - 1), _made(6, 2 * family)][: 1 + (family % 5 == 0)]
        today = utc_now().date()
        entry = {
            "institution_id": _made(1, 1),
            "specialty_code": "58",
            "day_from": today,
            "day_to": today + timedelta(days=7),
            "time_from": "00:00",
            "time_to": "23:59",
        }
        key = IdempotencyKey(str(new_id()), bytes(32))
        await store.join_waiting_list(conn, REGION, _made(5, family), key, entry, children, utc_now())

    async def _pass_by(self, conn: Connection) -> None:
        """Time passes, for some offer."""
        await conn.execute(
            "UPDATE offers SET expires_at = now() WHERE id = (SELECT id FROM offers WHERE status = 'open' "
            "AND expires_at IS NOT NULL ORDER BY random() LIMIT 1)"
        )

    async def _answer(self, conn: Connection) -> None:
        offer = await conn.fetchrow("SELECT * FROM offers WHERE status = 'open' ORDER BY random() LIMIT 1")
        if offer is not None:
            answer = self._chance.choice((store.accept_offer, store.decline_offer))
            await answer(conn, REGION, offer["citizen_id"], offer["id"], utc_now())

    async def _move(self, conn: Connection) -> None:
        """A ticket is given up; now and then the clinic takes its time away, and gives out another."""
        ticket = await conn.fetchrow("SELECT * FROM appointments WHERE status = 'booked' ORDER BY random() LIMIT 1")
        if ticket is None:
            return
        if self._chance.random() < 0.7:
            await doctors.cancel_appointment(conn, REGION, ticket["citizen_id"], ticket["id"], utc_now())
        else:
            await doctors.close_booked_slot(conn, REGION, ticket["slot_id"], new_id(), utc_now())
            await conn.execute(
                "UPDATE slots SET status = 'open' WHERE status = 'closed' AND id <> $1", ticket["slot_id"]
            )


def _made(kind: int, number: int) -> UUID:
    return UUID(f"00000000-0000-7000-{kind + 32768:04x}-{number:012x}")


async def live_and_die(dsn: str, folder: Path, *, offers: int, kills: int, families: int, seed: int) -> None:
    """So many offers are made, and so many workers die, at the least."""
    settings = Settings(database_url=dsn, data_dir=folder, log_level="error")
    settings.keys()
    chance = random.Random(seed)
    database = make_database(settings, dsn)
    async with database.opened():
        await database.run(Transaction.WRITE, lambda conn: conn.execute(TOWN.format(families=families)), None)
        workers = Workers(settings, dsn, 2)
        dying = asyncio.create_task(workers.keep_dying(chance))
        town = Town(database, families, chance)
        try:
            await town.live(lambda made: dying.done() or (made >= offers and workers.kills >= kills))
        finally:
            dying.cancel()
            workers.stop()
        with suppress(asyncio.CancelledError):
            await dying
        await make_jobs(settings, database).run_until_idle()
        for statement, *arguments in ((WRONG_AT_ANY_MOMENT,), (OVERLAPS,), (FORGOTTEN, utc_now())):
            left = await database.run(Transaction.READ, lambda conn: conn.fetch(statement, *arguments), None)  # noqa: B023
            assert left == [], statement


def test_no_place_is_lost_or_given_to_two(dsn: str, tmp_path: Path) -> None:
    asyncio.run(live_and_die(dsn, tmp_path, offers=60, kills=3, families=40, seed=1))


@pytest.mark.soak
def test_a_thousand_offers_while_workers_die(dsn: str, tmp_path: Path) -> None:
    asyncio.run(live_and_die(dsn, tmp_path, offers=1000, kills=30, families=120, seed=2))
