"""What was answered with a 201 is in the database, however a process ends."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.live import Answer
from tests.locks import holding, wait_until_blocked
from tests.races.processes import SECONDS, WORKERS, Call, Crowd, Served, wait_until
from tests.races.town import Town

BOOKINGS = 100


@pytest.fixture
def town(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Served(dsn, tmp_path_factory.mktemp("served")) as served:
        yield Town(served)


def bookings(town: Town) -> list[Call]:
    """Of as many parents, each of another slot."""
    slots = town.slots(*[town.tomorrow + timedelta(minutes=number) for number in range(BOOKINGS)])
    return [parent.books(slot_id) for parent, slot_id in zip(town.parents(BOOKINGS), slots, strict=True)]


def booked(town: Town) -> dict[str, str]:
    """Tickets in the database, by person; nobody has two."""
    rows = town.served.sql("SELECT person_id, id FROM appointments WHERE active")
    tickets = {str(row["person_id"]): str(row["id"]) for row in rows}
    assert len(tickets) == len(rows)
    return tickets


def tickets_of(answers: list[Answer]) -> dict[str, str]:
    tickets = [answer.json for answer in answers if answer.status == 201]
    return {ticket["person"]["id"]: ticket["id"] for ticket in tickets}


def unanswered(calls: list[Call], crowd: Crowd) -> list[Call]:
    return [call for call, answer in zip(calls, crowd.answers, strict=True) if answer is None or answer.status != 201]


def open_files(process_id: int) -> int:
    """Connections among them."""
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


def test_a_stop_lets_everyone_finish_who_has_begun(town: Town) -> None:
    calls = bookings(town)
    with holding(town.served, "LOCK TABLE outbox IN SHARE MODE"):
        crowd, calling = town.served.start_calling(calls)
        wait_until_blocked(town.served, town.served.settings.pool_size)
        # The rest waits in the processes for a connection.
        time.sleep(0.2)
        town.served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert crowd.answered == []
    calling.result(SECONDS)
    assert tickets_of(crowd.answered) == booked(town)
    assert len(crowd.answered) == BOOKINGS
    assert town.served.process.wait(5) == 0
    assert town.served.output().count('"worker drained"') == WORKERS


def test_a_killed_process_loses_nothing_that_it_answered(town: Town) -> None:
    calls = bookings(town)
    before = town.served.call_at_once(calls[: BOOKINGS // 2])
    calls = calls[BOOKINGS // 2 :]
    with holding(town.served, "LOCK TABLE outbox IN SHARE MODE"):
        crowd, calling = town.served.start_calling(calls)
        wait_until_blocked(town.served, town.served.settings.pool_size)
        # One of them may have got all of the crowd: the other's end would interrupt nobody.
        victim = max(town.served.workers(), key=open_files)
        os.kill(victim, signal.SIGKILL)
    # What it had sent to the database goes on there, and nobody is told.
    calling.result(SECONDS)
    acknowledged = tickets_of(before + crowd.answered)
    unknown = unanswered(calls, crowd)
    assert unknown, "nothing was interrupted"
    wait_until(lambda: len(town.served.workers()) == WORKERS)
    assert victim not in town.served.workers()
    assert acknowledged.items() <= booked(town).items()
    # Asked again under the same key, as an app would, each comes to one outcome.
    retried = tickets_of(town.served.call_at_once(unknown))
    assert acknowledged | retried == booked(town)
    assert len(acknowledged | retried) == BOOKINGS
