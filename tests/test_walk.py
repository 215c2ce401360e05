"""The walks of README.md, run as they are written there, against a real process with demonstration data."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import requests

from service.config import Settings
from service.core import embedded

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_BASH = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Many times what it takes on an idle machine; the tests share this one.
_FIRST_START_SECONDS, _START_SECONDS = 120, 15
# Draining, and the database behind it.
_DRAIN_SECONDS, _STOP_SECONDS = 5, 15

_HOW_MANY = """
    SELECT (SELECT count(*) FROM institutions) >= 30 AS institutions,
           (SELECT count(*) FROM practitioners) >= 200 AS doctors,
           (SELECT count(DISTINCT specialty_code) FROM practitioner_specialties) = 20 AS specialties,
           (SELECT count(*) FROM programmes) >= 150 AS programmes,
           (SELECT count(DISTINCT (starts_at AT TIME ZONE 'Asia/Novokuznetsk')::date) FROM slots) = 14 AS days
"""
_WHAT_THE_PARENT_LEFT = """
    SELECT (SELECT array_agg(a.status) FROM appointments a WHERE a.citizen_id = c.id) AS tickets,
           (SELECT array_agg(a.status) FROM applications a WHERE a.citizen_id = c.id) AS applications,
           (SELECT count(*) FROM guardians g WHERE g.citizen_id = c.id) AS children
    FROM citizens c WHERE c.platform = 'vk'
"""


def _sql(data_dir: Path, statement: str) -> list[Any]:
    async def run() -> list[Any]:
        dsn = embedded.running(data_dir)
        assert dsn is not None
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def _environment(data_dir: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZAPIS_")}
    return {
        **kept,
        "ZAPIS_DATA_DIR": str(data_dir),
        "ZAPIS_PORT": str(port),
        "ZAPIS_DRAIN_SECONDS": str(_DRAIN_SECONDS),
        "ZAPIS_LOG_LEVEL": "warning",
        "BASE": f"http://127.0.0.1:{port}",
    }


@contextmanager
def _served(environment: dict[str, str], within_seconds: float) -> Generator[None]:
    """A process that is ready by then. At the end it drains, by SIGTERM."""
    began = time.monotonic()
    command = [sys.executable, "-m", "service", "serve", "--seed-demo"]
    with subprocess.Popen(command, cwd=_ROOT, env=environment) as process:
        try:
            while not _is_ready(environment["BASE"]):
                assert process.poll() is None, "the service ended before it was ready"
                assert time.monotonic() - began < within_seconds, "the service is too slow to start"
                time.sleep(0.02)
            yield
            process.terminate()
            assert process.wait(_STOP_SECONDS) == 0
        finally:
            # Whatever went wrong above: killed outright it would leave its database running.
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            process.kill()


def _is_ready(base: str) -> bool:
    try:
        return requests.get(f"{base}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _walk(environment: dict[str, str]) -> list[str]:
    """What all bash of README.md prints, pasted into one shell."""
    script = "\n".join(_BASH.findall(_README))
    walked = subprocess.run(
        ["/bin/bash", "-e", "-u", "-o", "pipefail", "-c", script],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    return walked.stdout.splitlines()


def test_both_walks_of_the_readme(tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = tmp_path_factory.mktemp("walk")
    environment = _environment(data_dir)
    with _served(environment, _FIRST_START_SECONDS):
        assert all(_sql(data_dir, _HOW_MANY)[0].values())
        _check_what_is_printed(_walk(environment))
        left = [dict(row) for row in _sql(data_dir, _WHAT_THE_PARENT_LEFT)]
        assert left == [{"tickets": ["cancelled"], "applications": ["withdrawn"], "children": 0}]
    # The second walk is a parent's like the first, and nothing of the first stands in its way.
    with _served(environment, _START_SECONDS):
        _check_what_is_printed(_walk(environment), published_before=True)
    assert embedded.running(data_dir) is None


def _check_what_is_printed(lines: list[str], *, published_before: bool = False) -> None:
    specialties, doctors, ticket, moved_to, first_free, entry, offers, left = lines[:8]
    assert '"code":"58"' in specialties
    assert '"specialty_codes":["58"]' in doctors
    assert '"status":"booked"' in ticket
    assert moved_to > json.loads(ticket)["starts_at"]
    assert json.loads(first_free)["items"]
    # The worker may have been quicker than the walk.
    assert json.loads(entry)["status"] in ("waiting", "offered")
    assert "items" in json.loads(offers)
    assert left == "left"
    application, cancelled, withdrawn, _room, _doctor, *published = lines[8:15]
    assert '"status":"submitted"' in application
    assert (cancelled, withdrawn) == ("cancelled", "withdrawn")
    added = '{"added":2,"changed":0,"closed":0,"unchanged":0,"conflicts":[]}'
    unchanged = '{"added":0,"changed":0,"closed":0,"unchanged":2,"conflicts":[]}'
    assert published == [unchanged if published_before else added, unchanged]
    tried, done, releases = map(json.loads, lines[15:18])
    assert tried == done | {"dry_run": True}
    assert bool(done["added"]) != published_before
    assert releases["items"][0]["policy"] == "jittered"
    assert lines[18:] == ["approved", "enrolled"]


def test_the_readme_names_every_setting() -> None:
    named = set(re.findall(r"^\| (`ZAPIS_.*?) \|", _README, re.MULTILINE))
    settings = {setting for cell in named for setting in re.findall(r"`ZAPIS_(\w+)`", cell)}
    assert settings == {name.upper() for name in Settings.model_fields}
