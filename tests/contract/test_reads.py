"""A GET changes nothing: what stands in the database after it is what stood there before.

But for the record of who was shown whose data, which is the edge's own; and for the provider's callback, which takes
its state once, as OpenID Connect has it.
"""

from collections.abc import Callable
from typing import Any

from service.app import OPERATIONS
from service.core.operations import Operation, Transaction
from tests.contract.access import Expected, table
from tests.contract.stage import Stage, set_stage
from tests.live import Live
from tests.world import World

CALLBACK = "getConfirmationCode"
RECORDED = "accesses"
READS = [operation for operation in OPERATIONS if operation.method == "GET"]
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
# All rows of a table as they are now, as one number.
CONTENT = "SELECT '{0}' AS name, count(*) + coalesce(sum(hashtextextended(t::text, 0)), 0) AS sum FROM {0} t"


def contents(live: Live) -> dict[str, int]:
    every = " UNION ALL ".join(CONTENT.format(row["relname"]) for row in live.sql(TABLES))
    return {row["name"]: row["sum"] for row in live.sql(every)}


def changed(live: Live, act: Callable[[], Any]) -> set[str]:
    """The tables that are not afterwards as they were before."""
    before = contents(live)
    act()
    after = contents(live)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def first_who_may(stage: Stage, operation: Operation) -> Expected:
    return next(one for one in table() if one.operation.id == operation.id and one.code is None and stage.who(one))


def test_no_get_changes_anything(world: World) -> None:
    stage = set_stage(world)
    live = world.live
    wrong: dict[str, set[str]] = {}
    for operation in READS:
        if operation.id == CALLBACK:
            continue
        api, ask = stage.who(first_who_may(stage, operation))[0], stage.ask(operation)

        def get(operation: Operation = operation, api: Any = api, ask: Any = ask) -> None:
            answer = ask.put_to(operation, api)
            assert 200 <= answer.status < 300, (operation.id, answer.content)

        found = changed(live, get)
        if found != ({RECORDED} if operation.discloses else set()):
            wrong[operation.id] = found
    assert wrong == {}


def test_what_changes_is_seen(world: World) -> None:
    """The negative control of the test above."""
    live = world.live
    row = "INSERT INTO wrong_claims (region_id, caller_hash, wrong, since) VALUES (42, $1, 1, now())"
    assert changed(live, lambda: live.sql(row, bytes(32))) == {"wrong_claims"}
    assert changed(live, lambda: live.sql("UPDATE wrong_claims SET wrong = 2")) == {"wrong_claims"}
    assert changed(live, lambda: live.sql("DELETE FROM wrong_claims")) == {"wrong_claims"}
    assert changed(live, lambda: None) == set()


def test_no_get_has_a_transaction_to_write_in() -> None:
    writing = {one.id for one in READS if one.transaction in (Transaction.WRITE, Transaction.STATEMENT)}
    assert writing == set()
