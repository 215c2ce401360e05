"""What opens something can't be guessed: it is of the system's chance, or of an HMAC under a key that was."""

import re
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import asyncpg

from service.core.ids import eight_digits, new_id, new_number, read_digits
from service.core.sealing import Sealer
from service.institutions.rules import page_code
from service.launch.clients import create_by_hand
from service.launch.refresh import RefreshToken
from service.registers.rules import code_of
from tests.live import Live

MANY = 4000
# A bit is 1 as often as not, within six times what chance lets it be off by: once in a thousand million runs.
_OFF = 6 * (MANY**0.5) / 2
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def assert_any(values: Iterable[int], bits: int) -> None:
    """Every bit of them is as good as tossed, and no two are alike."""
    given = list(values)
    assert len(given) == len(set(given)) == MANY
    assert max(given) < 1 << bits
    for bit in range(bits):
        ones = sum(value >> bit & 1 for value in given)
        assert abs(ones - MANY / 2) < _OFF, bit


def number(code: str) -> int:
    made = 0
    for digit in read_digits(code):
        made = made << 5 | _DIGITS.index(digit)
    return made


def test_a_refresh_token_and_its_successor_have_256_bits() -> None:
    sealer = Sealer({"k1": b"1" * 32}, b"h" * 32)
    tokens = [RefreshToken.new(42, UUID(int=0)) for _ in range(MANY)]
    assert {len(token.secret) for token in tokens} == {32}
    assert_any((int.from_bytes(token.secret) for token in tokens), 256)
    successors = [token.successor(sealer) for token in tokens]
    assert {len(token.secret) for token in successors} == {32}
    assert_any((int.from_bytes(token.secret) for token in successors), 256)


def test_a_code_has_all_of_its_bits_though_ids_follow_one_another() -> None:
    """40 bits of eight digits, 60 of a page's. That no code is made otherwise, tests/contract/test_source.py holds."""
    ids = [str(new_id()) for _ in range(MANY)]
    sealer, other = Sealer({"k1": b"1" * 32}, b"h" * 32), Sealer({"k1": b"1" * 32}, b"i" * 32)
    hashes = [sealer.hash("identity_code", one) for one in ids]
    assert_any((number(eight_digits(int.from_bytes(made))) for made in hashes), 40)
    assert_any((number(code_of(made)) for made in hashes), 40)
    assert_any((number(page_code(sealer, 42, one)[3:]) for one in ids), 60)
    assert_any((number(new_number()) for _ in range(MANY)), 40)
    assert page_code(sealer, 42, ids[0]) == page_code(sealer, 42, ids[0]) != page_code(other, 42, ids[0])


def test_a_systems_secret_has_256_bits(live: Live) -> None:
    async def make() -> list[str]:
        connection = await asyncpg.connect(live.dsn)
        try:
            made = [await create_by_hand(connection, 42, None, "a", [], live.clock) for _ in range(20)]
        finally:
            await connection.close()
        return [secret for _, secret in made]

    secrets = live.run(make())
    assert len(set(secrets)) == 20
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    assert max(Counter("".join(secrets)).values()) < 60
