"""Ids made by the application: UUIDv7 for rows, short numbers for people."""

import secrets
from uuid import UUID

import uuid_utils.compat

# Crockford's base32: no letter that is taken for a digit when it is read out at a desk.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> UUID:
    """A UUIDv7: ids made later sort later, so indexes grow at one end."""
    return uuid_utils.compat.uuid7()


def new_number() -> str:
    """A number to read out, such as 7K2M-9QXT: 40 random bits, so that nobody counts a clinic's patients by it."""
    bits = secrets.randbits(40)
    digits = "".join(_ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"{digits[:4]}-{digits[4:]}"
