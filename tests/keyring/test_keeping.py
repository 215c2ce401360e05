import asyncio

from service.config import Settings
from service.core.clock import utc_now
from service.core.database import Database
from service.core.ring import KeyRing
from service.keyring.keeping import KeyKeeper
from tests.core.test_keys import GIVEN


def test_a_stop_is_heard_just_when_somebody_asks_for_a_key() -> None:
    """Else the process would not end: asyncio.wait_for forgets that it was cancelled, before Python 3.12."""

    async def test() -> None:
        ring = KeyRing(Settings(**GIVEN).keys(), utc_now)
        ring.loaded = True
        nowhere = Database("postgresql:///", pool_size=1, statement_timeout_ms=1000, lock_timeout_ms=1000)
        wake = asyncio.Event()
        polling = asyncio.create_task(KeyKeeper(nowhere, ring, utc_now, 0.4)._poll(wake))  # pyright: ignore[reportPrivateUsage]
        # It has paused for 0.2 s, and waits for as long.
        await asyncio.sleep(0.3)
        wake.set()
        await asyncio.sleep(0)
        polling.cancel()
        done, _ = await asyncio.wait([polling], timeout=5)
        assert done == {polling}
        assert polling.cancelled()

    asyncio.run(test())
