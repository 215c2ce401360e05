"""The list of what the service runs on."""

import json
import subprocess
import sys
from pathlib import Path

from tools.audit import locked

ROOT = Path(__file__).parents[2]


def test_every_locked_package_is_listed_with_its_version_and_hashes(tmp_path: Path) -> None:
    """sbom.py itself ends with an error where the list is no valid CycloneDX."""
    command = [sys.executable, "tools/sbom.py", "requirements/runtime.txt", str(tmp_path / "sbom.json")]
    subprocess.run(command, cwd=ROOT, check=True)
    listed = json.loads((tmp_path / "sbom.json").read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    packages = {(component["name"], component["version"]) for component in listed["components"]}
    assert packages == locked((ROOT / "requirements/runtime.txt").read_text())
    assert all(component["externalReferences"][0]["hashes"] for component in listed["components"])
    assert any("licenses" in component for component in listed["components"])
