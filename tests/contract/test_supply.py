"""What the project stands on: looked up for known vulnerabilities, and listed.

The audit runs as it does in `make audit`, against a server on this machine that answers as OSV and the npm registry do.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tools.audit import (
    CLEAN,
    NOT_AUDITED,
    TERMS,
    VULNERABLE,
    Advisory,
    Audit,
    Finding,
    read_advisory,
    take_npm,
    take_pip_audit,
)

ROOT = Path(__file__).parents[2]
PINS = ("orjson==3.11.0", "colorama==0.4.6 ; sys_platform == 'win32'")
LOCK = "".join(f"{pin} \\\n    --hash=sha256:{'0' * 64}\n" for pin in PINS)

_VULNERABLE = {"vulns": [{"id": "PYSEC-1", "summary": "It is.", "affected": [], "aliases": ["GHSA-aaaa-bbbb-cccc"]}]}

# The answer to one look-up: a status and a body, or only a status.
Answers = Callable[[dict[str, Any]], tuple[int, Any]]


class Source:
    """A source of vulnerabilities that answers as a test says."""

    def __init__(self) -> None:
        self.answers: Answers = lambda _: (200, {})
        # What is told of one, by its id.
        self.advisories: dict[str, Any] = {}
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = {} if self.headers.get("Content-Encoding") else json.loads(body)
                self._answer(*source.answers(asked))

            def do_GET(self) -> None:
                one = self.path.removeprefix("/v1/vulns/")
                known = source.advisories.get(one)
                self._answer(200 if known else 404, known or {"code": 5, "message": "Bug not found."})

            def _answer(self, status: int, answer: Any) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    thread = Thread(target=source.server.serve_forever)
    thread.start()
    yield source
    source.server.shutdown()
    thread.join()
    source.server.server_close()


def audit(source: Source, tmp_path: Path, *locks: str) -> tuple[int, str]:
    (tmp_path / "lock.txt").write_text(LOCK)
    command = [sys.executable, ROOT / "tools/audit.py", "--source", "osv", "--osv-url", f"{source.url}/v1/query"]
    environment = {**os.environ, "npm_config_registry": source.url, "npm_config_cache": str(tmp_path / "npm")}
    done = subprocess.run(
        [*command, *(locks or ["lock.txt"])], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.returncode, done.stdout


def knowing(**known: Any) -> Answers:
    """A source that knows of the canary, and of these."""
    known = {"jinja2": (200, _VULNERABLE), **known}
    return lambda asked: known.get(asked["package"]["name"], (200, {}))


def test_that_everything_was_looked_up_is_success(source: Source, tmp_path: Path) -> None:
    source.answers = knowing()
    assert audit(source, tmp_path) == (CLEAN, "Audited: nothing is known\n")


def advisory(days: float, severity: str | None = None) -> dict[str, Any]:
    """In OSV's format, published so many days ago; whose word GitHub's alone has."""
    published = datetime.now(UTC) - timedelta(days=days)
    said = {"database_specific": {"severity": severity.upper()}} if severity else {}
    return {"id": "any", "published": published.strftime("%Y-%m-%dT%H:%M:%SZ"), **said}


def test_what_only_another_platform_installs_is_looked_up_too(source: Source, tmp_path: Path) -> None:
    """Of an advisory that nobody can date, nobody knows how much of its term is left."""
    source.answers = knowing(colorama=(200, _VULNERABLE))
    told = "VULNERABLE\n  colorama 0.4.6: PYSEC-1 (of unknown severity, of unknown age)\n"
    assert audit(source, tmp_path) == (VULNERABLE, told)


@pytest.mark.parametrize(("severity", "days"), [*TERMS.items(), (None, TERMS["critical"])])
def test_a_finding_fails_from_the_end_of_its_term_on(
    source: Source, tmp_path: Path, severity: str | None, days: int
) -> None:
    source.answers = knowing(orjson=(200, _VULNERABLE))
    source.advisories = {"GHSA-aaaa-bbbb-cccc": advisory(days - 0.5, severity)}
    code, told = audit(source, tmp_path)
    assert (code, told.splitlines()[0]) == (CLEAN, "Audited: what is known is within its term")
    assert f"orjson 3.11.0: PYSEC-1 ({severity or 'of unknown severity'}, 0 days left)" in told
    source.advisories = {"GHSA-aaaa-bbbb-cccc": advisory(days + 0.5, severity)}
    code, told = audit(source, tmp_path)
    assert (code, told.splitlines()[0]) == (VULNERABLE, "VULNERABLE")
    assert "its term is over" in told


def test_the_first_publication_and_the_worst_word_count(source: Source, tmp_path: Path) -> None:
    source.answers = knowing(orjson=(200, _VULNERABLE))
    source.advisories = {"PYSEC-1": advisory(5, "low"), "GHSA-aaaa-bbbb-cccc": advisory(1, "critical")}
    assert audit(source, tmp_path)[0] == VULNERABLE
    source.advisories = {"PYSEC-1": advisory(2, "low"), "GHSA-aaaa-bbbb-cccc": advisory(1, "critical")}
    assert audit(source, tmp_path)[0] == CLEAN


def test_what_is_within_its_term_does_not_stand_for_what_was_not_looked_up() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    asked = Audit(now)
    asked.asked = {("orjson", "3.11.0"), ("tzdata", "2026.3")}
    asked.answered = {("orjson", "3.11.0")}
    asked.findings = {Finding("orjson 3.11.0", ("PYSEC-2",), Advisory(now, "high"))}
    assert asked.code == NOT_AUDITED
    assert "14 days left" in asked.told()


@pytest.mark.parametrize("told", [{}, {"published": None}, {"published": "yesterday"}, {"published": 5}])
def test_what_is_no_date_is_of_unknown_age(told: dict[str, Any]) -> None:
    assert read_advisory(told).left(datetime.now(UTC)) is None


def test_of_npm_what_is_vulnerable_by_another_is_told_once() -> None:
    """And what names no advisory at all is of unknown age."""
    url = "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"
    known = {"a": {"via": [{"url": url}]}, "b": {"via": ["a"]}, "c": {"via": [{"source": 1}]}, "d": {"via": ["gone"]}}
    asked = Audit()
    take_npm(asked, "tools/x", {"auditReportVersion": 2, "vulnerabilities": known})
    told = {(found.package, found.ids) for found in asked.findings}
    unknown = {(f"tools/x: {name}", ("no advisory",)) for name in "cd"}
    assert told == {("tools/x: a", ("GHSA-aaaa-bbbb-cccc",)), *unknown}


def test_the_terms_are_those_of_the_decision() -> None:
    said = (ROOT / "docs/decisions/0037-supply.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| (\w+) \| (\d+) days \|$", said, re.MULTILINE))
    assert written == {severity: str(days) for severity, days in TERMS.items()}


@pytest.mark.parametrize("status", [404, 500])
def test_what_could_not_be_looked_up_is_no_success(source: Source, tmp_path: Path, status: int) -> None:
    source.answers = knowing(orjson=(status, {}))
    code, told = audit(source, tmp_path)
    assert code == NOT_AUDITED
    assert told.startswith("NOT AUDITED\n")
    assert "orjson 3.11.0" in told


def test_a_source_that_knows_of_nothing_is_not_believed(source: Source, tmp_path: Path) -> None:
    source.answers = lambda _: (200, {})
    code, told = audit(source, tmp_path)
    assert (code, "2 of 2" in told) == (NOT_AUDITED, True)


def test_a_source_that_is_away_is_no_success(source: Source, tmp_path: Path) -> None:
    source.url = "http://127.0.0.1:1"
    assert audit(source, tmp_path)[0] == NOT_AUDITED


def test_a_skipped_package_is_not_audited() -> None:
    """As pip-audit says it, ending with 0, where an index has the package and no data on it."""
    asked = Audit()
    asked.asked = {("orjson", "3.11.0"), ("tzdata", "2026.3")}
    canary = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-1"}]}
    audited = {"name": "orjson", "version": "3.11.0", "vulns": []}
    take_pip_audit(asked, {"dependencies": [canary, audited, {"name": "tzdata", "skip_reason": "not found"}]})
    assert asked.code == NOT_AUDITED
    assert "1 of 2 could not be looked up, such as tzdata 2026.3" in asked.told()


def test_a_finding_outweighs_what_could_not_be_looked_up() -> None:
    asked = Audit()
    asked.asked = {("orjson", "3.11.0"), ("tzdata", "2026.3")}
    take_pip_audit(asked, {"dependencies": [{"name": "orjson", "version": "3.11.0", "vulns": [{"id": "PYSEC-2"}]}]})
    assert asked.code == VULNERABLE


def test_nothing_asked_is_no_success() -> None:
    assert Audit().code == NOT_AUDITED


@pytest.mark.parametrize(("status", "code"), [(200, CLEAN), (405, NOT_AUDITED)])
def test_npm_is_believed_only_with_a_report(source: Source, tmp_path: Path, status: int, code: int) -> None:
    source.answers = lambda _: (status, {})
    assert audit(source, tmp_path, str(ROOT / "tools/openapi-lint"))[0] == code


# The locks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "tools").glob("*/package-lock.json")), ids=lambda lock: lock.parent.name
)
def test_a_lock_holds_no_address(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_an_upgrade_takes_addresses_out_and_leaves_the_rest(tmp_path: Path) -> None:
    lock = ROOT / "tools" / "oidc-provider" / "package-lock.json"
    written = json.loads(lock.read_text())
    for package in written["packages"].values():
        package["funding"] = {"url": "https://example.org"}
    (tmp_path / "lock.json").write_text(json.dumps(written))
    subprocess.run([sys.executable, ROOT / "tools" / "strip_lock.py", tmp_path / "lock.json"], check=True)
    assert (tmp_path / "lock.json").read_text() == lock.read_text()
    assert "tools/strip_lock.py" in (ROOT / "Makefile").read_text()
