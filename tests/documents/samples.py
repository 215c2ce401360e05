"""Files as parents have them, made by hand: small, whole, and of any size that is asked for."""

import random
import struct
import zlib

MIB = 1024 * 1024


def noise(size: int, seed: int = 1) -> bytes:
    """The same for the same seed; nothing in it looks like a marker of any format."""
    return random.Random(seed).randbytes(size).translate(bytes([*range(255), 0]))


def pdf(size: int = 600, seed: int = 1) -> bytes:
    """A page of noise: `size` bytes, at least 500."""
    page = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    page.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>")
    # What is not noise is as long whatever it says of lengths and places, if those have as many digits.
    around = len(pdf_of([*page, pdf_stream(b"", length=10**7)], at=10**7))
    return pdf_of([*page, pdf_stream(noise(size - around, seed), length=size - around)])


def pdf_stream(data: bytes, more: bytes = b"", length: int | None = None) -> bytes:
    return b"<</Length %08d%b>>stream\n%b\nendstream" % (len(data) if length is None else length, more, data)


def pdf_of(objects: list[bytes], more: bytes = b"", at: int | None = None) -> bytes:
    """A file of these objects, from 1 on, of which the first is the catalog; `more` is in the trailer."""
    written, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), [b"0000000000 65535 f \n"]
    for number, one in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    start = len(written) if at is None else at
    table = b"xref\n0 %d\n%b" % (len(places), b"".join(places))
    trailer = b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%08d\n%%%%EOF\n" % (len(places), more, start)
    return bytes(written) + table + trailer


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def ihdr(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(width: int = 2, height: int = 2, seed: int = 1, size: int = 40) -> bytes:
    text = _chunk(b"tEXt", b"Comment\0" + noise(size, seed).hex().encode())
    pixels = _chunk(b"IDAT", zlib.compress(bytes(2 * 7)))
    return b"\x89PNG\r\n\x1a\n" + ihdr(width, height) + text + pixels + _chunk(b"IEND", b"")


def _segment(code: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(data) + 2) + data


def jpeg(width: int = 16, height: int = 16, seed: int = 1, size: int = 400) -> bytes:
    """With a preview in its head, as cameras make them, restarts, and a second scan."""
    exif = _segment(0xE1, b"Exif\0\0" + b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\xff\xd9")
    frame = _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    data = noise(size, seed)
    return (
        b"\xff\xd8" + exif + _segment(0xDB, bytes(65)) + frame + b"\xff" + _segment(0xC4, bytes(20)) + scan
        + data + b"\xff\x00\xff\xd0" + data[:9] + scan + data[:9] + b"\xff\xd9"
    )  # fmt: skip


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, name) + data


def heic(width: int = 4032, height: int = 3024, seed: int = 1, size: int = 400) -> bytes:
    sizes = _box(b"ispe", struct.pack(">III", 0, 512, 512)) + _box(b"ispe", struct.pack(">III", 0, width, height))
    properties = _box(b"iprp", _box(b"ipco", _box(b"hvcC", bytes(30)) + sizes) + _box(b"ipma", bytes(12)))
    meta = _box(b"meta", bytes(4) + _box(b"hdlr", bytes(25)) + _box(b"pitm", bytes(6)) + properties)
    ftyp = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    large = struct.pack(">I4sQ", 1, b"mdat", size + 16) + noise(size, seed)
    return ftyp + meta + _box(b"free", b"") + large


WHOLE = {"application/pdf": pdf(), "image/png": png(), "image/jpeg": jpeg(), "image/heic": heic()}
