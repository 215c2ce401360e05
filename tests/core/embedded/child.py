"""Holds an embedded PostgreSQL in a process of its own, for the tests beside it. The argument is the data folder.

It writes one line of JSON: the server, or why there is none. Then it reads lines: `fork` lets a forked worker leave by
SystemExit; `keep a worker` forks one that lives on; the end of the input stops the server. On Ctrl-C it drains as a
service does: it works on for a while, and tells whether the server still answered at the end of it.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
sys.dont_write_bytecode = True

from service.core import embedded  # noqa: E402 - the path comes first


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def answers(server: embedded.Server) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(server.socket_folder / f".s.PGSQL.{server.port}")) == 0


def obey(server: embedded.Server) -> None:
    for line in sys.stdin:
        if line.strip() == "fork":
            worker = os.fork()
            if worker == 0:
                sys.exit()
            os.waitpid(worker, 0)
            say(answers=answers(server))
        else:
            worker = os.fork()
            if worker == 0:
                time.sleep(30)
            say(worker=worker)


def hold(data_folder: Path) -> None:
    with embedded.run(data_folder) as server:
        try:
            say(dsn=server.dsn, process_id=server.process_id, socket_folder=str(server.socket_folder))
            obey(server)
        except KeyboardInterrupt:
            time.sleep(0.5)
            say(answers=answers(server))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background jobs start with it ignored.
    try:
        hold(Path(sys.argv[1]))
    except embedded.EmbeddedError as error:
        say(error=type(error).__name__, message=str(error))
