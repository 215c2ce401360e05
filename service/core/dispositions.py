"""The name of a file that is the body of a request: Content-Disposition (RFC 6266), its names as in RFC 8187."""

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from schemas import problems
from schemas.problems import FieldError
from service.core.errors import DomainError

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[ !\x23-\x5b\x5d-\x7e]|\\[ -~])*"'
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?P<name>{_WORD})[ \t]*=[ \t]*(?P<value>{_WORD}|{_QUOTED})")
_BEGIN = re.compile(r"[ \t]*attachment(?=[ \t;]|\Z)", re.IGNORECASE)
_EXTENDED = re.compile(r"UTF-8'[A-Za-z0-9-]*'((?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-Fa-f]{2})+)", re.IGNORECASE)
_WRONG = "not as in RFC 6266: attachment; filename*=UTF-8''%D0%9A.pdf"


def file_name_of(headers: Sequence[str]) -> str | None:
    """The name that the headers of a request give its body; None: they give none. `filename*` goes before `filename`.

    Refuses what is malformed, or comes twice: one reader would take one name and another the other.
    """
    if not headers:
        return None
    parameters = _parameters(headers[0]) if len(headers) == 1 else None
    if parameters is None:
        raise _refused()
    extended, plain = parameters.get("filename*"), parameters.get("filename")
    if extended is not None:
        return _decoded(extended)
    if plain is not None and plain.startswith('"'):
        return re.sub(r"\\(.)", r"\1", plain[1:-1])
    return plain


def _parameters(header: str) -> dict[str, str] | None:
    """By their names in small letters; None: the header is malformed."""
    begin = _BEGIN.match(header)
    if begin is None:
        return None
    found: dict[str, str] = {}
    at = begin.end()
    while parameter := _PARAMETER.match(header, at):
        name = parameter["name"].lower()
        if name in found:
            return None
        found[name] = parameter["value"]
        at = parameter.end()
    return found if not header[at:].strip(" \t") else None


def _decoded(value: str) -> str:
    extended = _EXTENDED.fullmatch(value)
    if extended is None:
        raise _refused()
    try:
        return unquote_to_bytes(extended[1]).decode()
    except UnicodeDecodeError:
        raise _refused() from None


def _refused() -> DomainError:
    error = FieldError(place="header", pointer="/Content-Disposition", message=_WRONG)
    return DomainError(problems.INVALID, errors=[error])
