import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.core.cache import Kept, SecondCache, etag_of


class Maker:
    """Makes bodies, slowly: each waits until it may."""

    def __init__(self) -> None:
        self.made = 0
        self.may = asyncio.Event()

    async def __call__(self) -> bytes:
        self.made += 1
        number = self.made
        await self.may.wait()
        return str(number).encode()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await test()

    asyncio.run(bounded())


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_many_callers_have_one_maker() -> None:
    async def test() -> None:
        cache, make = SecondCache(), Maker()
        callers = [asyncio.create_task(cache.get("a", make)) for _ in range(50)]
        other = asyncio.create_task(cache.get("b", make))
        await turns()
        make.may.set()
        kept = await asyncio.gather(*callers)
        assert set(kept) == {Kept(b"1", etag_of(b"1"))}
        assert (await other).body == b"2"
        assert (await cache.get("a", make)).body == b"1"
        assert make.made == 2

    run(test)


def test_it_is_kept_for_its_time_and_no_longer() -> None:
    async def test() -> None:
        cache, make = SecondCache(seconds=0.05), Maker()
        make.may.set()
        assert [(await cache.get("a", make)).body for _ in range(3)] == [b"1"] * 3
        await asyncio.sleep(0.06)
        assert (await cache.get("a", make)).body == b"2"

    run(test)


def test_a_failure_is_everybodys_and_not_kept() -> None:
    async def test() -> None:
        cache, make = SecondCache(), Maker()
        make.may.set()
        gate = asyncio.Event()

        async def fail() -> bytes:
            await gate.wait()
            raise ValueError("no")

        callers = [asyncio.create_task(cache.get("a", fail)) for _ in range(3)]
        await turns()
        gate.set()
        found = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(one) for one in found] == [ValueError] * 3
        assert (await cache.get("a", make)).body == b"1"

    run(test)


def test_a_caller_who_gives_up_does_not_disturb_the_others() -> None:
    async def test() -> None:
        cache, make = SecondCache(), Maker()
        callers = [asyncio.create_task(cache.get("a", make)) for _ in range(3)]
        await turns()
        callers[1].cancel()
        await turns()
        make.may.set()
        assert (await callers[0]).body == (await callers[2]).body == b"1"
        with pytest.raises(asyncio.CancelledError):
            await callers[1]

    run(test)


def test_nor_does_the_one_who_asked_first() -> None:
    async def test() -> None:
        cache, make = SecondCache(), Maker()
        callers = [asyncio.create_task(cache.get("a", make)) for _ in range(3)]
        await turns()
        callers[0].cancel()
        await turns()
        make.may.set()
        found = await asyncio.gather(*callers[1:], return_exceptions=True)
        assert [type(one) for one in found] == [Kept, Kept]

    run(test)


def test_its_size_is_bounded_and_the_oldest_goes_first() -> None:
    async def test() -> None:
        cache, make = SecondCache(size=3, seconds=60), Maker()
        make.may.set()
        for key in ("a", "b", "c", "d"):
            await cache.get(key, make)
        assert make.made == 4
        assert [(await cache.get(key, make)).body for key in ("b", "c", "d")] == [b"2", b"3", b"4"]
        assert (await cache.get("a", make)).body == b"5"
        assert len(cache._made) == 3

    run(test)


def test_what_has_expired_does_not_stay_in_memory() -> None:
    async def test() -> None:
        cache, make = SecondCache(seconds=0.05), Maker()
        make.may.set()
        for key in ("a", "b", "c"):
            await cache.get(key, make)
        await asyncio.sleep(0.06)
        await cache.get("d", make)
        assert list(cache._made) == ["d"]

    run(test)


def test_equal_bodies_have_equal_tags() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"").startswith('"')
    assert etag_of(b"").endswith('"')
