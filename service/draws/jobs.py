"""What goes on by itself: draws are made of slots that are released so and of groups that are filled so, closed when
their window is over, and drawn.

Each draw is one transaction: whoever is killed in the middle leaves it as it was, and the next one does it anew.
"""

import asyncio
import secrets
from datetime import datetime, timedelta

from schemas.draws import RecordedRequest, RecordedSlot
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.ids import new_id
from service.core.jobs import Job
from service.core.journal import journal
from service.core.sealing import Sealer
from service.draws import rules, store
from service.filling.usecases import fill_group

# Of what was released by a system that named no window.
_WINDOW = timedelta(hours=24)
# The digest of the requests is public for so long before the seed is.
_DRAWN_AFTER = timedelta(minutes=1)
_DAYS_AT_ONCE = 20
_GROUPS_AT_ONCE = 100


async def make_draws(conn: Connection, sealer: Sealer, clock: Clock) -> int:
    """Makes the draws of days whose slots are released so, and gives them slots that have come since.

    A draw closes when the first of its slots would have opened. Home visits are not drawn for: they need an address.
    """
    now = clock()
    rows = await store.days_to_draw(conn, now, _DAYS_AT_ONCE)
    return sum([await _make_draw(conn, sealer, row, now) for row in rows]) + await store.hold_back(conn)


async def _make_draw(conn: Connection, sealer: Sealer, row: Record, now: datetime) -> int:
    minutes: int | None = row["window_minutes"]
    window = timedelta(minutes=minutes) if minutes else _WINDOW
    region_id, draw_id, seed = row["region_id"], new_id(), secrets.token_bytes(rules.SEED_BYTES)
    return await store.make_draw(
        conn,
        region_id,
        row["institution_id"],
        row["specialty_code"],
        row["day"],
        (max(now, row["closes_at"] - window), row["closes_at"]),
        draw_id,
        (sealer.seal(seed.hex(), _seed_row(region_id, str(draw_id))), rules.seed_hash(seed)),
        now,
    )


async def make_group_draws(conn: Connection, sealer: Sealer, clock: Clock) -> int:
    """Makes the draws of groups that are filled so: the hash of the seed is public while applications are collected.

    A draw closes when its group is no longer collected for, also where that was changed meanwhile.
    """
    now = clock()
    rows = await store.groups_to_draw(conn, _GROUPS_AT_ONCE)
    made = sum([await _make_group_draw(conn, sealer, row, now) for row in rows])
    return made + await store.follow_groups(conn) + await store.give_up_draws(conn)


async def _make_group_draw(conn: Connection, sealer: Sealer, row: Record, now: datetime) -> int:
    region_id, draw_id, seed = row["region_id"], new_id(), secrets.token_bytes(rules.SEED_BYTES)
    sealed = sealer.seal(seed.hex(), _seed_row(region_id, str(draw_id)))
    return await store.make_group_draw(conn, region_id, row["id"], draw_id, (sealed, rules.seed_hash(seed)), now)


async def close_draws(conn: Connection, clock: Clock) -> int:
    """Closes a draw whose window is over: from now on nothing of what takes part in it changes."""
    now = clock()
    row = await store.next_to_close(conn, now)
    if row is None:
        return 0
    region_id, draw_id = row["region_id"], row["id"]
    slots, requests = await _taking_part(conn, row)
    closing = await asyncio.to_thread(rules.close, draw_id, row["seed_hash"], slots, requests)
    await store.close_draw(conn, region_id, closing, now)
    await journal(
        conn,
        region_id,
        row["institution_id"],
        "draw_closed",
        draw_id,
        now,
        tell=True,
        requests=len(requests),
        requests_digest=closing.requests_digest,
    )
    return 1


async def _taking_part(conn: Connection, row: Record) -> tuple[list[RecordedSlot], list[RecordedRequest]]:
    region_id, draw_id, group_id = row["region_id"], row["id"], row["group_id"]
    if group_id is None:
        slots = await store.places_of_draw(conn, region_id, draw_id)
        return slots, await store.requests_of_draw(conn, region_id, draw_id)
    await store.lock_group(conn, region_id, group_id)
    places = await store.places_of_group(conn, region_id, group_id)
    return places, await store.requests_of_group(conn, region_id, group_id)


async def draw_draws(conn: Connection, sealer: Sealer, clock: Clock) -> int:
    """Draws a draw that is closed: books what was drawn, tells everybody, and opens what is left.

    A winner who can't have the place any more is told why; the place is left with the others. In a group it goes to the
    next in the order of the draw, in which all others wait.
    """
    now = clock()
    row = await store.next_to_draw(conn, now - _DRAWN_AFTER)
    if row is None:
        return 0
    region_id, draw_id = row["region_id"], row["id"]
    closing = await store.find_closing(conn, region_id, draw_id)
    seed = bytes.fromhex(sealer.open(row["seed_sealed"], _seed_row(region_id, str(draw_id))))
    record = await asyncio.to_thread(rules.draw, closing, seed)
    if row["group_id"] is None:
        await store.open_slots(conn, region_id, draw_id, now)
        await store.award(conn, region_id, record.results, now)
    else:
        await fill_group(conn, region_id, row["institution_id"], row["group_id"], record.order, now)
    await store.keep_record(conn, region_id, record, now)
    winners = sum(result.slot_id is not None for result in record.results)
    await journal(
        conn, region_id, row["institution_id"], "draw_drawn", draw_id, now, tell=True, winners=winners, seed=record.seed
    )
    return 1


def _seed_row(region_id: int, draw_id: str) -> str:
    return f"draws:{region_id}:{draw_id}:seed"


JOBS = (
    Job("make_draws", 30, make_draws),
    Job("make_group_draws", 5, make_group_draws),
    Job("close_draws", 5, close_draws),
    Job("draw_draws", 5, draw_draws),
)
