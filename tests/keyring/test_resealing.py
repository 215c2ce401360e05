"""What is sealed is sealed anew by the current key, and can be read at every moment, whoever is killed meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from service.config import Settings
from service.core import ring
from service.core.clock import utc_now
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.keys import Keys, KeysWrong
from service.core.ring import SILENCE_SECONDS, KeyRing
from service.core.sealing import Sealer
from service.keyring import usecases
from service.keyring.rules import LEADS, RESTS_BEFORE_REVOKED
from tests.core.test_keys import GIVEN, KEY
from tests.keyring.keys import POLL_SECONDS, ask, current, left, looking_often, revoke, rotate, states
from tests.live import Api, Live
from tests.people.test_rules import with_snils_check
from tests.races.processes import SECONDS, Now, wait_until
from tests.world import CLINIC_PAGE, REGION, World

PEOPLE = 500
_ADD = """
WITH given AS (SELECT * FROM unnest($2::uuid[], $3::text[]) AS given (id, sealed)),
added AS (INSERT INTO persons (region_id, id, identity, last_name, first_name, birth_date, sex, snils_sealed,
                               created_at, updated_at)
          SELECT 42, id, sha256(id::text::bytea), 'Соколова', 'Вера', '2019-05-14', 'female', sealed, now(), now()
          FROM given)
