"""Who has seen a person's data; whether the logs are as they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.accesses import AccessList
from schemas.common import Paged
from service.audit import store
from service.audit.rules import CHAINED_WITHIN, COLUMNS, AuditTerms, Chain, Link, Log, Looked
from service.audit.shapes import access_of
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.lists import page_of
from service.core.operations import Actor, Language

_FORGOTTEN_AT_ONCE = 500


async def list_accesses(
    conn: Connection, actor: Actor, person_id: UUID, query: Paged, language: Language, cursors: Cursors
) -> AccessList:
    """Who was shown a person's data by the institutions and the regional centre, the latest first.

    Employees are not named: it says in which capacity somebody looked, where, and at what. What the family itself looks
    at is not written down.
    """
    scope = f"accesses:{actor.region_id}:{person_id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_accesses(conn, actor.region_id, actor.id, person_id, before, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return AccessList(items=[access_of(row, language) for row in page], next_cursor=cursor)


async def chain_log(conn: Connection, chain: Chain, limit: int) -> int:
    """Chains so many entries at most that wait; gives how many. Whoever comes second leaves it to the first.

    What is committed later than something that is chained already is chained behind it.
    """
    if await store.find_head(conn, chain) is None:
        # Not where there is one: to try would wait for whoever is changing it.
        await store.begin_chain(conn, chain)
    head = await store.lock_head(conn, chain)
    if head is None:
        return 0
    # Read after the lock was taken, by a statement of its own: it sees what another process has chained until then.
    rows = await store.unchained(conn, chain, limit)
    link, macs = head.last, list[bytes]()
    for row in rows:
        link = chain.sealed(link, dict(row))
        macs.append(link.mac)
    if rows:
        await store.chain_entries(conn, chain, [row["id"] for row in rows], macs)
    return len(rows)


async def forget_log(conn: Connection, region_id: int, log: Log, terms: AuditTerms, now: datetime) -> int:
    """Forgets a batch of entries whose term is over; gives how many. Only from the beginning of the chain, which then
    begins behind them.
    """
    chain = Chain(terms.key, region_id, log)
    head = await store.lock_head(conn, chain)
    if head is None:
        return 0
    over = head.base
    for row in await store.oldest(conn, chain, head.base.position, _FORGOTTEN_AT_ONCE):
        # An entry that is missing or not yet over keeps all behind it.
        if row["at"] >= now - terms.keep[log] or row["position"] != over.position + 1:
            break
        over = Link(row["position"], row["mac"])
    if over != head.base:
        await store.forget_chained(conn, chain, over)
    return over.position - head.base.position


@dataclass(frozen=True, slots=True)
class Verified:
    """What is found of a chain: `broken` says where and how it breaks first, if it does."""

    chain: Chain
    # Of those that were sealed anew.
    entries: int
    head: Link
    # Entries that should have been chained by now.
    waiting: int
    broken: str | None
    # The last link that is right.
    reached: Link

    @property
    def tells(self) -> bool:
        """Whether there is anything in it, or should be."""
        return bool(self.broken or self.waiting or self.head.position)

    def told(self) -> str:
        """In one line."""
        if self.broken:
            return f"broken: {self.broken}"
        right = f"{self.entries} entries are as they were written, up to {self.head}"
        return f"{right}; {self.waiting} should have been chained by now" if self.waiting else right


async def verify(
    conn: Connection,
    chain: Chain,
    now: datetime,
    written_down: Link | None = None,
    start: int | None = None,
    limit: int | None = None,
) -> Verified:
    """Seals the entries of a log anew, and compares. Needs a transaction that sees one moment.

    `written_down` is a head that was noted before and is kept elsewhere: the chain has to lead through it. `start` is
    the position of an entry that is believed, because it was verified before. Of more entries than the `limit` it
    looks at the first.
    """
    head = await store.find_head(conn, chain) or store.new_head(chain)
    waiting = await store.count_waiting(conn, chain, now - CHAINED_WITHIN)
    last, broken = head.base, None
    if head.base_seal != chain.seal_of_base(head.base):
        broken = f"it begins behind position {head.base.position}, where no term ended it"
    elif start is not None and start > head.base.position:
        first = await store.first_chained(conn, chain, start - 1)
        last = Link(first["position"], first["mac"]) if first else last
        broken = None if last.position == start else f"position {start} is missing"
    if broken:
        return Verified(chain, 0, head.last, waiting, broken, last)
    begun = last.position
    last, broken = await _follow(conn, chain, last, written_down, limit)
    if limit is None or last.position - begun < limit or last.position >= head.last.position:
        broken = broken or _broken_at_the_end(head.last, last, written_down)
    return Verified(chain, last.position - begun, head.last, waiting, broken, last)


async def _follow(
    conn: Connection, chain: Chain, last: Link, written_down: Link | None, limit: int | None
) -> tuple[Link, str | None]:
    """The last link that holds, and what is wrong with the next one, if anything is."""
    if _differs(last, written_down):
        return last, f"position {last.position} is not what was written down"
    until = None if limit is None else last.position + limit
    async for row in store.chained(conn, chain, last.position):
        found = Link(row["position"], row["mac"])
        if found.position != last.position + 1:
            return last, f"position {last.position + 1} is missing"
        if found != chain.sealed(last, dict(row)):
            return last, f"position {found.position} is not what was chained there"
        if _differs(found, written_down):
            return last, f"position {found.position} is not what was written down"
        last = found
        if last.position == until:
            break
    return last, None


async def look_on(conn: Connection, key: bytes, looked: Looked, now: datetime, limit: int) -> list[Verified]:
    """Verifies so many entries at most, chain by chain in turn, and goes on where it ended the last time.

    Needs a transaction that sees one moment. What it has found right once it does not let go of: an end that is cut off
    with its head shows as long as `looked` is kept.
    """
    begun = {Chain(key, region_id, log) for region_id, log in await store.list_chains(conn)}
    chains = sorted(begun | looked.noted.keys(), key=str)
    behind = [one for one in chains if str(one) > looked.last]
    found: list[Verified] = []
    for chain in behind + chains[: len(chains) - len(behind)]:
        noted = looked.noted.get(chain)
        one = await verify(conn, chain, now, noted, looked.going_on.pop(chain, None), limit)
        found.append(one)
        limit -= one.entries
        if not one.broken and (noted is None or one.reached.position > noted.position):
            looked.noted[chain] = one.reached
        if limit <= 0 and one.reached.position < one.head.position:
            looked.going_on[chain] = one.reached.position
            break
        looked.last = str(chain)
        if limit <= 0:
            break
    return found


def _differs(found: Link, written_down: Link | None) -> bool:
    return written_down is not None and written_down.position == found.position and written_down != found


def _broken_at_the_end(head: Link, last: Link, written_down: Link | None) -> str | None:
    if written_down and written_down.position > last.position:
        return f"position {last.position + 1} is missing: there were {written_down.position} once"
    if last.position < head.position:
        return f"position {last.position + 1} is missing"
    if last != head:
        return f"position {last.position} is not where the chain is said to end, which is {head.position}"
    return None


async def verify_all(
    conn: Connection,
    key: bytes,
    now: datetime,
    *,
    region_id: int | None = None,
    log: Log | None = None,
    start: int | None = None,
    written_down: Mapping[tuple[int, str], Link] | None = None,
) -> list[Verified]:
    """Of each log in each region, or of those asked for, as of one moment."""
    heads = written_down or {}
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        regions = {*await store.list_chained_regions(conn), *(region for region, _ in heads)}
        chains = [
            Chain(key, region, one)
            for region in sorted(regions)
            for one in COLUMNS
            if region_id in (None, region) and log in (None, one)
        ]
        return [await verify(conn, one, now, heads.get((one.region_id, one.log)), start) for one in chains]


async def list_heads(conn: Connection, key: bytes) -> list[tuple[Chain, Link]]:
    """Where each chain that was begun ends now."""
    chains = [Chain(key, region, log) for region in await store.list_chained_regions(conn) for log in COLUMNS]
    found = [(chain, await store.find_head(conn, chain)) for chain in chains]
    return [(chain, head.last) for chain, head in found if head]
