"""The embedded PostgreSQL as an ordinary user and as root, who must change no rights."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from service.core import embedded
from tests.core.embedded.harness import (
    AS_NOBODY,
    DOCKER_CAPABILITIES,
    NOBODY,
    READING,
    Launcher,
    copy,
    is_alive,
    owner_of_process,
    query,
    root,
    works,
)

# An ordinary user --------------------------------------------------------------------------------------------------


@pytest.fixture
def ordinary() -> tuple[str, ...]:
    """What makes a command run as an ordinary user: nothing where the tests do; `nobody` where they run as root."""
    if os.geteuid() != 0:
        return ()
    python = (sys.executable, "-c", "import asyncpg")
    for prefix in ((*AS_NOBODY, "--"), (*AS_NOBODY, *READING, "--")):
        if (
            shutil.which("setpriv")
            and subprocess.run([*prefix, *python], capture_output=True, check=False).returncode == 0
        ):
            return prefix
    pytest.skip("an ordinary user cannot start this Python: it is in a folder of root")


@pytest.fixture
def own_folder(folder: Path) -> Path:
    """A data folder that belongs to the ordinary user."""
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, NOBODY.pw_uid, NOBODY.pw_gid)
    return data


def test_an_ordinary_user(own_folder: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]) -> None:
    launcher = launch(own_folder, ordinary)
    server = launcher.answer()
    owner = own_folder.stat().st_uid
    assert owner_of_process(server["process_id"]) == owner != 0
    query(server["dsn"], "CREATE TABLE kept AS SELECT 42 AS value")
    launcher.kill()
    launcher = launch(own_folder, ordinary)
    server = launcher.answer()
    assert query(server["dsn"], "SELECT value FROM kept") == 42
    launcher.leave()
    assert not is_alive(server["process_id"])
    assert {path.stat().st_uid for path in own_folder.rglob("*")} == {owner}


def test_a_folder_that_cannot_be_written(
    own_folder: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]
) -> None:
    own_folder.chmod(0o500)
    answer = launch(own_folder, ordinary).answer()
    assert answer["error"] == "EmbeddedError"
    assert str(own_folder) in answer["message"]
    assert "Permission denied" in answer["message"]
    assert "ZAPIS_DATA_DIR" in answer["message"]


@root
def test_the_database_of_another_user(
    own_folder: Path, made: Path, ordinary: tuple[str, ...], launch: Callable[..., Launcher]
) -> None:
    copy(made / "postgres", own_folder / "postgres")
    for path in (own_folder / "postgres", *(own_folder / "postgres").rglob("*")):
        os.chown(path, 1, 1)
    answer = launch(own_folder, ordinary).answer()
    assert "Permission denied" in answer["message"]
    # Root runs it as the one whose it is.
    (own_folder / "lock").unlink()
    with embedded.run(own_folder) as server:
        assert owner_of_process(server.process_id) == 1


# Root ---------------------------------------------------------------------------------------------------------------


def rights_on_the_way_to(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    steps = {step for path in paths for step in (path, *path.parents)}
    return {step: (step.stat().st_mode, step.stat().st_uid, step.stat().st_gid) for step in steps}


@root
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_root_changes_no_rights(folder: Path, mode: int) -> None:
    if mode == 0o700 and not works(*AS_NOBODY, *READING, "--"):
        pytest.skip("this root may not let others pass (CAP_DAC_READ_SEARCH)")
    folder.chmod(mode)
    (folder / "data").mkdir()
    places = (folder / "data", embedded._wheel_binaries(), Path(tempfile.gettempdir()))
    before = rights_on_the_way_to(*places)
    for _ in range(2):
        with embedded.run(folder / "data") as server:
            assert query(server.dsn, "SELECT 1") == 1
            assert owner_of_process(server.process_id) == (folder / "data" / "postgres").stat().st_uid != 0
            assert rights_on_the_way_to(*places) == before
    assert rights_on_the_way_to(*places) == before


@root
@pytest.mark.skipif(not works("setpriv", "--bounding-set=-sys_admin"), reason="this root may not give up capabilities")
def test_root_in_a_container(data: Path, launch: Callable[..., Launcher]) -> None:
    container = ("setpriv", f"--bounding-set={DOCKER_CAPABILITIES}", "--")
    launcher = launch(data, container)
    killed = launcher.answer()
    assert query(killed["dsn"], "SELECT 1") == 1
    launcher.kill()
    launcher = launch(data, container)
    assert query(launcher.answer()["dsn"], "SELECT 1") == 1
    assert not is_alive(killed["process_id"])
    launcher.leave()
    data.parent.chmod(0o700)
    answer = launch(data, container).answer()
    assert answer["error"] == "EmbeddedError"
    assert f"cannot enter {data.parent}." in answer["message"]
    assert "ZAPIS_DATA_DIR" in answer["message"]


@root
@pytest.mark.skipif(not works("setpriv", "--bounding-set=-all"), reason="this root may not give up capabilities")
def test_root_that_may_not_change_user(data: Path, launch: Callable[..., Launcher]) -> None:
    answer = launch(data, ("setpriv", "--bounding-set=-all", "--")).answer()
    assert answer["error"] == "EmbeddedError"
    assert "may not act as user" in answer["message"]
