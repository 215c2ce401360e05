"""PDFs that do more than show themselves are found, however they are written; and what looks can be ended."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.errors import DomainError
from service.documents.inspection import Verdict, judge
from service.documents.inspector import Inspector
from tests.core.embedded.harness import is_alive
from tests.documents.active import ACTIVE, BOMB, HARMLESS, LOCKED, NESTED, endless
from tests.documents.people import Applicant, applicant, files
from tests.documents.samples import pdf
from tests.live import Api, Live
from tests.races.processes import wait_until
from tests.world import World


@pytest.mark.parametrize("name", ACTIVE)
def test_whatever_acts_is_found(name: str) -> None:
    assert judge(ACTIVE[name]) is Verdict.active


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_locked_is_not_looked_into(name: str) -> None:
    assert judge(LOCKED[name]) is Verdict.locked


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_shows_itself_is_taken(name: str) -> None:
    assert judge(HARMLESS[name]) is Verdict.harmless


@settings(max_examples=50)
@given(st.sampled_from(sorted(HARMLESS)), st.data())
def test_whatever_is_done_to_a_file_it_is_judged(name: str, data: st.DataObject) -> None:
    content = bytearray(HARMLESS[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(content)) in set(Verdict)


# The process that looks ---------------------------------------------------------------------------------------------


def environment(process_id: int) -> bytes:
    return Path(f"/proc/{process_id}/environ").read_bytes()


class Looked:
    """The refusals, or None, of files that were looked into one after the other; and what the process was."""

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector

    async def at(self, content: bytes) -> str | None:
        try:
            await self.inspector.inspect(len(content), iter([content[:1000], content[1000:]]))
        except DomainError as error:
            return error.refusal.code
        return None

    @property
    def process_id(self) -> int:
        process = self.inspector._process
        assert process is not None
        return process.pid


def test_one_process_looks_into_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """And knows nothing of our environment."""
    monkeypatch.setenv("ZAPIS_SIGNING_KEY", "secret")

    async def run() -> None:
        looked = Looked(Inspector())
        assert await looked.at(HARMLESS["a page"]) is None
        first = looked.process_id
        assert b"secret" not in environment(first)
        assert await looked.at(ACTIVE["a command"]) == "document_active"
        assert await looked.at(LOCKED["a password"]) == "document_locked"
        assert await looked.at(b"%PDF-1.7\nnothing") == "document_broken"
        assert await looked.at(HARMLESS["a page"]) is None
        assert looked.process_id == first
        await looked.inspector.close()
        assert not is_alive(first)

    asyncio.run(run())


def test_a_bomb_harms_itself_alone() -> None:
    """By memory, by depth, by time: it is refused, within limits, and what comes next is judged."""

    async def run() -> None:
        looked = Looked(Inspector())
        for bomb, code in (
            (BOMB, "document_too_complex"), (endless(), "document_too_complex"), (NESTED, "document_broken"),
        ):  # fmt: skip
            began = time.monotonic()
            assert await looked.at(bomb) == code
            assert time.monotonic() - began < 90
            assert await looked.at(HARMLESS["a page"]) is None
        await looked.inspector.close()

    asyncio.run(run())


def test_a_process_that_was_ended_is_begun_again() -> None:
    async def run() -> None:
        looked = Looked(Inspector())
        assert await looked.at(HARMLESS["a page"]) is None
        first = looked.process_id
        os.kill(first, signal.SIGSTOP)
        asking = asyncio.create_task(looked.at(HARMLESS["a page"]))
        await asyncio.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        # Nobody knows what it is: nothing is taken that was not looked into.
        assert await asking == "unavailable"
        assert await looked.at(HARMLESS["a page"]) is None
        assert looked.process_id != first
        await looked.inspector.close()

    asyncio.run(run())


def test_a_process_that_is_stuck_is_ended() -> None:
    async def run() -> None:
        looked = Looked(Inspector())
        assert await looked.at(HARMLESS["a page"]) is None
        looked.inspector._stuck_seconds = 0.5
        os.kill(looked.process_id, signal.SIGSTOP)
        assert await looked.at(pdf(300_000)) == "unavailable"
        looked.inspector._stuck_seconds = 30
        assert await looked.at(HARMLESS["a page"]) is None
        await looked.inspector.close()

    asyncio.run(run())


def test_it_goes_when_nobody_needs_it() -> None:
    async def run() -> None:
        looked = Looked(Inspector(idle_seconds=0.05))
        assert await looked.at(HARMLESS["a page"]) is None
        for _ in range(200):
            if looked.inspector._process is None:
                break
            await asyncio.sleep(0.05)
        assert looked.inspector._process is None
        assert await looked.at(HARMLESS["a page"]) is None
        await looked.inspector.close()

    asyncio.run(run())


def test_the_service_itself_knows_no_parser() -> None:
    """What a worker never imports it neither holds in memory nor can be broken by."""
    code = "import sys, service.app, service.worker, service.__main__; sys.exit('pypdf' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Uploads ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def parent(world: World) -> Applicant:
    return applicant(world)


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (ACTIVE["a script that is packed"], "document_active", 422),
        (LOCKED["a password"], "document_locked", 422),
        (BOMB, "document_too_complex", 413),
    ],
)
def test_an_upload_that_would_harm_is_refused_and_nothing_is_left(
    parent: Applicant, content: bytes, code: str, status: int
) -> None:
    answer = parent.upload(content)
    assert (answer.status, answer.code) == (status, code)
    assert "изображение" in answer.json["title"]
    assert files(parent.world.live) == []
    assert parent.documents() == []


def test_who_sends_bombs_waits_for_themself(parent: Applicant) -> None:
    """Else the others would wait for all that one citizen sends."""
    other = applicant(parent.world)
    ended: list[str] = []

    def send(name: str, who: Applicant, content: bytes) -> None:
        who.upload(content)
        ended.append(name)

    with ThreadPoolExecutor() as pool:
        callers = [replace(parent, api=Api(parent.api.base, parent.api.token)) for _ in range(4)]
        bombs = [pool.submit(send, "a bomb", caller, BOMB + b" " * n) for n, caller in enumerate(callers)]
        # Three of them are here, each under two names.
        wait_until(lambda: len(files(parent.world.live)) >= 6)
        pool.submit(send, "a page", other, pdf()).result()
        for bomb in bombs:
            bomb.result()
    assert ended.index("a page") <= 2


def test_where_nobody_can_look_nothing_is_lost(parent: Applicant, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and the same request again is taken; a picture needs no look."""
    with monkeypatch.context() as without:
        without.setattr("sys.executable", "/nowhere/python")
        answer = parent.upload(pdf(), key="again")
        assert (answer.status, answer.code) == (503, "unavailable")
        assert "Retry-After" in answer.headers
        assert files(parent.world.live) == []
    assert parent.upload(pdf(), key="again").status == 201


def test_no_worker_begins_it_before_a_pdf_comes(live: Live) -> None:
    assert live.api().get("/healthz").status == 200
    children: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        children |= set((task / "children").read_text().split())
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children if Path(f"/proc/{child}").exists()]
    assert not any(b"inspection.py" in command for command in commands)
