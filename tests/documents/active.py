"""PDFs that do more than show themselves, written in all the ways in which that can be written."""

import zlib
from base64 import a85encode

from tests.documents.samples import pdf_of, pdf_stream

PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]%b>>"


def acting(action: bytes, *others: bytes) -> bytes:
    """A file whose catalog has something more in it; `others` are objects from 4 on."""
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R%b>>" % action, PAGES, PAGE % b"", *others])


def on_page(entries: bytes, *others: bytes) -> bytes:
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", PAGES, PAGE % entries, *others])


def packed(objects: dict[int, bytes], filters: bytes = b"/FlateDecode", type_: bytes = b"/Type/ObjStm") -> bytes:
    """An object stream with these in it."""
    pairs, body = b"", b""
    for number, one in objects.items():
        pairs += b"%d %d " % (number, len(body))
        body += one + b"\n"
    data = zlib.compress(pairs + body)
    if b"ASCII85" in filters:
        data = a85encode(data) + b"~>"
    return pdf_stream(data, b"%b/N %d/First %d/Filter%b" % (type_, len(objects), len(pairs), filters))


def referring(inner: dict[int, bytes], filters: bytes = b"/FlateDecode") -> bytes:
    """A file with a stream for a table, as newer programs write them: the catalog and what it names are packed."""
    written = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    last = max(inner) + 1
    places = {last: len(written)}
    written += b"%d 0 obj\n%b\nendobj\n" % (last, packed(inner, filters))
    start = len(written)
    rows = [b"\0\0\0\0\0\0"]
    for number in range(1, last):
        at = list(inner).index(number)
        rows.append(b"\2" + last.to_bytes(4, "big") + bytes([at]))
    rows.append(b"\1" + places[last].to_bytes(4, "big") + b"\0")
    rows.append(b"\1" + start.to_bytes(4, "big") + b"\0")
    table = zlib.compress(b"".join(rows))
    more = b"/Type/XRef/W[1 4 1]/Size %d/Root 1 0 R/Filter/FlateDecode" % len(rows)
    written += b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last + 1, pdf_stream(table, more), start)
    return bytes(written)


CATALOG = b"<</Type/Catalog/Pages 2 0 R%b>>"
SCRIPT = b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
PACKED = {1: CATALOG % b"", 2: PAGES, 3: PAGE % b""}

