"""docs/logs.md names every line that the code can write; ops/alerts.yml looks at metrics that there are."""

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from service.core.events import EVENTS, REQUEST_FIELDS
from service.core.limits import CLASSES
from tests.races.processes import SECONDS, Served, free_port, wait_until

_ROOT = Path(__file__).parents[2]
DOCUMENT = (_ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
RULES = (_ROOT / "ops" / "alerts.yml").read_text(encoding="utf-8")
OF_ERRORS = ("error", "sqlstate", "constraint", "at")
# What a call hands on, by the text of it.
HANDED_ON = {"told_of(error)": OF_ERRORS, "told": REQUEST_FIELDS}
# Those of events.py are written by the registry.
BY_REGISTRY = "service/core/events.py"
# Of PromQL's, and labels that are grouped by.
NOT_METRICS = {"le", "by"}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under that heading."""
    part = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("|")]
    return rows[2:]


def calls(tree: ast.Module) -> Iterator[tuple[str, str, set[str]]]:
    """The level, the event and the fields of each line that the module writes."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name("_log"), level), [ast.Constant(str(event))], keywords):
                fields: set[str] = set()
                for keyword in keywords:
                    fields |= {keyword.arg} if keyword.arg else set(HANDED_ON[ast.unparse(keyword.value)])
                yield level, event, fields
            case ast.Call(ast.Attribute(ast.Name("_log"))):
                raise AssertionError(ast.unparse(node))
            case _:
                pass


def written() -> Iterator[tuple[str, str, str, frozenset[str]]]:
    for path in sorted((_ROOT / "service").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        logger = re.search(r'^_log = structlog\.get_logger\("([\w.]+)"\)$', text, re.MULTILINE)
        assert ("structlog.get_logger(" in text) == bool(logger), path
        if logger is not None and not path.as_posix().endswith(BY_REGISTRY):
            for level, event, fields in calls(ast.parse(text)):
                yield logger[1], event, level, frozenset(fields)


def listed(cell: str) -> frozenset[str]:
    return frozenset(filter(None, re.split(r",\s*", cell)))


def test_every_line_is_in_the_document_with_its_fields() -> None:
    documented = {(logger, event, level, listed(fields)) for logger, event, level, fields, _ in table("Lines")}
    assert documented == set(written())


def test_every_event_is_in_the_document_as_the_registry_has_it() -> None:
    documented = [(name, *rest) for name, *rest, when in table("Events of security") if when]
    expected = [
        (
            event.name,
            event.level,
            "yes" if event.of_request else "no",
            ", ".join(event.fields),
            "all" if event.lines is None else str(event.lines),
        )
        for event in EVENTS.values()
    ]
    assert documented == expected
    assert all(field in DOCUMENT for field in REQUEST_FIELDS)


def expressions(text: str) -> dict[str, str]:
    """Of each rule. Raises AssertionError where one is not whole."""
    found: dict[str, str] = {}
    for group in yaml.safe_load(text)["groups"]:
        for rule in group["rules"]:
            assert rule["alert"] not in found
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert rule["annotations"].keys() == {"summary", "action"}
            found[rule["alert"]] = rule["expr"]
    return found


def metrics_in(expression: str) -> set[str]:
    bare = re.sub(r'\{[^}]*\}|\[\w+\]|"[^"]*"', "", expression)
    return {name for name in re.findall(r"\b[a-z_]\w*\b(?!\s*\()", bare) if "zapis" in name} - NOT_METRICS


def faults(text: str, metrics: set[str]) -> list[str]:
    """What is wrong with the rules, where these metrics are there."""
    found: list[str] = []
    for alert, expression in expressions(text).items():
        named = metrics_in(expression)
        found += [f"{alert}: there is no {name}" for name in sorted(named - metrics)]
        found += [] if named else [f"{alert} looks at nothing"]
        values = {label: re.findall(rf'\b{label}=~?"([^"]+)"', expression) for label in ("event", "limit")}
        for label, known in (("event", set(EVENTS)), ("limit", set(CLASSES))):
            given = {one for value in values[label] for one in value.split("|")}
            found += [f"{alert}: no {label} {one}" for one in sorted(given - known)]
        for opened, closed in ("()", "{}", "[]"):
            found += [f"{alert}: {opened}"] if expression.count(opened) != expression.count(closed) else []
    return found


@pytest.fixture
def metrics(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all series that `zapis serve` and `zapis worker` show."""
    folder = tmp_path_factory.mktemp("served")
    with Served(dsn, folder) as served:
        served.api().get("/v1/nowhere")
        shown = served.api().get("/metrics").content.decode()
        shown += of_worker(served, folder)
    return set(re.findall(r"^(\w+)(?:\{.*\})? \S+$", shown, re.MULTILINE))


def of_worker(served: Served, folder: Path) -> str:
    port = free_port()
    environment = {"ZAPIS_DATABASE_URL": served.dsn, "ZAPIS_DATA_DIR": str(folder / "data"), "PATH": ""}
    with (folder / "worker").open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "service", "worker"],
            env={**environment, "ZAPIS_WORKER_PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "jobs ready" in (folder / "worker").read_text() or worker.poll() is not None)
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=SECONDS).status_code == 200
        return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS).text
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(SECONDS) == 0, (folder / "worker").read_text()


def test_every_alert_looks_at_what_a_running_service_shows(metrics: set[str]) -> None:
    assert faults(RULES, metrics) == []
    for was, becomes, fault in (
        ("zapis_request_seconds_count", "zapis_requests_count", "there is no zapis_requests_count"),
        ('event="login_refused"', 'event="login_failed"', "no event login_failed"),
        ('limit=~"address|entering"', 'limit=~"address|door"', "no limit door"),
        ("absent(zapis_job_last_success_timestamp_seconds)", "absent(up)", "looks at nothing"),
        ("[15m])) > 0", "[15m]) > 0", ": ("),
    ):
        assert was in RULES
        assert any(fault in found for found in faults(RULES.replace(was, becomes), metrics)), fault


def test_each_event_with_a_cause_outside_is_looked_at() -> None:
    """What nobody is alerted of is named here: what is usual, and sums that have a counter of their own."""
    looked_at = " ".join(expressions(RULES).values())
    unwatched: set[Any] = {name for name in EVENTS if not re.search(rf"\b{name}\b", looked_at)}
    assert unwatched == {"token_issued", "session_closed", "over_limit"}