INSERT INTO guardians SELECT 42, $1, id, 'child', sha256(id::text::bytea) FROM given
"""


def snils(number: int) -> str:
    return with_snils_check(212_000_000 + number)


def masked(number: str) -> str:
    return f"***-***-*{number[7:9]} {number[9:]}"


class Worker:
    """`zapis worker` in a process of its own."""

    def __init__(self, live: Live) -> None:
        settings = {"DATABASE_URL": live.dsn, "DATA_DIR": live.settings.data_dir, "KEY_POLL_SECONDS": POLL_SECONDS}
        environment = os.environ | {f"ZAPIS_{name}": str(value) for name, value in settings.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "service", "worker"], env=environment, stdout=subprocess.DEVNULL
        )

    def end(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        return self._process.wait(SECONDS)


class Family:
    """Someone with very many children, all of whom they look at, and write down anew, again and again."""

    def __init__(self, live: Live) -> None:
        self.live = live
        World(live)
        token = live.citizen(CLINIC_PAGE, 1).token
        self._reader, self._writer = live.api(token), live.api(token)
        ids, sealer = [new_id() for _ in range(PEOPLE)], live.sealer
        self.snils = {str(child): snils(number) for number, child in enumerate(ids)}
        sealed = [sealer.seal(text, f"persons:42:{child}:snils") for child, text in self.snils.items()]
        live.sql(_ADD, live.sql("SELECT id FROM citizens")[0]["id"], ids, sealed)
        self.looks = self.changes = 0
        self._over = threading.Event()
        self._failures: list[str] = []

    def look(self) -> None:
        items = self._reader.get("/v1/persons").ok()["items"]
        assert len(items) == PEOPLE
        assert all(item["snils_masked"] for item in items)
        self.looks += 1

    def change(self) -> None:
        child = list(self.snils)[1 + self.changes % (PEOPLE - 1)]
        text = snils(PEOPLE + self.changes)
        changed = self._writer.call("PATCH", f"/v1/persons/{child}", {"snils": text}).ok()
        assert changed["snils_masked"] == masked(text)
        self.snils[child] = text
        self.changes += 1

    def __enter__(self) -> "Family":
        self._threads = [threading.Thread(target=self._go_on, args=(what,)) for what in (self.look, self.change)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert self._failures == []

    def _go_on(self, what: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                what()
            except Exception as error:  # noqa: BLE001 - told in the end
                self._failures.append(repr(error))
                return

    def check(self) -> None:
        """Every row holds what was written last."""
        items = self._reader.get("/v1/persons").ok()["items"]
        assert {item["id"]: item["snils_masked"] for item in items} == {
            child: masked(text) for child, text in self.snils.items()
        }
        sealer = self.live.sealer
        for row in self.live.sql("SELECT id, snils_sealed FROM persons"):
            assert sealer.open(row["snils_sealed"], f"persons:42:{row['id']}:snils") == self.snils[str(row["id"])]


def sealed_by(live: Live, key_id: str) -> int:
    return live.sql("SELECT count(*) FROM persons WHERE starts_with(snils_sealed, $1)", f"{key_id}.")[0]["count"]


def test_workers_are_killed_and_every_row_can_be_read_at_every_moment(dsn: str, tmp_path: Path) -> None:
    live = looking_often(dsn, tmp_path / "keys")
    live.clock = Now()
    with live:
        family = Family(live)
        old = current(live, "seal")
        assert sealed_by(live, old) == PEOPLE
        # Somebody works on this row all the time: it can't be sealed anew.
        busy: asyncpg.Connection = live.run(asyncpg.connect(dsn))
        live.run(busy.execute(f"BEGIN; SELECT FROM persons WHERE id = '{next(iter(family.snils))}' FOR UPDATE"))
        with family:
            new = rotate(live, "seal", timedelta(seconds=20 * POLL_SECONDS))
            wait_until(lambda: current(live, "seal") == new)
            killed = Worker(live)
            wait_until(lambda: sealed_by(live, new) >= PEOPLE / 10)
            killed.end(signal.SIGKILL)
            assert sealed_by(live, old) >= 1
            later = utc_now() + RESTS_BEFORE_REVOKED
            with pytest.raises(KeysWrong, match=f"there is what {old} has sealed"):
                ask(live, lambda conn: usecases.revoke(conn, live.settings.keys(), old, later))
            live.run(busy.close())
            others = [Worker(live), Worker(live)]
            wait_until(lambda: left(live) == 0)
            # They go on, under the new key alone.
            looks, changes = family.looks, family.changes
            wait_until(lambda: family.looks > looks and family.changes > changes)
        assert [other.end(signal.SIGTERM) for other in others] == [0, 0]
        assert (sealed_by(live, old), sealed_by(live, new)) == (0, PEOPLE)
        family.check()
        ask(live, lambda conn: usecases.revoke(conn, live.settings.keys(), old, later))
        assert states(live, "seal")[old] == "revoked"
        family.check()


@pytest.fixture
def child(world: World) -> tuple[Api, str]:
    parent = world.parent()
    return parent, world.child(parent, snils=snils(1))


def kept(world: World, child_id: str) -> str:
    return world.live.sql("SELECT snils_sealed FROM persons WHERE id = $1", child_id)[0]["snils_sealed"]


def keep(world: World, child_id: str, sealed: str) -> None:
    world.live.sql("UPDATE persons SET snils_sealed = $1 WHERE id = $2", sealed, child_id)


def test_what_the_keys_of_the_settings_sealed_is_read_and_sealed_anew(world: World, child: tuple[Api, str]) -> None:
    """As in a database of before there were keys in it."""
    parent, child_id = child
    keys = world.live.settings.keys()
    row = f"persons:42:{child_id}:snils"
    keep(world, child_id, Sealer(keys.sealing, keys.hashing).seal(snils(2), row))
    before = parent.get("/v1/persons").ok()
    assert before["items"][0]["snils_masked"] == masked(snils(2))
    assert left(world.live) == 1
    with pytest.raises(KeysWrong, match="settings"):
        revoke(world.live, "k1")
    assert world.live.work() == 1
    assert kept(world, child_id).startswith(current(world.live, "seal") + ".")
    assert parent.get("/v1/persons").ok() == before
    assert left(world.live) == 0


def test_the_first_key_of_a_database_with_people_rests_first(world: World, child: tuple[Api, str]) -> None:
    """Processes of the version before, which know no keys but the settings', may serve beside ours."""
    world.live.sql("DELETE FROM data_keys")
    world.live.work()
    assert sorted(states(world.live, "seal").values()) == ["current", "next"]
    assert current(world.live, "seal") == "k1"
    world.live.clock.now += timedelta(hours=1)
    assert current(world.live, "seal") != "k1"


