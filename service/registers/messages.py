"""Messages to the parents of a group."""

from datetime import datetime
from uuid import UUID

from schemas import problems
from schemas.common import ExternalId, Paged
from schemas.messages import Message, MessageBody, MessageList, ReceivedMessageList
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.registers import store
from service.registers.checks import find_register
from service.registers.shapes import message_of, received_of
from service.scheduling.rules import local_day_bounds


async def send_message(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    group_id: ExternalId,
    body: MessageBody,
    key: IdempotencyKey,
    clock: Clock,
) -> Message:
    """Tells the parents of a group's children something; at most 10 messages a group and local day.

    It is addressed to the applications that have one of the statuses now.
    """
    register = await find_register(conn, actor, institution_id, group_id)
    now = clock()
    day_from, _ = local_day_bounds(now.astimezone(register.zone).date(), register.zone)
    message = {"id": new_id(), "group_id": register.id, "text": body.text, "statuses": sorted(set(body.statuses))}
    kept = await store.send_message(conn, register.region_id, actor.id, key, message, day_from, now)
    return message_of(kept, register)


async def list_group_messages(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, query: Paged, cursors: Cursors
) -> MessageList:
    """What was said to the parents of a group, the latest first."""
    register = await find_register(conn, actor, institution_id, group_id)
    scope = f"group-messages:{register.region_id}:{register.id}"
    after = cursors.position(scope, query)
    position = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else (None, None)
    rows = await store.list_group_messages(conn, register.region_id, register.id, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["sent_at"], row["id"]))
    return MessageList(items=[message_of(dict(row), register) for row in page], next_cursor=cursor)


async def list_messages(
    conn: Connection, actor: Actor, application_id: UUID, query: Paged, cursors: Cursors
) -> ReceivedMessageList:
    """What was said about one's application by its groups, the latest first."""
    if not await store.is_childs(conn, actor.region_id, actor.id, application_id):
        raise DomainError(problems.APPLICATION_NOT_FOUND)
    scope = f"messages:{actor.region_id}:{application_id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_messages(conn, actor.region_id, application_id, before, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return ReceivedMessageList(items=[received_of(row) for row in page], next_cursor=cursor)
