"""`zapis draw verify` as anyone runs it: a process without a database and without settings."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.draws import DrawRecord
from tests.draws.test_chances import drawn


def verify(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "service", "draw", "verify", *map(str, arguments)]
    # An address where nothing is: whoever asked a database would fail.
    environment = {"ZAPIS_DATABASE_URL": "postgresql://nowhere.invalid/", "PATH": ""}
    return subprocess.run(command, input=given, env=environment, capture_output=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def record() -> DrawRecord:
    """Of 5,000 requests for 500 slots."""
    return drawn(0)[1]


@pytest.fixture
def file(record: DrawRecord, tmp_path: Path) -> Path:
    written = tmp_path / "record.json"
    written.write_text(record.model_dump_json(indent=2))
    return written


def test_a_right_record_is_called_right(record: DrawRecord, file: Path) -> None:
    published = ("--seed-hash", record.seed_hash, "--requests-digest", record.requests_digest)
    for arguments, given in (((file, *published), b""), (("-", *published), file.read_bytes())):
        outcome = verify(*arguments, given=given)
        assert (outcome.returncode, outcome.stderr) == (0, b"")
        assert outcome.stdout == b"The record is right: 5000 requests, 500 places, 500 of them drawn.\n"
    assert b"--seed-hash and --requests-digest" in verify(file).stdout


def test_a_changed_record_is_detected_and_it_says_what_differs(record: DrawRecord) -> None:
    changed = json.loads(record.model_dump_json())
    first, last = changed["results"][0], changed["results"][-1]
    first["slot_id"], last["slot_id"] = last["slot_id"], first["slot_id"]
    outcome = verify("-", given=json.dumps(changed).encode())
    assert (outcome.returncode, outcome.stdout) == (1, b"")
    assert outcome.stderr.startswith(b"zapis: the record is not that of the draw: results[0] is {")
    assert b"Traceback" not in outcome.stderr


def test_another_draw_than_the_one_published_is_detected(file: Path) -> None:
    for option, told in (("--seed-hash", b"seed_hash is not"), ("--requests-digest", b"requests_digest is not")):
        outcome = verify(file, option, "0" * 64)
        assert outcome.returncode == 1
        assert told in outcome.stderr


def test_a_file_that_is_not_there_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    outcome = verify(tmp_path / "absent.json")
    assert outcome.returncode == 2
    assert b"Traceback" not in outcome.stderr
