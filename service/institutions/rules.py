"""Codes of invitations: made of what is known already, so that none is kept, and read as people write them."""

from service.core.ids import digits_of, read_digits
from service.core.sealing import Sealer

# Sixty bits: nobody comes upon one by chance, and whoever tries is counted, too.
_DIGITS = 12


def page_code(sealer: Sealer, region_id: int, *made_of: str) -> str:
    """The code of an invitation, made anew by whoever has the service's key. It begins with its region."""
    digits = digits_of(int.from_bytes(sealer.hash("page's code", *made_of)), _DIGITS)
    return "-".join((f"{region_id:02d}", *(digits[place : place + 4] for place in range(0, _DIGITS, 4))))


def region_of(code: str) -> int:
    """Which region a code is of: there may be no such region."""
    return int(read_digits(code)[:2])


def claim_hash(sealer: Sealer, code: str) -> bytes:
    """What is kept of a code, however somebody wrote it."""
    return sealer.hash("page's code, given", read_digits(code))
