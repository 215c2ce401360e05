"""A family as a provider, say Gosuslugi, vouches for it: that takes the place of what was written by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas import problems
from schemas.people import Kinship
from service.core.database import Connection
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.sealing import Sealer
from service.people import store
from service.people.rules import Vouched, evidently_differs, same_human
from service.people.usecases import FROZEN, opened, row_of


async def verify_family(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    subject_hash: bytes,
    own: Vouched,
    children: Sequence[Vouched],
    sealer: Sealer,
    now: datetime,
) -> None:
    """The citizen's own person and children are as the provider says; who is not written down yet is from now on.

    Refuses where the account was confirmed as another human being before, where the citizen's own person is evidently
    another, and where it shows that two persons are one human being who is booked twice for one time.
    """
    confirmed_before = await store.confirm_citizen(conn, region_id, citizen_id, subject_hash, now)
    family = [_opened(sealer, dict(row)) for row in await store.lock_family(conn, region_id, citizen_id)]
    written = next((person for person in family if person["kinship"] == "self"), None)
    # The same human being may have another name by now.
    known_before = confirmed_before and written and written["verified_at"]
    if written and not known_before and evidently_differs(own, written):
        raise DomainError(problems.SELF_IS_ANOTHER)
    humans: list[tuple[Vouched, Kinship]] = [(own, "self"), *((child, "child") for child in children)]
    left = family
    for human, kinship in humans:
        known = _known_as(human, left)
        if kinship == "self" and written:
            known = [written, *(person for person in known if person is not written)]
        elif kinship == "child":
            known = [person for person in known if person is not written]
        await _verify(conn, region_id, citizen_id, sealer, human, kinship, known, now)
        left = [person for person in left if person not in known]


def _opened(sealer: Sealer, person: dict[str, Any]) -> dict[str, Any]:
    snils, policy = opened(sealer, person)
    return person | {"snils": snils, "policy": policy}


def _known_as(human: Vouched, family: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who of the family that is, though written down several times: by the СНИЛС first, then by name and birth date."""
    found = sorted(
        (person for person in family if same_human(human, person)), key=lambda person: person["snils"] is None
    )
    # Of two with the same name and another СНИЛС each, nobody knows who is meant.
    return [person for person in found if person["snils"] in (None, found[0]["snils"])]


async def _verify(
    conn: Connection,
    region_id: int,
    citizen_id: UUID,
    sealer: Sealer,
    human: Vouched,
    kinship: Kinship,
    known: Sequence[dict[str, Any]],
    now: datetime,
) -> None:
    fields: dict[str, Any] = {name: getattr(human, name) for name in FROZEN}
    kept = {name: next((person[name] for person in known if person[name]), None) for name in ("snils", "policy")}
    fields |= {"snils": human.snils or kept["snils"], "policy": kept["policy"]}
    since = now if human.snils else next((person["snils_verified_at"] for person in known), None)
    # Plain UUIDs, as JSON is made of them.
    person_id, *twins = [UUID(int=person["id"].int) for person in known] or [new_id()]
    row = row_of(sealer, region_id, person_id, fields, now) | {"verified_at": now, "snils_verified_at": since}
    if known:
        await store.verify_person(conn, region_id, citizen_id, person_id, twins, kinship, row, now)
    else:
        await store.add_verified_person(conn, region_id, citizen_id, kinship, row, now)
