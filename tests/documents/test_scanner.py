"""Nothing is taken that the virus scanner has not let through; where it is away, nothing is lost."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from service.config import Settings
from service.core.errors import DomainError
from service.documents.scanner import Scanner
from tests.documents import clamd
from tests.documents.clamd import EICAR, STREAM_MAX_LENGTH, Clamd
from tests.documents.people import Applicant, applicant, files
from tests.documents.samples import WHOLE, jpeg, pdf, png
from tests.live import Live
from tests.races.processes import free_port
from tests.world import World

INFECTED = jpeg() + EICAR


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short: the path of a socket has a hundred letters at most."""
    with tempfile.TemporaryDirectory(prefix="zapis-clamd-") as folder:
        yield Path(folder)


async def pieces(content: bytes, size: int = 65536) -> AsyncGenerator[bytes]:
    """As they come off the disk: other things are done in between."""
    for begin in range(0, len(content), size):
        await asyncio.sleep(0.001)
        yield content[begin : begin + size]


def scanned(address: str, content: bytes, seconds: float = 30) -> str | None:
    """The refusal's code, or None."""

    async def run() -> str | None:
        try:
            await Scanner(address, seconds).scan(pieces(content))
        except DomainError as error:
            return error.refusal.code
        return None

    return asyncio.run(run())


@pytest.fixture(params=["the double", "clamd by its socket", "clamd by a port"])
def address(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """What the double answers is what the real one does, wherever that is installed."""
    if request.param == "the double":
        with clamd.double(folder / "clamd.sock") as double:
            yield str(folder / "clamd.sock")
        assert double.wrong in ([], ["cut"])
        return
    if not clamd.is_installed():
        pytest.skip("clamd is not installed")
    port = free_port()
    with clamd.real(folder, port) as path:
        yield path if "socket" in request.param else f"127.0.0.1:{port}"


def test_what_the_scanner_says_is_believed(address: str) -> None:
    for content in WHOLE.values():
        assert scanned(address, content) is None
    assert scanned(address, pdf(STREAM_MAX_LENGTH)) is None
    assert scanned(address, INFECTED) == "document_infected"
    assert scanned(address, jpeg(size=200_000) + EICAR + bytes(200_000)) == "document_infected"
    # Said before all of it was sent; and where clamd hangs up before its word has come, somebody tries again.
    assert scanned(address, pdf(STREAM_MAX_LENGTH + 1)) in {"document_too_large", "unavailable"}
    assert scanned(address, pdf(8 * STREAM_MAX_LENGTH)) == "document_too_large"
    assert scanned(address, WHOLE["image/png"]) is None


@pytest.fixture
def double(folder: Path) -> Iterator[Clamd]:
    with clamd.double(folder / "clamd.sock") as double:
        yield double


@pytest.mark.parametrize(
    "mood",
    ["silent", "cut", "stream: OK", "stream: Can't allocate memory ERROR\0", "\0", "", "OK\0", "x" * 10_000],
)
def test_whatever_is_no_answer_lets_nothing_pass(double: Clamd, folder: Path, mood: str) -> None:
    double.mood = mood
    assert scanned(str(folder / "clamd.sock"), pdf(200_000), seconds=0.5) == "unavailable"


def test_where_nobody_listens_nothing_passes(folder: Path) -> None:
    assert scanned(str(folder / "clamd.sock"), pdf()) == "unavailable"
    assert scanned(f"127.0.0.1:{free_port()}", pdf()) == "unavailable"


# Uploads ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(dsn: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live(dsn, tmp_path_factory.mktemp("keys"), clamd=str(folder / "clamd.sock")) as live:
        yield live


@pytest.fixture
def parent(world: World) -> Applicant:
    return applicant(world)


def nothing_is_left(who: Applicant) -> bool:
    return files(who.world.live) == [] and who.documents() == []


def test_each_upload_is_shown_to_the_scanner_whole(parent: Applicant, double: Clamd) -> None:
    content = {name: made(seed=7) for name, made in (("pdf", pdf), ("png", png))}
    content["large"] = pdf(300_000, seed=8)
    for one in content.values():
        document = parent.upload(one).ok()
        assert parent.api.get(f"/v1/documents/{document['id']}").content == one
    assert double.scanned == list(content.values())
    assert double.wrong == []


def test_what_is_infected_is_refused_and_nothing_is_left(parent: Applicant, double: Clamd) -> None:
    answer = parent.upload(INFECTED, key="infected")
    assert (answer.status, answer.code) == (422, "document_infected")
    assert nothing_is_left(parent)
    # The same again is no other.
    assert parent.upload(INFECTED, key="infected").code == "document_infected"


def test_while_the_scanner_is_away_nothing_is_taken_and_nothing_lost(parent: Applicant, folder: Path) -> None:
    content = pdf()
    answer = parent.upload(content, key="once")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert nothing_is_left(parent)
    with clamd.double(folder / "clamd.sock") as double:
        first = parent.upload(content, key="once")
        assert first.status == 201
        double.mood = "cut"
        assert parent.upload(png(), key="twice").status == 503
    # What has passed is shown also while the scanner is away.
    assert parent.api.get(f"/v1/documents/{first.ok()['id']}").content == content


# The setting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["/run/clamav/clamd.ctl", "localhost:3310", "127.0.0.1:3310", "[::1]:3310"])
def test_a_scanner_of_this_machine(given: str) -> None:
    assert Settings(clamd=given).clamd == given


@pytest.mark.parametrize("given", ["clamd.ctl", "localhost", ":3310", "http://localhost:3310", "localhost:3310/x", ""])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        Settings(clamd=given)


@pytest.mark.parametrize("given", ["clamav:3310", "10.0.0.7:3310", "0.0.0.0:3310", "[2001:db8::1]:3310"])
def test_documents_do_not_go_elsewhere_unencrypted(given: str) -> None:
    with pytest.raises(ValidationError, match="ZAPIS_CLAMD_PLAIN"):
        Settings(clamd=given)
    settings: dict[str, Any] = {"clamd": given, "clamd_plain": True}
    assert Settings(**settings).clamd == given
