"""Teachers: who they are, which groups they have, and how an account becomes one."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.common import ExternalId, Paged
from schemas.problems import FieldError
from schemas.registers import (
    GroupTeachers,
    GroupTeachersBody,
    JoiningBody,
    MyGroupList,
    Teacher,
    TeacherBody,
    TeacherInvitation,
    TeacherList,
)
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.journal import journal
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.institutions.usecases import find_institution, lock_institution
from service.registers import rules, store
from service.registers.checks import find_register, sees_all
from service.registers.shapes import my_group_of, teacher_of


async def put_teacher(
    conn: Connection, actor: Actor, institution_id: UUID, teacher_id: ExternalId, body: TeacherBody, clock: Clock
) -> Teacher:
    """Writes a teacher down under the institution's own id, or corrects the name: their groups show it at once."""
    institution = await lock_institution(conn, actor.region_id, institution_id)
    now = clock()
    found = await store.put_teacher(conn, actor.region_id, institution_id, teacher_id, body)
    await store.publish_teacher(conn, actor.region_id, found)
    await journal(conn, actor.region_id, actor.id, "teacher_put", found, now)
    return teacher_of(await _teacher(conn, actor, institution_id, teacher_id), ZoneInfo(institution["zone"]), now)


async def delete_teacher(
    conn: Connection, actor: Actor, institution_id: UUID, teacher_id: ExternalId, clock: Clock
) -> None:
    """Takes a teacher away with their code, and at once all that they could see. Twice is no error."""
    await lock_institution(conn, actor.region_id, institution_id)
    row = await store.find_teacher(conn, actor.region_id, institution_id, teacher_id)
    if row is None:
        return
    await store.delete_teacher(conn, actor.region_id, row["id"])
    await journal(conn, actor.region_id, actor.id, "teacher_deleted", row["id"], clock())


async def list_teachers(
    conn: Connection, actor: Actor, institution_id: UUID, query: Paged, cursors: Cursors, clock: Clock
) -> TeacherList:
    """The institution's teachers by their own ids."""
    institution = await find_institution(conn, actor.region_id, institution_id)
    scope = f"teachers:{actor.region_id}:{institution_id}"
    after = cursors.position(scope, query)
    rows = await store.list_teachers(
        conn, actor.region_id, institution_id, after[0] if after else None, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["external_id"],))
    zone, now = ZoneInfo(institution["zone"]), clock()
    return TeacherList(items=[teacher_of(row, zone, now) for row in page], next_cursor=cursor)


async def invite_teacher(
    conn: Connection,
    actor: Actor,
    institution_id: UUID,
    teacher_id: ExternalId,
    key: IdempotencyKey,
    sealer: Sealer,
    clock: Clock,
) -> TeacherInvitation:
    """Makes a code by which an account becomes this teacher: for 7 days, once. The code before it is good no more.

    Whoever was this teacher stays so until the new code is given. The code is not kept: it is shown in this answer, and
    in that to a repetition with the same key.
    """
    institution = await find_institution(conn, actor.region_id, institution_id)
    row = await _teacher(conn, actor, institution_id, teacher_id)
    now, invitation_id = clock(), str(new_id())
    result = {"invitation_id": invitation_id, "expires_at": (now + timedelta(days=rules.CODE_DAYS)).isoformat()}
    hashed = _hashed(sealer, institution_id, _code(sealer, invitation_id))
    kept = await store.invite_teacher(conn, actor.region_id, actor.id, key, row["id"], hashed, result, now)
    return TeacherInvitation(
        teacher_id=teacher_id,
        code=_code(sealer, kept["invitation_id"]),
        expires_at=datetime.fromisoformat(kept["expires_at"]).astimezone(ZoneInfo(institution["zone"])),
    )


async def join_as_teacher(conn: Connection, actor: Actor, body: JoiningBody, sealer: Sealer, clock: Clock) -> Teacher:
    """Makes the citizen the teacher whom the page's institution gave this code. The same code twice is no error.

    After five wrong codes in an hour, of whatever kind, no code is taken, not even a right one.
    """
    assert actor.institution_id is not None, "a citizen comes from a page"
    now, institution_id = clock(), actor.institution_id
    hashed = _hashed(sealer, institution_id, body.code)
    teacher_id = await store.join_as_teacher(conn, actor.region_id, actor.id, institution_id, hashed, now)
    if teacher_id is None:
        raise DomainError(problems.TEACHER_CODE_NOT_FOUND)
    institution = await find_institution(conn, actor.region_id, institution_id)
    row = await _teacher(conn, actor, institution_id, teacher_id)
    return teacher_of(row, ZoneInfo(institution["zone"]), now)


async def put_group_teachers(
    conn: Connection, actor: Actor, institution_id: UUID, group_id: ExternalId, body: GroupTeachersBody, clock: Clock
) -> GroupTeachers:
    """Says who teaches a group. Whoever is not named sees it no more, at once; the published names follow."""
    await lock_institution(conn, actor.region_id, institution_id)
    register = await find_register(conn, actor, institution_id, group_id)
    teacher_ids = list(dict.fromkeys(body.teacher_ids))
    found = await store.find_teachers(conn, actor.region_id, institution_id, teacher_ids)
    for number, teacher_id in enumerate(body.teacher_ids):
        if teacher_id not in found:
            error = FieldError(place="body", pointer=f"/teacher_ids/{number}", message="there is no such teacher")
            raise DomainError(problems.TEACHER_UNKNOWN, errors=[error])
    await store.put_group_teachers(conn, actor.region_id, register.id, [found[one] for one in teacher_ids])
    await journal(conn, actor.region_id, actor.id, "group_teachers_put", register.id, clock())
    register = await find_register(conn, actor, institution_id, group_id)
    return GroupTeachers(group_id=group_id, teacher_ids=teacher_ids, names=register.group["teachers"])


async def list_my_groups(
    conn: Connection, actor: Actor, institution_id: UUID, query: Paged, cursors: Cursors
) -> MyGroupList:
    """The groups whose register the caller may see: a teacher's own, or all of the institution."""
    await find_institution(conn, actor.region_id, institution_id)
    scope = f"my-groups:{actor.region_id}:{institution_id}:{actor.id}"
    after = cursors.position(scope, query)
    citizen_id = None if sees_all(actor) else actor.id
    rows = await store.list_my_groups(
        conn, actor.region_id, institution_id, citizen_id, after[0] if after else None, query.limit + 1
    )
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["external_id"],))
    return MyGroupList(items=[my_group_of(row) for row in page], next_cursor=cursor)


async def _teacher(conn: Connection, actor: Actor, institution_id: UUID, teacher_id: str) -> Record:
    row = await store.find_teacher(conn, actor.region_id, institution_id, teacher_id)
    if row is None:
        raise DomainError(problems.TEACHER_NOT_FOUND)
    return row


def _code(sealer: Sealer, invitation_id: str) -> str:
    """The code of an invitation: made anew by whoever has the service's key, so that it need not be kept."""
    return rules.code_of(sealer.hash("teacher's code", invitation_id))


def _hashed(sealer: Sealer, institution_id: UUID, code: str) -> bytes:
    return sealer.hash("teacher's code, given", str(institution_id), code)
