"""A region that requires consents; one for each module, for everybody in a test is new."""

from collections.abc import Iterator

import pytest

from tests.conftest import fresh_database
from tests.consents.people import require
from tests.live import Live
from tests.world import World


@pytest.fixture(scope="module")
def world(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh_database(server_dsn) as dsn, Live(dsn, tmp_path_factory.mktemp("keys")) as live:
        world = World(live)
        require(world)
        yield world
