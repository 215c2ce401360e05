"""Signing keys follow one another without a restart, and nobody is logged out by it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from service import __main__
from service.config import Settings
from service.core.keys import KeysWrong
from service.core.ring import SIGNATURES_LIVE, KeyRing
from service.key_commands import check
from service.keyring.rules import LEADS
from service.keyring.usecases import refresh
from tests.core.test_keys import GIVEN
from tests.keyring.keys import (
    current,
    looking_often,
    published,
    revoke,
    rotate,
    rotate_and_wait,
    signed_by,
    states,
)
from tests.live import Live
from tests.races.processes import SECONDS, free_port, start, wait_until
from tests.world import World


@pytest.fixture
def two(dsn: str, tmp_path: Path) -> Iterator[tuple[Live, Live]]:
    """Two services over one database, at one time."""
    one, other = looking_often(dsn, tmp_path / "keys"), looking_often(dsn, tmp_path / "keys")
    other.clock = one.clock
    with one, other:
        yield one, other


def test_a_key_is_published_before_it_signs_and_verifies_after_it_did(two: tuple[Live, Live]) -> None:
    one, _ = two
    world = World(one)
    before = world.parent()
    old = current(one, "sign")
    assert signed_by(before.token) == old == published(one)[0]
    new = rotate(one, "sign")
    for live in two:
        wait_until(lambda live=live: published(live) == [old, new])
    assert states(one, "sign") == {old: "current", new: "next"}
    # As long as somebody may have the answer of getKeySet without it, it does not sign.
    one.clock.now += LEADS["sign"] - timedelta(seconds=1)
    assert signed_by(world.parent().token) == old
    one.clock.now += timedelta(seconds=1)
    after = world.parent()
    assert signed_by(after.token) == new
    assert states(one, "sign") == {old: "retired", new: "current"}
    for live in two:
        assert published(live) == [old, new]
        for token in (before.token, after.token):
            assert live.api(token).get("/v1/persons").status == 200
    # No code of a ticket is older.
    one.clock.now += SIGNATURES_LIVE
    for live in two:
        wait_until(lambda live=live: published(live) == [new])


def test_a_revoked_key_verifies_no_longer_not_even_what_was_seen_before(two: tuple[Live, Live]) -> None:
    one, other = two
    world = World(one)
    before = world.parent()
    assert other.api(before.token).get("/v1/persons").status == 200
    with pytest.raises(KeysWrong, match="rotate"):
        revoke(one, current(one, "sign"))
    old, new = rotate_and_wait(one, other)
    revoke(one, old)
    revoke(one, old)
    assert states(one, "sign") == {old: "revoked", new: "current"}
    for live in two:
        wait_until(lambda live=live: published(live) == [new])
        assert live.api(before.token).get("/v1/persons").code == "unauthenticated"
    with pytest.raises(KeysWrong, match="no key nothing"):
        revoke(one, "nothing")


def test_one_next_key_at_a_time(live: Live) -> None:
    key_id = rotate(live, "sign")
    with pytest.raises(KeysWrong, match="waiting"):
        rotate(live, "sign")
    rotate(live, "seal")
    live.clock.now += LEADS["sign"]
    assert states(live, "sign")[key_id] == "current"
    rotate(live, "sign")


def test_of_processes_that_start_together_one_makes_the_first_key(live: Live) -> None:
    live.sql("DELETE FROM data_keys")
    rings = [KeyRing(live.settings.keys(), live.clock) for _ in range(8)]

    async def begin(ring: KeyRing) -> list[str]:
        connection = await asyncpg.connect(live.dsn)
        try:
            return await refresh(connection, ring, live.clock())
        finally:
            await connection.close()

    async def begin_all() -> list[list[str]]:
        return await asyncio.gather(*map(begin, rings))

    assert live.run(begin_all()) == [[]] * 8
    (key_id,) = {ring.sealing()[0] for ring in rings}
    assert [row["id"] for row in live.sql("SELECT id FROM data_keys")] == [key_id]


def test_no_key_is_kept_in_the_clear(live: Live) -> None:
    """Nor does a wrapped key open for another row."""
    rotate(live, "sign")
    ring = KeyRing(live.settings.keys(), live.clock)
    keys = live.sql("SELECT id, purpose, wrapped, wrapped_by FROM data_keys")
    assert {(row["purpose"], row["wrapped_by"]) for row in keys} == {("seal", "k1"), ("sign", "k1")}
    assert {len(row["wrapped"]) for row in keys} == {12 + 32 + 16}
    one, other = keys
    live.sql("UPDATE data_keys SET wrapped = $1 WHERE id = $2", one["wrapped"], other["id"])

    async def look() -> list[str]:
        connection = await asyncpg.connect(live.dsn)
        try:
            return await refresh(connection, ring, live.clock())
        finally:
            await connection.close()

    (trouble,) = live.run(look())
    assert other["id"] in trouble


def test_who_does_not_have_the_keys_does_not_start(live: Live, tmp_path: Path) -> None:
    asyncio.run(check(live.settings, live.dsn))
    # With a data folder of its own come other keys.
    process = start(live.dsn, tmp_path, free_port())
    assert process.wait(SECONDS) == 1
    (line,) = (tmp_path / "output").read_text().splitlines()
    assert "does not open: k1 is not the key that sealed it" in line
    lost = Settings(**GIVEN)
    with pytest.raises(KeysWrong, match="is sealed by k1, which is not among"):
        asyncio.run(check(lost, live.dsn))


def test_the_command_line(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAPIS_DATABASE_URL", live.dsn)
    monkeypatch.setenv("ZAPIS_DATA_DIR", str(live.settings.data_dir))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(__main__.cli, ["keys", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert run("list").count("current") == 2
    sealing, signing = run("rotate").splitlines()
    assert sealing.split()[1:3] == ["seals", "from"]
    listed = run("list")
    assert [line.split()[2] for line in listed.splitlines()] == ["retired", "current", "next", "current", "next"]
    assert signing.split()[0] in listed
    for wrong in (["rotate", "--purpose", "open"], ["rotate", "--after-seconds", "29"]):
        assert CliRunner().invoke(__main__.cli, ["keys", *wrong]).exit_code == 2
