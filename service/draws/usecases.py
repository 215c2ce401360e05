"""The citizen's side: see which draws there are, take part, and find out that the draw was fair."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson

from schemas import problems
from schemas.draws import (
    DrawDetails,
    DrawFilter,
    DrawList,
    DrawRecord,
    DrawRequest,
    DrawRequestBody,
    DrawRequestFilter,
    DrawRequestList,
)
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.draws import store
from service.draws.shapes import draw_fields, draw_of, kept_request, request_of, time_of
from service.institutions.usecases import find_institution

# How long a draw stays in the list when it is over; its record stays for good.
_RECENT = timedelta(days=14)


async def list_draws(conn: Connection, actor: Actor, query: DrawFilter, cursors: Cursors, clock: Clock) -> DrawList:
    """Draws of an institution by their day: those to come, and those of the last two weeks."""
    await find_institution(conn, actor.region_id, query.institution_id)
    now = clock()
    scope = f"draws:{actor.region_id}"
    after = cursors.position(scope, query)
    position = (date.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_draws(
        conn,
        actor.region_id,
        query.institution_id,
        query.specialty_code,
        now - _RECENT,
        position,
        query.limit + 1,
        query.group_id,
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["day"], row["id"]))
    return DrawList(items=[draw_of(row, row["slots"], now) for row in page], next_cursor=cursor)


async def get_draw(conn: Connection, actor: Actor, draw_id: UUID, clock: Clock) -> DrawDetails:
    """A draw with its times; that of a group has none, and its requests are the applications to the group.

    Keep `seed_hash` while requests are taken, and `requests_digest` when the draw is closed: `zapis draw verify`
    compares the record with them.
    """
    row = await store.find_draw(conn, actor.region_id, draw_id)
    if row is None:
        raise DomainError(problems.DRAW_NOT_FOUND)
    times = await store.times_of_draw(conn, actor.region_id, draw_id)
    zone = ZoneInfo(row["zone"])
    slots = len(times) if row["group_id"] is None else 1
    return DrawDetails(**draw_fields(row, slots, clock()), times=[time_of(time, zone) for time in times])


async def get_draw_record(conn: Connection, actor: Actor, draw_id: UUID) -> DrawRecord:
    """All that was drawn, and the seed it was drawn by: whoever wants to draws it anew.

    It says nothing of persons. A request is found in it by its id, which nobody but the one who asked is shown.
    """
    row = await store.find_record(conn, actor.region_id, draw_id)
    if row is None:
        raise DomainError(problems.DRAW_NOT_FOUND)
    if row["record"] is None:
        raise DomainError(problems.DRAW_NOT_DRAWN)
    return DrawRecord.model_validate_json(row["record"])


async def request_draw(
    conn: Connection, actor: Actor, draw_id: UUID, body: DrawRequestBody, key: IdempotencyKey, clock: Clock
) -> DrawRequest:
    """Takes part in a draw for the citizen or a relative, once for each human being.

    It makes no difference when the request comes, as long as the draw is open. Rank the times as they are wished for:
    whoever is drawn gets the best of them that is left. To change a request, withdraw it and ask anew.
    """
    # By its id the request stands in the public record: one made of the time would tell when it came.
    request_id = uuid4()
    kept = await store.request_draw(
        conn,
        actor.region_id,
        actor.id,
        key,
        draw_id,
        body.person_id,
        body.wishes,
        body.referral_number,
        request_id,
        clock(),
    )
    return request_of(orjson.loads(kept))


async def list_draw_requests(
    conn: Connection, actor: Actor, query: DrawRequestFilter, cursors: Cursors
) -> DrawRequestList:
    """The citizen's own requests, the latest first."""
    scope = f"draw_requests:{actor.region_id}:{actor.id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_requests(conn, actor.region_id, actor.id, query.draw_id, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["created_at"].isoformat(), row["id"]))
    return DrawRequestList(items=[request_of(kept_request(row)) for row in page], next_cursor=cursor)


async def withdraw_draw_request(conn: Connection, actor: Actor, request_id: UUID, clock: Clock) -> DrawRequest:
    """Takes a request back, as long as the draw is open. Twice is no error."""
    await store.withdraw_draw_request(conn, actor.region_id, actor.id, request_id, clock())
    row = await store.find_request(conn, actor.region_id, actor.id, request_id)
    assert row is not None
    return request_of(kept_request(row))
