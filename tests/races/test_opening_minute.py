"""The minute when enrolment opens: many times more parents than places, in ten seconds, on two worker processes."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from requests.structures import CaseInsensitiveDict

from tests.conftest import fresh_database
from tests.live import Answer
from tests.races.processes import WORKERS, Call, Served
from tests.races.town import Town, outcomes

PLACES = 15
_BATCH = 250
_CONNECTIONS = 256
_GUARD = "PERFORM FROM groups WHERE region_id = p_region AND id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE;"


@pytest.fixture(scope="module")
def town(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with fresh_database(server_dsn) as dsn, Served(dsn, tmp_path_factory.mktemp("served")) as served:
        yield Town(served)


@dataclass
class Sent:
    """A call, and when it was made and answered, in seconds."""

    call: Call
    made: float = 0.0
    answered: float = 0.0
    answer: Answer = field(default_factory=lambda: Answer(0, CaseInsensitiveDict(), b""))

    @property
    def milliseconds(self) -> float:
        return (self.answered - self.made) * 1000


async def _send(session: aiohttp.ClientSession, sent: Sent, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    headers = {"Idempotency-Key": sent.call.key, "Authorization": f"Bearer {sent.call.token}"}
    sent.made = time.perf_counter()
    async with session.post(sent.call.path, json=sent.call.body, headers=headers) as response:
        content = await response.read()
        sent.answered = time.perf_counter()
        sent.answer = Answer(response.status, CaseInsensitiveDict(response.headers), content)


async def _stream(base: str, calls: Sequence[Call], seconds: float) -> list[Sent]:
    """All of them evenly over so many seconds, whether those before are answered or not."""
    sent = [Sent(call) for call in calls]
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(base, connector=connector) as session:
        await asyncio.gather(*(_send(session, one, number * seconds / len(sent)) for number, one in enumerate(sent)))
    return sent


def open_enrolment(town: Town, count: int, groups: int, seconds: float) -> list[Sent]:
    """So many parents apply to so many groups, and would wait."""
    parents = [parent for first in range(0, count, _BATCH) for parent in town.parents(min(_BATCH, count - first))]
    ids = [town.group(f"m{number}", PLACES)[0] for number in range(groups)]
    calls = [
        Call(parent.token, "/v1/applications", parent.applies(ids[number % groups]).body | {"wait": True})
        for number, parent in enumerate(parents)
    ]
    random.Random(4).shuffle(calls)
    return asyncio.run(_stream(town.served.base, calls, seconds))


def rows_by_group(town: Town) -> dict[str, dict[str, Any]]:
    """Of each group, application id -> row."""
    found: dict[str, dict[str, Any]] = {}
    for row in town.served.sql("SELECT id, group_id, status, serial FROM applications"):
        found.setdefault(str(row["group_id"]), {})[str(row["id"])] = row
    return found


def exactly_the_places_are_filled(town: Town, sent: list[Sent], groups: int) -> None:
    """By those who came first, in the order in which the service acknowledged them; the rest waits in that order."""
    assert outcomes([one.answer for one in sent]) == {"booked": len(sent)}
    told = {one.answer.json["id"]: one for one in sent}
    there = rows_by_group(town)
    assert len(there) == groups
    for group_id, rows in there.items():
        in_order = sorted(rows.values(), key=lambda row: row["serial"])
        assert [row["serial"] for row in in_order] == list(range(1, len(rows) + 1))
        assert [row["status"] for row in in_order[:PLACES]] == ["submitted"] * PLACES
        assert {row["status"] for row in in_order[PLACES:]} == {"waiting"}
        for row in in_order:
            answer = told[str(row["id"])].answer.json
            assert (answer["group_id"], answer["status"]) == (group_id, row["status"])
            expected = row["serial"] - PLACES if row["status"] == "waiting" else None
            assert answer["place_in_queue"] == expected
        acknowledged_in_order([(told[str(row["id"])], row["serial"]) for row in in_order])
    assert town.served.sql("SELECT FROM groups WHERE taken <> capacity") == []


def acknowledged_in_order(served: list[tuple[Sent, int]]) -> None:
    """Whoever was answered before another had even called comes before them."""
    answered = sorted(served, key=lambda pair: pair[0].answered)
    highest, next_one = 0, 0
    for sent, serial in sorted(served, key=lambda pair: pair[0].made):
        while answered[next_one][0].answered < sent.made:
            highest = max(highest, answered[next_one][1])
            next_one += 1
        assert serial > highest


def test_600_for_8_groups_of_15(town: Town) -> None:
    sent = open_enrolment(town, 600, 8, 2.0)
    exactly_the_places_are_filled(town, sent, 8)
    # Otherwise nothing was tried here.
    assert len(town.served.workers()) == WORKERS
    assert min(town.served.answered_by_workers("applyToGroup")) > 50
    # What goes on by itself finds nothing to do.
    assert town.served.sql("SELECT FROM applications WHERE status = 'offered'") == []


@pytest.mark.soak
def test_3000_for_40_groups_of_15_in_ten_seconds(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with fresh_database(server_dsn) as dsn, Served(dsn, tmp_path_factory.mktemp("minute")) as served:
        town = Town(served)
        sent = open_enrolment(town, 3000, 40, 10.0)
        exactly_the_places_are_filled(town, sent, 40)
    took = sorted(one.milliseconds for one in sent)
    seconds = max(one.answered for one in sent) - min(one.made for one in sent)
    figures = (
        f"{len(sent)} applications in {seconds:.1f} s: {len(sent) / seconds:.0f} a second,"
        f" p50 {took[len(took) // 2]:.0f} ms, p99 {took[len(took) * 99 // 100]:.0f} ms, longest {took[-1]:.0f} ms"
    )
    sys.stdout.write(f"{figures}\n")


def test_without_the_lock_the_minute_is_lost(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The negative control: nothing is waited for before places are counted, and nothing holds the count."""
    with fresh_database(server_dsn) as dsn, Served(dsn, tmp_path_factory.mktemp("unguarded")) as served:
        town = Town(served)
        definition: str = served.sql("SELECT pg_get_functiondef('apply_to_groups'::regproc)")[0][0]
        assert definition.count(_GUARD) == 1
        served.sql(definition.replace(_GUARD, ""))
        served.sql("ALTER TABLE groups DROP CONSTRAINT groups_not_oversold")
        # All wait for the outbox at the same time, and have seen the same free places before.
        group_id, _ = town.group("lost", PLACES)
        answers = town.race([parent.applies(group_id) for parent in town.parents(60)])
        assert outcomes(answers)["booked"] > PLACES
        assert len(served.sql("SELECT FROM groups WHERE taken > capacity")) == 1
