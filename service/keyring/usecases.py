"""The verbs of whoever looks after the keys; and how a process learns of them."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.core.database import Connection, Record
from service.core.keys import Keys, KeysWrong, SigningKey
from service.core.ring import KeyRing, KnownKey, Purpose
from service.core.sealing import unwrap, wrap
from service.keyring import store
from service.keyring.rules import LEADS, RESTS_BEFORE_REVOKED, State, Turn, states_of, wrapping_row

_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListedKey:
    """`wrapped_by` is the settings' key that it is sealed by; none of one that is in the settings itself."""

    id: str
    purpose: Purpose
    state: State
    wrapped_by: str | None
    current_from: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one column: how many rows each key has sealed, the current one first."""

    column: str
    current: int
    older: dict[str, int]


async def refresh(conn: Connection, ring: KeyRing, now: datetime) -> list[str]:
    """Tells the ring of all keys of the database, and makes the first that seals. Gives what is wrong with others.

    Not inside a transaction.
    """
    rows = await store.list_data_keys(conn)
    if not any(row["purpose"] == "seal" for row in rows):
        # Where nothing can be written, nothing is sealed; what was, is read all the same.
        with suppress(asyncpg.ReadOnlySQLTransactionError):
            await _make_first(conn, ring.keys, now)
        rows = await store.list_data_keys(conn)
    wrong: list[str] = []
    ring.learn([_known(ring.keys, row, wrong) for row in rows])
    return wrong


async def troubles(conn: Connection, keys: Keys) -> list[str]:
    """What is wrong with keys of the database, for people to read; nothing is written."""
    found: list[str] = []
    for row in await store.list_data_keys(conn):
        _known(keys, row, found)
    return found


async def rotate(
    conn: Connection, keys: Keys, purpose: Purpose, now: datetime, lead: timedelta | None = None
) -> tuple[str, datetime]:
    """Makes the next key of that purpose; gives its id, and since when it is used. KeysWrong where one waits."""
    key_id, secret = _new_key(purpose)
    current_from = now + (lead or LEADS[purpose])
    wrapped = _wrapped(keys, purpose, key_id, secret)
    if not await store.make_next_data_key(conn, key_id, purpose, wrapped, now, current_from):
        raise KeysWrong(f"the next key to {purpose} is waiting for its time already: see `zapis keys list`")
    return key_id, current_from


async def rewrap(conn: Connection, keys: Keys) -> int:
    """Seals all data keys by the last of the settings' keys, and gives how many were not sealed so.

    KeysWrong where one does not open: then none is touched.
    """
    rows = [row for row in await store.list_data_keys(conn) if row["wrapped"] is not None]
    stale = [row for row in rows if row["wrapped_by"] != _newest(keys)]
    opened = [(row, _unwrapped(keys, row)) for row in stale]
    for row, secret in opened:
        wrapped = _wrapped(keys, row["purpose"], row["id"], secret)
        await store.rewrap_data_key(conn, row["id"], wrapped, row["wrapped"])
    return len(opened)


async def revoke(conn: Connection, keys: Keys, key_id: str, now: datetime) -> None:
    """Destroys a key that is not in use. KeysWrong where it may not be: it is, or there is what only it opens."""
    listed = {key.id: key for key in await list_keys(conn, keys, now)}
    key = listed.get(key_id)
    if key is None:
        raise KeysWrong(f"there is no key {key_id}: see `zapis keys list`")
    if key.state == "revoked":
        return
    if key.state == "current":
        raise KeysWrong(f"{key_id} is the key that {key.purpose}s now: `zapis keys rotate` first")
    if key.purpose == "sign":
        await store.revoke_signing_key(conn, key_id, now)
        return
    if key.wrapped_by is None:
        raise KeysWrong(
            f"{key_id} is in the settings: take it out when `zapis keys status` and `list` no longer name it"
        )
    if key.state == "next":
        raise KeysWrong(f"{key_id} may be in use any moment: rotate once more, and revoke it then")
    in_use = next(other for other in listed.values() if (other.purpose, other.state) == ("seal", "current"))
    if in_use.current_from is not None and now < in_use.current_from + RESTS_BEFORE_REVOKED:
        raise KeysWrong(f"{key_id} was in use a moment ago: wait for what was sealed by it and is on its way")
    if not await store.revoke_sealing_key(conn, key_id, now):
        raise KeysWrong(f"there is what {key_id} has sealed: see `zapis keys status`")


async def list_keys(conn: Connection, keys: Keys, now: datetime) -> list[ListedKey]:
    """All keys, those of the settings first."""
    rows = {row["id"]: row for row in await store.list_data_keys(conn)}
    settled: list[tuple[Purpose, str]] = [
        *(("seal", key_id) for key_id in keys.sealing),
        ("sign", SigningKey(keys.signing).id),
    ]
    found: list[ListedKey] = []
    purposes: tuple[Purpose, ...] = ("seal", "sign")
    for purpose in purposes:
        own = [key_id for of, key_id in settled if of == purpose and key_id not in rows]
        turns = [Turn(key_id, _ALWAYS, revoked=False) for key_id in own]
        turns += [_turn(row) for row in rows.values() if row["purpose"] == purpose]
        states = states_of(turns, now)
        found += [
            ListedKey(
                turn.id,
                purpose,
                states[turn.id],
                rows[turn.id]["wrapped_by"] if turn.id in rows else None,
                turn.current_from if turn.id in rows else None,
            )
            for turn in turns
        ]
    return found


async def progress(conn: Connection, keys: Keys, now: datetime) -> list[Progress]:
    """How far the sealing by the current key has come."""
    (current,) = [key.id for key in await list_keys(conn, keys, now) if (key.purpose, key.state) == ("seal", "current")]
    counted: dict[str, dict[str, int]] = {}
    for row in await store.count_sealed(conn):
        column = f"{row['in_table']}.{row['in_column'].removesuffix('_sealed')}"
        counted.setdefault(column, {})[row["key_id"]] = row["sealed"]
    return [Progress(column, by_key.pop(current, 0), by_key) for column, by_key in counted.items()]


async def _make_first(conn: Connection, keys: Keys, now: datetime) -> None:
    key_id, secret = _new_key("seal")
    await store.make_first_data_key(conn, key_id, "seal", *_wrapped(keys, "seal", key_id, secret), now)


def _new_key(purpose: Purpose) -> tuple[str, bytes]:
    if purpose == "sign":
        key = Ed25519PrivateKey.generate()
        return SigningKey(key).id, key.private_bytes_raw()
    return f"d{secrets.token_hex(6)}", secrets.token_bytes(32)


def _newest(keys: Keys) -> str:
    return list(keys.sealing)[-1]


def _wrapped(keys: Keys, purpose: Purpose, key_id: str, secret: bytes) -> tuple[str, bytes]:
    newest = _newest(keys)
    return newest, wrap(AESGCM(keys.sealing[newest]), secret, wrapping_row(purpose, key_id))


def _unwrapped(keys: Keys, row: Record) -> bytes:
    key_id, wrapped_by = row["id"], row["wrapped_by"]
    if wrapped_by not in keys.sealing:
        raise KeysWrong(f"key {key_id} of the database is sealed by {wrapped_by}, which is not among the sealing keys")
    try:
        return unwrap(AESGCM(keys.sealing[wrapped_by]), row["wrapped"], wrapping_row(row["purpose"], key_id))
    except InvalidTag:
        raise KeysWrong(
            f"key {key_id} of the database does not open: {wrapped_by} is not the key that sealed it"
        ) from None


def _known(keys: Keys, row: Record, wrong: list[str]) -> KnownKey:
    secret = None
    if row["wrapped"] is not None:
        try:
            secret = _unwrapped(keys, row)
        except KeysWrong as error:
            wrong.append(str(error))
    return KnownKey(
        row["id"], cast(Purpose, row["purpose"]), secret, row["current_from"], revoked=row["revoked_at"] is not None
    )


def _turn(row: Record) -> Turn:
    return Turn(row["id"], row["current_from"], revoked=row["revoked_at"] is not None)
