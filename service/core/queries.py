"""Named queries of a domain's queries.sql: `-- name: list_persons` heads each."""

import re
from pathlib import Path

_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Queries:
    """The statements of one file by their names, as attributes."""

    def __init__(self, path: Path) -> None:
        parts = _HEAD.split(path.read_text(encoding="utf-8"))[1:]
        self.by_name = {name: sql.strip().rstrip(";") for name, sql in zip(parts[::2], parts[1::2], strict=True)}
        if len(self.by_name) * 2 != len(parts):
            raise ValueError(f"{path} has two queries of one name")

    def __getattr__(self, name: str) -> str:
        try:
            return self.by_name[name]
        except KeyError:
            raise AttributeError(name) from None


def beside(module_file: str) -> Queries:
    """The queries.sql beside the module."""
    return Queries(Path(module_file).with_name("queries.sql"))
