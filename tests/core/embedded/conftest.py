"""Data folders to test over, and processes that hold them."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from service.core import embedded
from tests.core.embedded.harness import Launcher, copy, wait_until


@pytest.fixture
def launch() -> Iterator[Callable[..., Launcher]]:
    launchers: list[Launcher] = []

    def start(data_folder: Path, prefix: Sequence[str] = ()) -> Launcher:
        launchers.append(Launcher(data_folder, prefix))
        return launchers[-1]

    yield start
    for launcher in launchers:
        with suppress(ValueError):  # It has left already.
            launcher.leave()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a database in it, to copy from."""
    with tempfile.TemporaryDirectory(prefix="test-embedded-") as folder:
        Path(folder).chmod(0o755)
        with embedded.run(Path(folder) / "data"):
            pass
        yield Path(folder) / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user can enter, unlike tmp_path."""
    path = Path(tempfile.mkdtemp(prefix="test-embedded-"))
    path.chmod(0o755)
    yield path
    for pgdata in path.rglob("postgres"):
        left_over = embedded._read_postmaster(pgdata)
        if left_over and embedded._is_postmaster(left_over.process_id, pgdata):
            os.kill(left_over.process_id, signal.SIGQUIT)
            wait_until(lambda pgdata=pgdata, left=left_over: not embedded._is_postmaster(left.process_id, pgdata))
            embedded._remove_socket_folder(left_over.socket_folder)
    shutil.rmtree(path)


@pytest.fixture
def data(made: Path, folder: Path) -> Path:
    """A data folder with a database in it."""
    copy(made, folder / "data")
    return folder / "data"
