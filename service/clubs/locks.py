"""Locks of a group's enrolment, with their history: the institution's side."""

from uuid import UUID

from schemas import problems
from schemas.clubs import Group, GroupLockFilter, GroupLockList, GroupReason
from schemas.common import ExternalId
from service.clubs import store
from service.clubs.shapes import group_of, lock_of
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor
from service.institutions.usecases import find_institution, lock_institution


async def lock_group(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, body: GroupReason, clock: Clock
) -> Group:
    """Nobody can apply until it is unlocked, and nobody who waits is offered a place. Applications that are there stay.

    Twice is no error: the lock that stands keeps its reason.
    """
    group = await _held(conn, actor, institution_id, group_id)
    if group["locked_at"] is None:
        now = clock()
        await store.add_group_lock(conn, actor.region_id, group["id"], body.reason, actor.id, now)
        await journal(conn, actor.region_id, actor.id, "group_locked", group["id"], now)
    return await _shown(conn, actor, institution_id, group_id)


async def unlock_group(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, body: GroupReason, clock: Clock
) -> Group:
    """Enrolment goes on, and free places are offered to those who wait. Twice is no error."""
    group = await _held(conn, actor, institution_id, group_id)
    if group["locked_at"] is not None:
        now = clock()
        await store.end_group_lock(conn, actor.region_id, group["id"], body.reason, actor.id, now)
        await store.offer_group_places(conn, actor.region_id, group["id"], now)
        await journal(conn, actor.region_id, actor.id, "group_unlocked", group["id"], now)
    return await _shown(conn, actor, institution_id, group_id)


async def list_group_locks(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    group_id: ExternalId,
    query: GroupLockFilter,
    cursors: Cursors,
) -> GroupLockList:
    """Who locked the group, when and why, and who ended that: the latest first."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"group_locks:{actor.region_id}:{institution_id}:{group_id}"
    after = cursors.position(scope, query)
    before = UUID(after[0]) if after else None
    rows = await store.list_group_locks(conn, actor.region_id, institution_id, group_id, before, query.limit + 1)
    if not rows and before is None:
        await _shown(conn, actor, institution_id, group_id)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return GroupLockList(items=[lock_of(row) for row in page], next_cursor=cursor)


async def _held(conn: Connection, actor: Actor, institution_id: UUID, group_id: str) -> Record:
    await lock_institution(conn, actor.region_id, institution_id)
    group = await store.lock_group(conn, actor.region_id, institution_id, group_id)
    if group is None:
        raise DomainError(problems.GROUP_NOT_FOUND)
    return group


async def _shown(conn: Connection, actor: Actor, institution_id: UUID, group_id: str) -> Group:
    shown = await store.find_group(conn, actor.region_id, institution_id, group_id)
    if shown is None:
        raise DomainError(problems.GROUP_NOT_FOUND)
    return group_of(shown["shown"])
