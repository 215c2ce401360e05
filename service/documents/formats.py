"""What a file is, by its bytes alone: its type, and whether it is whole and harmless to whoever looks at it.

A file is read once, in pieces of any size, and nothing of it is kept but a few bytes: each format is a generator that
says what it wants to see next.
"""

import re
import struct
import zlib
from collections.abc import Generator
from typing import NamedTuple

from schemas import problems
from schemas.documents import MediaType
from schemas.problems import Refusal

# Twice what the best telephones make. A viewer would need 400 MB for more.
MOST_PIXELS = 100_000_000
# More parts than any real file has: they cost a viewer more than its size does.
_MOST_STEPS = 100_000
_HEAD_BYTES, _TAIL_BYTES = 1024, 1024
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# The next marker in the compressed data of a JPEG: neither a stuffed byte nor one of restart.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
# Boxes of a HEIC whose content is boxes, and how many bytes come before them.
_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}


class Refused(Exception):
    """The file is not taken."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class _Skip(NamedTuple):
    bytes: int


class _OrEnd(NamedTuple):
    bytes: int


# So many bytes; the same, or the end of the file; so many passed over; all up to and with what the pattern (of two
# bytes) finds. A parser that returns says whether more may follow.
_Wish = int | _OrEnd | _Skip | re.Pattern[bytes]
_Parser = Generator[_Wish, bytes, bool]


def media_type_of(head: bytes) -> MediaType | None:
    """By the first twelve bytes; None: nothing that is taken."""
    if re.match(rb"%PDF-[12]\.", head):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(_PNG):
        return "image/png"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return "image/heic"
    return None


class Examination:
    """Of one file, fed in pieces. Raises Refused as soon as it is plain that the file can't be taken."""

    def __init__(self) -> None:
        self.media_type: MediaType | None = None
        self.size_bytes = 0
        self._head = b""
        self._tail = b""
        self._parser: _Parser | None = None
        self._wants: _Wish | None = None
        # What has come and was not looked at yet: of `pending` the part from `at` on.
        self._pending, self._at = b"", 0
        self._steps = 0
        self._more_may_follow = True

    def feed(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        self._tail = (self._tail + piece[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        if len(self._head) < _HEAD_BYTES:
            self._head += piece[: _HEAD_BYTES - len(self._head)]
        self._pending, self._at = self._pending[self._at :] + piece, 0
        if self.media_type is None and self.size_bytes >= 12:  # noqa: PLR2004 - what media_type_of() looks at
            self._recognise()
        if self.media_type is not None:
            self._go_on()

    def finish(self) -> MediaType:
        """The type of the file, which is whole."""
        if self.media_type is None:
            raise Refused(problems.DOCUMENT_TYPE_REFUSED)
        if self._wants is not None and not (isinstance(self._wants, _OrEnd) and self._at == len(self._pending)):
            raise Refused(problems.DOCUMENT_BROKEN)
        if self.media_type == "application/pdf" and not re.search(rb"startxref\s+\d+\s+%%EOF[\s\0]*\Z", self._tail):
            raise Refused(problems.DOCUMENT_BROKEN)
        # Another file in it: readers of PDF look for its head in the first 1024 bytes, those of ZIP and JAR at the end.
        another = self.media_type != "application/pdf" and b"%PDF-" in self._head
        if another or b"PK\x05\x06" in self._tail:
            raise Refused(problems.DOCUMENT_BROKEN)
        return self.media_type

    def _recognise(self) -> None:
        self.media_type = media_type_of(self._head)
        if self.media_type is None:
            raise Refused(problems.DOCUMENT_TYPE_REFUSED)
        parsers = {"image/png": _png, "image/jpeg": _jpeg, "image/heic": _heic}
        if self.media_type in parsers:
            self._parser = parsers[self.media_type]()
            self._wants = next(self._parser)

    def _go_on(self) -> None:
        while self._wants is not None and (found := self._taken(self._wants)) is not None:
            assert self._parser is not None
            self._steps += 1
            _sound(self._steps <= _MOST_STEPS)
            try:
                self._wants = self._parser.send(found)
            except StopIteration as stop:
                self._wants, self._more_may_follow = None, stop.value
        if self._wants is None:
            _sound(self._more_may_follow or self._at == len(self._pending))
            self._at = len(self._pending)

    def _taken(self, wants: _Wish) -> bytes | None:
        """What is wanted next, taken off what has come; None: it has not come yet."""
        begin, left = self._at, len(self._pending) - self._at
        if isinstance(wants, re.Pattern):
            found = wants.search(self._pending, begin)
            # The first byte of what is looked for may be the last that has come.
            self._at = found.end() if found else max(begin, len(self._pending) - 1)
            return found[0] if found else None
        size = wants if isinstance(wants, int) else wants.bytes
        if isinstance(wants, _Skip):
            self._at += min(size, left)
            if left < size:
                self._wants = _Skip(size - left)
            return b"" if left >= size else None
        if left < size:
            return None
        self._at += size
        return self._pending[begin : self._at]


def _sized(width: int, height: int) -> None:
    if width == 0 or height == 0:
        raise Refused(problems.DOCUMENT_BROKEN)
    if width * height > MOST_PIXELS:
        raise Refused(problems.DOCUMENT_TOO_MANY_PIXELS)


def _sound(condition: bool) -> None:
    if not condition:
        raise Refused(problems.DOCUMENT_BROKEN)


def _png() -> _Parser:
    """PNG (W3C, third edition): chunks from IHDR to IEND, and nothing behind it."""
    head = yield len(_PNG) + 8 + 13 + 4
    size, name = struct.unpack_from(">I4s", head, 8)
    _sound(size == 13 and name == b"IHDR")  # noqa: PLR2004 - the one size that IHDR has
    _sound(zlib.crc32(head[12:29]) == int.from_bytes(head[29:], "big"))
    width, height, depth, colour, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", head, 16)
    _sized(width, height)
    _sound(depth in _PNG_DEPTHS.get(colour, ()) and (compression, filtering) == (0, 0) and interlace in (0, 1))
    has_pixels = False
    while True:
        size, name = struct.unpack(">I4s", (yield 8))
        _sound(size < 1 << 31 and name.isalpha() and name != b"IHDR")
        has_pixels = has_pixels or (name == b"IDAT" and size > 0)
        if name == b"IEND":
            _sound(size == 0 and has_pixels and (yield 4) == b"\xae\x42\x60\x82")
            return False
        yield _Skip(size + 4)


def _jpeg() -> _Parser:
    """JPEG (ITU T.81): markers from SOI to EOI. Behind it telephones keep previews and short films."""
    yield 2
    framed = scanned = False
    marker = yield 2
    while True:
        _sound(marker[0] == 0xFF)  # noqa: PLR2004
        code = marker[1]
        while code == 0xFF:  # noqa: PLR2004 - fill bytes
            code = (yield 1)[0]
        if code == _EOI:
            _sound(framed and scanned)
            return True
        _sound(code not in (0, _SOI))
        (size,) = struct.unpack(">H", (yield 2))
        _sound(size >= 2)  # noqa: PLR2004 - it counts itself
        if code in _JPEG_FRAMES:
            _sound(size >= 8 and not framed)  # noqa: PLR2004
            height, width = struct.unpack(">xHH", (yield 5))
            # A height of 0 is told after the first scan: nobody's camera does that, and it hides the size.
            _sized(width, height)
            framed, size = True, size - 5
        yield _Skip(size - 2)
        if code == _SOS:
            _sound(framed)
            scanned = True
            marker = yield _JPEG_MARKER
        else:
            marker = yield 2


def _heic() -> _Parser:
    """HEIF (ISO/IEC 23008-12): boxes, of which `ispe` tells the size of an image. It ends where a box ends."""
    position = end = 0
    seen: set[bytes] = set()
    while True:
        whole = position == end and seen >= {b"meta", b"mdat", b"ispe"}
        size, name = struct.unpack(">I4s", (yield _OrEnd(8) if whole else 8))
        begin, position = position, position + 8
        seen.add(name)
        if size == 0 and begin == end:
            # The last one, up to the end of the file.
            _sound(seen >= {b"meta", b"mdat", b"ispe"})
            return True
        if size == 1:
            size, position = int.from_bytes((yield 8), "big"), position + 8
        if begin == end:
            end = begin + size
        _sound(position - begin <= size <= end - begin)
        if name in _CONTAINERS:
            yield _Skip(_CONTAINERS[name])
            position += _CONTAINERS[name]
            continue
        if name == b"ispe":
            _sound(size >= 20)  # noqa: PLR2004
            _sized(*struct.unpack(">4xII", (yield 12)))
            position += 12
        yield _Skip(begin + size - position)
        position = begin + size
