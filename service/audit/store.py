"""The logs and their chains."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas import problems
from service.audit.rules import COLUMNS, Chain, Link, Log
from service.core.database import Connection, Record, refusing
from service.core.queries import beside

SQL = beside(__file__)
VIOLATIONS = {"person_not_found": problems.PERSON_NOT_FOUND}
_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain, and what it begins behind."""

    last: Link
    base: Link
    base_seal: bytes


async def see_one_moment(conn: Connection) -> None:
    """The first word of a transaction that only looks."""
    await conn.execute(SQL.see_one_moment)


async def list_accesses(
    conn: Connection, region_id: int, citizen_id: UUID, person_id: UUID, before: UUID | None, limit: int
) -> list[Record]:
    with refusing(VIOLATIONS):
        return await conn.fetch(SQL.list_accesses, region_id, citizen_id, person_id, before, limit)


async def list_chained_regions(conn: Connection) -> list[int]:
    return [row["region_id"] for row in await conn.fetch(SQL.list_chained_regions)]


async def list_chains(conn: Connection) -> list[tuple[int, Log]]:
    """Those that were begun."""
    return [(row["region_id"], row["log"]) for row in await conn.fetch(SQL.list_chains)]


async def regions_to_forget(conn: Connection, log: Log, before: datetime) -> list[int]:
    """Where chained entries of the log are older than that."""
    found = await conn.fetch(_of(log, SQL.trail_to_forget, SQL.accesses_to_forget), before)
    return [row["region_id"] for row in found]


async def regions_to_chain(conn: Connection, log: Log) -> list[int]:
    """Where entries of the log wait, in the order of their codes."""
    return [row["code"] for row in await conn.fetch(_of(log, SQL.trail_to_chain, SQL.accesses_to_chain))]


async def begin_chain(conn: Connection, chain: Chain) -> None:
    """Does nothing where there is one."""
    new = new_head(chain)
    await conn.execute(SQL.begin_chain, chain.region_id, chain.log, new.last.mac, new.base_seal)


async def lock_head(conn: Connection, chain: Chain) -> Head | None:
    """None where there is no chain yet, or another process has it."""
    row = await conn.fetchrow(SQL.lock_head, chain.region_id, chain.log)
    return _head(row) if row else None


def new_head(chain: Chain) -> Head:
    """Of a chain without entries."""
    genesis = chain.genesis()
    return Head(genesis, genesis, chain.seal_of_base(genesis))


async def find_head(conn: Connection, chain: Chain) -> Head | None:
    row = await conn.fetchrow(SQL.find_head, chain.region_id, chain.log)
    return _head(row) if row else None


def _head(row: Record) -> Head:
    base = Link(row["base_position"], row["base_mac"])
    return Head(Link(row["position"], row["mac"]), base, row["base_seal"])


async def unchained(conn: Connection, chain: Chain, limit: int) -> list[Record]:
    return await conn.fetch(_of(chain.log, SQL.unchained_trail, SQL.unchained_accesses), chain.region_id, limit)


async def count_waiting(conn: Connection, chain: Chain, since: datetime) -> int:
    """How many entries have waited for their link since before then."""
    return await conn.fetchval(_of(chain.log, SQL.waiting_trail, SQL.waiting_accesses), chain.region_id, since)


async def chain_entries(conn: Connection, chain: Chain, ids: Sequence[UUID], macs: Sequence[bytes]) -> None:
    await conn.execute(SQL.chain_entries, chain.region_id, chain.log, ids, macs)


async def chained(conn: Connection, chain: Chain, after: int) -> AsyncIterator[Record]:
    """All entries behind that position, in their order, read piece by piece: needs a transaction."""
    statement = _of(chain.log, SQL.chained_trail, SQL.chained_accesses)
    async for row in conn.cursor(statement, chain.region_id, after, prefetch=_READ_AT_ONCE):
        yield row


async def first_chained(conn: Connection, chain: Chain, after: int) -> Record | None:
    return await conn.fetchrow(_of(chain.log, SQL.chained_trail, SQL.chained_accesses), chain.region_id, after)


async def oldest(conn: Connection, chain: Chain, after: int, limit: int) -> list[Record]:
    return await conn.fetch(_of(chain.log, SQL.oldest_trail, SQL.oldest_accesses), chain.region_id, after, limit)


async def forget_chained(conn: Connection, chain: Chain, base: Link) -> None:
    """Forgets all entries up to that one."""
    seal = chain.seal_of_base(base)
    await conn.execute(SQL.forget_chained, chain.region_id, chain.log, base.position, base.mac, seal)


def _of(log: Log, of_trail: str, of_accesses: str) -> str:
    assert log in COLUMNS
    return of_trail if log == "audit_trail" else of_accesses
