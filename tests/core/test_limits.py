"""How much anybody may ask: the algorithm by properties, the table under stress, and the limits over HTTP."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import problems
from schemas.problems import Problem
from service.app import make_app
from service.config import Settings
from service.core.ids import new_id
from service.core.limits import CLASSES, DEFAULTS, Limits, Rate, Table, TooMany, decide, rate_of
from tests.conftest import fresh_database
from tests.live import THE_DAY, Answer, Api, Clock, Live
from tests.provocation import someone
from tests.races.processes import WORKERS, Served
from tests.world import CLINIC, CLINIC_PAGE, CLUB_PAGE, REGION, World, person

rates = st.builds(
    lambda often, period, burst: rate_of(f"{often}/{period} burst {burst}"),
    st.integers(1, 1000),
    st.sampled_from(["s", "min", "h"]),
    st.integers(1, 50),
).filter(lambda rate: rate is not None)
NOW = 1_800_000_000 * 10**9

# The algorithm ------------------------------------------------------------------------------------------------------


@given(rates, st.data())
def test_never_more_than_the_burst_and_what_the_rate_gives_in_any_stretch_of_time(
    rate: Rate, data: st.DataObject
) -> None:
    steps = st.one_of(st.just(0), st.integers(0, 2 * rate.interval), st.integers(0, 2 * rate.whole))
    kept, now = 0, NOW
    passed: list[int] = []
    for step in data.draw(st.lists(steps, max_size=120)):
        now += step
        allowance, kept = decide(rate, kept, now)
        if not allowance.wait:
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= rate.burst + (passed[last] - passed[first]) // rate.interval


@given(rates, st.lists(st.integers(0, 10**9), max_size=60))
def test_who_keeps_to_the_rate_is_never_refused(rate: Rate, later: list[int]) -> None:
    kept, now = 0, NOW
    for more in later:
        allowance, kept = decide(rate, kept, now)
        assert not allowance.wait
        now += rate.interval + more


@given(rates, st.integers(0, 10**12))
def test_what_is_said_of_it_is_true(rate: Rate, pause: int) -> None:
    kept = 0
    for left in reversed(range(rate.burst)):
        allowance, kept = decide(rate, kept, NOW)
        assert (allowance.remaining, allowance.wait) == (left, 0)
        assert decide(rate, kept, NOW + allowance.reset)[0].remaining == rate.burst - 1
    refused, same = decide(rate, kept, NOW)
    assert same == kept
    assert decide(rate, kept, NOW + refused.wait - 1)[0].wait == 1
    assert decide(rate, kept, NOW + refused.wait)[0].wait == 0
    assert decide(rate, kept, NOW + refused.wait + pause)[0].wait == 0


@given(rates, st.lists(st.integers(-(10**18), 10**18), max_size=40))
def test_a_clock_that_jumps_makes_nobody_wait_for_more_than_one_turn(rate: Rate, jumps: list[int]) -> None:
    kept = 0
    for jump in jumps:
        now = NOW + jump
        allowance, kept = decide(rate, kept, now)
        assert allowance.wait <= rate.interval
        assert now <= kept + rate.interval <= now + rate.whole + rate.interval


def test_the_defaults_and_nothing_else_are_limits() -> None:
    assert DEFAULTS.keys() == set(CLASSES)
    assert rate_of("300/s burst 3000") == (3000, 3_333_334, 3000 * 3_333_334)
    assert rate_of("2/h burst 1") == (1, 1800 * 10**9, 1800 * 10**9)
    assert rate_of("off") is None
    assert Settings.model_validate({"limits": dict(DEFAULTS)}).limits == DEFAULTS
    for wrong in (
        "",
        "10",
        "10/s",
        "0/s burst 1",
        "1/s burst 0",
        "-1/s burst 1",
        "1/d burst 1",
        "1/s burst 1\n",
        "Off",
    ):
        with pytest.raises(ValueError, match=r"limits\.address"):
            Settings.model_validate({"limits": {"address": wrong}})


# The table ----------------------------------------------------------------------------------------------------------


def passing(limits: Limits, whom: bytes, times: int) -> int:
    passed = 0
    for _ in range(times):
        try:
            limits.take("address", whom)
            passed += 1
        except TooMany:
            pass
    return passed


def test_a_full_table_refuses_nobody_who_is_new_and_lets_nobody_go_who_asks_too_much() -> None:
    limits = Limits({"address": "1/h burst 10"}, Table(cells=4), Clock())
    assert passing(limits, b"abuser", 15) == 10
    for number in range(1000):
        limits.take("address", b"other %d" % number)
        assert passing(limits, b"abuser", 1) == 0


def test_each_class_and_each_caller_counts_alone_and_a_class_may_be_off() -> None:
    limits = Limits({"address": "1/h burst 3", "citizen": "1/h burst 5", "client": "off"}, Table(), Clock())
    assert passing(limits, b"a", 9) == passing(limits, b"b", 9) == 3
    for _ in range(5):
        limits.take("citizen", b"a")
    with pytest.raises(TooMany):
        limits.take("citizen", b"a")
    assert all(limits.take("client", b"a") is None for _ in range(9))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-(10**6), 10**6)), max_size=60))
def test_it_never_raises_whatever_the_clock_does_and_however_many_come(asked: list[tuple[int, int]]) -> None:
    clock = Clock()
    limits = Limits({"address": "3/s burst 2"}, Table(cells=8), clock)
    for whom, seconds in asked:
        clock.now = THE_DAY + timedelta(seconds=seconds)
        passing(limits, bytes([whom]), 1)


def test_who_was_killed_with_a_lock_holds_nobody_up_for_long() -> None:
    table = Table()
    rate = rate_of("1/h burst 2")
    assert rate is not None
    table.take(b"somebody", rate, NOW)
    for lock in table._locks:  # pyright: ignore[reportPrivateUsage]
        # As a process that took it and was killed.
        assert lock.acquire(block=False)
    begun = time.monotonic()
    assert table.take(b"somebody", rate, NOW).remaining == 0
    assert table.take(b"somebody", rate, NOW).wait > 0
    assert time.monotonic() - begun < 5
    # It is a lock again, for one at a time.
    assert len(_free(table)) == 1


def test_two_who_find_a_lock_left_behind_leave_one_lock() -> None:
    table = Table()
    rate = rate_of("1/h burst 50")
    assert rate is not None
    for lock in table._locks:  # pyright: ignore[reportPrivateUsage]
        assert lock.acquire(block=False)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: table.take(b"somebody", rate, NOW), range(2)))
    (lock,) = _free(table)
    assert lock.acquire(block=False)
    assert not lock.acquire(block=False)


def _free(table: Table) -> list[Any]:
    """The locks that nobody has. They are taken and given back."""
    free = [lock for lock in table._locks if lock.acquire(block=False)]  # pyright: ignore[reportPrivateUsage]
    for lock in free:
        lock.release()
    return free


# Over HTTP ----------------------------------------------------------------------------------------------------------

LIMITS = {
    "address": "1/min burst 30",
    "entering": "1/min burst 6",
    # More than the other tests ask at the clinic's page.
    "institution": "2/min burst 100",
    "citizen": "1/min burst 10",
    "writes": "1/min burst 4",
    "codes": "2/h burst 3",
    "client": "6/min burst 8",
    # Operations.
    "listConsents": "1/min burst 3",
    "listFirstFree": "1/min burst 2",
}
_addresses = count(1)


@dataclass
class Limited:
    """The service with narrow limits, and a world published to it by another that has none."""

    live: Live
    world: World

    def by(self, api: Api) -> Api:
        """The same caller, there, from an address of their own."""
        called = self.live.api(api.token)
        called.session.headers["X-Forwarded-For"] = f"203.0.113.{next(_addresses)}"
        return called

    def parent(self, page: int = CLINIC_PAGE) -> Api:
        return self.by(self.world.parent(someone(), page))


@pytest.fixture(scope="module")
def limited(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Limited]:
    folder = tmp_path_factory.mktemp("limited")
    with (
        fresh_database(server_dsn) as dsn,
        Live(dsn, folder) as plain,
        Live(dsn, folder, limits=LIMITS, trusted_proxies=["127.0.0.1/32"]) as live,
    ):
        yield Limited(live, World(plain))


def refused_after(api: Api, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Answer]:
    """How many passed, and the first refusal."""
    for passed in range(50):
        key = str(new_id()) if method == "POST" else None
        answer = api.call(method, path, body, key=key, **options)
        if answer.status == 429:
            return passed, answer
    raise AssertionError("nothing was refused")


def test_an_address_is_refused_before_anything_is_looked_at(limited: Limited) -> None:
    api = limited.by(limited.live.api("no token at all"))
    passed, refused = refused_after(api, "GET", "/v1/persons")
    assert passed == 30
    assert refused.code == "too_many_requests"
    assert refused.json["request_id"] == refused.headers["X-Request-Id"]
    assert Problem.model_validate(refused.json).title == problems.TOO_MANY_REQUESTS.ru
    # The next comes in a minute; all that one knows of the limit is in these two.
    assert refused.headers["RateLimit-Policy"] == '"address";q=30;w=1800'
    assert refused.headers["RateLimit"] == '"address";r=0;t=60'
    assert refused.headers["Retry-After"] == "60"
    assert refused.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for path in ("/nowhere", "/healthz", "/docs", "/v1/regions"):
        assert api.get(path).status == 429
    assert api.call("DELETE", "/v1/regions").status == 429
    assert limited.by(limited.live.api()).get("/healthz").status == 200


def test_one_household_is_one_caller_whatever_address_it_takes(limited: Limited) -> None:
    def status(address: str) -> int:
        return limited.live.api().call("GET", "/healthz", headers={"X-Forwarded-For": address}).status

    assert [status(f"2001:db8:0:7::{number:x}") for number in range(1, 32)] == [200] * 30 + [429]
    assert status("2001:db8:0:8::1") == 200


def test_whoever_waits_as_long_as_they_were_told_may_come_again(limited: Limited) -> None:
    mother = limited.parent()
    clock = limited.live.clock
    before = clock.now
    try:
        passed, refused = refused_after(mother, "GET", "/v1/persons")
        assert passed == 10
        assert refused.headers["RateLimit"].startswith('"citizen";r=0;')
        seconds = int(refused.headers["Retry-After"])
        clock.now += timedelta(seconds=seconds - 1)
        assert mother.get("/v1/persons").status == 429
        clock.now += timedelta(seconds=1)
        assert mother.get("/v1/persons").status == 200
        assert mother.get("/v1/persons").status == 429
    finally:
        clock.now = before


def test_what_is_left_is_told_with_each_answer(limited: Limited) -> None:
    mother = limited.parent()
    for left in (9, 8, 7):
        answer = mother.get("/v1/persons")
        assert answer.headers["RateLimit-Policy"] == '"citizen";q=10;w=600'
        assert answer.headers["RateLimit"] == f'"citizen";r={left};t={60 * (10 - left)}'
        assert "Retry-After" not in answer.headers
    # The limit that is nearest.
    answer = mother.create("/v1/persons", person())
    assert answer.status == 201
    assert answer.headers["RateLimit"].startswith('"writes";r=3;')
    # A refusal by the domain tells as well.
    missing = mother.call("DELETE", f"/v1/persons/{new_id()}")
    assert (missing.status, missing.headers["RateLimit"]) == (404, '"writes";r=2;t=120')
    # Who is nobody yet is told of nothing but what they are refused by.
    assert "RateLimit" not in limited.by(limited.live.api()).get("/v1/regions").headers


def test_one_citizen_does_not_use_up_what_is_anothers(limited: Limited) -> None:
    one, other = limited.parent(), limited.parent()
    # From one address.
    other.session.headers["X-Forwarded-For"] = one.session.headers["X-Forwarded-For"]
    refused_after(one, "GET", "/v1/persons")
    assert other.get("/v1/persons").status == 200
    # And from another address one is who one was.
    one.session.headers["X-Forwarded-For"] = f"203.0.113.{next(_addresses)}"
    assert one.get("/v1/persons").status == 429


def test_writes_and_codes_are_counted_more_closely(limited: Limited) -> None:
    mother = limited.parent()
    passed, refused = refused_after(mother, "DELETE", f"/v1/persons/{new_id()}")
    assert passed == 4
    assert refused.headers["RateLimit-Policy"].startswith('"writes";')
    assert mother.get("/v1/persons").status == 200
    for path in ("/v1/identities/join", "/v1/teachers/join"):
        guesser = limited.parent()
        passed, refused = refused_after(guesser, "POST", path, {"code": "AAAAAAAA"})
        assert passed == 3, path
        assert refused.headers["RateLimit-Policy"] == '"codes";q=3;w=5400'


def test_whoever_enters_is_counted_by_their_address(limited: Limited) -> None:
    stranger = limited.by(limited.live.api())
    body = {"platform": "vk", "parameters": "vk_app_id=1&sign=no"}
    passed, refused = refused_after(stranger, "POST", "/v1/sessions", body)
    assert passed == 6
    assert refused.headers["RateLimit-Policy"].startswith('"entering";')
    form = {"grant_type": "client_credentials"}
    assert stranger.call("POST", "/v1/oauth/token", data=form).status == 429
    # Looking is another thing.
    assert stranger.get("/v1/regions").status == 200


def test_a_system_has_a_limit_of_its_own(limited: Limited) -> None:
    system, other = limited.by(limited.world.live.client(REGION)), limited.by(limited.world.live.client(REGION))
    passed, refused = refused_after(system, "GET", f"/v1/institutions/{CLINIC}")
    assert passed == 8
    assert refused.headers["RateLimit-Policy"] == '"client";q=8;w=80'
    assert other.get(f"/v1/institutions/{CLINIC}").status == 200


def test_the_rush_for_one_institution_keeps_nobody_from_another(limited: Limited) -> None:
    director = limited.by(limited.world.live.citizen(CLUB_PAGE, someone(), "admin"))
    crowd = [limited.parent(CLUB_PAGE) for _ in range(12)]
    assert Counter(mother.get("/v1/persons").status for mother in crowd for _ in range(9)) == {200: 100, 429: 8}
    refused = limited.parent(CLUB_PAGE).get("/v1/persons")
    assert refused.headers["RateLimit-Policy"] == '"institution";q=100;w=3000'
    assert limited.parent().get("/v1/persons").status == 200
    assert director.get("/v1/persons").status == 200


def test_an_operation_may_have_a_limit_of_its_own(limited: Limited) -> None:
    mother, other = limited.parent(), limited.parent()
    assert [mother.get("/v1/consents").status for _ in range(4)] == [200, 200, 200, 429]
    refused = mother.get("/v1/consents")
    assert refused.headers["RateLimit-Policy"] == '"listConsents";q=3;w=180'
    assert mother.get("/v1/persons").status == other.get("/v1/consents").status == 200
    # One that is public is counted by address.
    region = f"/v1/regions/{REGION}/first-free?specialty_code=58"
    assert [mother.get(region).status for _ in range(3)] == [200, 200, 429]
    assert other.get(region).status == 200


def test_a_limit_of_what_there_is_not_is_no_setting(dsn: str) -> None:
    settings = Settings.model_validate({"limits": {"listEverybody": "1/s burst 1"}})
    with pytest.raises(ValueError, match=r"ZAPIS_LIMITS: \['listEverybody'\] are neither"):
        make_app(settings, dsn)


def test_limits_hold_over_several_workers(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    async def ask(base: str) -> list[int]:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(base, connector=connector) as session:

            async def status() -> int:
                async with session.get("/v1/regions") as response:
                    await response.read()
                    return response.status

            return await asyncio.gather(*(status() for _ in range(150)))

    with Served(dsn, tmp_path_factory.mktemp("limited"), {"address": "1/h burst 60"}) as served:
        assert Counter(served.run(ask(served.base))) == {200: 60, 429: 90}
        answered = served.answered_by_workers("listRegions")
        assert len(answered) == WORKERS
        assert all(answered), answered
