"""How the processes start where they can't, and stop where they have hardly started."""

import os
import signal
import time
from pathlib import Path

from tests.races.processes import SECONDS, Served, free_port, start, wait_until


def test_a_port_that_another_process_has_is_told_in_one_line(dsn: str, tmp_path: Path) -> None:
    with Served(dsn, tmp_path / "first") as served:
        second = start(dsn, tmp_path / "second", served.port)
        assert second.wait(SECONDS) == 1
        assert served.api().get("/readyz").status == 200
    (line,) = (tmp_path / "second" / "output").read_text().splitlines()
    assert f"port {served.port}: another process does" in line
    assert "ZAPIS_PORT" in line


def test_ctrl_c_is_heard_while_the_workers_start(dsn: str, tmp_path: Path) -> None:
    process = start(dsn, tmp_path, free_port())
    output = tmp_path / "output"
    wait_until(lambda: "Zapis answers" in output.read_text())
    # By now there are workers that import the application.
    time.sleep(0.2)
    # As from a terminal: everyone of the group gets it.
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 0, output.read_text()
    assert '"level":"error"' not in output.read_text()
    assert "Traceback" not in output.read_text()
