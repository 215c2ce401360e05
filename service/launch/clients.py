"""Credentials of systems: which there are, and how they are made, replaced and taken back."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas import problems
from schemas.clients import Client, ClientBody, ClientCredentials, ClientFilter, ClientKey, ClientList, RotationBody
from schemas.common import Named
from schemas.problems import FieldError
from schemas.sessions import Scope
from service.core.clock import Clock
from service.core.cursors import Cursors
from service.core.database import Connection, Record
from service.core.errors import DomainError
from service.core.ids import new_id
from service.core.lists import page_of
from service.core.operations import Actor, IdempotencyKey
from service.core.sealing import Sealer
from service.institutions.usecases import find_institution
from service.launch import store
from service.launch.assertions import described_key
from service.launch.credentials import COMMAND_LINE, Credentials, name_of, new_seed, secret_of
from service.launch.ended import EndedSessions

SCOPES: tuple[str, ...] = get_args(Scope)
_MAKES_CLIENTS = "clients:write"
_LISTED = 100


async def list_clients(conn: Connection, actor: Actor, query: ClientFilter, cursors: Cursors) -> ClientList:
    """The region's systems, also those that were revoked: whose they are, what they may do, when they last came."""
    scope = f"clients:{actor.region_id}"
    after = cursors.position(scope, query)
    position = UUID(after[0]) if after else None
    rows = await store.list_clients(conn, actor.region_id, query.institution_id, position, query.limit + 1)
    page, cursor = page_of(rows, query, cursors, scope, lambda row: (row["id"],))
    return ClientList(items=[_shown(actor.region_id, row) for row in page], next_cursor=cursor)


async def create_client(
    conn: Connection, actor: Actor, body: ClientBody, key: IdempotencyKey, sealer: Sealer, clock: Clock
) -> ClientCredentials:
    """Makes credentials of a system, for the region or for one of its institutions.

    It is given no scope that the token of whoever makes it lacks, and never `clients:write`: who may make clients is
    the service's operator to say. The secret is not kept: it is shown in this answer, and in that to a repetition with
    the same key.
    """
    _check_may_give(actor, body.scopes)
    if body.institution_id is not None:
        await find_institution(conn, actor.region_id, body.institution_id)
    client_id, (made, result) = new_id(), _made(sealer, body.public_keys)
    kept = await store.create_client(
        conn,
        actor.region_id,
        actor.id,
        key,
        {
            "id": client_id,
            "institution_id": body.institution_id,
            "name": body.name,
            "secret_hash": made.secret_hash,
            "public_keys": made.public_keys,
            "scopes": list(dict.fromkeys(body.scopes)),
        },
        result | {"id": client_id},
        clock(),
    )
    return _credentials(actor.region_id, kept, sealer, None)


async def rotate_client(
    conn: Connection,
    actor: Actor,
    client_id: UUID,
    body: RotationBody,
    key: IdempotencyKey,
    sealer: Sealer,
    ended_sessions: EndedSessions,
    clock: Clock,
) -> ClientCredentials:
    """Gives a system another secret, or other keys, in place of what it has, which stays good for a while.

    Meanwhile it can't be replaced once more, but for `keep_hours` 0: then whatever the system had is worth nothing, and
    tokens that were issued end within seconds. Whoever replaces a secret comes to know it, so the client may have no
    scope that their token lacks. The secret is shown in this answer, and in that to a repetition with the same key.
    """
    client = await _client(conn, actor.region_id, client_id)
    # Their own they may replace.
    _check_may_give(actor, [scope for scope in client["scopes"] if client_id != actor.id or scope != _MAKES_CLIENTS])
    now, keep = clock(), timedelta(hours=body.keep_hours)
    made, result = _made(sealer, body.public_keys)
    earlier_until = now + keep if keep else None
    kept = await store.rotate_client(
        conn, actor.region_id, actor.id, key, client_id, made, keep, result | {"earlier_until": earlier_until}, now
    )
    if not keep:
        ended_sessions.add_client(client_id, (await _client(conn, actor.region_id, client_id))["generation"])
    until = kept["earlier_until"]
    return _credentials(
        actor.region_id,
        kept | {"id": client_id},
        sealer,
        datetime.fromisoformat(until).astimezone(ZoneInfo(client["zone"])) if until else None,
    )


async def revoke_client(
    conn: Connection, actor: Actor, client_id: UUID, ended_sessions: EndedSessions, clock: Clock
) -> Client:
    """Takes a system's credentials back: they open nothing from now on, and its tokens nothing within seconds.

    Twice is no error. It can't be undone: make another client.
    """
    generation = await store.revoke_client(conn, actor.region_id, actor.id, client_id, clock())
    if generation is None:
        raise DomainError(problems.CLIENT_NOT_FOUND)
    ended_sessions.add_client(client_id, generation)
    return _shown(actor.region_id, await _client(conn, actor.region_id, client_id))


