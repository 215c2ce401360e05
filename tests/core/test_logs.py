"""Lines of the log: whole, in order, none left behind; and nothing fails where nobody reads them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import asyncio, structlog
from service.core import logs
logs.configure("info")
log = structlog.get_logger("somebody")
log.info("before any loop")

async def turns():
    for number in range(3):
        log.info("of one turn", number=number)
    await asyncio.sleep(0)
    log.info("of the last turn")

def left():
    # A loop that is left before it can write.
    loop = asyncio.new_event_loop()
    loop.call_soon(lambda: (log.info("of a loop that was left"), loop.stop()))
    loop.run_forever()
    loop.close()

asyncio.run(turns())
left()
asyncio.run(turns())
log.info("after all loops")
"""


def _run(program: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", program], check=False, timeout=60, **options)  # type: ignore[call-overload]


def test_lines_come_in_order_and_none_is_left_behind() -> None:
    done = _run(_PROGRAM, stdout=subprocess.PIPE)
    turn = ["of one turn"] * 3 + ["of the last turn"]
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == [
        "before any loop",
        *turn,
        "of a loop that was left",
        *turn,
        "after all loops",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is a device of Linux")
def test_nobody_reads_and_nothing_fails() -> None:
    program = "import os; os.close(1); os.open('/dev/full', os.O_WRONLY)\n" + _PROGRAM
    done = _run(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert b"Traceback" not in done.stderr
