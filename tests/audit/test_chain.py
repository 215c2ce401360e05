"""The logs are only added to, and whoever changes them all the same is found out: here a superuser tries."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from service.audit import store, usecases
from service.audit.rules import AuditTerms, Chain, Link, Log, canonical, chain_key
from service.config import Settings
from tests import locks
from tests.audit.chains import (
    AS_SUPERUSER,
    ENTRIES,
    LOGS,
    NOT_CHAINED,
    REGION,
    broken,
    chain_of,
    connected,
    head,
    of,
    positions,
    tamper,
    write,
)
from tests.live import THE_DAY, Live


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest) -> Log:
    return request.param


@pytest.fixture
def chained(live: Live, log: Log) -> Live:
    write(live, log)
    live.work()
    assert broken(live, log) is None
    assert head(live, log).position == ENTRIES
    return live


# What a superuser does to the third of six, and what is said of it.
# Another row like the fifth.
FORGED = "INSERT INTO LOG SELECT (jsonb_populate_record(t, {'id': gen_random_uuid(), 'position': AT})).* FROM LOG t"
FORGED = FORGED.replace("{", "jsonb_build_object(").replace("}", ")").replace(":", ",") + " WHERE position = 5"
MOVED = "UPDATE LOG SET position = 7 WHERE position = 6; UPDATE audit_heads SET position = 7"
TAMPERED: dict[str, tuple[str, str]] = {
    "a changed time": ("UPDATE LOG SET at = at + interval '1 us' WHERE position = 3", NOT_CHAINED.format(3)),
    "a changed actor": ("UPDATE LOG SET actor_id = gen_random_uuid() WHERE position = 3", NOT_CHAINED.format(3)),
    "a deleted row": ("DELETE FROM LOG WHERE position = 3", "position 3 is missing"),
    "a deleted row whose place is closed": (
        """DELETE FROM LOG WHERE position = 3;
        UPDATE LOG SET position = position - 1 WHERE position = 4;
        UPDATE LOG SET position = position - 1 WHERE position = 5;
        UPDATE LOG SET position = position - 1 WHERE position = 6; UPDATE audit_heads SET position = 5""",
        NOT_CHAINED.format(3),
    ),
    "two rows swapped": (
        """UPDATE LOG SET position = 99 WHERE position = 3; UPDATE LOG SET position = 3 WHERE position = 4;
        UPDATE LOG SET position = 4 WHERE position = 99""",
        NOT_CHAINED.format(3),
    ),
    "an inserted row": (
        "; ".join((MOVED, FORGED.replace("AT", "6"))),
        NOT_CHAINED.format(6),
    ),
    "a row behind the end": (FORGED.replace("AT", "7"), NOT_CHAINED.format(7)),
    "the end cut off": ("DELETE FROM LOG WHERE position > 4", "position 5 is missing"),
    "the head of an older day": (
        "UPDATE audit_heads h SET position = e.position, mac = e.mac FROM LOG e WHERE e.position = 4",
        "position 6 is not where the chain is said to end, which is 4",
    ),
    "no head": ("DELETE FROM audit_heads", "position 6 is not where the chain is said to end, which is 0"),
    "the beginning cut off, as if its term were over": (
        """UPDATE audit_heads h SET base_position = 3, base_mac = e.mac FROM LOG e WHERE e.position = 3;
        DELETE FROM LOG WHERE position <= 3""",
        "it begins behind position 3, where no term ended it",
    ),
    "all of it": ("DELETE FROM LOG", "position 1 is missing"),
    "a seal taken away": ("UPDATE LOG SET position = NULL, mac = NULL WHERE position = 3", "position 3 is missing"),
    "a row that goes to another region": ("UPDATE LOG SET region_id = 77 WHERE position = 3", "position 3 is missing"),
}
OF_ONE: dict[Log, dict[str, str]] = {
    "audit_trail": {
        "id": "id = gen_random_uuid()",
        "event": "event = 'person_deleted'",
        "subject": "subject_id = gen_random_uuid()",
        "details": """details = details || '{"a": "Ж"}'""",
    },
    "accesses": {
        "id": "id = gen_random_uuid()",
        "operation": "operation = 'checkIn'",
        "path": "path = '/v1/y'",
        "kind": "actor_kind = 'citizen'",
        "role": "role = 'teacher'",
        "institution": "institution_id = gen_random_uuid()",
        "persons": "person_ids = person_ids[2:]",
        "order of persons": "person_ids = ARRAY[person_ids[2], person_ids[1]]",
        "request": "request_id = request_id || 'r'",
        # What is taken from one field and given to the next.
        "bounds": "operation = operation || '/', path = 'v1/x'",
    },
}


def test_whatever_is_changed_behind_the_service_shows(chained: Live, log: Log) -> None:
    async def said(connection: asyncpg.Connection, tampering: str) -> str | None:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(AS_SUPERUSER + of(log, tampering))
        found = await usecases.verify(connection, chain_of(chained, log), chained.clock.now)
        await transaction.rollback()
        return found.broken

    async def all_said(connection: asyncpg.Connection) -> dict[str, str | None]:
        return {name: await said(connection, how) for name, (how, _) in tampered.items()}

    tampered = dict(TAMPERED)
    for name, change in OF_ONE[log].items():
        how = "UPDATE LOG SET CHANGE WHERE position = 3".replace("CHANGE", change)
        tampered[name] = how, NOT_CHAINED.format(3)
    found = chained.run(connected(chained, all_said))
    assert found == {name: expected for name, (_, expected) in tampered.items()}
    assert broken(chained, log) is None


def test_an_end_that_is_cut_off_with_its_head_shows_by_a_head_that_was_written_down(chained: Live, log: Log) -> None:
    noted = head(chained, log)
    cut = """DELETE FROM LOG WHERE position > 4;
        UPDATE audit_heads h SET position = e.position, mac = e.mac FROM LOG e WHERE e.position = 4"""
    tamper(chained, log, cut)
    # By itself it is whole.
    assert broken(chained, log) is None
    assert broken(chained, log, noted) == "position 5 is missing: there were 6 once"
    # And if as many others are written afterwards, by the service itself.
    write(chained, log, 2)
    chained.work()
    assert head(chained, log).position == noted.position
    assert broken(chained, log) is None
    assert broken(chained, log, noted) == "position 6 is not what was written down"


def test_another_key_seals_otherwise(chained: Live, log: Log) -> None:
    """Whoever has the database alone can't make the chain anew."""

    async def verify(connection: asyncpg.Connection) -> str | None:
        forged = Chain(chain_key(bytes(32)), REGION, log)
        return (await usecases.verify(connection, forged, chained.clock.now)).broken

    assert chained.run(connected(chained, verify)) == "it begins behind position 0, where no term ended it"


