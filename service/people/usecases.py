"""The citizen's own person and relatives: write down, list, correct, delete."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.people import Person, PersonBody, PersonInBooking, PersonList, PersonPatch
from service.core.clock import Clock
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.journal import journal
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.people import rules, store

_OLDEST_YEARS = 130
# Where the country's day begins: a child may be born there today while it still is yesterday by UTC.
_EASTERNMOST = ZoneInfo("Asia/Kamchatka")
_NAMES = ("last_name", "first_name", "patronymic", "birth_date", "sex")
# What nobody changes by hand once a provider has vouched for it.
FROZEN = _NAMES


async def create_person(
    conn: Connection, actor: Actor, body: PersonBody, key: IdempotencyKey, sealer: Sealer, clock: Clock
) -> Person:
    """Writes down the citizen themself (`kinship: self`, once) or a relative.

    СНИЛС and policy number are checked by their check digits, kept encrypted and answered masked.
    """
    now, person_id = clock(), new_id()
    fields = body.model_dump()
    _check(fields, now)
    row = row_of(sealer, actor.region_id, person_id, fields, now)
    person = _person(row | {"kinship": body.kinship}, body.snils, body.policy)
    answer = await store.create_person(
        conn, actor.region_id, actor.id, key, row, body.kinship, person.model_dump_json(), now
    )
    return Person.model_validate_json(answer)


async def list_persons(conn: Connection, actor: Actor, sealer: Sealer) -> PersonList:
    """The citizen's own person and relatives, in the order they were written down."""
    rows = await store.list_persons(conn, actor.region_id, actor.id)
    return PersonList(items=[person_of(sealer, row) for row in rows])


async def update_person(
    conn: Connection, actor: Actor, person_id: UUID, body: PersonPatch, sealer: Sealer, clock: Clock
) -> Person:
    """Corrects a person. Tickets and applications go along. Where a child has a legal representative, nobody else does.

    What a provider vouched for (`verified_at`) can't be changed by hand. It is refused where the correction shows that
    two persons are one human being who is booked twice for one time.
    """
    row = await store.lock_person(conn, actor.region_id, actor.id, person_id)
    if row is None:
        raise DomainError(problems.PERSON_NOT_FOUND)
    if not row["may_correct"]:
        raise DomainError(problems.GUARDIAN_MAY_NOT)
    snils, policy = opened(sealer, dict(row))
    fields: dict[str, Any] = {name: row[name] for name in _NAMES} | {"snils": snils, "policy": policy}
    removable = {"patronymic", "snils", "policy"}
    given = {
        name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None or name in removable
    }
    if any(given[name] != fields[name] for name in _verified(row) & given.keys()):
        raise DomainError(problems.PERSON_VERIFIED)
    fields |= given
    now = clock()
    _check(fields, now)
    columns = {name: fields[name] for name in _NAMES} | _sealed(sealer, actor.region_id, person_id, fields)
    updated = await store.update_person(conn, actor.region_id, person_id, identity(sealer, fields), columns, now)
    await journal(conn, actor.region_id, actor.id, "person_updated", person_id, now, fields=sorted(given))
    return _person(dict(updated) | {"kinship": row["kinship"]}, fields["snils"], fields["policy"])


async def delete_person(conn: Connection, actor: Actor, person_id: UUID, clock: Clock) -> None:
    """Erases a person's names and identifiers. Active tickets and applications have to be cancelled first."""
    await store.delete_person(conn, actor.region_id, actor.id, person_id, clock())


def person_of(sealer: Sealer, row: Record) -> Person:
    """A row of `persons`, with the kinship, as it is shown to a guardian."""
    return _person(dict(row), *opened(sealer, dict(row)))


def papers_of(sealer: Sealer, region_id: int, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of `persons` for a patient without an account, whose papers staff have before them.

    Raises DomainError where a number or the birth date can't be right.
    """
    _check(fields, now)
    return row_of(sealer, region_id, new_id(), fields, now)


def row_of(sealer: Sealer, region_id: int, person_id: UUID, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of `persons`, as JSON is made of them, for somebody who is written down now."""
    return {
        **{name: fields[name] for name in _NAMES},
        **_sealed(sealer, region_id, person_id, fields),
        "region_id": region_id,
        "id": person_id,
        "identity": "\\x" + identity(sealer, fields).hex(),
        "created_at": now,
        "updated_at": now,
    }


def identity(sealer: Sealer, fields: Mapping[str, Any]) -> bytes:
    """The hash by which two accounts' records of one human being are found to be one.

    Of СНИЛС where it is known, else of the folded name, the birth date and the policy number (or none).
    """
    if fields["snils"]:
        return identity_of_snils(sealer, fields["snils"])
    name = rules.fold_name(fields["last_name"], fields["first_name"], fields["patronymic"])
    return sealer.hash("person", name, cast(date, fields["birth_date"]).isoformat(), fields["policy"] or "")


def identity_of_snils(sealer: Sealer, snils: str) -> bytes:
    return sealer.hash("snils", snils)


def person_in_booking(fields: Mapping[str, Any]) -> PersonInBooking:
    """Whom a booking is for, out of a row or a kept answer with the names of `persons`."""
    return PersonInBooking.model_validate({name: fields[name] for name in PersonInBooking.model_fields}, strict=False)


def _check(fields: Mapping[str, Any], now: datetime) -> None:
    if fields["snils"] and not rules.snils_is_valid(fields["snils"]):
        raise DomainError(problems.SNILS_INVALID)
    if fields["policy"] and not rules.enp_is_valid(fields["policy"]):
        raise DomainError(problems.POLICY_INVALID)
    born, today = cast(date, fields["birth_date"]), now.astimezone(_EASTERNMOST).date()
    if born > today or rules.age_on(born, today) > _OLDEST_YEARS:
        raise DomainError(problems.BIRTH_DATE_IMPOSSIBLE)


def _verified(row: Record) -> set[str]:
    """The fields that a provider vouched for."""
    names = set[str](FROZEN if row["verified_at"] else ())
    return names | {"snils"} if row["snils_verified_at"] else names


def _row_name(region_id: int, person_id: UUID, column: str) -> str:
    return f"persons:{region_id}:{person_id}:{column}"


def _sealed(sealer: Sealer, region_id: int, person_id: UUID, fields: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        f"{name}_sealed": sealer.seal(fields[name], _row_name(region_id, person_id, name)) if fields[name] else None
        for name in ("snils", "policy")
    }


def opened(sealer: Sealer, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """СНИЛС and policy number of a row of `persons`."""
    snils, policy = (
        sealer.open(sealed, _row_name(row["region_id"], row["id"], name)) if (sealed := row[f"{name}_sealed"]) else None
        for name in ("snils", "policy")
    )
    return snils, policy


def _person(row: Mapping[str, Any], snils: str | None, policy: str | None) -> Person:
    return Person(
        id=row["id"],
        last_name=row["last_name"],
        first_name=row["first_name"],
        patronymic=row["patronymic"],
        birth_date=row["birth_date"],
        sex=row["sex"],
        kinship=row["kinship"],
        snils_masked=rules.mask_snils(snils) if snils else None,
        policy_masked=rules.mask_enp(policy) if policy else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        verified_at=row.get("verified_at"),
    )
