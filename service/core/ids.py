"""Ids made by the application: UUIDv7 for rows, short numbers for people."""

import secrets
from hashlib import blake2b
from uuid import UUID

import uuid_utils.compat

# Crockford's base32: no letter that is taken for a digit when it is read out at a desk.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MARK_BYTES = 2
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def new_id() -> UUID:
    """A UUIDv7: ids made later sort later, so indexes grow at one end."""
    return uuid_utils.compat.uuid7()


def new_id_at(institution_id: UUID) -> UUID:
    """The same for what is an institution's: it ends in its mark."""
    return UUID(bytes=new_id().bytes[:-_MARK_BYTES] + mark_of(institution_id))


def mark_of(institution_id: UUID) -> bytes:
    """Two bytes that few other institutions of a region have: enough to count by."""
    return blake2b(institution_id.bytes, digest_size=_MARK_BYTES).digest()


def marked(place_id: UUID) -> bytes:
    """The mark of the institution whose it is, known without asking the database; of older ids, any other."""
    return place_id.bytes[-_MARK_BYTES:]


def new_number() -> str:
    """A number to read out, such as 7K2M-9QXT: 40 random bits, so that nobody counts a clinic's patients by it."""
    digits = eight_digits(secrets.randbits(40))
    return f"{digits[:4]}-{digits[4:]}"


def eight_digits(bits: int) -> str:
    """The lowest 40 bits in Crockford's base32."""
    return digits_of(bits, 8)


def digits_of(bits: int, count: int) -> str:
    """The lowest bits, five a digit, in Crockford's base32."""
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(5 * (count - 1), -1, -5))


def read_digits(text: str) -> str:
    """What somebody wrote down of such digits, as they were: in capitals, without spaces and hyphens, 1 for I and L."""
    return text.upper().translate(_READ_AS)
