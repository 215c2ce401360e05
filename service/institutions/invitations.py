"""Institutions are invited to connect their pages; the regional centre sees which pages are connected, and ends it."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import Named
from schemas.institutions import (
    Page,
    PageFilter,
    PageInvitation,
    PageInvitationBody,
    PageInvitationCode,
    PageInvitationFilter,
    PageInvitationList,
    PageList,
)
from schemas.sessions import PageId, Platform
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.institutions import store
from service.institutions.rules import claim_hash, page_code
from service.institutions.usecases import find_institution


async def create_page_invitation(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    body: PageInvitationBody,
    key: IdempotencyKey,
    sealer: Sealer,
    clock: Clock,
) -> PageInvitationCode:
    """Makes a code by which whoever administers a page connects it to this institution (`claimPage`): once.

    An institution may have several invitations: one for each of its pages. The code is not kept: it is shown in this
    answer, and in that to a repetition with the same key.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    now, invitation_id = clock(), str(new_id())
    expires_at = (now + timedelta(days=body.valid_days)).isoformat()
    item = {
        "id": invitation_id,
        "institution_id": str(institution_id),
        "mini_apps": list(dict.fromkeys(body.mini_apps)),
        "code_hash": "\\x" + claim_hash(sealer, page_code(sealer, actor.region_id, invitation_id)).hex(),
        "expires_at": expires_at,
    }
    result = {"id": invitation_id, "expires_at": expires_at}
    kept = await store.create_page_invitations(
        conn, actor.region_id, actor.id, "createPageInvitation", key, [item], result, now
    )
    return PageInvitationCode(
        invitation_id=UUID(kept["id"]),
        institution_id=institution_id,
        code=page_code(sealer, actor.region_id, kept["id"]),
        expires_at=datetime.fromisoformat(kept["expires_at"]).astimezone(ZoneInfo(institution["zone"])),
    )


async def list_page_invitations(
    conn: Connection, actor: Actor, query: PageInvitationFilter, cursors: Cursors, clock: Clock
) -> PageInvitationList:
    """The region's invitations and what became of them: who is still expected, whose page is connected."""
    scope = f"page-invitations:{actor.region_id}"
    after = cursors.position(scope, query)
    rows = await store.list_page_invitations(
        conn, actor.region_id, query, UUID(after[0]) if after else None, clock(), query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return PageInvitationList(items=[_invitation(row) for row in page], next_cursor=cursor)


async def revoke_page_invitation(conn: Connection, actor: Actor, invitation_id: UUID, clock: Clock) -> PageInvitation:
    """Takes an invitation back: its code is good no more. Twice is no error.

    Once a page was connected by it, disconnect the page (`deletePage`).
    """
    now = clock()
    revoked = await store.revoke_page_invitation(conn, actor.region_id, invitation_id, now)
    if revoked is None:
        raise DomainError(problems.PAGE_INVITATION_NOT_FOUND)
    if not revoked["is_revoked"]:
        raise DomainError(problems.PAGE_INVITATION_USED)
    if revoked["was_open"]:
        await journal(
            conn,
            actor.region_id,
            actor.id,
            "page_invitation_revoked",
            revoked["institution_id"],
            now,
            invitation=invitation_id,
        )
    row = await store.find_page_invitation(conn, actor.region_id, invitation_id, now)
    assert row is not None
    return _invitation(row)


async def list_pages(conn: Connection, actor: Actor, query: PageFilter, cursors: Cursors) -> PageList:
    """The pages that are connected in the region, claimed by their administrators or brought in by an operator."""
    scope = f"pages:{actor.region_id}"
    after = cursors.position(scope, query)
    rows = await store.list_pages(conn, actor.region_id, query, after, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["platform"], row["external_id"]))
    return PageList(items=[Page(**row) for row in page], next_cursor=cursor)


async def delete_page(conn: Connection, actor: Actor, platform: Platform, page_id: PageId, clock: Clock) -> None:
    """Disconnects a page. Nobody can open a session from it any more; those of its administrators end within seconds,
    those of citizens, who have nothing of the institution's, within minutes.

    What citizens have booked and applied for from there stays. Twice is no error.
    """
    institution_id = await store.delete_page(conn, platform, page_id, actor.region_id)
    if institution_id is None:
        return
    now = clock()
    await store.end_work_from(conn, actor.region_id, platform, page_id, now)
    await store.end_claims(conn, actor.region_id, platform, page_id, None, now)
    await journal(conn, actor.region_id, actor.id, "page_deleted", institution_id, now, platform=platform, page=page_id)


def _invitation(row: Record) -> PageInvitation:
    zone = ZoneInfo(row["zone"])
    return PageInvitation(
        invitation_id=row["id"],
        institution=Named(id=row["institution_id"], name=row["name"]),
        municipality=row["municipality"],
        mini_apps=row["mini_apps"],
        state=row["state"],
        created_at=row["created_at"].astimezone(zone),
        expires_at=row["expires_at"].astimezone(zone),
        platform=row["platform"],
        page_id=row["page_id"],
        claimed_at=row["claimed_at"] and row["claimed_at"].astimezone(zone),
    )
