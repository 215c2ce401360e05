"""Chains are looked at by the worker, again and again, and from the command line."""

import json
import re
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from service.__main__ import cli
from service.audit import store, usecases
from service.audit.jobs import JOBS
from service.audit.rules import Looked, read_heads
from tests.audit.chains import LOGS, NOT_CHAINED, REGION, chain_of, connected, head, tamper, write
from tests.live import Live


def look_on(live: Live, looked: Looked, limit: int) -> list[tuple[str, int, str | None]]:
    """What is found of each chain that is looked at: how many entries, and where it breaks."""

    async def look(connection: asyncpg.Connection) -> list[usecases.Verified]:
        await store.see_one_moment(connection)
        return await usecases.look_on(connection, chain_of(live, "accesses").key, looked, live.clock.now, limit)

    return [(str(one.chain), one.entries, one.broken) for one in live.run(connected(live, look))]


def test_all_chains_are_looked_at_in_turn_so_many_entries_at_a_time(live: Live) -> None:
    write(live, "accesses", 5)
    write(live, "audit_trail", 3)
    write(live, "accesses", 2, region=77)
    live.work()
    looked = Looked()
    assert look_on(live, looked, 4) == [("42 accesses", 4, None)]
    assert look_on(live, looked, 4) == [("42 accesses", 1, None), ("42 audit_trail", 3, None)]
    assert look_on(live, looked, 4) == [("77 accesses", 2, None), ("42 accesses", 2, None)]
    # It begins with what it had not ended.
    assert look_on(live, looked, 100) == [
        ("42 accesses", 3, None), ("42 audit_trail", 3, None), ("77 accesses", 2, None),
    ]  # fmt: skip
    # What was right once has to stay: also the end, that is cut off with its head.
    cut = """DELETE FROM LOG WHERE position > 2;
        UPDATE audit_heads h SET position = e.position, mac = e.mac FROM LOG e
        WHERE e.position = 2 AND h.log = 'LOG' AND h.region_id = e.region_id"""
    tamper(live, "audit_trail", cut)
    tamper(live, "accesses", "DELETE FROM LOG; DELETE FROM audit_heads WHERE log = 'LOG' AND region_id = 77")
    assert look_on(live, Looked(), 100)[1:] == [("42 audit_trail", 2, None)]
    assert look_on(live, looked, 100) == [
        ("42 accesses", 0, "position 1 is missing: there were 5 once"),
        ("42 audit_trail", 2, "position 3 is missing: there were 3 once"),
        ("77 accesses", 0, "position 1 is missing: there were 2 once"),
    ]


def test_the_worker_tells_of_a_chain_that_is_broken(live: Live, capfd: pytest.CaptureFixture[str]) -> None:
    (job,) = (one for one in JOBS if one.name == "look_at_chains")
    write(live, "accesses")
    live.work()
    live.batch(job)
    assert "audit_chain_broken" not in capfd.readouterr().out
    tamper(live, "accesses", "UPDATE LOG SET role = 'x' WHERE position = 2")
    live.batch(job)
    (line,) = (json.loads(line) for line in capfd.readouterr().out.splitlines() if "audit_chain_broken" in line)
    assert (line["logger"], line["level"]) == ("zapis.security", "error")
    assert (line["region"], line["log"], line["what"]) == (42, "accesses", NOT_CHAINED.format(2))


def test_the_command_line(live: Live, tmp_path: Path) -> None:
    environment = {"ZAPIS_DATABASE_URL": live.dsn, "ZAPIS_DATA_DIR": str(live.settings.data_dir)}

    def run(*arguments: str) -> tuple[int, str]:
        found = CliRunner().invoke(cli, ["audit", *arguments], env=environment)
        return found.exit_code, found.output

    for log in LOGS:
        write(live, log, 2)
    code, said = run("verify", "--region", "42")
    # They were written in September, and it is later by now.
    assert (code, said.count("2 should have been chained by now")) == (3, 2)
    live.work()
    code, heads = run("head")
    assert code == 0
    noted = tmp_path / "heads"
    noted.write_text(heads)
    assert read_heads(heads) == {(REGION, log): head(live, log) for log in LOGS}
    code, said = run("verify", "--head", str(noted))
    assert code == 0, said
    # One line for each that there is, and one for all the others.
    assert len(said.splitlines()) == 3
    assert re.fullmatch(r"\d+ chains are empty\.", said.splitlines()[-1])
    assert f"42 accesses: 2 entries are as they were written, up to {head(live, 'accesses')}" in said
    assert run("verify", "--log", "accesses", "--region", "42", "--from", "2")[0] == 0
    for wrong in (("--log", "x"), ("--from", "2"), ("--head", str(Path(__file__)))):
        assert run("verify", *wrong)[0] == 2
    tamper(live, "accesses", "UPDATE accesses SET role = 'x' WHERE position = 2")
    code, said = run("verify", "--region", "42")
    assert code == 1
    assert "42 accesses: broken: position 2 is not what was chained there" in said
    assert "42 audit_trail: 2 entries are as they were written" in said
    # A region that is gone with all that is known of it.
    noted.write_text(heads.replace("42 ", "43 "))
    code, said = run("verify", "--head", str(noted), "--region", "43")
    assert (code, said.count("position 1 is missing: there were 2 once")) == (1, 2)
