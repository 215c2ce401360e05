"""Lists what the service runs on as CycloneDX JSON: names, versions and hashes as locked, licences as installed."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def sbom(lock: str) -> str:
    """The list of a lock's packages; the same for the same lock."""
    how = ["--pyproject", "pyproject.toml", "--spec-version", "1.6", "--output-reproducible", "--output-format", "JSON"]
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", lock, *how]
    listed = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    for component in listed["components"]:
        if expression := _licence(component["name"]):
            component["licenses"] = [{"expression": expression, "acknowledgement": "declared"}]
    text = json.dumps(listed, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"no valid CycloneDX 1.6: {error}")
    return text


def _licence(name: str) -> str | None:
    """What the package says as an SPDX expression, if it is installed here and says it so."""
    try:
        said = metadata(name).get_all("License-Expression")
    except PackageNotFoundError:
        return None
    return said[0] if said else None


if __name__ == "__main__":
    lock, target = sys.argv[1:]
    Path(target).parent.mkdir(exist_ok=True)
    Path(target).write_text(sbom(lock))
