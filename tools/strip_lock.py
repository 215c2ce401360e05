"""`python tools/strip_lock.py package-lock.json...`: takes out where packages ask for money, which locks nothing.

npm writes them with each install, and has no setting for that. The rest stays as npm wrote it, to the byte.
"""

import json
import sys
from pathlib import Path
from typing import Any


def stripped(lock: dict[str, Any]) -> dict[str, Any]:
    for package in lock.get("packages", {}).values():
        package.pop("funding", None)
    return lock


def main() -> None:
    for name in sys.argv[1:]:
        path = Path(name)
        lock = stripped(json.loads(path.read_text(encoding="utf-8")))
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