ACTIVE = {
    "a script when it is opened": acting(SCRIPT),
    "the same elsewhere": acting(b"/OpenAction 4 0 R", b"<</S/JavaScript/JS 5 0 R>>", b"(app.alert\\(1\\))"),
    "a name with numbers in it": acting(b"/OpenAction<</S/J#61vaScr#69pt/J#53(x)>>"),
    "every letter a number": acting(b"/OpenAction<</#53/#4a#61#76#61#53#63#72#69#70#74/#4A#53(x)>>"),
    "a name that is referred to": acting(b"/OpenAction<</S 4 0 R/Next 5 0 R>>", b"/Launch", b"null"),
    "scripts by name": acting(b"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>"),
    "a script of a page": on_page(b"/AA<</O<</S/JavaScript/JS(x)>>>>"),
    "a script of a button": on_page(b"/Annots[4 0 R]", b"<</Subtype/Widget/FT/Btn/A<</S/JavaScript/JS(x)>>>>"),
    "a command": acting(b"/OpenAction<</S/Launch/F(cmd.exe)>>"),
    "a command behind a link": on_page(b"/Annots[<</Subtype/Link/A<</S/Launch/Win<</F(a.exe)>>>>>>]"),
    "a file of another machine": on_page(b"/Annots[<</Subtype/Link/A<</S/GoToR/F(\\\\\\\\host\\\\a.pdf)/D[0]>>>>]"),
    "a form that is sent": on_page(b"/Annots[<</Subtype/Widget/A<</S/SubmitForm/F(http://a)>>>>]"),
    "data that are fetched": acting(b"/OpenAction<</S/ImportData/F(a.fdf)>>"),
    "a file within": acting(
        b"/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>", b"<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>",
        pdf_stream(b"MZ", b"/Type/EmbeddedFile"),
    ),
    "a file pinned to a page": on_page(
        b"/Annots[<</Subtype/FileAttachment/FS<</EF<</F 4 0 R>>>>>>]", pdf_stream(b"MZ")
    ),
    "media": on_page(b"/Annots[<</Subtype/RichMedia/RichMediaContent<<>>>>]"),
    "a film": on_page(b"/Annots[<</Subtype/Screen/A<</S/Rendition/OP 0>>>>]"),
    "a form of XML": acting(b"/AcroForm<</Fields[]/XFA[(template)4 0 R]>>", pdf_stream(b"<xdp/>")),
    "one form of XML": acting(b"/AcroForm<</Fields[]/XFA 4 0 R>>", pdf_stream(b"<xdp/>")),
    "data in a file elsewhere": on_page(b"/Contents 4 0 R", pdf_stream(b"", b"/F(\\\\\\\\host\\\\a)")),
    "a script that is packed": referring(PACKED | {1: CATALOG % SCRIPT}),
    "packed twice": referring(PACKED | {1: CATALOG % SCRIPT}, b"[/ASCII85Decode/FlateDecode]"),
    "a packed object that nothing names": pdf_of([
        CATALOG % b"", PAGES, PAGE % b"", packed({9: b"<</S/JavaScript/JS(x)>>"}),
    ]),
    "a packed object of a stream that has no type": pdf_of([
        CATALOG % b"", PAGES, PAGE % b"", packed({9: b"<</S/Launch/F(x)>>"}, type_=b""),
    ]),
    "an object that no table names": acting(b"").replace(
        b"xref\n0", b"9 0 obj\n<</S/JavaScript/JS(app.alert\\(1\\))>>\nendobj\nxref\n0", 1
    ),
    "behind comments": acting(b"/OpenAction<</S %nothing\n/JavaScript %nothing\n/JS(x)>>"),
}  # fmt: skip
LOCKED = {
    "a password": pdf_of(
        [CATALOG % b"", PAGES, PAGE % b"", b"<</Filter/Standard/V 2/R 3/Length 128/P -44/O<" + b"00" * 32 + b">/U<"
         + b"00" * 32 + b">>>"],
        b"/Encrypt 4 0 R/ID[<00><00>]",
    ),
}  # fmt: skip
HARMLESS = {
    "a page": acting(b""),
    "packed": referring(PACKED),
    "packed twice": referring(PACKED, b"[/ASCII85Decode/FlateDecode]"),
    "a link": on_page(b"/Annots[<</Subtype/Link/A<</S/URI/URI(https://example.ru/JavaScript)>>>>]"),
    "a place to begin at": acting(b"/OpenAction[3 0 R/Fit]/PageLabels<</Nums[0<</S/D>>]>>"),
    "a form": acting(b"/AcroForm<</Fields[4 0 R]>>", b"<</FT/Tx/T(name)/V(\xc2)/Subtype/Widget/F 4>>"),
    "a signature": acting(
        b"/AcroForm<</Fields[4 0 R]/SigFlags 3>>",
        b"<</FT/Sig/T(s)/V<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Contents<00>>>>>",
    ),
    "words": on_page(b"/Contents 4 0 R", pdf_stream(b"BT (Launch JavaScript XFA) Tj ET")),
    "packed words": on_page(
        b"/Contents 4 0 R", pdf_stream(zlib.compress(b"1 0 0 1 0 0 cm BT (Launch) Tj ET"), b"/Filter/FlateDecode")
    ),
    "a table that names too much": acting(b"").replace(b"0000000000 65535 f", b"0000009999 00000 n", 1),
}
NESTED = acting(b"/Deep" + b"[" * 5000 + b"]" * 5000)
# A kilobyte a megabyte; and numbers, so that it is taken for objects.
BOMB = pdf_of([CATALOG % b"", PAGES, PAGE % b"", packed({9: b"1 " * (40 * 1024 * 1024)})])


def endless() -> bytes:
    """A table in which every place is wrong: readers go through the whole file for each."""
    whole = pdf_of([CATALOG % b"", PAGES, PAGE % b"", pdf_stream(bytes(1024 * 1024))])
    head, tail = whole.split(b"xref\n0 5\n")
    return head + b"xref\n0 5\n" + tail[: 5 * 20] + b"5 50000\n" + b"0000000009 00000 n \n" * 50_000 + tail[5 * 20 :]
