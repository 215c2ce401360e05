"""Whether a PDF does more than show itself. Runs by itself, in a process that can be ended and holds no secret.

It is a program: files come on its standard input, one after the other, each behind its length (8 bytes); a byte of
Verdict goes back for each. Each is judged in a fork, which has some seconds and some memory and writes nothing. The
program imports nothing of the service, and nobody but this program imports pypdf.

Two looks, for a reader of PDF may find what another does not: at the objects, as pypdf reads them, with all filters;
and at the bytes, with every object stream unpacked, whether anything refers to it or not.
"""

import os
import re
import resource
import signal
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from enum import IntEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pypdf import PdfReader

_CPU_SECONDS = 3
# Of the clock: a machine that is busy gives the file less than that.
_SECONDS = 60
_MEMORY_BYTES = 512 * 1024 * 1024
_MEMORY_FACTOR = 8
_NOTHING = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R/Size 2>>\n"
_LENGTH = struct.Struct(">Q")
# Objects, and what is unpacked of object streams: no certificate has so many.
_MOST_OBJECTS = 200_000
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_DEPTH = 60

# What an action, an annotation or a file specification is called that does more than show (ISO 32000-2, 12.6 and
# 13): runs, opens or fetches something, sends a form, brings files along. Links to web pages (URI) are ordinary.
_ACTIVE_NAMES = frozenset({
    "JavaScript", "Launch", "ImportData", "SubmitForm", "GoToE", "GoToR", "Rendition", "Movie", "Sound", "RichMedia",
    "RichMediaExecute", "GoTo3DView", "3D", "Screen", "FileAttachment", "EmbeddedFile",
})  # fmt: skip
_NAMED_IN = ("/S", "/Type", "/Subtype")
# Where these stand, there is a script, a file, or a form of the kind that runs scripts.
_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"})


class Verdict(IntEnum):
    harmless = 0
    active = 1
    locked = 2
    broken = 3
    # It takes more time or memory than there is for one file.
    too_much = 4
    # The machine is too busy to say.
    unknown = 5


class _Found(Exception):
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.name)
        self.verdict = verdict


def judge(content: bytes) -> Verdict:
    """Of a whole file. Takes what time and memory it takes."""
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415 - see above

    try:
        _look_at_bytes(content)
        _look_at_objects(content)
    except _Found as found:
        return found.verdict
    except (MemoryError, RecursionError, LimitReachedError):
        return Verdict.too_much
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError, AssertionError):
        # What a parser says of nonsense.
        return Verdict.broken
    return Verdict.harmless


# The objects ------------------------------------------------------------------------------------------------------


def _look_at_objects(content: bytes) -> None:
    from pypdf import PdfReader  # noqa: PLC0415 - see above

    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        raise _Found(Verdict.locked)
    if not reader.root_object.get("/Pages"):
        raise _Found(Verdict.broken)
    _look_into(reader.trailer, 0)
    for one in _objects(reader):
        _look_into(one, 0)


def _objects(reader: "PdfReader") -> Iterator[Any]:
    from pypdf.errors import PdfReadError  # noqa: PLC0415 - see above
    from pypdf.generic import IndirectObject  # noqa: PLC0415

    found = {(number, generation) for generation, table in reader.xref.items() for number in table}
    found |= {(number, 0) for number in reader.xref_objStm}
    if len(found) > _MOST_OBJECTS:
        raise _Found(Verdict.too_much)
    for number, generation in sorted(found):
        try:
            yield reader.get_object(IndirectObject(number, generation, reader))
        except PdfReadError:
            # Tables of real files name objects that are not there. What stands in plain text the other look sees.
            if number in reader.xref_objStm:
                raise


def _look_into(one: Any, depth: int) -> None:
    """Without following references: what they lead to has its own turn."""
    if depth > _MOST_DEPTH:
        raise _Found(Verdict.too_much)
    inside: Iterable[Any] = ()
    if isinstance(one, dict):
        named = cast("dict[str, Any]", one)
        if _ACTIVE_KEYS & named.keys() or any(_name(named, key) in _ACTIVE_NAMES for key in _NAMED_IN if key in named):
            raise _Found(Verdict.active)
        # A stream whose data are in a file elsewhere.
        if "/F" in named and hasattr(named, "get_data"):
            raise _Found(Verdict.active)
        inside = named.values()
    elif isinstance(one, list):
        inside = cast("list[Any]", one)
    for value in inside:
        _look_into(value, depth + 1)