# From the command line ---------------------------------------------------------------------------------------------


async def create_by_hand(
    conn: Connection,
    region_id: int,
    institution_id: UUID | None,
    name: str,
    scopes: list[str],
    clock: Clock,
    public_keys: Sequence[str] = (),
) -> tuple[str, str]:
    """The id and the secret of a new client; the secret is kept hashed and can't be shown again.

    With public keys (PEM) there is no secret: it is empty. Without an institution the client acts for the whole region.
    Raises ValueError on an unknown scope or a key that can't be used.
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    client_id, made = new_id(), Credentials.new(public_keys)
    client = {"id": client_id, "institution_id": institution_id, "name": name, "secret_hash": made.secret_hash}
    client |= {"public_keys": made.public_keys, "scopes": scopes}
    await store.create_client(conn, region_id, COMMAND_LINE, None, client, {}, clock())
    return name_of(region_id, client_id), made.secret


async def all_clients(conn: Connection, region_id: int) -> AsyncGenerator[Client]:
    """Every client of the region, the oldest first."""
    after: UUID | None = None
    while rows := await store.list_clients(conn, region_id, None, after, _LISTED):
        for row in rows:
            yield _shown(region_id, row)
        after = rows[-1]["id"]


async def rotate_by_hand(
    conn: Connection, region_id: int, client_id: UUID, keep: timedelta, public_keys: Sequence[str], clock: Clock
) -> str:
    """Gives the new secret; empty where there are keys. Raises ValueError on a key that can't be used, and DomainError
    where the client is not there, revoked, or replaced just now.
    """
    made = Credentials.new(public_keys)
    await store.rotate_client(conn, region_id, COMMAND_LINE, None, client_id, made, keep, {}, clock())
    return made.secret


async def revoke_by_hand(conn: Connection, region_id: int, client_id: UUID, clock: Clock) -> bool:
    """False where there is no such client."""
    return await store.revoke_client(conn, region_id, COMMAND_LINE, client_id, clock()) is not None


def _check_may_give(actor: Actor, scopes: Sequence[str]) -> None:
    """Raises DomainError `scope_not_held`."""
    if _MAKES_CLIENTS in scopes or not actor.scopes.issuperset(set(scopes) - {_MAKES_CLIENTS}):
        raise DomainError(problems.SCOPE_NOT_HELD)


def _made(sealer: Sealer, public_keys: list[str]) -> tuple[Credentials, dict[str, Any]]:
    """New credentials, and what is kept under the key of the request, by which they are told again."""
    try:
        made = Credentials.new(public_keys)
    except ValueError as error:
        wrong = FieldError(place="body", pointer="/public_keys", message=str(error))
        raise DomainError(problems.INVALID, errors=[wrong]) from None
    if public_keys:
        return made, {}
    seed = new_seed()
    return replace(made, secret=secret_of(sealer, seed)), {"seed": seed}


def _credentials(
    region_id: int, kept: dict[str, Any], sealer: Sealer, earlier_until: datetime | None
) -> ClientCredentials:
    client_id = UUID(str(kept["id"]))
    return ClientCredentials(
        id=client_id,
        client_id=name_of(region_id, client_id),
        client_secret=secret_of(sealer, kept["seed"]) if "seed" in kept else None,
        earlier_until=earlier_until,
    )


async def _client(conn: Connection, region_id: int, client_id: UUID) -> Record:
    row = await store.show_client(conn, region_id, client_id)
    if row is None:
        raise DomainError(problems.CLIENT_NOT_FOUND)
    return row


def _shown(region_id: int, row: Record) -> Client:
    zone = ZoneInfo(row["zone"])

    def local(at: datetime | None) -> datetime | None:
        return at and at.astimezone(zone)

    institution_id: UUID | None = row["institution_id"]
    keys = [described_key(key) for key in row["public_keys"]]
    return Client(
        id=row["id"],
        client_id=name_of(region_id, row["id"]),
        name=row["name"],
        institution=Named(id=institution_id, name=row["institution_name"]) if institution_id else None,
        scopes=row["scopes"],
        proven_by="key" if keys else "secret",
        keys=[ClientKey(kind=key.kind, short=key.short) for key in keys],
        created_at=row["created_at"].astimezone(zone),
        used_at=local(row["used_at"]),
        earlier_until=local(row["earlier_until"]),
        revoked_at=local(row["revoked_at"]),
    )
