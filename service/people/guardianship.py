"""Several guardians of one person: invite by a one-time code, join, see who there is."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson

from schemas import problems
from schemas.people import Guardian, GuardianList, GuardianshipBody, Invitation, InvitationQuery, Person
from service.core.clock import Clock
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import eight_digits, new_id, read_digits
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.people import store
from service.people.usecases import person_of

_GOOD_FOR = timedelta(hours=24)


async def create_invitation(
    conn: Connection,
    actor: Actor,
    person_id: UUID,
    query: InvitationQuery,
    key: IdempotencyKey,
    sealer: Sealer,
    clock: Clock,
) -> Invitation:
    """Makes a code by which another citizen joins the guardians of a person. It is good once, for 24 hours.

    Of a child the legal representatives invite, and the child from fourteen on; nobody hands on more than they have.
    A new one takes the place of the citizen's earlier one to this person.
    """
    now, invitation_id = clock(), new_id()
    expires_at = now + _GOOD_FOR
    kept = orjson.loads(
        await store.create_invitation(
            conn,
            actor.region_id,
            actor.id,
            key,
            person_id,
            _hash(sealer, _code(sealer, invitation_id)),
            expires_at,
            {"id": invitation_id, "person_id": person_id, "expires_at": expires_at, "helper": query.helper},
            now,
        )
    )
    return Invitation(
        person_id=UUID(kept["person_id"]),
        code=_code(sealer, UUID(kept["id"])),
        expires_at=datetime.fromisoformat(kept["expires_at"]),
    )


async def join_as_guardian(
    conn: Connection, actor: Actor, body: GuardianshipBody, sealer: Sealer, clock: Clock
) -> Person:
    """Joins the guardians of a person by a code that one of them handed over, and sees all bookings from then on.

    Where the citizen has written the same person down already, the two records become one, with all that is booked.
    `self` is an account of the person's own, from fourteen on. After five wrong codes in an hour no code is taken.
    Twice is no error.
    """
    code_hash = _hash(sealer, read_digits(body.code))
    person_id = await store.join_as_guardian(conn, actor.region_id, actor.id, code_hash, body.kinship, clock())
    row = await store.find_person(conn, actor.region_id, actor.id, person_id) if person_id else None
    if row is None:
        raise DomainError(problems.INVITATION_NOT_FOUND)
    return person_of(sealer, row)


async def list_guardians(conn: Connection, actor: Actor, person_id: UUID) -> GuardianList:
    """Who looks after a person: since when, and who the person is to them. No accounts and no names."""
    rows = await store.list_guardians(conn, actor.region_id, actor.id, person_id)
    if not rows:
        raise DomainError(problems.PERSON_NOT_FOUND)
    return GuardianList(items=[Guardian(**row) for row in rows])


def _code(sealer: Sealer, invitation_id: UUID) -> str:
    """Made of the id, so that a repeated request is told it again though it is kept nowhere."""
    return eight_digits(int.from_bytes(sealer.hash("invitation", str(invitation_id))))


def _hash(sealer: Sealer, code: str) -> bytes:
    return sealer.hash("invitation_code", code)