def test_it_may_be_begun_behind_what_was_verified_before(chained: Live, log: Log) -> None:
    tamper(chained, log, "UPDATE LOG SET actor_id = gen_random_uuid() WHERE position = 3")
    assert broken(chained, log) == "position 3 is not what was chained there"
    assert broken(chained, log, start=2) == "position 3 is not what was chained there"
    assert broken(chained, log, start=3) is None
    assert broken(chained, log, start=6) is None
    assert broken(chained, log, start=7) == "position 7 is missing"


def test_the_service_itself_can_only_add(chained: Live, log: Log) -> None:
    write(chained, log, 1)
    for statement in (
        "UPDATE LOG SET at = now()",
        "UPDATE LOG SET at = now() WHERE position IS NULL",
        "UPDATE LOG SET position = 7, mac = '', actor_id = gen_random_uuid() WHERE position IS NULL",
        "UPDATE LOG SET position = 7 WHERE position IS NULL",
        "UPDATE LOG SET position = NULL, mac = NULL WHERE position = 6",
        "UPDATE LOG SET position = 7 WHERE position = 6",
        "UPDATE LOG SET mac = '' WHERE position = 6",
        "DELETE FROM LOG WHERE position = 1",
        "DELETE FROM LOG WHERE position IS NULL",
        "TRUNCATE LOG",
        "UPDATE audit_heads SET position = position - 1",
        "UPDATE audit_heads SET region_id = 77",
        "DELETE FROM audit_heads",
        "TRUNCATE audit_heads",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            chained.sql(of(log, statement))
    assert chained.work() == 0
    assert (head(chained, log).position, broken(chained, log)) == (7, None)


def test_what_is_committed_later_is_chained_later(live: Live, log: Log) -> None:
    """Though it was written earlier."""
    late = {
        "audit_trail": "SELECT journal(42::smallint, gen_random_uuid(), '2020-01-01', gen_random_uuid(), 'x', "
        "gen_random_uuid(), '{}', false)",
        "accesses": "SELECT record_access(42::smallint, gen_random_uuid(), '2020-01-01', 'x', '', '', "
        "gen_random_uuid(), '', NULL, '{}', '{}', '{}', '')",
    }
    with locks.holding(live, late[log], end="COMMIT"):
        write(live, log)
        live.work()
        assert positions(live, log) == [1, 2, 3, 4, 5, 6]
    assert positions(live, log) == [None, 1, 2, 3, 4, 5, 6]
    live.work()
    assert positions(live, log) == [7, 1, 2, 3, 4, 5, 6]
    assert broken(live, log) is None


def test_two_at_once_do_not_wait_for_each_other_and_a_crash_leaves_all_to_the_next(live: Live, log: Log) -> None:
    write(live, log)
    chain = chain_of(live, log)

    async def race() -> tuple[int, int]:
        first, second = [await asyncpg.connect(live.dsn) for _ in range(2)]
        await store.begin_chain(first, chain)
        await first.execute("BEGIN")
        won = await usecases.chain_log(first, chain, 4)
        async with second.transaction():
            lost = await usecases.chain_log(second, chain, 4)
        # In the middle of its batch.
        first.terminate()
        await second.close()
        return won, lost

    assert live.run(race()) == (4, 0)
    assert positions(live, log) == [None] * ENTRIES
    live.work()
    assert positions(live, log) == [1, 2, 3, 4, 5, 6]
    assert broken(live, log) is None


def test_each_region_has_a_chain_of_its_own_and_all_batches_are_done(live: Live) -> None:
    fill = """
        SELECT journal(region, gen_random_uuid(), $1, gen_random_uuid(), 'x', gen_random_uuid(), '{}', false)
        FROM generate_series(1, 700) i, unnest('{42,77}'::smallint[]) region"""
    live.sql(fill, THE_DAY)
    write(live, "accesses", 1)
    live.work()
    heads = live.sql("SELECT region_id, log, position FROM audit_heads ORDER BY log, region_id")
    assert [tuple(row) for row in heads] == [(42, "accesses", 1), (42, "audit_trail", 700), (77, "audit_trail", 700)]
    assert live.work() == 0
    assert broken(live, "audit_trail") is None


def test_entries_are_forgotten_after_their_term_and_the_chain_goes_on(live: Live, log: Log) -> None:
    settings = live.settings
    term = timedelta(days=settings.keep_accesses_days if log == "accesses" else settings.keep_trail_days)
    write(live, log, 4)
    live.work()
    noted = head(live, log)
    live.clock.now += term + timedelta(seconds=2)
    write(live, log, 2)
    assert live.work() == 2
    assert positions(live, log) == [3, 4, 5, 6]
    assert broken(live, log, noted) is None
    live.clock.now += timedelta(seconds=2)
    assert live.work() == 2
    assert live.work() == 0
    assert positions(live, log) == [5, 6]
    assert broken(live, log, noted) is None
    assert broken(live, log, Link(4, bytes(32))) == "position 4 is not what was written down"
    assert broken(live, log, start=5) is None
    # Nothing is forgotten that is not behind the beginning.
    with pytest.raises(asyncpg.RestrictViolationError):
        live.sql(of(log, "DELETE FROM LOG"))
    # And nothing that is not chained.
    write(live, log, 1)
    live.clock.now += term + timedelta(days=1)

    async def forget(connection: asyncpg.Connection) -> int:
        terms = AuditTerms(chain_of(live, log).key, {log: term})
        return await usecases.forget_log(connection, REGION, log, terms, live.clock.now)

    assert live.run(connected(live, forget)) == 2
    assert positions(live, log) == [None]


def test_the_trail_is_kept_no_shorter_than_who_was_shown_what() -> None:
    """By it they know which records have become one."""
    with pytest.raises(ValueError, match="ZAPIS_KEEP_TRAIL_DAYS"):
        Settings(keep_trail_days=400, keep_accesses_days=401)
    assert Settings(keep_trail_days=400, keep_accesses_days=400).keep_trail_days == 400


VALUES = st.none() | st.text(max_size=5) | st.binary(max_size=5) | st.uuids()
SEVERAL = st.lists(VALUES | st.lists(st.uuids(), max_size=2), max_size=4)


@given(SEVERAL, SEVERAL)
def test_other_values_are_other_bytes(one: list[Any], other: list[Any]) -> None:
    def typed(values: list[Any]) -> list[Any]:
        # A column has one type: text and the bytes of it never stand in the same place.
        return [value.encode() if isinstance(value, str) else value for value in values]

    kinds = [[type(value) for value in typed(values) if value is not None] for values in (one, other)]
    if kinds[0] == kinds[1]:
        assert (canonical(one) == canonical(other)) == (typed(one) == typed(other))


def test_the_key_is_derived_by_hkdf() -> None:
    """As the library does it; nothing that is made of the same key is equal to it."""
    secret = bytes(range(32))
    assert chain_key(secret) == HKDF(SHA256(), 32, None, b"zapis audit chain").derive(secret)
