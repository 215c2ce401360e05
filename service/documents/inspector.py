"""PDFs are looked into by a process apart, which one of them can end: see inspection.py."""

import asyncio
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from schemas import problems
from schemas.problems import Refusal
from service.core.errors import DomainError
from service.documents import inspection
from service.documents.inspection import Verdict

_log = structlog.get_logger("zapis.documents")
# Beyond it the program goes, and with it its memory.
_IDLE_SECONDS = 60
# The program ends a look by itself, before.
_STUCK_SECONDS = 90
_REFUSALS: dict[Verdict, Refusal] = {
    Verdict.active: problems.DOCUMENT_ACTIVE,
    Verdict.locked: problems.DOCUMENT_LOCKED,
    Verdict.broken: problems.DOCUMENT_BROKEN,
    Verdict.too_much: problems.DOCUMENT_TOO_COMPLEX,
    Verdict.unknown: problems.UNAVAILABLE,
}


class Inspector:
    """Starts the program with the first PDF, and lets it go when none has come for a while. One file at a time."""

    def __init__(self, idle_seconds: float = _IDLE_SECONDS, stuck_seconds: float = _STUCK_SECONDS) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inspector")
        self._idle_seconds = idle_seconds
        self._stuck_seconds = stuck_seconds
        self._idle: asyncio.TimerHandle | None = None
        self._process: subprocess.Popen[bytes] | None = None

    async def inspect(self, size_bytes: int, pieces: Iterator[bytes]) -> None:
        """Refuses a PDF that does more than show itself, or can't be looked into. Where nobody could look, the refusal
        is `unavailable`."""
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        try:
            verdict = await loop.run_in_executor(self._thread, self._judged, size_bytes, pieces)
        finally:
            self._rest(loop)
        if refusal := _REFUSALS.get(verdict):
            raise DomainError(refusal)

    def _rest(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._idle is not None:
            self._idle.cancel()
        # In the thread, and so behind whatever is still looked into.
        self._idle = loop.call_later(self._idle_seconds, self._thread.submit, self._let_go)

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)

    # In the thread ------------------------------------------------------------------------------------------------

    def _judged(self, size_bytes: int, pieces: Iterator[bytes]) -> Verdict:
        try:
            program = self._started()
            stuck = threading.Timer(self._stuck_seconds, program.kill)
            stuck.start()
            try:
                return _asked(program, size_bytes, pieces)
            finally:
                stuck.cancel()
        except (OSError, IndexError, ValueError) as error:
            # It was ended, by whoever was short of memory say, or can't be started.
            _log.warning("no look into a PDF", error=type(error).__name__)
            self._let_go()
            return Verdict.unknown

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._let_go()
            # Nothing of our environment, which holds secrets. What it says may quote the file.
            self._process = subprocess.Popen(
                [sys.executable, "-I", inspection.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
            )
        return self._process

    def _let_go(self) -> None:
        program, self._process = self._process, None
        if program is None:
            return
        program.kill()
        for end in (program.stdin, program.stdout):
            # What it was not sent whole is no matter any more.
            with suppress(OSError):
                if end is not None:
                    end.close()
        program.wait()


def _asked(program: subprocess.Popen[bytes], size_bytes: int, pieces: Iterator[bytes]) -> Verdict:
    """Raises OSError, IndexError or ValueError where it is gone, or says what it can't say."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(struct.pack(">Q", size_bytes))
    for piece in pieces:
        program.stdin.write(piece)
    program.stdin.flush()
    return Verdict(program.stdout.read(1)[0])
