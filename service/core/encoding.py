"""Bodies under gzip, for whoever can unpack them: a page of free times is a tenth of it then, and phones are slow."""

import zlib
from functools import lru_cache

# A shorter body fits into one packet of the network either way.
_LEAST_BYTES = 1400
# The quickest: one that is thorough saves a tenth more and takes three times as long.
_LEVEL = 1
_GZIP = 31


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether whoever sent this header takes gzip (RFC 9110, 12.5.3); where it is malformed, no."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(",")[:20]:
        name, _, parameter = (part.strip() for part in item.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weights[name] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def pack(body: bytes) -> bytes | None:
    """The same under gzip, equal bytes for equal ones; None where it is not worth it."""
    if len(body) < _LEAST_BYTES:
        return None
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return packer.compress(body) + packer.flush()
