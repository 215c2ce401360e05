"""clamd, by a double on a real socket that keeps to its protocol (clamd(8)), and the real one where it is installed."""

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The string that all scanners know, in two pieces: this file is to be opened, too.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
NAME = "Eicar-Test-Signature"
STREAM_MAX_LENGTH = 1024 * 1024
_SECONDS = 30


class Clamd(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The double. `mood`: what it does in place of an answer: says it, verbatim; or `silent`, `cut`."""

    daemon_threads = True
    mood: str | None = None

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Conversation)
        # What it was sent: whole files alone.
        self.scanned: list[bytes] = []
        self.wrong: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up is in `wrong` already."""


class _Conversation(socketserver.StreamRequestHandler):
    @property
    def _clamd(self) -> Clamd:
        assert isinstance(self.server, Clamd)
        return self.server

    def handle(self) -> None:
        # A command that begins with z ends with a zero byte.
        if self.rfile.read(10) != b"zINSTREAM\0":
            self._clamd.wrong.append("command")
            self._say("UNKNOWN COMMAND")
            return
        content = b""
        while size := int.from_bytes(self._exactly(4), "big"):
            if len(content) + size > STREAM_MAX_LENGTH:
                # It reads no further.
                self._say("INSTREAM size limit exceeded. ERROR")
                return
            content += self._exactly(size)
            if self._clamd.mood == "cut":
                return
        self._clamd.scanned.append(content)
        if self._clamd.mood == "silent":
            # Until the other side has had enough.
            self.rfile.read()
        elif self._clamd.mood is not None:
            self.wfile.write(self._clamd.mood.encode())
        else:
            found = EICAR in content
            self._say(f"stream: {NAME} FOUND" if found else "stream: OK")

    def _exactly(self, size: int) -> bytes:
        read = self.rfile.read(size)
        if len(read) < size:
            self._clamd.wrong.append("cut")
            raise ConnectionError
        return read

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\0")


@contextmanager
def double(path: Path) -> Iterator[Clamd]:
    clamd = Clamd(path)
    thread = threading.Thread(target=clamd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield clamd
    finally:
        clamd.shutdown()
        thread.join()
        clamd.server_close()


def is_installed() -> bool:
    return shutil.which("clamd") is not None


@contextmanager
def real(folder: Path, port: int) -> Iterator[str]:
    """The daemon itself, which knows one signature; at a socket file, and at a port of this machine."""
    program = shutil.which("clamd")
    assert program is not None
    (folder / "signatures").mkdir()
    (folder / "signatures" / "test.ndb").write_text(f"{NAME}:0:*:{EICAR.hex()}\n")
    address = str(folder / "clamd.sock")
    settings = {
        "LocalSocket": address, "TCPSocket": port, "TCPAddr": "127.0.0.1", "Foreground": "yes",
        "DatabaseDirectory": folder / "signatures", "StreamMaxLength": STREAM_MAX_LENGTH, "AlertExceedsMax": "yes",
        "User": "root",
    }  # fmt: skip
    (folder / "clamd.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with (folder / "clamd.log").open("wb") as output:
        daemon = subprocess.Popen([program, "--config-file", folder / "clamd.conf"], stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + _SECONDS
        while not _listens(port):
            assert daemon.poll() is None, (folder / "clamd.log").read_text()
            assert time.monotonic() < deadline, (folder / "clamd.log").read_text()
            time.sleep(0.05)
        yield address
    finally:
        daemon.kill()
        daemon.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
