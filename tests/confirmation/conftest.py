"""One provider for all tests of a process, and a service that knows it."""

from collections.abc import Iterator

import pytest

from tests.confirmation import provider
from tests.conftest import fresh_database
from tests.live import THE_DAY, Live
from tests.world import World

_OF_CITIZENS = "citizens, persons, engagements, idempotency_keys, audit_trail, outbox"


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with provider.running() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def region(server_dsn: str, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With a service that knows the provider."""
    with (
        fresh_database(server_dsn) as dsn,
        Live(dsn, tmp_path_factory.mktemp("keys"), **provider.settings(issuer)) as live,
    ):
        yield World(live)


@pytest.fixture
def world(region: World) -> World:
    """The same region for all tests of a module, and nobody in it yet."""
    # The logs are only added to: their triggers are passed over.
    emptied = f"SET LOCAL session_replication_role = replica; TRUNCATE {_OF_CITIZENS} CASCADE;"
    region.live.sql(f"DO $$ BEGIN {emptied} END $$")
    region.live.clock.now = THE_DAY
    return region
