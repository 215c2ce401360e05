"""Documents come: what is taken, what is refused, and that a refusal leaves nothing behind. Over real HTTP."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from service.core.ids import new_id
from tests.documents.people import BYTES, Applicant, answer_on, applicant, files, sending
from tests.documents.samples import MIB, WHOLE, heic, ihdr, jpeg, pdf, png
from tests.live import Live
from tests.world import World

EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}


@pytest.fixture
def live(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    limits = {"max_document_bytes": MIB, "max_application_documents": 3, "max_citizen_bytes_a_day": 2 * MIB}
    with Live(dsn, tmp_path_factory.mktemp("keys"), upload_chunk_seconds=0.5, **limits) as live:
        yield live


@pytest.fixture
def parent(world: World) -> Applicant:
    return applicant(world, documents=["medical_certificate", "snils"])


def nothing_is_left(who: Applicant) -> bool:
    live = who.world.live
    return files(live) == [] and live.sql("SELECT FROM documents") == [] and who.documents() == []


@pytest.mark.parametrize("media_type", WHOLE)
@pytest.mark.parametrize("said", ["its own", BYTES])
def test_each_kind_of_file_is_taken_and_given_back(parent: Applicant, media_type: str, said: str) -> None:
    content = WHOLE[media_type]
    made = parent.upload(
        content, "snils", media_type=media_type if said == "its own" else said, file_name="СНИЛС Веры.bin"
    )
    document = made.ok()
    assert made.status == 201
    assert (document["media_type"], document["bytes"]) == (media_type, len(content))
    assert (document["kind"], document["file_name"]) == ("snils", "СНИЛС Веры.bin")
    assert parent.documents() == [document]
    got = parent.api.get(f"/v1/documents/{document['id']}")
    assert got.content == content
    assert got.headers["Content-Type"] == media_type
    assert got.headers["Content-Length"] == str(len(content))
    name = f"document-{document['id'].replace('-', '')[-8:]}.{EXTENSIONS[media_type]}"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    head = parent.api.call("HEAD", f"/v1/documents/{document['id']}")
    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(len(content)))


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 128 * 1024, 300_000, MIB])
def test_files_of_any_number_of_chunks(parent: Applicant, size: int) -> None:
    content = pdf(size)
    document = parent.upload(content).ok()
    assert parent.api.get(f"/v1/documents/{document['id']}").content == content


@pytest.mark.parametrize("media_type", WHOLE)
@pytest.mark.parametrize("said", WHOLE)
def test_what_the_header_says_is_not_believed(parent: Applicant, media_type: str, said: str) -> None:
    answer = parent.upload(WHOLE[media_type], media_type=said)
    if said == media_type:
        assert answer.status == 201
    else:
        assert (answer.status, answer.code) == (415, "document_type_wrong")
        assert nothing_is_left(parent)


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "document_type_refused"),
    "short": (b"%PDF-1.7", "document_type_refused"),
    "text": (b"Once upon a time, there was a certificate", "document_type_refused"),
    "html": (b"<html><script>alert(1)</script></html>", "document_type_refused"),
    "gif": (b"GIF89a" + bytes(100), "document_type_refused"),
    "zip": (b"PK\x03\x04" + bytes(100), "document_type_refused"),
    "a film": (b"\0\0\0\x18ftypisom" + bytes(100), "document_type_refused"),
    "junk before a PDF": (b"\n" + pdf(), "document_type_refused"),
    "PDF cut": (pdf()[:-8], "document_broken"),
    "PDF with something behind": (pdf() + b"<script>", "document_broken"),
    "PDF and JAR": (pdf()[:-6] + b"PK\x05\x06" + bytes(18) + b"\nstartxref\n9\n%%EOF", "document_broken"),
    "PNG cut": (png()[:-4], "document_broken"),
    "PNG without its end": (png()[:-12], "document_broken"),
    "PNG and more": (png() + b"PK", "document_broken"),
    "PNG without pixels": (png()[:33] + png()[-12:], "document_broken"),
    "PNG of no size": (png(0, 5), "document_broken"),
    "PNG that is a bomb": (png(50_000, 50_000), "document_too_many_pixels"),
    "PNG that is absurd": (png(0xFFFFFFFF, 0xFFFFFFFF), "document_too_many_pixels"),
    "PNG of an odd depth": (png()[:8] + ihdr(2, 2, depth=3) + png()[33:], "document_broken"),
    "PNG with a head that was changed": (png()[:19] + b"\x09" + png()[20:], "document_broken"),
    "JPEG cut": (jpeg()[:-2], "document_broken"),
    "JPEG cut in its head": (jpeg()[:40], "document_broken"),
    "JPEG that is a bomb": (jpeg(65_000, 65_000), "document_too_many_pixels"),
    "JPEG of no size": (jpeg(16, 0), "document_broken"),
    "JPEG without an image": (b"\xff\xd8\xff\xe0\0\x10" + bytes(14) + b"\xff\xd9", "document_broken"),
    "JPEG and PDF": (jpeg()[:20] + jpeg()[20:].replace(bytes(65), b"%PDF-1.7".ljust(65, b"\0"), 1), "document_broken"),
    "JPEG and ZIP": (jpeg() + b"PK\x05\x06" + bytes(18), "document_broken"),
    "HEIC cut": (heic()[:-1], "document_broken"),
    "HEIC without its data": (heic()[:-416], "document_broken"),
    "HEIC that is a bomb": (heic(40_000, 40_000), "document_too_many_pixels"),
    "HEIC with a box of no size": (heic() + b"\0\0\0\x04free", "document_broken"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_or_a_bomb_is_refused(parent: Applicant, name: str) -> None:
    content, code = BROKEN[name]
    answer = parent.upload(content)
    assert answer.code == code
    assert nothing_is_left(parent)


@pytest.mark.parametrize("chunked", [False, True])
def test_the_limit_is_counted_while_it_comes(parent: Applicant, chunked: bool) -> None:
    def sent(size: int) -> Any:
        content = pdf(size)
        return parent.upload(iter([content[:1000], content[1000:]]) if chunked else content)

    answer = sent(MIB + 1)
    assert (answer.status, answer.code) == (413, "document_too_large")
    assert nothing_is_left(parent)
    assert sent(MIB).status == 201


def test_what_says_it_is_too_large_is_refused_before_it_comes(parent: Applicant) -> None:
    with sending(parent.world.live.base, parent, f"Content-Length: {MIB + 1}") as connection:
        assert b"document_too_large" in answer_on(connection)
    assert nothing_is_left(parent)


def test_a_compressed_body_is_not_unpacked(parent: Applicant) -> None:
    for encoding, content in (("gzip", gzip.compress(pdf())), ("deflate", zlib.compress(pdf())), ("identity", pdf())):
        answer = parent.upload(content, headers={"Content-Encoding": encoding})
        assert (answer.status, answer.code) == (415, "media_type")
    for media_type in ("text/plain", "multipart/form-data; boundary=x", "image/gif"):
        assert parent.upload(media_type=media_type).code == "media_type"
    assert nothing_is_left(parent)


@pytest.mark.parametrize("third", [0, 1, 2])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_connection_leaves_nothing(parent: Applicant, third: int, chunked: bool) -> None:
    content = pdf(300_000)
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(content)}"
    with sending(parent.world.live.base, parent, length) as connection:
        part = content[: third * 100_000 + 10]
        connection.sendall(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
        if third == 2:
            # Half closed: the sender still listens.
            connection.shutdown(1)
            answer_on(connection)
    # Whoever comes next is served, when that one is cleared away.
    while files(parent.world.live):
        assert parent.world.live.api().get("/healthz").status == 200
    assert nothing_is_left(parent)


def test_who_sends_too_slowly_is_told_so(parent: Applicant) -> None:
    with sending(parent.world.live.base, parent, "Content-Length: 100000") as connection:
        connection.sendall(pdf()[:100])
        said = answer_on(connection)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in said
    assert nothing_is_left(parent)


def test_no_connection_of_the_database_is_held_while_a_body_comes(dsn: str, tmp_path: Any) -> None:
    with Live(dsn, tmp_path, pool_size=1) as live:
        parent = applicant(World(live))
        content = pdf(100_000)
        with sending(live.base, parent, f"Content-Length: {len(content)}", "Connection: close") as connection:
            connection.sendall(content[:70_000])
            while not files(live):
                assert parent.api.get("/v1/regions").status == 200
            assert parent.documents() == []
            connection.sendall(content[70_000:])
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        assert said.startswith(b"HTTP/1.1 201 ")


def test_uploads_wait_for_their_turn(dsn: str, tmp_path: Any) -> None:
    with Live(dsn, tmp_path, max_uploads=1, upload_chunk_seconds=0.5) as live:
        parent = applicant(World(live))
        with sending(live.base, parent, "Content-Length: 100000") as slow:
            slow.sendall(pdf()[:100])
            while not files(live):
                assert parent.api.get("/v1/regions").status == 200
            assert parent.upload().status == 201
            assert b"too_slow" in answer_on(slow)


def test_limits_of_an_application_and_of_a_day(parent: Applicant) -> None:
    documents = [parent.upload().ok() for _ in range(3)]
    assert parent.upload().code == "documents_too_many"
    assert parent.api.call("DELETE", f"/v1/documents/{documents[0]['id']}").status == 204
    parent.upload(pdf(MIB - 5000)).ok()
    other = applicant(parent.world)
    other.api = parent.api
    assert other.upload().code == "application_not_found"
    # What is deleted counts within the day.
    for document in parent.documents():
        parent.api.call("DELETE", f"/v1/documents/{document['id']}")
    parent.upload(pdf(MIB - 5000, seed=2)).ok()
    answer = parent.upload(pdf(20_000))
    assert (answer.status, answer.code) == (409, "uploads_too_many")
    # Unannounced, it is found out in the end.
    assert parent.upload(iter([pdf(20_000)])).code == "uploads_too_many"
    parent.world.live.clock.now += timedelta(days=1, seconds=1)
    parent.api = parent.world.live.citizen(100001, int(user_of(parent)))
    assert parent.upload(pdf(20_000)).status == 201


def user_of(parent: Applicant) -> str:
    row = parent.world.live.sql(
        "SELECT c.external_id FROM citizens c JOIN applications a ON a.citizen_id = c.id WHERE a.id = $1",
        parent.application_id,
    )
    return row[0]["external_id"]


def test_one_key_is_one_document(parent: Applicant) -> None:
    content, key = pdf(200_000), str(new_id())
    first = parent.upload(content, key=key, file_name="a.pdf")
    before = files(parent.world.live)
    again = parent.upload(iter([content[:70_000], content[70_000:]]), key=key, file_name="a.pdf")
    assert (again.status, again.content) == (201, first.content)
    for other in ({"content": pdf(200_001)}, {"kind": "snils"}, {"file_name": "b.pdf"}):
        answer = parent.upload(**{"content": content, "key": key, "file_name": "a.pdf", **other})
        assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert parent.upload(content).code == "document_known"
    assert files(parent.world.live) == before
    # Though there is no room for more by now, and though it is deleted.
    for _ in range(2):
        parent.upload().ok()
    assert parent.upload(content, key=key, file_name="a.pdf").content == first.content
    parent.api.call("DELETE", f"/v1/documents/{first.ok()['id']}")
    assert parent.upload(content, key=key, file_name="a.pdf").content == first.content
    assert len(parent.documents()) == 2


def test_what_is_missing_is_told(parent: Applicant) -> None:
    def missing() -> list[str]:
        return parent.api.get(f"/v1/applications/{parent.application_id}").ok()["documents_missing"]

    assert missing() == ["medical_certificate", "snils"]
    parent.upload(kind="other").ok()
    document = parent.upload(kind="medical_certificate").ok()
    assert missing() == ["snils"]
    parent.api.call("DELETE", f"/v1/documents/{document['id']}")
    assert missing() == ["medical_certificate", "snils"]


NAMES = {
    "attachment; filename*=UTF-8''%D0%92%D0%B5%D1%80%D0%B0.pdf": "Вера.pdf",
    "ATTACHMENT;filename*=utf-8'ru'%d0%92": "В",
    'attachment; filename="a b.pdf"': "a b.pdf",
    r'attachment; filename="a\"b\\c.pdf"': 'a"b\\c.pdf',
    "attachment; filename=a.pdf": "a.pdf",
    "attachment; filename=\"old.pdf\"; filename*=UTF-8''%E2%84%96.pdf": "№.pdf",
    "attachment; size=5; filename = a.pdf ": "a.pdf",
    "attachment": None,
}
MALFORMED = (
    "a.pdf",
    "inline; filename=a.pdf",
    "form-data; name=a; filename=a.pdf",
    "attachment; filename=a b.pdf",
    "attachment; filename=a.pdf; filename=b.pdf",
    "attachment; filename=a.pdf; FILENAME=b.pdf",
    "attachment filename=a.pdf",
    "attachment; filename=",
    'attachment; filename="a',
    'attachment; filename="Вера.pdf"'.encode(),
    "attachment; filename*=UTF-8''%D0",
    "attachment; filename*=UTF-8''%ZZ",
    "attachment; filename*=UTF-8''",
    "attachment; filename*=ISO-8859-1''%E9.pdf",
    "attachment; filename*=%D0%92.pdf",
    "attachment; filename*0=a; filename*=UTF-8''%FF",
    "attachment; filename*=UTF-8''%0A",
    'attachment; filename=""',
    "",
)


@pytest.mark.parametrize("header", NAMES)
def test_a_name_comes_in_a_header(parent: Applicant, header: str) -> None:
    document = parent.upload(headers={"Content-Disposition": header}).ok()
    assert document["file_name"] == NAMES[header]
    assert parent.documents() == [document]


def test_the_header_goes_before_the_query(parent: Applicant) -> None:
    """Until nobody sends the name in the address any more."""
    assert parent.upload(query={"file_name": "Вера.pdf"}).ok()["file_name"] == "Вера.pdf"
    assert parent.upload(file_name="Анна.pdf", query={"file_name": "Вера.pdf"}).ok()["file_name"] == "Анна.pdf"
    bare = parent.upload(headers={"Content-Disposition": "attachment"}, query={"file_name": "Вера.pdf"})
    assert bare.ok()["file_name"] == "Вера.pdf"


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_name_is_refused_before_the_file_comes(parent: Applicant, header: str | bytes) -> None:
    answer = parent.upload(iter([b"nothing of it is read"]), headers={"Content-Disposition": header})
    assert (answer.status, answer.code) == (422, "invalid")
    (error,) = answer.json["errors"]
    assert (error["place"], error["pointer"]) == ("header", "/Content-Disposition")
    assert nothing_is_left(parent)


def test_the_name_of_a_file_is_bounded(parent: Applicant) -> None:
    for name in ("a" * 201, " a", "a\nb", ""):
        assert parent.upload(query={"file_name": name}).code == "invalid"
        assert parent.upload(file_name=name).code == "invalid"
    assert parent.upload(kind="selfie").code == "invalid"
    assert parent.upload(file_name="../../etc/passwd").ok()["file_name"] == "../../etc/passwd"
