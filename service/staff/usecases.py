"""People of an institution: who has a role that it gave itself, how an account comes by it, and how it ends."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import ExternalId, Paged
from schemas.problems import FieldError
from schemas.staff import StaffCodeBody, StaffInvitation, StaffList, StaffMember, StaffMemberBody
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import eight_digits, new_id, read_digits
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.institutions.usecases import find_institution, lock_institution
from service.staff import store

_GOOD_FOR = timedelta(days=7)


async def put_staff_member(
    conn: Connection, actor: Actor, institution_id: UUID, staff_id: ExternalId, body: StaffMemberBody, clock: Clock
) -> StaffMember:
    """Writes somebody down under the institution's own id, or corrects it: a doctor has one practitioner's tickets.

    Another role is theirs from their next session on; that of before ends within seconds.
    """
    institution = await lock_institution(conn, actor.region_id, institution_id)
    practitioner_id = None
    if body.practitioner_id is not None:
        practitioner_id = await store.find_practitioner(conn, actor.region_id, institution_id, body.practitioner_id)
        if practitioner_id is None:
            error = FieldError(place="body", pointer="/practitioner_id", message="not published yet")
            raise DomainError(problems.REFERENCE_UNKNOWN, errors=[error])
    now = clock()
    before = await store.find_staff_member(conn, actor.region_id, institution_id, staff_id)
    written = await store.put_staff_member(conn, actor.region_id, institution_id, staff_id, practitioner_id, body)
    if before and before["practitioner_id"] != practitioner_id and written["citizen_id"]:
        await store.end_work(conn, actor.region_id, institution_id, written["citizen_id"], now)
    await journal(conn, actor.region_id, actor.id, "staff_member_put", written["id"], now)
    row = await _member(conn, actor.region_id, institution_id, staff_id)
    return _shown(row, ZoneInfo(institution["zone"]), now)


async def delete_staff_member(
    conn: Connection, actor: Actor, institution_id: UUID, staff_id: ExternalId, clock: Clock
) -> None:
    """Takes somebody's role away with their code. A session that has it ends within seconds. Twice is no error.

    A role that their platform gives them (the page's administrator, its editor) is taken away there, and ends with the
    session: within five minutes.
    """
    await lock_institution(conn, actor.region_id, institution_id)
    deleted = await store.delete_staff_member(conn, actor.region_id, institution_id, staff_id)
    if deleted is None:
        return
    now = clock()
    if deleted["citizen_id"] is not None:
        await store.end_work(conn, actor.region_id, institution_id, deleted["citizen_id"], now)
    await journal(conn, actor.region_id, actor.id, "staff_member_deleted", deleted["id"], now)


async def list_staff(
    conn: Connection, actor: Actor, institution_id: UUID, query: Paged, cursors: Cursors, clock: Clock
) -> StaffList:
    """Whom the institution gave a role, by its own ids. Whoever has one by their platform is not among them."""
    institution = await find_institution(conn, actor.region_id, institution_id)
    scope = f"staff:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    rows = await store.list_staff(conn, actor.region_id, institution_id, after[0] if after else None, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["external_id"],))
    zone, now = ZoneInfo(institution["zone"]), clock()
    return StaffList(items=[_shown(row, zone, now) for row in page], next_cursor=cursor)


async def invite_staff_member(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    staff_id: ExternalId,
    key: IdempotencyKey,
    sealer: Sealer,
    clock: Clock,
) -> StaffInvitation:
    """Makes a code by which an account comes to be this person: for 7 days, once. The code before it is good no more.

    Whoever was this person stays so until somebody else gives the new code. The code is not kept: it is shown in this
    answer, and in that to a repetition with the same key.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    row = await _member(conn, actor.region_id, institution_id, staff_id)
    now, invitation_id = clock(), str(new_id())
    result = {"invitation_id": invitation_id, "expires_at": (now + _GOOD_FOR).isoformat()}
    hashed = _hashed(sealer, institution_id, _code(sealer, invitation_id))
    kept = await store.invite_staff_member(conn, actor.region_id, actor.id, key, row["id"], hashed, result, now)
    return StaffInvitation(
        staff_id=staff_id,
        code=_code(sealer, kept["invitation_id"]),
        expires_at=datetime.fromisoformat(kept["expires_at"]).astimezone(ZoneInfo(institution["zone"])),
    )


async def join_as_staff(
    conn: Connection, actor: Actor, body: StaffCodeBody, sealer: Sealer, clock: Clock
) -> StaffMember:
    """Makes the citizen whom the page's institution gave this code for. The same code twice is no error.

    Open a new session after that: it has the role. After five wrong codes in an hour, of whatever kind, no code is
    taken, not even a right one.
    """
    assert actor.institution_id is not None, "a citizen comes from a page"
    now, institution_id = clock(), actor.institution_id
    hashed = _hashed(sealer, institution_id, read_digits(body.code))
    staff_id = await store.join_as_staff(conn, actor.region_id, actor.id, institution_id, hashed, now)
    if staff_id is None:
        raise DomainError(problems.INVITATION_NOT_FOUND)
    institution = await find_institution(conn, actor.region_id, institution_id)
    return _shown(await _member(conn, actor.region_id, institution_id, staff_id), ZoneInfo(institution["zone"]), now)


async def _member(conn: Connection, region_id: int, institution_id: UUID, staff_id: str) -> Record:
    row = await store.find_staff_member(conn, region_id, institution_id, staff_id)
    if row is None:
        raise DomainError(problems.STAFF_MEMBER_NOT_FOUND)
    return row


def _shown(row: Record, zone: ZoneInfo, now: datetime) -> StaffMember:
    expires_at: datetime | None = row["code_expires_at"]
    is_out = expires_at is not None and row["code_used_at"] is None and expires_at > now
    return StaffMember(
        staff_id=row["external_id"],
        role=row["role"],
        last_name=row["last_name"],
        first_name=row["first_name"],
        patronymic=row["patronymic"],
        practitioner_id=row["practitioner_own_id"],
        joined=row["citizen_id"] is not None,
        invited_until=expires_at.astimezone(zone) if expires_at and is_out else None,
    )


def _code(sealer: Sealer, invitation_id: str) -> str:
    """Made anew by whoever has the service's key, so that it need not be kept."""
    return eight_digits(int.from_bytes(sealer.hash("staff's code", invitation_id)))


def _hashed(sealer: Sealer, institution_id: UUID, code: str) -> bytes:
    return sealer.hash("staff's code, given", str(institution_id), code)
