"""The schema that an empty database has after all migrations: `python -m tests.contract.reference_schema` prints it."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from service import migrations
from service.core import embedded

COMMITTED = Path(migrations.__file__).with_name("schema.sql")
_HEAD = """\
-- What all migrations together give: written by `make schema`, read by people and by a test, run by nobody.
-- squawk-ignore-file

"""
# Comments, settings of the session, and the guards of psql, which are drawn anew for each dump.
_NOISE = re.compile(r"^(?:--|SET |SELECT pg_catalog\.set_config|\\restrict |\\unrestrict ).*\n", re.MULTILINE)


def dumped(dsn: str) -> str:
    """The schema of a database as it is committed: by the embedded pg_dump, without what is not of the schema."""
    command = [embedded._wheel_binaries() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", dsn]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return _HEAD + re.sub(r"\n{2,}", "\n\n", _NOISE.sub("", text)).strip() + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, embedded.run(Path(folder) / "postgres") as server:
        migrations.upgrade(server.dsn)
        sys.stdout.write(dumped(server.dsn))


if __name__ == "__main__":
    main()