def test_an_unknown_key_is_unavailable_and_told_without_data(
    world: World, child: tuple[Api, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that was used before writes to where the output of that test went.
    monkeypatch.setattr(ring, "_log", structlog.get_logger("zapis.keys"))
    parent, child_id = child
    sealed = kept(world, child_id)
    _, _, text = sealed.partition(".")
    keep(world, child_id, f"d000000000000.{text}")
    answer = parent.get("/v1/persons")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "5")
    (told,) = [line for line in capfd.readouterr().out.splitlines() if "unknown key" in line]
    assert '"d000000000000"' in told
    assert not any(secret in told for secret in (text[:8], child_id, snils(1)))
    keep(world, child_id, sealed)
    assert parent.get("/v1/persons").status == 200


def test_a_key_that_another_process_made_is_heard_of_when_it_is_met(world: World, child: tuple[Api, str]) -> None:
    """This service looks every ten seconds; nobody waits for that."""
    parent, child_id = child
    rotate(world.live, "seal", timedelta(seconds=-1))
    keep(world, child_id, world.live.sealer.seal(snils(3), f"persons:42:{child_id}:snils"))
    assert parent.get("/v1/persons").status in (200, 503)
    wait_until(lambda: parent.get("/v1/persons").status == 200)
    assert parent.get("/v1/persons").ok()["items"][0]["snils_masked"] == masked(snils(3))


def test_who_hears_nothing_of_the_keys_reads_and_does_not_seal(given: Live) -> None:
    """What it sealed by a key that is destroyed meanwhile would be lost."""
    ring = KeyRing(given.settings.keys(), given.clock)
    ask(given, lambda conn: usecases.refresh(conn, ring, given.clock()))
    sealer = Sealer(ring, b"h" * 32)
    sealed = sealer.seal(snils(1), "row")
    ring._heard_at -= SILENCE_SECONDS
    with pytest.raises(DomainError, match="unavailable"):
        sealer.seal(snils(1), "row")
    assert sealer.open(sealed, "row") == snils(1)
    ask(given, lambda conn: usecases.refresh(conn, ring, given.clock()))
    assert sealer.open(sealer.seal(snils(2), "row"), "row") == snils(2)


def test_a_row_that_does_not_open_keeps_nobody_else_from_it(world: World, child: tuple[Api, str]) -> None:
    parent, child_id = child
    other = world.child(parent, first_name="Анна", snils=snils(2))
    spoilt = kept(world, other)
    keep(world, child_id, spoilt)
    old = current(world.live, "seal")
    rotate(world.live, "seal")
    world.live.clock.now += LEADS["seal"] + RESTS_BEFORE_REVOKED
    world.live.work()
    assert kept(world, child_id) == spoilt
    assert kept(world, other).startswith(current(world.live, "seal") + ".")
    with pytest.raises(KeysWrong, match="there is what"):
        revoke(world.live, old)
    keep(world, child_id, kept(world, other))
    revoke(world.live, old)


def test_a_key_that_is_in_use_is_not_revoked(world: World) -> None:
    old = current(world.live, "seal")
    with pytest.raises(KeysWrong, match="rotate"):
        revoke(world.live, old)
    new = rotate(world.live, "seal")
    with pytest.raises(KeysWrong, match="any moment"):
        revoke(world.live, new)
    world.live.clock.now += LEADS["seal"]
    with pytest.raises(KeysWrong, match="a moment ago"):
        revoke(world.live, old)
    world.live.clock.now += RESTS_BEFORE_REVOKED
    revoke(world.live, old)
    assert states(world.live, "seal") == {"k1": "retired", old: "revoked", new: "current"}
    (row,) = world.live.sql("SELECT wrapped, wrapped_by FROM data_keys WHERE id = $1", old)
    assert (row["wrapped"], row["wrapped_by"]) == (None, None)


_OTHER = "8" * 43 + "="


def sealing_with(**keys: str) -> Keys:
    given: dict[str, Any] = {**GIVEN, "sealing_keys": keys}
    return Settings(**given).keys()


@pytest.fixture
def given(dsn: str, tmp_path: Path) -> Iterator[Live]:
    """A service whose keys are set."""
    with Live(dsn, tmp_path, key_poll_seconds=POLL_SECONDS, **GIVEN) as live:
        yield live


def test_another_key_of_the_settings_wraps_all_and_no_row_is_touched(
    given: Live, capfd: pytest.CaptureFixture[str]
) -> None:
    world = World(given)
    parent = world.parent()
    child_id = world.child(parent, snils=snils(1))
    rotate(given, "sign")
    sealed = kept(world, child_id)
    both = sealing_with(k7=KEY, k8=_OTHER)
    assert ask(given, lambda conn: usecases.rewrap(conn, both)) == 2
    assert ask(given, lambda conn: usecases.rewrap(conn, both)) == 0
    assert {row["wrapped_by"] for row in given.sql("SELECT wrapped_by FROM data_keys")} == {"k8"}
    assert kept(world, child_id) == sealed
    new = sealing_with(k8=_OTHER)
    ring = KeyRing(new, given.clock)
    assert ask(given, lambda conn: usecases.refresh(conn, ring, given.clock())) == []
    assert Sealer(ring, new.hashing).open(sealed, f"persons:{REGION}:{child_id}:snils") == snils(1)
    # The service that was not told of k8 goes on with what it knows, until it is started anew.
    wait_until(lambda: "k8, which is not among" in capfd.readouterr().out)
    assert parent.get("/v1/persons").status == 200
    with pytest.raises(KeysWrong, match="k8"):
        ask(given, lambda conn: usecases.rewrap(conn, given.settings.keys()))