def _name(one: "dict[str, Any]", key: str) -> str:
    """The value, also where it is a reference to it."""
    return str(one[key]).removeprefix("/")


# The bytes --------------------------------------------------------------------------------------------------------


def _spelt(name: str) -> bytes:
    """A name as a pattern: each letter may stand there as # and its number."""
    return b"".join(
        b"(?:%b|#%b)" % (re.escape(letter).encode(), b"".join(_either(digit) for digit in f"{ord(letter):02x}"))
        for letter in name
    )


def _either(digit: str) -> bytes:
    return f"[{digit.lower()}{digit.upper()}]".encode() if digit.isalpha() else digit.encode()


# Long enough that no picture has one by chance; a link may end in one of these words behind a slash, hence no letter.
_LOUD = (
    "JavaScript", "Launch", "ImportData", "SubmitForm", "GoToE", "GoToR", "RichMedia", "EmbeddedFile", "EmbeddedFiles",
    "Rendition",
)  # fmt: skip
_END = rb"(?=[\s\0/<>\[\](){}%]|\Z)"
_ACTIVE_BYTES = re.compile(
    rb"/(?:(?:(?<![A-Za-z0-9._-]/)|(?<=/S/)|(?<=/Type/)|(?<=/Subtype/))(?:" + b"|".join(map(_spelt, _LOUD))
    + rb")" + _END
    + rb"|" + _spelt("XFA") + rb"[\s\0]*(?:\[|\d+[\s\0]+\d+[\s\0]+R))"
)  # fmt: skip
_LOCKED_BYTES = re.compile(rb"/" + _spelt("Encrypt") + rb"[\s\0]*(?:<<|\d+[\s\0]+\d+[\s\0]+R)")
_STREAM = re.compile(rb"stream[ \t]*(?:\r\n|\n|\r)")
# An object stream begins with pairs of numbers: of an object, and of where it stands.
_PAIRS = re.compile(rb"[\s\0]*\d+[\s\0]+\d+[\s\0]")
_BEGINNING, _STEP = 64, 16 * 1024


def _look_at_bytes(content: bytes) -> None:
    _read(content)
    left = _MOST_UNPACKED
    for begin in (found.end() for found in _STREAM.finditer(content)):
        if not _PAIRS.match(_unpacked(content, begin, _BEGINNING)):
            continue
        inner = _unpacked(content, begin, left + 1)
        left -= len(inner)
        if left < 0:
            raise _Found(Verdict.too_much)
        _read(inner)


def _read(text: bytes) -> None:
    if _LOCKED_BYTES.search(text):
        raise _Found(Verdict.locked)
    if _ACTIVE_BYTES.search(text):
        raise _Found(Verdict.active)


def _unpacked(content: bytes, begin: int, most: int) -> bytes:
    """As much as can be; nothing, where it is not packed so."""
    unpacker, unpacked = zlib.decompressobj(), bytearray()
    try:
        # In steps: it keeps a copy of what it was given and did not need.
        for at in range(begin, len(content), min(_STEP, most)):
            unpacked += unpacker.decompress(content[at : at + min(_STEP, most)], most - len(unpacked))
            if unpacker.eof or len(unpacked) >= most:
                break
    except zlib.error:
        pass
    return bytes(unpacked)


# The program ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Until nobody sends more."""
    # Once, for all forks: what is imported with the first file too.
    judge(_NOTHING)
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        (size,) = _LENGTH.unpack(head)
        content = sys.stdin.buffer.read(size)
        if len(content) < size:
            return
        sys.stdout.buffer.write(bytes([_judged_apart(content)]))
        sys.stdout.buffer.flush()


def _judged_apart(content: bytes) -> Verdict:
    child = os.fork()
    if child == 0:
        verdict = Verdict.too_much
        try:
            _limit(len(content))
            verdict = judge(content)
        finally:
            os._exit(verdict)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) < len(Verdict):
        return Verdict(os.WEXITSTATUS(status))
    ended_by_clock = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    return Verdict.unknown if ended_by_clock else Verdict.too_much


def _limit(size: int) -> None:
    """Time and memory; and from here on nothing is written."""
    signal.alarm(_SECONDS)
    limits = {
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_AS: _MEMORY_BYTES + _MEMORY_FACTOR * size,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for limit, most in limits.items():
        try:
            resource.setrlimit(limit, (most, most))
        except ValueError:
            # A system that has no such limit, or one that is closer already.
            continue


if __name__ == "__main__":
    main()
